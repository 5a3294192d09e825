//! Which selectors match a path, found in a time that does not grow with their number: each is filed under one literal
//! text of it, and a decision looks up the texts that the path has. A decision is made once per distinct path and then
//! remembered by whoever walks records, so it need not be free; it must not depend on how many rules there are.

use std::collections::HashMap;

use super::selector::{Part, Piece, Segment, Selector};
use super::{ExceptIndex, RuleIndex};

/// The selectors of a policy.
#[derive(Debug, Default)]
pub struct FieldIndex {
    rules: Lookup,
    excepts: Lookup,
}

/// A rule whose `in` matches a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldHit {
    /// The rule.
    pub rule: RuleIndex,
    /// How many segments the matched path has. A walker that carries hits into a container compares it: of two equally
    /// strict rules the one with the innermost key wins.
    pub depth: usize,
}

impl FieldIndex {
    pub(super) fn new<'a>(
        rules: impl Iterator<Item = (RuleIndex, &'a Selector)>,
        excepts: impl Iterator<Item = (ExceptIndex, &'a Selector)>,
    ) -> FieldIndex {
        FieldIndex { rules: Lookup::new(rules), excepts: Lookup::new(excepts) }
    }

    /// All rules with an `in` that matches exactly this path, in rule order: those that take the field itself and those
    /// that search inside it. The answer depends on the arguments only and may be remembered.
    pub fn decide(&self, path: &[Segment], document_root: usize) -> Vec<FieldHit> {
        let depth = path.len();
        self.rules.find(path, document_root).into_iter().map(|rule| FieldHit { rule, depth }).collect()
    }

    /// All `except` entries with an `in` that matches exactly this path.
    pub fn decide_excepts(&self, path: &[Segment], document_root: usize) -> Vec<ExceptIndex> {
        self.excepts.find(path, document_root)
    }

    /// Whether no rule and no exception has an `in`.
    pub fn is_empty(&self) -> bool {
        self.rules.entries.is_empty() && self.excepts.entries.is_empty()
    }
}

/// Selectors of one sort, each filed once. The targets are rule or exception indices.
#[derive(Debug, Default)]
struct Lookup {
    entries: Vec<(u16, Selector)>,
    /// Under the literal run that ends the selector: it must be a run at the end of the path.
    last: HashMap<String, Vec<u32>>,
    /// Under a literal part of the last, wildcard segment: it must be a run of words of the last key.
    word: HashMap<String, Vec<u32>>,
    /// Under a literal run elsewhere (`patient.*`): it must be a run somewhere in the path.
    inner: HashMap<String, Vec<u32>>,
    /// Without any literal (`**`), or one only as part of a segment that is not the last: always looked at.
    always: Vec<u32>,
    /// Length of the longest text of each map, where joining can stop.
    longest: [usize; 3],
}

impl Lookup {
    fn new<'a>(selectors: impl Iterator<Item = (u16, &'a Selector)>) -> Lookup {
        let mut lookup = Lookup::default();
        for (target, selector) in selectors {
            let entry = lookup.entries.len() as u32;
            lookup.entries.push((target, selector.clone()));
            let literal = |pieces: &[Piece]| {
                let runs =
                    pieces.iter().filter_map(|p| if let Piece::Literal(run) = p { Some(run) } else { None });
                runs.max_by_key(|run| run.len()).cloned()
            };
            let part = |parts: &[Part]| {
                let texts =
                    parts.iter().filter_map(|p| if let Part::Text(text) = p { Some(text) } else { None });
                texts.max_by_key(|text| text.len()).cloned()
            };
            let pieces = selector.pieces();
            let filed = match pieces.last() {
                Some(Piece::Literal(run)) => Some((0, run.clone())),
                Some(Piece::Words(parts)) if part(parts).is_some() => part(parts).map(|text| (1, text)),
                _ => literal(pieces).map(|run| (2, run)),
            };
            let Some((map, text)) = filed else {
                lookup.always.push(entry);
                continue;
            };
            lookup.longest[map] = lookup.longest[map].max(text.len());
            let map = match map {
                0 => &mut lookup.last,
                1 => &mut lookup.word,
                _ => &mut lookup.inner,
            };
            map.entry(text).or_default().push(entry);
        }
        lookup
    }

    fn find(&self, path: &[Segment], document_root: usize) -> Vec<u16> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<u16> = Vec::new();
        self.candidates(path, |entries| {
            for &entry in entries {
                let (target, selector) = &self.entries[entry as usize];
                if !found.contains(target) && selector.matches(path, document_root) {
                    found.push(*target);
                }
            }
        });
        found.sort_unstable();
        found
    }

    /// The entries that can match the path, as far as the texts in it tell.
    fn candidates<'l>(&'l self, path: &[Segment], mut look: impl FnMut(&'l [u32])) {
        look(&self.always);
        let mut run = String::new();
        for segment in path.iter().rev() {
            run.insert_str(0, &segment.joined);
            if segment.joined.is_empty() || run.len() > self.longest[0] {
                break;
            }
            look(self.last.get(&run).map_or(&[], Vec::as_slice));
        }
        if let Some(last) = path.last().filter(|_| !self.word.is_empty()) {
            each_run(last.words.iter(), self.longest[1], |run| {
                look(self.word.get(run).map_or(&[], Vec::as_slice));
            });
        }
        if !self.inner.is_empty() {
            each_run(path.iter().map(|segment| &segment.joined), self.longest[2], |run| {
                look(self.inner.get(run).map_or(&[], Vec::as_slice));
            });
        }
    }
}

