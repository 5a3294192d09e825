//! The state of one redactor while it looks at a record, and the one place where finds are noted.

use std::ops::Range;

use regex_automata::meta;

use crate::engine::correlate::Keyring;
use crate::engine::detect::{Check, DetectorIndex, Hints, Site, Why};
use crate::engine::policy::{Action, Find, Policy, RuleIndex};
use crate::engine::scan::classify::{Classes, classes};
use crate::engine::scan::literals::LiteralHit;
use crate::engine::scan::map::Map;
use crate::engine::scan::view::{Decoded, View};
use crate::limits::{
    DECODED_BYTES_FACTOR_MAX, GLUED_LITERALS_MAX, LITERAL_STEPS_FACTOR_MAX, LITERAL_STEPS_MIN,
};

use super::dispatch::{Dispatch, Entry};
use super::fixed;
use super::found::{Cause, Found, Place, Record};
use super::parts::Parts;
use super::paths::{PathIndex, Paths};
use super::walk::Frame;

/// What does not change while records go by.
pub(super) struct Context<'p> {
    pub policy: &'p Policy,
    pub ring: &'p Keyring,
    pub dispatch: &'p Dispatch,
    /// The map of the record, if it is scanned the fast way.
    pub map: Option<&'p Map>,
}

impl Context<'_> {
    /// The kinds of bytes in a text.
    pub fn classes(&self, view: &View<'_>) -> Classes {
        match (self.map, view.base()) {
            (Some(map), Some(base)) => map.classes(base, base + view.text.len()),
            _ => classes(view.text),
        }
    }

    /// The same of a range of the record, told by its map alone.
    #[inline]
    pub fn is_quiet(&self, map: &Map, start: usize, end: usize) -> bool {
        self.policy.patterns.is_empty() && map.is_quiet(start, end)
    }

    /// Whether a text of these classes certainly holds nothing that any detector or pattern knows: only where a map tells.
    pub fn is_nothing(&self, view: &View<'_>, classes: Classes) -> bool {
        self.map.is_some()
            && view.base().is_some()
            && !classes.any(self.dispatch.anchors.with(Classes::LITERAL))
            && self.policy.patterns.is_empty()
    }
}

/// Where a text stands.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// The path of its field.
    pub path: PathIndex,
    /// What it is in the record.
    pub place: Place,
    /// Whether it is part of a URL, query or form.
    pub in_url: bool,
}

impl Spot {
    pub fn new(path: PathIndex, place: Place) -> Spot {
        Spot { path, place, in_url: false }
    }

    /// The same, in a URL too if `in_url`.
    pub fn in_url(self, in_url: bool) -> Spot {
        Spot { in_url: self.in_url || in_url, ..self }
    }
}

/// A candidate that was none, for `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Miss {
    pub detector: DetectorIndex,
    /// Byte of the record.
    pub at: usize,
    pub why: Why,
}

/// Scratch space and memory of one redactor.
pub(super) struct Scanner {
    pub paths: Paths,
    pub record: Record,
    /// Literals of the record, by place.
    pub literal_hits: Vec<LiteralHit>,
    /// Literals of a decoded text.
    pub decoded_hits: Vec<LiteralHit>,
    /// Serial number of the last container opened in the record.
    pub containers: u32,
    /// Bytes that may still be decoded for this record.
    pub decode_left: usize,
    /// Literals inside longer words that may still be looked at.
    pub glued_left: usize,
    /// Bytes that may still be read in vain after literals.
    pub steps_left: usize,
    /// Whether the record needs more work than the budget allows.
    pub over_budget: bool,
    /// Whether words around a value were why it is kept.
    pub kept_by_context: bool,
    /// Near misses, kept only for `explain`.
    pub misses: Option<Vec<Miss>>,
    pub patterns: Vec<meta::Cache>,
    decoded: Vec<Decoded>,
    parts: Vec<Parts>,
    frames: Vec<Vec<Frame>>,
    pub maps: Vec<Map>,
}

impl Scanner {
    pub fn new(policy: &Policy) -> Scanner {
        Scanner {
            paths: Paths::new(),
            record: Record::default(),
            literal_hits: Vec::new(),
            decoded_hits: Vec::new(),
            containers: 0,
            decode_left: 0,
            glued_left: 0,
            steps_left: 0,
            over_budget: false,
            kept_by_context: false,
            misses: None,
            patterns: policy.patterns.iter().map(|pattern| pattern.regex.create_cache()).collect(),
            decoded: Vec::new(),
            parts: Vec::new(),
            frames: Vec::new(),
            maps: Vec::new(),
        }
    }

    /// Forgets the record before; `bytes` is the length of the next one.
    pub fn start_record(&mut self, bytes: usize) {
        self.paths.start_record();
        self.record.clear();
        self.containers = 0;
        self.kept_by_context = false;
        self.decode_left = (bytes * DECODED_BYTES_FACTOR_MAX).max(64 << 10);
        self.glued_left = GLUED_LITERALS_MAX;
        self.steps_left = (bytes * LITERAL_STEPS_FACTOR_MAX).max(LITERAL_STEPS_MIN);
        self.over_budget = false;
        if let Some(misses) = &mut self.misses {
            misses.clear();
        }
    }

    /// Goes on with the next field of the record, of `bytes` bytes.
    pub fn start_field(&mut self, bytes: usize) {
        self.record.clear();
        self.decode_left = (bytes * DECODED_BYTES_FACTOR_MAX).max(64 << 10);
        self.glued_left = GLUED_LITERALS_MAX;
        self.steps_left = (bytes * LITERAL_STEPS_FACTOR_MAX).max(LITERAL_STEPS_MIN);
        self.over_budget = false;
    }

