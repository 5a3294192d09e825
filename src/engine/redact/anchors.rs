//! Where the detectors look: the anchors of a text, from the map of what is around it or byte by byte, each handed to the
//! detectors that know something beginning so.

use std::ops::Range;

use crate::engine::detect::{DetectorIndex, Hints, Next, Site, word_length};
use crate::engine::scan::classify::{Classes, leading};
use crate::engine::scan::map::{Map, Mark, begins_octets, begins_triples};
use crate::engine::scan::stamp::opaque;
use crate::engine::scan::view::View;

use super::dispatch::{Entry, WORD_BYTES_MAX};
use super::parts::Parts;
use super::scanner::{Context, Scanner, Spot};

/// Classes of which the marks of a map are made.
const MARKED: Classes = Classes::DIGIT.with(Classes::AT).with(Classes::COLON).with(Classes::JOINT);

impl Scanner {
    /// All anchors of all detectors.
    pub(super) fn anchors(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        classes: Classes,
        spot: Spot,
        parts: &Parts,
    ) {
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
            Some(base) => {
                for index in self.literals_in(base, look.view.text.len()) {
                    let hit = self.literal_hits[index];
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

    /// Which of the record's literals begin in the `length` bytes from `base` on.
    fn literals_in(&self, base: usize, length: usize) -> Range<usize> {
        let before = |end: usize| self.literal_hits.partition_point(|hit| hit.at < end);
        before(base)..before(base + length)
    }

    pub(super) fn has_literal(&self, cx: &Context<'_>, view: &View<'_>) -> bool {
        match view.base() {
            Some(base) => !self.literals_in(base, view.text.len()).is_empty(),
            None => cx.dispatch.literals.any(view.text),
        }
    }
}

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
    /// The last hits, from their anchor to their end: a long one is not looked at again from its inside. Marks come before
    /// literals, so that a later anchor may stand before an earlier hit.
    done: Vec<(DetectorIndex, Range<usize>)>,
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
        // A record over the budget is withheld whatever else is in it.
        if detectors.is_empty() || scanner.over_budget {
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
                self.done.retain(|(other, _)| *other != detector.index);
                self.done.push((detector.index, at..hit));
            } else if detector.reach != usize::MAX && !scanner.charge(self.site.part.end - at) {
                break;
            }
        }
        self.site.part.end = end;
    }

    fn is_inside_hit(&self, detector: DetectorIndex, at: usize) -> bool {
        self.done.iter().any(|(other, hit)| *other == detector && hit.contains(&at))
    }
}