/// Calls `look` with each run of neighbouring texts, joined, up to `longest` bytes.
fn each_run<'a>(texts: impl Iterator<Item = &'a String> + Clone, longest: usize, mut look: impl FnMut(&str)) {
    let mut rest = texts;
    let mut run = String::new();
    loop {
        run.clear();
        for text in rest.clone() {
            run.push_str(text);
            if run.len() > longest || text.is_empty() {
                break;
            }
            look(&run);
        }
        if rest.next().is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::selector::segments;
    use super::*;

    fn index(selectors: &[String]) -> (FieldIndex, Vec<Selector>) {
        let parsed: Vec<Selector> = selectors.iter().map(|text| Selector::parse(text).unwrap()).collect();
        (FieldIndex::new((0..).zip(&parsed), std::iter::empty()), parsed)
    }

    fn path(text: &str) -> Vec<Segment> {
        text.split(' ').flat_map(|key| segments(key.as_bytes())).collect()
    }

    #[test]
    fn the_index_agrees_with_the_selectors() {
        let selectors = [
            "password",
            "user.email",
            "user_email",
            "*_token",
            "*token",
            "cf-access-*",
            "*assertion*",
            "customer.*",
            "customer.**.name",
            "patient.**",
            "**",
            "*",
            "*.name",
            "$.user",
            "$.**.name",
            "a_*.b",
            "*_id",
            "*_*",
            "api_key.*_value",
            "client.ip",
        ];
        let (index, parsed) = index(&selectors.map(str::to_owned));
        let keys = [
            "user",
            "email",
            "userEmail",
            "access_token",
            "token",
            "customer",
            "name",
            "patient",
            "a_x",
            "b",
            "--",
            "order_id",
            "Cf-Access-Jwt-Assertion",
            "client",
            "ip",
            "apiKey",
            "x_value",
            "password",
            "a.b",
        ];
        let mut hits = 0;
        for i in 0..keys.len() * keys.len() * keys.len() {
            let path = path(&[keys[i % 19], keys[i / 19 % 19], keys[i / 361]][..i % 3 + 1].join(" "));
            for root in [0, 1] {
                let expected: Vec<u16> =
                    (0..).zip(&parsed).filter(|(_, s)| s.matches(&path, root)).map(|(i, _)| i).collect();
                let found: Vec<u16> = index.decide(&path, root).iter().map(|hit| hit.rule).collect();
                assert_eq!(found, expected, "{path:?}");
                hits += found.len();
            }
        }
        assert!(hits > 10_000);
    }

    #[test]
    fn a_decision_costs_the_same_with_a_hundred_times_the_rules() {
        // Counted, not timed: the selectors that a decision looks at.
        let many = |count: usize| -> Vec<String> {
            let shapes = |i: usize| {
                [format!("field{i}"), format!("group{i}.name"), format!("*_word{i}"), format!("tree{i}.*")]
            };
            (0..count / 4).flat_map(shapes).collect()
        };
        let looked = |count: usize, keys: &str| {
            let (index, _) = index(&many(count));
            let path = path(keys);
            let mut entries = 0;
            index.rules.candidates(&path, |found| entries += found.len());
            entries
        };
        for keys in ["field1", "group1 name", "x my_word1", "tree1 leaf", "nothing here"] {
            assert_eq!(looked(1000, keys), looked(12, keys), "{keys}");
            assert!(looked(1000, keys) <= 1);
        }
    }
}
