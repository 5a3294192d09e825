//! The cost of searching with a pattern. One search is linear, but finding *all* matches is not: a pattern such as
//! `.*[^A-Z]|[A-Z]` reads to the end of the text for every match of one letter. Size limits do not see that, so the
//! search is stepped here as it runs in production, on texts made to provoke it, and its transitions are counted.
//! Counting is exact: the same pattern is accepted or refused on every machine.

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind, nfa::thompson};
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::limits::{PATTERN_NFA_BYTES_MAX, PROBE_RATIO_MAX};

/// Lengths of the texts. From one to the next a linear search takes 4 times the work, a quadratic one 16 times.
const LENGTHS: [usize; 3] = [1 << 10, 4 << 10, 16 << 10];

/// What provokes re-scans, repeated to each length; some more are derived from the pattern.
const UNITS: [&str; 10] = ["a", "A", "0", " ", "a@", "a.", "a ", "\"", "0-", "\u{e9}"];

/// Texts for one pattern.
const UNITS_MAX: usize = 32;

/// Searches adversarial texts. `None`: the cost grows with the text, not with its square; else what a text that costs
/// too much repeats.
pub(super) fn probe(pattern: &str, hir: &Hir, syntax: syntax::Config) -> Option<Vec<u8>> {
    let search = Search::new(pattern, syntax)?;
    let mut units: Vec<Vec<u8>> = UNITS.iter().map(|unit| unit.as_bytes().to_vec()).collect();
    derived(hir, &mut units);
    units.truncate(UNITS_MAX);
    for unit in units.iter().filter(|unit| !unit.is_empty()) {
        let mut before: Option<u64> = None;
        for length in LENGTHS {
            let text: Vec<u8> = unit.iter().copied().cycle().take(length).collect();
            let allowed = before.map_or(u64::MAX, |before| before.saturating_mul(PROBE_RATIO_MAX));
            // A search that the lazy DFA gives up (Unicode word borders) says nothing about this text.
            let Some(work) = search.count(&text, allowed) else { break };
            if work > allowed {
                return Some(unit.clone());
            }
            before = Some(work);
        }
    }
    None
}

/// A pattern as lazy DFAs, forward and backward, as the production search uses them.
struct Search {
    forward: DFA,
    backward: DFA,
}

impl Search {
    fn new(pattern: &str, syntax: syntax::Config) -> Option<Search> {
        let build = |reverse: bool, kind| {
            DFA::builder()
                .syntax(syntax)
                .thompson(
                    thompson::Config::new()
                        .reverse(reverse)
                        .utf8(false)
                        .nfa_size_limit(Some(PATTERN_NFA_BYTES_MAX)),
                )
                .configure(
                    DFA::config()
                        .match_kind(kind)
                        .unicode_word_boundary(true)
                        .skip_cache_capacity_check(true),
                )
                .build(pattern)
                .ok()
        };
        Some(Search {
            forward: build(false, MatchKind::LeftmostFirst)?,
            backward: build(true, MatchKind::All)?,
        })
    }

    /// Transitions to find all matches, one after the other. Stops soon after `allowed`.
    fn count(&self, text: &[u8], allowed: u64) -> Option<u64> {
        let mut forward = self.forward.create_cache();
        let mut backward = self.backward.create_cache();
        let mut work = 0;
        let mut at = 0;
        while at < text.len() && work <= allowed {
            let Some(end) = self.end(&mut forward, text, at, &mut work)? else { break };
            self.start(&mut backward, text, at, end, &mut work)?;
            at = end.max(at + 1);
        }
        Some(work)
    }

    /// Where the leftmost match at or after `at` ends.
    fn end(&self, cache: &mut Cache, text: &[u8], at: usize, work: &mut u64) -> Option<Option<usize>> {
        let dfa = &self.forward;
        let mut state = dfa.start_state_forward(cache, &Input::new(text).range(at..)).ok()?;
        let mut end = None;
        for (i, &byte) in text.iter().enumerate().skip(at) {
            state = dfa.next_state(cache, state, byte).ok()?;
            *work += 1;
            if state.is_match() {
                end = Some(i);
            } else if state.is_dead() {
                return Some(end);
            } else if state.is_quit() {
                return None;
            }
        }
        state = dfa.next_eoi_state(cache, state).ok()?;
        Some(if state.is_match() { Some(text.len()) } else { end })
    }

