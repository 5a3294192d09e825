//! From finds to spans: what overlaps becomes one span, and one rule decides what stands in its place (policy.md,
//! "Overlaps"). The order is total, so that the result does not depend on which scan found what first.

use std::cmp::{Ordering, Reverse};

use crate::engine::policy::{Action, Policy};

use super::found::{Cause, Found, Place};

/// One replaced range of the record. Spans are sorted and disjoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
    /// Decides the replacement.
    pub winner: Found,
    /// Decides how it is written: the outermost of what was merged.
    pub outer: Found,
    /// Whether all of it stands in a URL: a mask is the word `REDACTED` then.
    pub in_url: bool,
}

/// Resolves the finds of one record.
pub(super) fn resolve(policy: &Policy, found: &mut Vec<Found>, spans: &mut Vec<Span>) {
    spans.clear();
    if policy.rules.iter().any(|rule| !rule.loosens.is_empty()) {
        loosen(policy, found);
    }
    found.sort_unstable_by(|a, b| {
        (a.start, Reverse(a.end)).cmp(&(b.start, Reverse(b.end))).then(rank(policy, a, b))
    });
    for next in found.iter() {
        match spans.last_mut() {
            // A drop takes the comma with it and an empty range cannot overlap anything.
            Some(span) if next.start < span.end => {
                span.end = span.end.max(next.end);
                span.in_url &= next.in_url;
                if rank(policy, next, &span.winner) == Ordering::Less {
                    span.winner = *next;
                }
                if is_further_out(next, &span.outer) {
                    span.outer = *next;
                }
            }
            _ => {
                let (start, end, in_url) = (next.start, next.end, next.in_url);
                spans.push(Span { start, end, winner: *next, outer: *next, in_url });
            }
        }
    }
}

/// `Less` wins: strictest, highest layer, field before text, innermost key, earlier, longer, rule order.
fn rank(policy: &Policy, a: &Found, b: &Found) -> Ordering {
    let key = |found: &Found| {
        let (layer, order) = match found.cause {
            Cause::Rule(index) => {
                let rule = &policy.rules[usize::from(index)];
                (rule.layer, rule.order)
            }
            Cause::Depth => (u8::MAX, 0),
        };
        let field = found.place != Place::Text && found.detector.is_none();
        (
            Reverse(found.strictness(policy)),
            Reverse(layer),
            Reverse(field),
            Reverse(found.depth),
            found.start,
            Reverse(found.end),
            order,
            found.detector,
            found.encoding.levels(),
            found.value.1 - found.value.0,
        )
    };
    key(a).cmp(&key(b))
}

fn is_further_out(a: &Found, b: &Found) -> bool {
    let levels = (a.encoding.levels(), b.encoding.levels());
    levels.0 < levels.1
        || (levels.0 == levels.1 && a.start <= b.start && a.end >= b.end && a.place != Place::Text)
}

/// Removes what a rule that names it in `loosens` found as well.
fn loosen(policy: &Policy, found: &mut Vec<Found>) {
    let rule_of = |f: &Found| match f.cause {
        Cause::Rule(index) => Some(index),
        Cause::Depth => None,
    };
    let looser: Vec<Found> = found
        .iter()
        .filter(|f| rule_of(f).is_some_and(|r| !policy.rules[usize::from(r)].loosens.is_empty()))
        .copied()
        .collect();
    found.retain(|candidate| {
        let Some(rule) = rule_of(candidate) else { return true };
        !looser.iter().any(|by| {
            by.start <= candidate.start
                && by.end >= candidate.end
                && rule_of(by).is_some_and(|r| policy.rules[usize::from(r)].loosens.contains(&rule))
        })
    });
}

/// Whether a span cuts a word in two: what is left of it may be something by itself, and shows it only without the span.
pub(super) fn cuts_word(line: &[u8], spans: &[Span]) -> bool {
    let mut from = 0;
    let mut spans = spans.iter().peekable();
    while let Some(span) = spans.next() {
        let to = spans.peek().map_or(line.len(), |next| next.start);
        if is_word(line[from..span.start].iter().rev()) || is_word(line[span.end..to].iter()) {
            return true;
        }
        from = span.end;
    }
    false
}

/// Whether the bytes begin with a word of a length that anything is looked for in. Groups of a number belong together.
fn is_word<'b>(bytes: impl Iterator<Item = &'b u8>) -> bool {
    const WORD_BYTES_MIN: usize = 7;
    let mut grouped = None;
    let part = |byte: &&u8| {
        let grouped = *grouped.get_or_insert(byte.is_ascii_alphanumeric());
        byte.is_ascii_alphanumeric()
            || matches!(byte, b':' | b'.' | b'-' | b'+' | b'_' | 0x80..)
            || (grouped && **byte == b' ')
    };
    bytes.take(WORD_BYTES_MIN).take_while(part).count() == WORD_BYTES_MIN
}

/// Whether the span is a dropped member.
pub(super) fn is_drop(policy: &Policy, span: &Span) -> bool {
    matches!(span.winner.cause, Cause::Rule(index) if policy.rules[usize::from(index)].action == Action::Drop)
}
