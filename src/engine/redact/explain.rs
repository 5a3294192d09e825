//! Why a record comes out as it does: every span with the rules that asked for it, and every candidate that was none with
//! the reason. Holds places, names and replacements, never values; paths are rendered from the redacted record, so that a
//! key that is an identifier shows as its replacement.

use std::ops::Range;

use crate::engine::detect::{self, Why};
use crate::engine::policy::{Policy, RuleIndex};
use crate::engine::scan::json::{Event, Lexer};

use super::found::{Cause, Found};
use super::overlap::Span;
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

impl Redactor {
    /// Redacts one line, without its newline, into `out` and says why it looks as it does. Slower than
    /// [`Redactor::redact_line`]. What a further pass over the result would find is not in it.
    pub fn explain(&mut self, line: &[u8], out: &mut Redacted<Vec<u8>>) -> Explanation {
        let map = self.map.take();
        self.scanner.misses = Some(Vec::new());
        let outcome = self.redact_line(line, out);
        self.map = map;
        let misses = self.scanner.misses.take().unwrap_or_default();
        let mut explanation = Explanation::default();
        if outcome.withheld > 0 {
            let why = if self.scanner.over_budget { Withheld::Budget } else { Withheld::Internal };
            explanation.withheld = Some(why);
            return explanation;
        }
        if outcome.spans > 0 {
            self.splicer.restart();
            for index in 0..self.spans.len() {
                let span = self.spans[index];
                explanation.spans.push(self.explain_span(line, &span));
            }
        }
        let places = Places::of(line, &explanation.spans);
        for span in &mut explanation.spans {
            span.place = places.at(span.range.start);
        }
        for miss in misses {
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

    fn explain_span(&mut self, line: &[u8], span: &Span) -> ExplainedSpan {
        let record = &self.scanner.record;
        let reason = |found: &Found| Reason {
            rule: match found.cause {
                Cause::Rule(rule) => Some(rule),
                Cause::Depth => None,
            },
            detector: found.detector.map(|index| detect::all()[usize::from(index)].name),
        };
        let winner = reason(&span.winner);
        let mut others: Vec<Reason> = Vec::new();
        for found in record.found.iter().filter(|f| f.start < span.end && f.end > span.start) {
            let reason = reason(found);
            if reason != winner && !others.contains(&reason) {
                others.push(reason);
            }
        }
        let replacement = self.splicer.show(&self.policy, &self.ring, line, record, span);
        ExplainedSpan { range: span.start..span.end, place: String::new(), winner, others, replacement }
    }
}

/// Where the values of a JSON line begin, and what their paths are.
struct Places {
    starts: Vec<(usize, String)>,
}

impl Places {
    fn of(line: &[u8], spans: &[ExplainedSpan]) -> Places {
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
                Event::Key(range, _) => {
                    let outer = open.last().map_or("", |(path, _)| path);
                    let key = spans.iter().find(|s| s.range.start < range.end && s.range.end > range.start);
                    let key = match key {
                        Some(span) => span.replacement.clone(),
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
