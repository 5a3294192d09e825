//! Why a record comes out as it does: every span with the rules that asked for it, and every candidate that was none with
//! the reason. Holds places, names and replacements, never values; paths are rendered from the redacted record, so that a
//! key that is an identifier shows as its replacement.

use std::ops::Range;

use crate::engine::detect::{self, Why};
use crate::engine::policy::{Policy, RuleIndex};
use crate::engine::scan::json::{Event, Lexer};

use super::found::{Cause, Found};
use super::overlap::{Span, is_drop};
use super::scanner::Miss;
use super::splice::Edit;
use super::{Redacted, Redactor, Withheld};

/// What [`Redactor::explain`] says about one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Replaced spans, in order.
    pub spans: Vec<ExplainedSpan>,
    /// Candidates that are kept, in order.
    pub misses: Vec<ExplainedMiss>,
    /// Why the whole record is withheld, if it is.
    pub withheld: Option<Withheld>,
}

/// One replaced span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedSpan {
    /// Bytes of the line as it came in.
    pub range: Range<usize>,
    /// Path of the field, or `text`.
    pub place: String,
    /// What decided.
    pub winner: Reason,
    /// What asked for some of it as well and was not strict enough, or came later.
    pub others: Vec<Reason>,
    /// What stands there now.
    pub replacement: String,
}

/// A rule that wanted a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The rule; `None` for what was too deep to be looked at.
    pub rule: Option<RuleIndex>,
    /// The detector that found it; `None` for rules that take a field or match a pattern.
    pub detector: Option<&'static str>,
}

/// One candidate that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedMiss {
    /// Byte of the line where the candidate's anchor is.
    pub at: usize,
    /// Path of the field, or `text`.
    pub place: String,
    /// The detector that looked at it.
    pub detector: &'static str,
    /// Why it is none.
    pub why: Why,
}

/// A change to the line, while it is explained pass by pass.
struct Change {
    span: ExplainedSpan,
    /// Bytes that the replacement takes in the record as the last pass left it.
    length: usize,
    /// Whether a member is gone, with its comma.
    dropped: bool,
    /// A byte of the line in the field that the change is about.
    at: usize,
}

/// What is known of a line while its passes are explained.
#[derive(Default)]
pub(super) struct Passes {
    changes: Vec<Change>,
    /// Keys that went with a dropped member, and how they would read: a path must not show them.
    gone: Vec<(Range<usize>, String)>,
    /// Near misses of the first pass: the later ones look at another text.
    misses: Option<Vec<Miss>>,
}

impl Redactor {
    /// Redacts one line, without its newline, into `out` and says why it looks as it does. Slower than
    /// [`Redactor::redact_line`], and the same in what it writes.
    pub fn explain(&mut self, line: &[u8], out: &mut Redacted<Vec<u8>>) -> Explanation {
        let map = self.map.take();
        self.passes = Passes::default();
        self.scanner.misses = Some(Vec::new());
        self.splicer.edits = Some(Vec::new());
        let outcome = self.redact_line(line, out);
        self.map = map;
        self.scanner.misses = None;
        self.splicer.edits = None;
        let Passes { changes, gone, misses } = std::mem::take(&mut self.passes);
        let mut explanation = Explanation::default();
        if outcome.withheld > 0 {
            let why = if self.scanner.over_budget { Withheld::Budget } else { Withheld::Internal };
            explanation.withheld = Some(why);
            return explanation;
        }
        let written = changes.iter().filter(|change| !change.dropped);
        let written = written.map(|change| (change.span.range.clone(), change.span.replacement.clone()));
        let places = Places::of(line, &written.chain(gone).collect::<Vec<_>>());
        explanation.spans = changes
            .into_iter()
            .map(|change| ExplainedSpan { place: places.at(change.at), ..change.span })
            .collect();
        for miss in misses.unwrap_or_default() {
            if explanation.spans.iter().any(|span| span.range.contains(&miss.at)) {
                continue;
            }
            let detector = detect::all()[usize::from(miss.detector)].name;
            let miss = ExplainedMiss { at: miss.at, place: places.at(miss.at), detector, why: miss.why };
            if !explanation.misses.contains(&miss) {
                explanation.misses.push(miss);
            }
        }
        explanation.misses.sort_by_key(|miss| miss.at);
        explanation
    }