    /// Reads backwards from `end` as far as finding the start of the match needs.
    fn start(&self, cache: &mut Cache, text: &[u8], at: usize, end: usize, work: &mut u64) -> Option<()> {
        let dfa = &self.backward;
        let input = Input::new(text).range(at..end).anchored(Anchored::Yes);
        let mut state = dfa.start_state_reverse(cache, &input).ok()?;
        for &byte in text[at..end].iter().rev() {
            state = dfa.next_state(cache, state, byte).ok()?;
            *work += 1;
            if state.is_dead() {
                break;
            } else if state.is_quit() {
                return None;
            }
        }
        Some(())
    }
}

/// What this pattern in particular may be provoked with: the byte that a match begins with, matches without their last
/// byte, and what its repeats repeat.
fn derived(hir: &Hir, units: &mut Vec<Vec<u8>>) {
    let whole = sample(hir);
    units.push(whole.first().map_or(b"_".to_vec(), |&byte| vec![byte]));
    let mut open = vec![hir];
    while let Some(part) = open.pop().filter(|_| units.len() < UNITS_MAX) {
        match part.kind() {
            HirKind::Alternation(parts) => open.extend(parts),
            HirKind::Repetition(repetition) => {
                units.push(sample(&repetition.sub));
                open.push(&repetition.sub);
            }
            HirKind::Concat(parts) => {
                let mut text = sample(part);
                text.pop();
                units.push(text);
                open.extend(parts.iter().filter(|part| !matches!(part.kind(), HirKind::Literal(_))));
            }
            HirKind::Capture(capture) => open.push(&capture.sub),
            HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
        }
    }
}

/// A short text that the pattern matches, look-around aside.
fn sample(hir: &Hir) -> Vec<u8> {
    const BYTES_MAX: usize = 256;
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Vec::new(),
        HirKind::Literal(literal) => literal.0.to_vec(),
        HirKind::Class(Class::Unicode(class)) => {
            let within =
                |c: char| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c));
            let c = ['a', 'A', '0', '-'].into_iter().find(|&c| within(c));
            let c = c.or_else(|| class.ranges().first().map(|range| range.start()));
            c.map_or(Vec::new(), |c| c.to_string().into_bytes())
        }
        HirKind::Class(Class::Bytes(class)) => {
            class.ranges().first().map_or(Vec::new(), |range| vec![range.start()])
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.min.max(u32::from(repetition.max != Some(0))) as usize;
            let once = sample(&repetition.sub);
            let times = times.min(BYTES_MAX / once.len().max(1) + 1);
            once.repeat(times)
        }
        HirKind::Capture(capture) => sample(&capture.sub),
        HirKind::Concat(parts) => {
            let mut text = Vec::new();
            for part in parts {
                text.extend(sample(part));
                if text.len() > BYTES_MAX {
                    break;
                }
            }
            text
        }
        HirKind::Alternation(parts) => parts.first().map_or(Vec::new(), sample),
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Problem;
    use super::super::pattern;

    #[test]
    fn patterns_people_write_pass() {
        for good in [
            r"EMP-\d{6}",
            r"ACCT-\d+",
            r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,24}",
            r"\b(?:\d[ -]?){13,19}\b",
            r"[0-9]+",
            r"[a-z]+",
            r"\w+",
            r"\s+",
            r"(?i)password\s*[:=]\s*\S+",
            r"SQLSTATE\[(?<code>\w{5})\]",
            r"user=[^ ]+",
            r"(?:foo|bar|baz)+",
            r#""[^"]*""#,
            r"\d{3}-\d{2}-\d{4}",
            r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}",
            r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}",
            r"https?://[^\s]+",
            r"ab{1,64}c",
        ] {
            assert_eq!(pattern::compile(good).map(|_| ()), Ok(()), "{good}");
        }
    }

    #[test]
    fn patterns_that_scan_again_are_refused() {
        for bad in [
            r".*[^A-Z]|[A-Z]",
            r"a.*z|a",
            r"[a-z]+@|[a-z]",
            r"\d+x|\d",
            r"(?s).*END|.",
            r"[^,]*;|[^,]",
            r" +\n| ",
            r"(?:a@)+b|a@",
            r"\w+:|\w{1,2}",
            r"-[^!]*!|-",
            r"x(?:yx)*z|xy",
            r#""[^\n]*\n|""#,
        ] {
            assert!(matches!(pattern::compile(bad), Err(Problem::PatternCost(_))), "{bad}");
        }
    }
}
