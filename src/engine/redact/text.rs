//! The one function that looks into a text, whatever it stands in: a string of a JSON document, a key, a line, a field of
//! an OTLP record. Structure first (documents, URLs, pairs, encodings), then the anchors of the detectors, part by part.

use std::ops::Range;

use regex_automata::Input;

use crate::engine::policy::Find;
use crate::engine::scan::classify::{Classes, classes};
use crate::engine::scan::json::document_end;
use crate::engine::scan::stamp::is_timestamp;
use crate::engine::scan::view::{Level, View, has_percent_escape, percent_decode, unescape};
use crate::limits::{NESTED_DEPTH_MAX, PERCENT_DEPTH_MAX};

use super::fixed::{self, Fixed};
use super::found::Place;
use super::parts::Parts;
use super::paths::PathIndex;
use super::scanner::{Context, Scanner, Spot};

/// Shorter texts hold nothing that any detector knows.
pub(super) const TEXT_BYTES_MIN: usize = 4;
/// Attempts to read a document inside one text that fail before it is read as plain text only.
const DOCUMENT_ATTEMPTS_MAX: usize = 16;

/// Classes of texts that structure can cut.
const STRUCTURE: Classes =
    Classes::COLON.with(Classes::EQUALS).with(Classes::PERCENT).with(Classes::BACKSLASH).with(Classes::OPEN);

impl Scanner {
    /// Looks into a text that stands at `spot`.
    pub fn text(&mut self, cx: &Context<'_>, view: &View<'_>, classes: Classes, spot: Spot) {
        if view.text.len() < TEXT_BYTES_MIN || cx.is_nothing(view, classes) {
            return;
        }
        if cx.policy.patterns.is_empty() {
            let plain = !classes.any(cx.dispatch.anchors) && !self.has_literal(cx, view);
            if plain || is_timestamp(view.text) {
                return;
            }
        }
        let before = (self.record.found.len(), self.record.items.len());
        self.text_between(cx, view, classes, spot, &[]);
        if self.record.found.len() > before.0 {
            // Fixed points are rare and dear to find, and matter only where something was found at all.
            let fixed = fixed::find(cx.policy, cx.ring, view.text);
            if !fixed.is_empty() {
                self.record.found.truncate(before.0);
                self.record.items.truncate(before.1);
                self.text_between(cx, view, classes, spot, &fixed);
            }
        }
    }

    fn text_between(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        classes: Classes,
        spot: Spot,
        fixed: &[(Range<usize>, Fixed)],
    ) {
        if !classes.any(STRUCTURE) && fixed.is_empty() && cx.policy.patterns.is_empty() {
            // Most texts: an id, a word, a time. One part, nothing to cut.
            return self.anchors(cx, view, classes, spot, &Parts::NONE);
        }
        let mut parts = self.take_parts();
        for (range, _) in fixed {
            parts.fixed(range.clone());
        }
        parts.settle();
        if classes.any(Classes::OPEN) && classes.any(Classes::QUOTE) {
            self.documents(cx, view, spot.path, &mut parts);
            parts.settle();
        }
        if classes.any(Classes::COLON.with(Classes::EQUALS)) {
            self.pairs(cx, view, spot, &mut parts);
            parts.settle();
        }
        if classes.any(Classes::PERCENT) {
            self.percent(cx, view, spot, &mut parts);
        }
        if classes.any(Classes::BACKSLASH) && view.depth < NESTED_DEPTH_MAX + PERCENT_DEPTH_MAX {
            parts.settle();
            self.escapes(cx, view, spot, &parts);
        }
        parts.settle();
        self.anchors(cx, view, classes, spot, &parts);
        self.user_patterns(cx, view, spot, &parts);
        self.give_parts(parts);
    }

    /// JSON documents inside the text.
    fn documents(&mut self, cx: &Context<'_>, view: &View<'_>, path: PathIndex, parts: &mut Parts) {
        if view.depth > NESTED_DEPTH_MAX {
            return;
        }
        let text = view.text;
        let (mut at, mut failures) = (0, 0);
        while let Some(found) = memchr::memchr2(b'{', b'[', &text[at..]) {
            let start = at + found;
            at = start + 1;
            if !begins_document(&text[start..]) || parts.is_done(start) {
                continue;
            }
            let Some(end) = document_end(text, start) else {
                failures += 1;
                if failures == DOCUMENT_ATTEMPTS_MAX {
                    return;
                }
                continue;
            };
            let document = self.paths.document(cx, path);
            self.walk(cx, view, start, document, false);
            self.paths.leave(document);
            parts.skip(start..end);
            at = end;
        }
    }