    /// After a pass over `text`, which is the line or what the last pass made of it: says what it changed.
    pub(super) fn explain_pass(&mut self, text: &[u8]) {
        let misses = self.scanner.misses.replace(Vec::new());
        self.passes.misses = self.passes.misses.take().or(misses);
        let edits = self.splicer.edits.replace(Vec::new()).unwrap_or_default();
        self.splicer.restart();
        let mut changes = Vec::new();
        for Edit { start, end, length, dropped } in edits {
            let inside = |span: &&Span| span.start >= start && span.end <= end;
            let spans: Vec<Span> = self.spans.iter().filter(inside).copied().collect();
            let Some(first) = spans.iter().find(|span| !dropped || is_drop(&self.policy, span)) else {
                continue;
            };
            let mut span = self.explain_span(text, first);
            if dropped {
                let gone = spans.iter().map(|span| self.explain_span(text, span));
                let gone: Vec<_> = gone.map(|gone| (gone.range, gone.replacement)).collect();
                let whole = (start..end, String::new());
                self.passes.gone.extend(if self.passes.changes.is_empty() { gone } else { vec![whole] });
                span.range = start..end;
                span.replacement.clear();
            }
            changes.push(Change { span, length, dropped, at: first.start });
        }
        self.passes.add(text, changes);
    }

    fn explain_span(&mut self, text: &[u8], span: &Span) -> ExplainedSpan {
        let record = &self.scanner.record;
        let reason = |found: &Found| Reason {
            rule: match found.cause {
                Cause::Rule(rule) => Some(rule),
                Cause::Depth => None,
            },
            detector: found.detector.map(|index| detect::all()[usize::from(index)].name),
        };
        let winner = reason(&span.winner);
        let found = record.found.iter().filter(|f| f.start < span.end && f.end > span.start);
        let others = without_doubles(winner, found.map(reason));
        let replacement = self.splicer.show(&self.policy, &self.ring, text, record, span);
        ExplainedSpan { range: span.start..span.end, place: String::new(), winner, others, replacement }
    }
}

fn without_doubles(winner: Reason, reasons: impl Iterator<Item = Reason>) -> Vec<Reason> {
    let mut others = Vec::new();
    for reason in reasons {
        if reason != winner && !others.contains(&reason) {
            others.push(reason);
        }
    }
    others
}

impl Passes {
    /// Adds the changes of one more pass, whose places are those of `text`: what the passes before left. A change that
    /// takes a part of an earlier replacement takes the place of that change.
    fn add(&mut self, text: &[u8], later: Vec<Change>) {
        let mut earlier = std::mem::take(&mut self.changes).into_iter().peekable();
        // How much further on a byte stands in `text` than in the line.
        let mut shift = 0isize;
        let moved = |at: usize, by: isize| at.saturating_add_signed(by);
        let grown = |change: &Change| change.length as isize - change.span.range.len() as isize;
        for mut new in later {
            let Range { start, end } = new.span.range;
            while let Some(old) =
                earlier.next_if(|old| moved(old.span.range.start, shift) + old.length <= start)
            {
                shift += grown(&old);
                self.changes.push(old);
            }
            let (mut from, mut to) = (start, end);
            let mut line_start = moved(start, -shift);
            let mut reasons = std::mem::take(&mut new.span.others);
            while let Some(old) = earlier.next_if(|old| moved(old.span.range.start, shift) < end) {
                let old_start = moved(old.span.range.start, shift);
                if old_start <= start {
                    (from, line_start) = (old_start, old.span.range.start);
                }
                to = to.max(old_start + old.length);
                shift += grown(&old);
                reasons.push(old.span.winner);
                reasons.extend(old.span.others);
            }
            let kept = |range: Range<usize>| String::from_utf8_lossy(&text[range]).into_owned();
            new.span.replacement = kept(from..start) + &new.span.replacement + &kept(end..to);
            new.length += start - from + to - end;
            new.span.range = line_start..moved(to, -shift);
            new.span.others = without_doubles(new.span.winner, reasons.into_iter());
            new.at = new.span.range.start;
            self.changes.push(new);
        }
        self.changes.extend(earlier);
    }
}