    /// Lists the literals of a record or field, and maps it, unless the portable path is taken.
    pub fn map<'m>(&mut self, dispatch: &Dispatch, map: &'m mut Option<Map>, text: &[u8]) -> Option<&'m Map> {
        dispatch.literals.find(text, &mut self.literal_hits);
        let map = map.as_mut()?;
        map.fill(text);
        map.note_literals(&self.literal_hits);
        Some(map)
    }

    /// An empty buffer for decoding `bytes`, unless that is over the budget of the record.
    pub fn take_decoded(&mut self, bytes: usize) -> Option<Decoded> {
        let Some(left) = self.decode_left.checked_sub(bytes) else {
            self.over_budget = true;
            return None;
        };
        self.decode_left = left;
        let mut decoded = self.decoded.pop().unwrap_or_default();
        decoded.clear();
        Some(decoded)
    }

    pub fn give_decoded(&mut self, decoded: Decoded) {
        self.decoded.push(decoded);
    }

    /// Notes that up to so many bytes were read in vain; false if that is over the budget of the record.
    pub fn charge(&mut self, bytes: usize) -> bool {
        match self.steps_left.checked_sub(bytes) {
            Some(left) => self.steps_left = left,
            None => self.over_budget = true,
        }
        !self.over_budget
    }

    pub fn take_frames(&mut self) -> Vec<Frame> {
        self.frames.pop().unwrap_or_default()
    }

    pub fn give_frames(&mut self, mut frames: Vec<Frame>) {
        frames.clear();
        self.frames.push(frames);
    }

    pub fn take_parts(&mut self) -> Parts {
        let mut parts = self.parts.pop().unwrap_or_default();
        parts.clear();
        parts
    }

    pub fn give_parts(&mut self, parts: Parts) {
        self.parts.push(parts);
    }

    /// Lets a detector look at a site of the text `view` under `path`, and notes what it says. Returns the end of a hit.
    #[inline]
    pub fn try_detector(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        site: &Site<'_>,
        detector: Entry,
    ) -> Option<usize> {
        match (detector.check)(site) {
            // Nearly always.
            Check::No => None,
            found => self.judge(cx, view, spot, site, detector.index, found),
        }
    }

    fn judge(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        site: &Site<'_>,
        detector: DetectorIndex,
        found: Check,
    ) -> Option<usize> {
        match found {
            Check::No => None,
            Check::Miss(why) => {
                self.kept_by_context |= matches!(why, Why::Kept(_));
                if let Some(misses) = &mut self.misses {
                    misses.push(Miss { detector, at: view.in_record(site.at, site.at).0, why });
                }
                None
            }
            Check::Hit { start, end } => {
                debug_assert!(
                    start < end && site.part.start <= start && end <= site.part.end,
                    "a hit in its part"
                );
                // Detectors of pairs and URLs look past the cuts of a text, where a hit can be what an earlier pass wrote.
                if fixed::whole(cx.policy, cx.ring, &site.text[start..end]).is_none() {
                    self.hit(cx, view, spot, start..end, detector);
                }
                Some(end)
            }
        }
    }

    /// Notes what a detector found for every rule that asks for it here.
    fn hit(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        range: Range<usize>,
        detector: DetectorIndex,
    ) {
        for &rule in &cx.policy.by_detector[usize::from(detector)] {
            self.note(cx, view, spot, range.clone(), rule, Some(detector));
        }
        for index in 0..self.paths.decision(spot.path).scoped.len() {
            let rule = self.paths.decision(spot.path).scoped[index];
            if let Find::Detectors(names) = &cx.policy.rules[usize::from(rule)].find
                && names.contains(&detector)
            {
                self.note(cx, view, spot, range.clone(), rule, Some(detector));
            }
        }
    }

    /// Notes that `rule` wants a range of the text replaced, unless an exception spares it. For [`Place::Bare`] the whole
    /// text of the view is replaced, whatever part of it was found: there is no way to write half a number.
    pub fn note(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        spot: Spot,
        range: Range<usize>,
        rule: RuleIndex,
        detector: Option<DetectorIndex>,
    ) {
        let Spot { path, place, in_url } = spot;
        let value = &view.text[range.clone()];
        if !cx.policy.excepts.is_empty() {
            let spared = &self.paths.decision(path).spared;
            let holds =
                |index: usize| cx.policy.excepts[index].within.is_empty() || spared.contains(&(index as u16));
            if (0..cx.policy.excepts.len())
                .any(|index| holds(index) && cx.policy.excepts[index].spares(rule, detector, value))
            {
                return;
            }
        }
        // An ID of a mask would tie together everybody whose value was masked.
        if detector.is_none()
            && matches!(cx.policy.rules[usize::from(rule)].action, Action::Correlate)
            && fixed::is_masked(value)
        {
            return;
        }
        let range = if matches!(place, Place::Bare(_)) { 0..view.text.len() } else { range };
        let (start, end) = view.in_record(range.start, range.end);
        let kept = match &cx.policy.rules[usize::from(rule)].action {
            Action::Correlate | Action::Partial(_) | Action::Shape => self.record.keep(value),
            Action::Mask | Action::Drop | Action::Replace(_) => (0, 0),
        };
        let depth = self.paths.decision(path).depth;
        self.record.found.push(Found {
            start,
            end,
            cause: Cause::Rule(rule),
            place,
            encoding: view.encoding,
            in_url,
            detector,
            value: kept,
            depth,
        });
    }

    /// What the path and, in `key=value`, the key say.
    pub fn hints(&self, path: PathIndex) -> Hints {
        self.paths.decision(path).hints
    }
}