    /// Percent-encoded stretches outside of parameters: paths, whole URLs as values of others.
    fn percent(&mut self, cx: &Context<'_>, view: &View<'_>, spot: Spot, parts: &mut Parts) {
        let text = view.text;
        if percent_levels(view) >= PERCENT_DEPTH_MAX || !has_percent_escape(text) {
            return;
        }
        let ends = |b: u8| {
            b <= b' '
                || matches!(
                    b,
                    b'"' | b'\''
                        | b'<'
                        | b'>'
                        | b'&'
                        | b'='
                        | b'?'
                        | b'#'
                        | b';'
                        | b','
                        | b'('
                        | b')'
                        | b'{'
                        | b'}'
                        | b'|'
                        | b'/'
                        | b'\\'
                        | b'`'
                        | b'['
                        | b']'
                )
        };
        let mut resume = 0;
        for sign in memchr::memchr_iter(b'%', text) {
            if sign < resume
                || parts.is_done(sign)
                || !has_percent_escape(&text[sign..text.len().min(sign + 3)])
                || is_stripe(&text[sign..])
            {
                continue;
            }
            let start =
                text[resume..sign].iter().rposition(|&b| ends(b)).map_or(resume, |at| resume + at + 1);
            let end = text[sign..].iter().position(|&b| ends(b)).map_or(text.len(), |at| sign + at);
            resume = end;
            if let Some(mut decoded) = self.take_decoded(end - start) {
                percent_decode(&text[start..end], false, &mut decoded);
                let inner = view.decoded(start, &decoded, Level::Percent);
                let inside = Spot { place: Place::Text, ..spot }.in_url(parts.in_url(start));
                self.text(cx, &inner, classes(inner.text), inside);
                self.give_decoded(decoded);
            }
            parts.skip(start..end);
        }
    }

    /// Backslash escapes outside of JSON documents: what was cut off, quoted into a line, or written by another program.
    fn escapes(&mut self, cx: &Context<'_>, view: &View<'_>, spot: Spot, parts: &Parts) {
        let known = |text: &[u8], at: usize| {
            matches!(text.get(at + 1), Some(b'u' | b'"' | b'/' | b'n' | b'r' | b't' | b'x' | b'\''))
        };
        let escaped = |text: &[u8]| memchr::memchr_iter(b'\\', text).any(|at| known(text, at));
        if !escaped(view.text) {
            return;
        }
        for part in parts.left(view.text.len()) {
            let text = &view.text[part.clone()];
            if escaped(text)
                && let Some(mut decoded) = self.take_decoded(text.len())
            {
                unescape(text, &mut decoded);
                let inner = view.decoded(part.start, &decoded, Level::Json);
                // `C:\users` has no escape after all. Its like was looked at as often as there are levels, and each level
                // may double the work.
                if inner.text != text {
                    self.text(cx, &inner, classes(inner.text), Spot { place: Place::Text, ..spot });
                }
                self.give_decoded(decoded);
            }
        }
    }

    /// The policy's own patterns, part by part.
    fn user_patterns(&mut self, cx: &Context<'_>, view: &View<'_>, spot: Spot, parts: &Parts) {
        for (index, pattern) in cx.policy.patterns.iter().enumerate() {
            let rule = &cx.policy.rules[usize::from(pattern.rule)];
            if !rule.within.is_empty() && !self.paths.decision(spot.path).scoped.contains(&pattern.rule) {
                continue;
            }
            debug_assert!(matches!(rule.find, Find::Pattern(_)));
            let mut part = parts.part(0, view.text.len());
            while part.start < view.text.len() {
                let input = Input::new(view.text).range(part.clone());
                let mut at = part.start;
                while let Some(found) =
                    pattern.regex.search_with(&mut self.patterns[index], &input.clone().range(at..part.end))
                {
                    at = found.end().max(at + 1);
                    if !found.is_empty() && !parts.is_done(found.start()) {
                        let spot = spot.in_url(parts.in_url(found.start()));
                        self.note(cx, view, spot, found.range(), pattern.rule, None);
                    }
                    if at >= part.end {
                        break;
                    }
                }
                if part.end >= view.text.len() {
                    break;
                }
                part = parts.part(part.end, view.text.len());
            }
        }
    }
}

/// `%B4111111111111111^`: a magnetic stripe begins so, and nothing of it is encoded.
fn is_stripe(text: &[u8]) -> bool {
    let [b'%', b'B' | b'b', number @ ..] = text else { return false };
    let digits = number.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    digits >= 12 && number.get(digits) == Some(&b'^')
}