/// Where the values of a JSON line begin, and what their paths are.
struct Places {
    starts: Vec<(usize, String)>,
}

impl Places {
    /// With the keys as they read after the replacements in it.
    fn of(line: &[u8], replacements: &[(Range<usize>, String)]) -> Places {
        let mut places = Places { starts: Vec::new() };
        let begin = line.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
        if !matches!(line.get(begin), Some(b'{' | b'[')) {
            return places;
        }
        let mut lexer = Lexer::new(line, begin);
        // One entry per open container: its path, and for arrays the index of the next element.
        let mut open: Vec<(String, Option<usize>)> = Vec::new();
        let mut member = String::new();
        loop {
            let event = lexer.next();
            let start = match event {
                Event::Key { range, .. } => {
                    let outer = open.last().map_or("", |(path, _)| path);
                    let inside = |at: &Range<usize>| at.start < range.end && at.end > range.start;
                    let key = match replacements.iter().find(|(at, _)| inside(at)) {
                        Some((_, replacement)) => replacement.clone(),
                        None => String::from_utf8_lossy(&line[range.start..range.end]).into_owned(),
                    };
                    let dot = if outer.is_empty() { "" } else { "." };
                    member = format!("{outer}{dot}{key}");
                    places.starts.push((range.start, format!("{member} (key)")));
                    continue;
                }
                Event::ObjectEnd(_) | Event::ArrayEnd(_) => {
                    open.pop();
                    continue;
                }
                Event::ObjectStart(at) | Event::ArrayStart(at) => at,
                Event::String { range, .. } | Event::Number(range) | Event::Literal(range) => range.start,
                Event::TooDeep(range) => range.start,
                Event::End(at) => {
                    places.starts.push((at, "text".to_owned()));
                    return places;
                }
                Event::Error(at) => {
                    places.starts.push((at, "text after the broken document".to_owned()));
                    return places;
                }
            };
            let path = match open.last_mut() {
                Some((path, Some(index))) => {
                    *index += 1;
                    format!("{path}[{}]", *index - 1)
                }
                _ => std::mem::take(&mut member),
            };
            match event {
                Event::ObjectStart(_) => open.push((path.clone(), None)),
                Event::ArrayStart(_) => open.push((path.clone(), Some(0))),
                _ => {}
            }
            places.starts.push((start, path));
        }
    }

    fn at(&self, byte: usize) -> String {
        let index = self.starts.partition_point(|(start, _)| *start <= byte);
        let path = index.checked_sub(1).map_or("text", |before| &self.starts[before].1);
        if path.is_empty() { "the whole document".to_owned() } else { path.to_owned() }
    }
}

/// A reason in words, for people.
pub fn describe(why: Why) -> String {
    match why {
        Why::Checksum => "the check digits do not fit".to_owned(),
        Why::Boundary => "it is part of a longer token".to_owned(),
        Why::Range => "there is no such number range, country or prefix".to_owned(),
        Why::NoKeyword => "no keyword or field name nearby says what it is".to_owned(),
        Why::Kept(what) => format!("kept on purpose: {what}"),
        Why::FieldKept => "the field holds times, sizes, versions or hashes".to_owned(),
        Why::LowEntropy => "too little randomness for a secret".to_owned(),
        Why::Placeholder => "a placeholder, not a value".to_owned(),
    }
}

/// The rule of a reason as `layer/rule`.
pub fn rule_name(policy: &Policy, reason: Reason) -> &str {
    reason.rule.map_or("nesting limit", |rule| &policy.rules[usize::from(rule)].qualified)
}
