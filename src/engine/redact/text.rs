//! The one function that looks into a text, whatever it stands in: a string of a JSON document, a key, a line, a field of
//! an OTLP record. Structure first (documents, URLs, pairs, encodings), then the anchors of the detectors, part by part.

use std::ops::Range;
use std::sync::Arc;

use regex_automata::Input;

use crate::engine::detect::{DetectorIndex, Hints, Next, Site, word_length};
use crate::engine::policy::{Action, Find};
use crate::engine::scan::classify::{Classes, classes};
use crate::engine::scan::json::document_end;
use crate::engine::scan::map::{Map, Mark, begins_octets, begins_triples};
use crate::engine::scan::pairs::{Join, LONG_VALUE_BYTES, Pair, pair_at};
use crate::engine::scan::url::{Url, url_at};
use crate::engine::scan::view::{Level, View, has_percent_escape, percent_decode, unescape};
use crate::limits::{NESTED_DEPTH_MAX, PERCENT_DEPTH_MAX};

use super::dispatch::{Entry, WORD_BYTES_MAX};
use super::field::Layout;
use super::fixed::{self, Fixed};
use super::found::Place;
use super::parts::Parts;
use super::paths::{Decision, PathIndex};
use super::scanner::{Context, Scanner, Spot};

/// Shorter texts hold nothing that any detector knows.
const TEXT_BYTES_MIN: usize = 4;
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

    /// URLs and pairs.
    fn pairs(&mut self, cx: &Context<'_>, view: &View<'_>, spot: Spot, parts: &mut Parts) {
        let text = view.text;
        let (mut resume, mut url_end, mut value_end) = (0, 0, 0);
        for sign in memchr::memchr2_iter(b':', b'=', text) {
            if sign < resume || parts.is_done(sign) {
                continue;
            }
            if text[sign..].starts_with(b"://")
                && let Some(url) = url_at(text, sign, resume, url_end)
            {
                self.url(cx, view, spot.path, parts, sign, url);
                url_end = url.reach;
                resume = url.authority_end;
            } else if let Some(pair) = pair_at(text, sign, parts.floor(sign), value_end) {
                // A value inside a long one was looked at with it.
                let inner = sign < value_end && pair.end > pair.start + LONG_VALUE_BYTES;
                value_end = value_end.max(pair.reach);
                if inner {
                    continue;
                }
                resume = self.pair(cx, view, spot, parts, pair).max(resume);
            }
        }
    }

    fn url(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        path: PathIndex,
        parts: &mut Parts,
        colon: usize,
        url: Url,
    ) {
        parts.url(url.start..url.end);
        parts.border(url.authority);
        parts.border(url.authority_end);
        let spot = Spot::new(path, Place::Text).in_url(true);
        let hints = self.hints(path);
        let site = Site { text: view.text, part: url.start..url.end, floor: 0, at: colon, key: b"", hints };
        for index in 0..cx.dispatch.urls.len() {
            let detector = cx.dispatch.urls[index];
            self.try_detector(cx, view, spot, &site, detector);
        }
        if let Some(at_sign) = url.at_sign {
            parts.skip(url.authority..at_sign + 1);
        }
    }

    /// One pair. Returns where its value ends if nothing in it is left to be looked at, else 0.
    fn pair(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        parts: &mut Parts,
        mut pair: Pair,
    ) -> usize {
        let text = view.text;
        let mut done = 0;
        let key = &text[pair.key_start..pair.key_end];
        let child = self.paths.child(cx, spot.path, key);
        let decision = Arc::clone(self.paths.decision(child));
        let in_query = pair.join == Join::Query;
        let inside = Spot { path: child, place: Place::Text, in_url: spot.in_url };
        let inside = inside.in_url(in_query || parts.in_url(pair.start));
        if !decision.fields.is_empty() {
            extend_value(text, &mut pair, decision.layout, parts);
            // A document or an earlier replacement that the value begins with has blanks and quotes in it.
            while let Some(done) = parts.done_until(pair.end.max(pair.start + 1) - 1)
                && done > pair.end
            {
                pair.end = pair.end_after(text, done);
            }
        }
        let value = pair.start..pair.end;
        parts.hint(value.clone(), decision.hints);
        if in_query {
            parts.border(pair.start);
            parts.border(pair.end);
            parts.url(value.clone());
        }
        if !value.is_empty() {
            let encoded = in_query
                && has_percent_or_plus(&text[value.clone()])
                && percent_levels(view) < PERCENT_DEPTH_MAX;
            let is_field = !decision.fields.is_empty() && is_field(text, &pair, &decision);
            if is_field && !encoded {
                let field = Spot { place: Place::Pair, ..inside };
                self.field(cx, view, field, &decision, value.clone());
            }
            self.pair_detectors(cx, view, inside, &decision, parts, pair);
            let outer = self.paths.decision(spot.path);
            if encoded {
                if let Some(mut decoded) = self.take_decoded(value.len()) {
                    percent_decode(&text[value.clone()], true, &mut decoded);
                    let inner = view.decoded(pair.start, &decoded, Level::Percent);
                    if is_field {
                        // Decoded, so that one address has one ID however it is written.
                        let field = Spot { place: Place::Pair, ..inside };
                        self.field(cx, &inner, field, &decision, 0..inner.text.len());
                    }
                    self.text(cx, &inner, classes(inner.text), inside);
                    self.give_decoded(decoded);
                }
                done = value.end;
                parts.skip(value);
            } else if decision.scoped.len() > outer.scoped.len() || decision.spared.len() > outer.spared.len()
            {
                let inner = view.slice(pair.start, pair.end);
                self.text(cx, &inner, classes(inner.text), inside);
                done = value.end;
                parts.skip(value);
            }
        }
        self.paths.leave(child);
        done
    }

    /// What detectors of pairs say of one value.
    fn pair_detectors(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        decision: &Decision,
        parts: &Parts,
        pair: Pair,
    ) {
        let text = view.text;
        if !decision.pairs.is_empty() && pair.end - pair.start >= TEXT_BYTES_MIN && !parts.is_done(pair.start)
        {
            let key = &text[pair.key_start..pair.key_end];
            let site = Site {
                text,
                part: 0..pair.end,
                floor: parts.floor(pair.start),
                at: pair.start,
                key,
                hints: decision.hints,
            };
            for &detector in &decision.pairs {
                self.try_detector(cx, view, spot, &site, detector);
            }
        }
    }

    /// Notes the field rules of `decision` for a value that is a range of the view's text.
    pub fn field(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        decision: &Decision,
        value: Range<usize>,
    ) {
        for part in decision.layout.parts(&view.text[value.clone()]) {
            let part = value.start + part.start..value.start + part.end;
            let text = &view.text[part.clone()];
            if text.trim_ascii().is_empty() || (spot.in_url && text == super::action::IN_URL.as_bytes()) {
                continue;
            }
            let fixed = fixed::whole(cx.policy, cx.ring, text);
            for hit in &decision.fields {
                let rule = &cx.policy.rules[usize::from(hit.rule)];
                match fixed {
                    Some(Fixed::Placeholder) => continue,
                    // A genuine ID is spared by what would make an ID of it; a stricter rule still acts.
                    Some(Fixed::Id) if rule.action.strictness() <= Action::Correlate.strictness() => continue,
                    _ => {}
                }
                if is_stand_in(text) && matches!(rule.action, Action::Mask) {
                    continue;
                }
                self.note(cx, view, spot, part.clone(), hit.rule, None);
            }
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

    /// All anchors of all detectors.
    fn anchors(&mut self, cx: &Context<'_>, view: &View<'_>, classes: Classes, spot: Spot, parts: &Parts) {
        // What was decoded has a map of its own.
        let mut own = None;
        if cx.map.is_some() && view.base().is_none() && classes.any(MARKED) {
            let mut map = self.maps.pop().unwrap_or_default();
            map.fill(view.text);
            own = Some(map);
        }
        let map = own.as_ref().map(|map| (map, 0)).or(cx.map.zip(view.base()));
        let mut look = Look::new(cx, view, spot, parts, self.hints(spot.path), map);
        if classes.any(MARKED) {
            match map {
                Some((map, base)) => {
                    map.each(base, base + view.text.len(), |at, mark| look.mark(self, at - base, mark));
                }
                None => look.marks(self),
            }
        }
        self.literals(&mut look);
        self.maps.extend(own);
    }

    fn literals(&mut self, look: &mut Look<'_, '_>) {
        let cx = look.cx;
        match look.view.base() {
            Some(_) if self.literal_hits.is_empty() => {}
            Some(base) => {
                let first = self.literal_hits.partition_point(|hit| hit.at < base);
                for index in first..self.literal_hits.len() {
                    let hit = self.literal_hits[index];
                    if hit.at >= base + look.view.text.len() {
                        break;
                    }
                    look.literal(self, &cx.dispatch.by_literal[hit.literal as usize], hit.at - base);
                }
            }
            None => {
                let mut hits = std::mem::take(&mut self.decoded_hits);
                cx.dispatch.literals.find(look.view.text, &mut hits);
                for hit in &hits {
                    look.literal(self, &cx.dispatch.by_literal[hit.literal as usize], hit.at);
                }
                self.decoded_hits = hits;
            }
        }
    }

    fn has_literal(&self, cx: &Context<'_>, view: &View<'_>) -> bool {
        match view.base() {
            Some(_) if self.literal_hits.is_empty() => false,
            Some(base) => {
                let first = self.literal_hits.partition_point(|hit| hit.at < base);
                self.literal_hits.get(first).is_some_and(|hit| hit.at < base + view.text.len())
            }
            None => cx.dispatch.literals.any(view.text),
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

/// Classes of which the marks of a map are made.
const MARKED: Classes = Classes::DIGIT.with(Classes::AT).with(Classes::COLON).with(Classes::JOINT);

/// A text while its anchors are listed.
struct Look<'l, 'v> {
    cx: &'l Context<'l>,
    view: &'l View<'v>,
    spot: Spot,
    parts: &'l Parts,
    hints: Hints,
    /// The map of the text or of what is around it, and where in it the text begins.
    map: Option<(&'l Map, usize)>,
    /// The site of a text without cuts; only its place changes.
    site: Site<'l>,
    /// Ends of the last hits: a long one is not looked at again from its inside.
    done: Vec<(DetectorIndex, usize)>,
    /// Where a UUID or date ends: its words are no candidates.
    passed: usize,
}

impl<'l, 'v> Look<'l, 'v> {
    fn new(
        cx: &'l Context<'l>,
        view: &'l View<'v>,
        spot: Spot,
        parts: &'l Parts,
        hints: Hints,
        map: Option<(&'l Map, usize)>,
    ) -> Look<'l, 'v> {
        let site = Site { text: view.text, part: 0..view.text.len(), floor: 0, at: 0, key: b"", hints };
        Look { cx, view, spot, parts, hints, map, site, done: Vec::new(), passed: 0 }
    }

    /// Lets the detectors look at one mark of the map.
    fn mark(&mut self, scanner: &mut Scanner, at: usize, mark: Mark) {
        let dispatch = self.cx.dispatch;
        match mark {
            Mark::At => self.at(scanner, &dispatch.at, at),
            Mark::Colon => self.at(scanner, &dispatch.colon, at),
            Mark::Joint if self.view.text[at] == b'.' => self.at(scanner, &dispatch.triples, at),
            Mark::Joint => self.at(scanner, &dispatch.octets, at),
            Mark::Digits | Mark::AfterLetters if at < self.passed => {}
            Mark::Digits => {
                let rest = &self.view.text[at..];
                let digits = self.digits_from(at);
                self.passed = at + opaque(rest, digits);
                if self.passed == at {
                    let next = Next::of(&rest[digits..]).place();
                    let detectors = &dispatch.digits[digits][next];
                    if !detectors.is_empty() {
                        self.at(scanner, detectors, at);
                    }
                }
            }
            Mark::AfterLetters => {
                let letters = self.letters_before(at);
                if let Some(by_length) = dispatch.letters.get(letters) {
                    let start = at - letters;
                    self.passed = start + opaque(&self.view.text[start..], 0);
                    let detectors = &by_length[self.word_from(start)];
                    if self.passed == start && !detectors.is_empty() {
                        self.at(scanner, detectors, start);
                    }
                }
            }
        }
    }

    /// How many digits there are from `at` on, at most 20.
    fn digits_from(&self, at: usize) -> usize {
        let rest = self.view.text.len() - at;
        match self.map {
            Some((map, base)) => map.digits_from(base + at).min(rest).min(20),
            None => leading(&self.view.text[at..][..rest.min(20)], u8::is_ascii_digit),
        }
    }

    /// How many letters there are before `at`, at most 8.
    fn letters_before(&self, at: usize) -> usize {
        match self.map {
            Some((map, base)) => map.letters_before(base + at).min(at).min(8),
            None => {
                let before = self.view.text[..at].iter().rev();
                before.take(8).take_while(|b| b.is_ascii_alphabetic()).count()
            }
        }
    }

    /// How long the word is that begins at `at`, at most [`WORD_BYTES_MAX`].
    fn word_from(&self, at: usize) -> usize {
        let rest = &self.view.text[at..];
        match self.map {
            Some((map, base)) => map.word_from(base + at).min(rest.len()).min(WORD_BYTES_MAX),
            None => word_length(rest, WORD_BYTES_MAX),
        }
    }

    /// The marks that a map would have, byte by byte.
    fn marks(&mut self, scanner: &mut Scanner) {
        let text = self.view.text;
        let mut word = 0;
        for (at, &byte) in text.iter().enumerate() {
            if begins_octets(text, at) || begins_triples(text, at) {
                self.mark(scanner, at, Mark::Joint);
            }
            match byte {
                b':' => self.mark(scanner, at, Mark::Colon),
                b'@' => self.mark(scanner, at, Mark::At),
                b'0'..=b'9' if at == word => self.mark(scanner, at, Mark::Digits),
                b'0'..=b'9' if at > word => self.mark(scanner, at, Mark::AfterLetters),
                _ => {}
            }
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' => {}
                // Nothing else in this word is marked.
                b'0'..=b'9' => word = text.len(),
                _ => word = at + 1,
            }
        }
    }

    /// Lets the detectors look at one literal. Inside a longer word it is mostly chance, and a record made of such literals
    /// would be looked through from each of them: they are counted, and too many are over the budget.
    fn literal(&mut self, scanner: &mut Scanner, detectors: &[Entry], at: usize) {
        let text = self.view.text;
        if at > 0 && text[at].is_ascii_alphanumeric() && text[at - 1].is_ascii_alphanumeric() {
            match scanner.glued_left.checked_sub(1) {
                Some(left) => scanner.glued_left = left,
                None => {
                    scanner.over_budget = true;
                    return;
                }
            }
        }
        self.at(scanner, detectors, at);
    }

    /// Lets the detectors look at one anchor.
    fn at(&mut self, scanner: &mut Scanner, detectors: &[Entry], at: usize) {
        if detectors.is_empty() {
            return;
        }
        let whole = self.parts.is_whole();
        let spot = if whole {
            self.spot
        } else {
            if self.parts.is_done(at) {
                return;
            }
            self.site.part = self.parts.part(at, self.view.text.len());
            self.site.floor = self.parts.floor(at);
            self.site.hints = self.hints.with(self.parts.hints(at));
            self.spot.in_url(self.parts.in_url(at))
        };
        self.site.at = at;
        let end = self.site.part.end;
        for &detector in detectors {
            if !self.done.is_empty() && self.is_inside_hit(detector.index, at) {
                continue;
            }
            self.site.part.end = end.min(at.saturating_add(detector.reach));
            if let Some(hit) = scanner.try_detector(self.cx, self.view, spot, &self.site, detector) {
                self.done.retain(|&(other, _)| other != detector.index);
                self.done.push((detector.index, hit));
            } else if detector.reach != usize::MAX && !scanner.charge(self.site.part.end - at) {
                break;
            }
        }
        self.site.part.end = end;
    }

    fn is_inside_hit(&self, detector: DetectorIndex, at: usize) -> bool {
        self.done.iter().any(|&(other, end)| other == detector && at < end)
    }
}

/// Length of the UUID or of the date and time that a word, which begins with so many digits, begins: nothing in them is
/// anybody's number.
fn opaque(text: &[u8], digits: usize) -> usize {
    match text.get(..9) {
        Some([b'1', b'9', ..] | [b'2', b'0', ..]) if digits == 4 && is_date(text) => 10,
        Some([.., b'-']) if text.get(13) == Some(&b'-') && is_uuid(text) => 36,
        _ => 0,
    }
}

/// `2026-11-24`, and nothing that goes on with digits (RFC 3339).
fn is_date(text: &[u8]) -> bool {
    let Some(&[_, _, _, _, b'-', m, n, b'-', d, e]) = text.first_chunk::<10>() else { return false };
    matches!((m, n), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'))
        && matches!((d, e), (b'0'..=b'2', b'0'..=b'9') | (b'3', b'0' | b'1'))
        && !matches!(text.get(10), Some(b'0'..=b'9' | b'-'))
}

/// Nine decimals and an offset.
const TIMESTAMP_BYTES_MAX: usize = 35;

/// `2026-11-24T09:26:53.123Z` and nothing else (RFC 3339, a comma or a space allowed).
fn is_timestamp(text: &[u8]) -> bool {
    let Some((date, time)) = text.split_at_checked(11) else { return false };
    let two = |at: usize| time.get(at..at + 2).is_some_and(|pair| pair.iter().all(u8::is_ascii_digit));
    let clock = time.get(2) == Some(&b':') && time.get(5) == Some(&b':') && two(0) && two(3) && two(6);
    let year = date[..4].iter().all(u8::is_ascii_digit);
    let joined = matches!(date[10], b'T' | b't' | b' ') && text.len() <= TIMESTAMP_BYTES_MAX;
    if !(clock && year && joined && is_date(text)) {
        return false;
    }
    let rest = &time[8..];
    let fraction = match rest {
        [b'.' | b',', digits @ ..] => 1 + leading(digits, u8::is_ascii_digit),
        _ => 0,
    };
    match &rest[fraction..] {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].into_iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Eight, four, four, four and twelve hex digits (RFC 9562).
fn is_uuid(text: &[u8]) -> bool {
    let Some(uuid) = text.first_chunk::<36>() else { return false };
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    uuid.iter().enumerate().all(fits)
        && !text.get(36).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn leading(text: &[u8], class: impl Fn(&u8) -> bool) -> usize {
    text.iter().position(|b| !class(b)).unwrap_or(text.len())
}

fn percent_levels(view: &View<'_>) -> usize {
    view.encoding.iter().filter(|level| *level == Level::Percent).count()
}

fn has_percent_or_plus(value: &[u8]) -> bool {
    memchr::memchr(b'+', value).is_some() || has_percent_escape(value)
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

/// Values that stand for a secret and are none.
fn is_stand_in(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let repeated = |byte: u8| value.len() >= 3 && value.iter().all(|b| *b == byte);
    let enclosed = |open: &[u8], close: &[u8]| {
        value.len() > open.len() + close.len()
            && value.starts_with(open)
            && value.ends_with(close)
            && value[open.len()..value.len() - close.len()]
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' ' | b':'))
    };
    repeated(b'*')
        || repeated(b'x')
        || repeated(b'X')
        || repeated(b'.')
        || enclosed(b"${", b"}")
        || enclosed(b"{{", b"}}")
        || enclosed(b"<", b">")
        || enclosed(b"$(", b")")
}

/// Whether a pair in a text is a field, or prose that has the shape of one.
fn is_field(text: &[u8], pair: &Pair, decision: &Decision) -> bool {
    let value = &text[pair.start..pair.end];
    let word = |w: &str| value.eq_ignore_ascii_case(w.as_bytes());
    if ["null", "nil", "none", "undefined", "true", "false"].into_iter().any(word) {
        return false;
    }
    match pair.join {
        Join::Tight | Join::Query | Join::Quoted => true,
        Join::Loose if decision.layout != Layout::Whole => true,
        Join::Loose => {
            // `token: expected a name` goes on in words; `password: hunter` is where the line ends.
            let letters = value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'\'' | b'-'));
            let humps =
                value[1..].iter().any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase);
            let rest = &text[pair.end..];
            let next = rest.iter().find(|b| !matches!(b, b' ' | b'\t'));
            let goes_on = rest.first().is_some_and(|b| matches!(b, b' ' | b'\t'))
                && next.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'(' | b'\'' | b'"' | b'='));
            let code =
                matches!(value[0], b'(' | b'[' | b'{') || value.ends_with(b"(") || value.ends_with(b"()");
            !code && (!letters || humps || !goes_on)
        }
    }
}

/// Values that are longer than a word: `Bearer abc`, all cookies of a header.
fn extend_value(text: &[u8], pair: &mut Pair, layout: Layout, parts: &mut Parts) {
    let stop = |b: &u8| matches!(b, b'"' | b'\'' | b'\r' | b'\n' | b'\\' | b'`' | b'<' | b'>');
    if pair.join == Join::Query || text.get(pair.end).is_none_or(|b| matches!(b, b'"' | b'\'')) {
        return;
    }
    match layout {
        Layout::Whole => {}
        Layout::Authorization => {
            let gap = leading(&text[pair.end..], |b| *b == b' ');
            let after = pair.end + gap;
            let token = leading(&text[after..], |b| !b.is_ascii_whitespace() && !stop(b) && *b != b',');
            if gap > 0
                && token > 0
                && text[pair.start..pair.end].iter().all(|b| b.is_ascii_alphabetic() || *b == b'-')
            {
                pair.end = after + token;
            }
        }
        // A cookie inside of a cookie ends with it. That was seen, and is not looked for from each `Cookie:` of a line of them.
        Layout::Cookie if pair.start >= parts.cookies_end => {
            pair.end += leading(&text[pair.end..], |b| !stop(b));
            parts.cookies_end = pair.end;
        }
        // Of what is set only the first pair is a value.
        Layout::SetCookie if pair.start >= parts.set_cookie_end => {
            if !text[pair.start..pair.end].contains(&b';') {
                pair.end += leading(&text[pair.end..], |b| !stop(b) && *b != b';');
            }
            parts.set_cookie_end = pair.end;
        }
        Layout::Cookie | Layout::SetCookie => {}
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
    fn what_is_read_in_vain_after_literals_is_bounded() {
        let mut redactor =
            Redactor::new(Arc::new(Policy::default_policy()), Arc::new(Keyring::ephemeral(&[7; 64])));
        let mut out = Redacted::default();
        let outcome = redactor.redact("Bearer:".repeat(10_000).as_bytes(), &mut out);
        assert_eq!((out.as_bytes(), outcome.withheld), (&b"[withheld:budget]"[..], 1));
        out.clear();
        let usual = format!("the key of Bearer: none, {}", "and so on ".repeat(40));
        let outcome = redactor.redact(usual.repeat(200).as_bytes(), &mut out);
        assert_eq!(outcome.withheld, 0);
    }
}