pub(super) fn percent_levels(view: &View<'_>) -> usize {
    view.encoding.iter().filter(|level| *level == Level::Percent).count()
}

/// Whether a bracket can begin a document that is worth reading: one with a string in it.
fn begins_document(text: &[u8]) -> bool {
    let object = text[0] == b'{';
    let next = text[1..].iter().find(|b| !b.is_ascii_whitespace());
    match next {
        Some(b'"') => true,
        Some(b'{' | b'[') => !object,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::engine::policy::LayerSource;
    use crate::{Keyring, Policy, Redacted, Redactor};

    #[test]
    fn a_pattern_is_searched_once_per_part() {
        let policy = "version: 1\nname: t\nextends: []\nrules:\n  - {id: number, find: {regex: 'EMP-\\d+'}, do: mask}\n";
        let policy = Policy::compile(&[LayerSource::new("t.yaml", policy)]).unwrap();
        let mut redactor = Redactor::new(Arc::new(policy), Arc::new(Keyring::ephemeral(&[7; 64])));
        let mut out = Redacted::default();
        redactor.redact(b"by EMP-12, not EMP-x, EMP-345", &mut out);
        assert_eq!(out.as_bytes(), b"by [redacted:number], not EMP-x, [redacted:number]");
    }

    #[test]
    fn an_encoded_field_has_the_id_of_the_plain_one() {
        let mut redactor =
            Redactor::new(Arc::new(Policy::default_policy()), Arc::new(Keyring::ephemeral(&[7; 64])));
        let mut out = Redacted::default();
        redactor.redact(b"mail ann@example.com GET /reset?email=Ann%40example.com&lang=en", &mut out);
        let text = String::from_utf8_lossy(out.as_bytes());
        let ids: Vec<&str> = text.split([' ', '=', '&']).filter(|word| word.starts_with("email_")).collect();
        assert_eq!((ids.len(), ids[0]), (2, ids[1]), "{text}");
    }

    #[test]
    fn a_detector_with_two_sorts_of_anchors_finds_them_in_any_order() {
        let mut redactor =
            Redactor::new(Arc::new(Policy::default_policy()), Arc::new(Keyring::ephemeral(&[7; 64])));
        for (text, ids) in [
            ("ann＠corp.example bob@corp.example", 2),
            ("x 4111111111111111 ４１１１１１１１１１１１１１１１ 4111111111111111 y", 3),
        ] {
            let mut out = Redacted::default();
            redactor.redact(text.as_bytes(), &mut out);
            let text = String::from_utf8_lossy(out.as_bytes());
            let found = text.split(' ').filter(|word| word.contains('_') && word.is_ascii()).count();
            assert_eq!(found, ids, "{text}");
        }
    }

    #[test]
    fn a_magnetic_stripe_is_not_percent_encoded() {
        let mut redactor =
            Redactor::new(Arc::new(Policy::default_policy()), Arc::new(Keyring::ephemeral(&[7; 64])));
        let mut out = Redacted::default();
        redactor.redact(b"read %B4111111111111111^LEE/ANN^29121010000000000000? x", &mut out);
        let text = String::from_utf8_lossy(out.as_bytes());
        assert!(text.starts_with("read %Bcard_") && text.ends_with(" x") && !text.contains("LEE"), "{text}");
    }

    #[test]
    fn what_is_read_in_vain_after_literals_is_bounded() {
        let mut redactor =
            Redactor::new(Arc::new(Policy::default_policy()), Arc::new(Keyring::ephemeral(&[7; 64])));
        let mut out = Redacted::default();
        let outcome = redactor.redact("Bearer:".repeat(10_000).as_bytes(), &mut out);
        assert_eq!((out.as_bytes(), outcome.withheld), (&b"[withheld:budget]"[..], 1));
        out.clear();
        out.clear();
        let access = "10.1.2.3 - - [26/Mar/2026:10:11:12 +0000] GET / 200 12; ".repeat(18_000);
        let outcome = redactor.redact(access.as_bytes(), &mut out);
        assert_eq!((out.as_bytes() == access.as_bytes(), outcome.withheld), (true, 0));
        out.clear();
        let usual = format!("the key of Bearer: none, {}", "and so on ".repeat(40));
        let outcome = redactor.redact(usual.repeat(200).as_bytes(), &mut out);
        assert_eq!(outcome.withheld, 0);
    }
}
