//! The way through a JSON document: paths for keys, texts for strings, shapes for containers. Knows the forms in which
//! names and values stand side by side: `{"name": …, "value": …}` in either order, `["Set-Cookie", …]`, OTLP's wrappers.

use std::sync::Arc;

use crate::engine::detect::{Hints, Site};
use crate::engine::policy::{Action, RuleIndex};
use crate::engine::scan::classify::{Classes, classes};
use crate::engine::scan::json::{Event, Lexer, Range, Value};
use crate::engine::scan::map::Map;
use crate::engine::scan::view::{Level, View, unescape};
use crate::limits::JSON_DEPTH_MAX;

use super::found::{Cause, Found, Item, Place, Shape};
use super::paths::{PathIndex, Role};
use super::scanner::{Context, Scanner, Spot};

/// How far a document could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Walked {
    /// One past the last byte that was read as JSON.
    pub end: usize,
    /// Whether the document was complete.
    pub complete: bool,
    /// Whether a key or a value was seen inside it.
    pub started: bool,
}

/// Shorter numbers are no values that any detector knows.
const BARE_BYTES_MIN: usize = 7;

/// The members of OTLP's AnyValue: a wrapper says what type its value has and is no level of the path
/// (opentelemetry-proto, common/v1).
const ANY_VALUE_KEYS: [&[u8]; 8] = [
    b"stringValue",
    b"intValue",
    b"doubleValue",
    b"boolValue",
    b"bytesValue",
    b"arrayValue",
    b"kvlistValue",
    b"values",
];

/// A container that is open.
pub(super) struct Frame {
    /// The path of its members (for an array: of its elements).
    path: PathIndex,
    start: usize,
    object: bool,
    /// The innermost rule with `types: all` that makes IDs of all leaves below.
    leaves: Option<RuleIndex>,
    /// Whether it is inside the value of a name/value pair, where AnyValue wrappers are transparent.
    any_value: bool,
    serial: u32,
    items: u32,
    /// The member that is being read: path, start of its key.
    member: Option<(PathIndex, usize)>,
    previous_end: Option<usize>,
    last_item: Option<usize>,
    /// A string under a key of the role of a name, and the start of the value under one of the role of a value.
    name: Option<Range>,
    value: Option<usize>,
    member_role: Role,
    /// For arrays: the first element if it is a string, and the start of the second if the array has one so far.
    first: Option<Range>,
    second: Option<usize>,
}

impl Scanner {
    /// Walks the JSON value that begins at `from` in the view's text and has the path `path`.
    pub fn walk(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        from: usize,
        path: PathIndex,
        any_value: bool,
    ) -> Walked {
        let mut lexer = match cx.map {
            Some(map) if view.is_record() => Lexer::with_map(view.text, from, map),
            _ => Lexer::new(view.text, from),
        };
        let mut frames = self.take_frames();
        let walked = self.events(cx, view, &mut lexer, &mut frames, path, any_value);
        self.give_frames(frames);
        walked
    }

    fn events(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        lexer: &mut Lexer<'_>,
        frames: &mut Vec<Frame>,
        path: PathIndex,
        any_value: bool,
    ) -> Walked {
        let mut started = false;
        let map = cx.map.filter(|_| view.is_record() && !cx.dispatch.drops);
        loop {
            if let Some(map) = map
                && let Some(frame) = frames.last_mut()
                && frame.is_plain()
            {
                while self.plain_member(cx, map, view, lexer, frame) {
                    started = true;
                }
                started |= frame.member.is_some();
            }
            let end;
            let event = lexer.next();
            let at = event.start();
            match event {
                Event::ObjectStart(start) | Event::ArrayStart(start) => {
                    let object = matches!(event, Event::ObjectStart(_));
                    let path = self.value_path(frames, path, start);
                    let frame = self.open(cx, frames.last(), path, start, object, any_value);
                    frames.push(frame);
                    continue;
                }
                Event::Key { range, escaped } => {
                    started = true;
                    if let Some(frame) = frames.last_mut() {
                        self.key(cx, view, frame, range, escaped);
                    }
                    continue;
                }
                Event::ObjectEnd(at) | Event::ArrayEnd(at) => {
                    end = at + 1;
                    if let Some(frame) = frames.pop() {
                        let in_array = frames.last().is_some_and(|outer| !outer.object);
                        self.close(cx, view, &frame, end, in_array);
                    }
                }
                Event::String { range, escaped, open } => {
                    started = true;
                    end = (range.end + 1).min(view.text.len());
                    let path = self.value_path(frames, path, at);
                    if let Some(frame) = frames.last_mut() {
                        frame.note_string(range);
                    }
                    self.string(cx, view, range, escaped, path, frames.last().and_then(|f| f.leaves));
                    if open {
                        self.cut_off(cx, view, frames);
                        return Walked { end, complete: false, started };
                    }
                }
                Event::Number(range) | Event::Literal(range) => {
                    started = true;
                    end = range.end;
                    let path = self.value_path(frames, path, at);
                    self.bare(cx, view, range, path, frames.last().and_then(|f| f.leaves));
                }
                Event::TooDeep(range) => {
                    end = range.end;
                    self.value_path(frames, path, at);
                    self.too_deep(view, range);
                }
                Event::End(at) => return Walked { end: at, complete: true, started },
                Event::Error(at) => {
                    self.cut_off(cx, view, frames);
                    return Walked { end: at, complete: false, started };
                }
            }
            match frames.last_mut() {
                Some(frame) => self.end_item(cx, view, frame, end),
                None => return Walked { end, complete: true, started },
            }
        }
    }

    /// Reads one member, if it is like most: a key that is known, holds nothing and says nothing of others, no white space,
    /// no escapes. What it does not take is read event by event; both do the same.
    #[inline]
    fn plain_member(
        &mut self,
        cx: &Context<'_>,
        map: &Map,
        view: &View<'_>,
        lexer: &mut Lexer<'_>,
        frame: &mut Frame,
    ) -> bool {
        let Some((key, value)) = lexer.member(map) else { return false };
        let text = view.text;
        let Some(path) = self.paths.plain_child(frame.path, &text[key.start..key.end]) else { return false };
        let end = match value {
            Value::String(range) => {
                if !(self.paths.is_simple(path) && cx.is_quiet(map, range.start, range.end)) {
                    self.string(cx, view, range, false, path, None);
                }
                range.end + 1
            }
            Value::Bare(range) => {
                if !(self.paths.is_simple(path) && range.end - range.start < BARE_BYTES_MIN) {
                    self.bare(cx, view, range, path, None);
                }
                range.end
            }
            Value::Other(start) => {
                lexer.take_key(start);
                frame.items += 1;
                frame.last_item = Some(key.start - 1);
                frame.member = Some((path, key.start - 1));
                return false;
            }
        };
        lexer.take_member(end);
        frame.items += 1;
        frame.last_item = Some(key.start - 1);
        frame.previous_end = Some(end);
        true
    }

    /// The path of the value that begins at `start`, and what its container must know about it.
    fn value_path(&mut self, frames: &mut [Frame], root: PathIndex, start: usize) -> PathIndex {
        let Some(frame) = frames.last_mut() else { return root };
        if frame.object {
            if frame.member_role == Role::Value {
                frame.value = Some(start);
            }
            frame.member.map_or(frame.path, |(path, _)| path)
        } else {
            frame.items += 1;
            frame.last_item = Some(start);
            if frame.items == 2 {
                frame.second = Some(start);
            }
            frame.path
        }
    }

    fn open(
        &mut self,
        cx: &Context<'_>,
        outer: Option<&Frame>,
        path: PathIndex,
        start: usize,
        object: bool,
        any_value: bool,
    ) -> Frame {
        self.containers += 1;
        let mut leaves = outer.and_then(|frame| frame.leaves);
        if !self.paths.is_simple(path) && self.paths.decision(path).all_types {
            let decision = self.paths.decision(path);
            let all = |rule: RuleIndex| {
                let rule = &cx.policy.rules[usize::from(rule)];
                rule.all_types && rule.action == Action::Correlate
            };
            leaves = decision.fields.iter().map(|hit| hit.rule).find(|&rule| all(rule)).or(leaves);
        }
        Frame {
            path,
            start,
            object,
            leaves,
            any_value: outer.map_or(any_value, |frame| frame.any_value),
            serial: self.containers,
            items: 0,
            member: None,
            previous_end: None,
            last_item: None,
            name: None,
            value: None,
            member_role: Role::Other,
            first: None,
            second: None,
        }
    }

    fn key(&mut self, cx: &Context<'_>, view: &View<'_>, frame: &mut Frame, range: Range, escaped: bool) {
        frame.items += 1;
        frame.last_item = Some(range.start - 1);
        let outer = view.slice(range.start, range.end).inside(Level::Json);
        if escaped {
            let Some(mut decoded) = self.take_decoded(outer.text.len()) else { return };
            unescape(outer.text, &mut decoded);
            let inner = view.decoded(range.start, &decoded, Level::Json);
            self.decoded_key(cx, &inner, frame, range);
            self.give_decoded(decoded);
        } else {
            self.decoded_key(cx, &outer, frame, range);
        }
    }

    fn decoded_key(&mut self, cx: &Context<'_>, key: &View<'_>, frame: &mut Frame, range: Range) {
        let transparent = frame.any_value && ANY_VALUE_KEYS.contains(&key.text);
        let path = if transparent { frame.path } else { self.paths.child(cx, frame.path, key.text) };
        frame.member = Some((path, range.start - 1));
        frame.member_role = if transparent { Role::of(key.text) } else { self.paths.role(path) };
        if !self.paths.key_is_clean(path) {
            let before = self.record.found.len();
            let place = Place::Key { object: frame.serial };
            self.text(cx, key, cx.classes(key), Spot::new(frame.path, place));
            if self.record.found.len() == before && !transparent && self.misses.is_none() {
                self.paths.set_key_is_clean(path);
            }
        }
    }

    /// A string value: its field's rules, then its text.
    pub(super) fn string(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        range: Range,
        escaped: bool,
        path: PathIndex,
        leaves: Option<RuleIndex>,
    ) {
        if range.start == range.end {
            return;
        }
        let slice = view.slice(range.start, range.end).inside(Level::Json);
        if escaped {
            let Some(mut decoded) = self.take_decoded(slice.text.len()) else { return };
            unescape(slice.text, &mut decoded);
            let inner = view.decoded(range.start, &decoded, Level::Json);
            self.value(cx, &inner, classes(inner.text), path, leaves);
            self.give_decoded(decoded);
        } else {
            let classes = cx.classes(&slice);
            // Most values: a word, a name, a sentence.
            let nothing = cx.is_nothing(&slice, classes);
            if !(nothing && leaves.is_none() && self.paths.is_simple(path)) {
                self.value(cx, &slice, classes, path, leaves);
            }
        }
    }

    /// A decoded string value.
    pub fn value(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        classes: Classes,
        path: PathIndex,
        leaves: Option<RuleIndex>,
    ) {
        let decision = self.paths.decision(path);
        let whole = 0..view.text.len();
        if !decision.fields.is_empty() {
            let decision = Arc::clone(decision);
            self.field(cx, view, Spot::new(path, Place::Field), &decision, whole.clone());
        }
        if let Some(rule) = leaves {
            self.leaf(cx, view, path, rule, Place::Field);
        }
        let decision = self.paths.decision(path);
        if !decision.pairs.is_empty() && whole.len() >= 4 {
            let decision = Arc::clone(decision);
            let key = self.paths.words(path);
            let site =
                Site { text: view.text, part: whole, floor: 0, at: 0, key: &key, hints: decision.hints };
            for &detector in &decision.pairs {
                self.try_detector(cx, view, Spot::new(path, Place::Text), &site, detector);
            }
        }
        self.text(cx, view, classes, Spot::new(path, Place::Text));
    }

    /// A number, boolean or null.
    pub(super) fn bare(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        range: Range,
        path: PathIndex,
        leaves: Option<RuleIndex>,
    ) {
        let text = &view.text[range.start..range.end];
        let shape = match text[0] {
            b'n' => return,
            b't' | b'f' => Shape::Boolean,
            _ => Shape::Number,
        };
        let place = Place::Bare(shape);
        let decision = self.paths.decision(path);
        let (hints, plain) = (decision.hints, decision.is_plain());
        if !plain {
            let decision = Arc::clone(decision);
            let slice = view.slice(range.start, range.end);
            for hit in &decision.fields {
                if shape == Shape::Number || cx.policy.rules[usize::from(hit.rule)].all_types {
                    self.note(cx, &slice, Spot::new(path, place), 0..text.len(), hit.rule, None);
                }
            }
        }
        if shape == Shape::Number {
            let slice = view.slice(range.start, range.end);
            if let Some(rule) = leaves {
                self.leaf(cx, &slice, path, rule, place);
            }
            let kept = Hints::NUMBER.with(Hints::HASH).with(Hints::VERSION);
            if text.len() >= BARE_BYTES_MIN && !(plain && hints.any(kept)) {
                self.text(cx, &slice, Classes::DIGIT, Spot::new(path, place));
            }
        }
    }

    /// A leaf under a container that a rule with `types: all` makes IDs of.
    fn leaf(&mut self, cx: &Context<'_>, view: &View<'_>, path: PathIndex, rule: RuleIndex, place: Place) {
        if super::fixed::whole(cx.policy, cx.ring, view.text).is_none() {
            self.note(cx, view, Spot::new(path, place), 0..view.text.len(), rule, None);
        }
    }

    pub(super) fn too_deep(&mut self, view: &View<'_>, range: Range) {
        let (start, end) = view.in_record(range.start, range.end);
        self.record.found.push(Found {
            start,
            end,
            cause: Cause::Depth,
            place: Place::Bare(Shape::Array { items: 0 }),
            encoding: view.encoding,
            in_url: false,
            detector: None,
            value: (0, 0),
            depth: JSON_DEPTH_MAX as u16,
        });
    }

    /// The value of the current member (or the current element) ends at `end`.
    fn end_item(&mut self, cx: &Context<'_>, view: &View<'_>, frame: &mut Frame, end: usize) {
        let start = if frame.object { frame.member.map(|(_, start)| start) } else { frame.last_item };
        if let Some((path, _)) = frame.member.take()
            && path != frame.path
        {
            self.paths.leave(path);
        }
        frame.member_role = Role::Other;
        if cx.dispatch.drops
            && let Some(start) = start
        {
            let (start, end) = view.in_record(start, end);
            let previous_end = frame.previous_end.map(|at| view.in_record(at, at).0);
            // The item before learns where this one begins.
            if let Some(last) = self.record.items.iter_mut().rev().find(|item| item.container == frame.serial)
                && last.ordinal + 1 == frame.items
            {
                last.next_start = Some(start);
            }
            self.record.items.push(Item {
                container: frame.serial,
                ordinal: frame.items,
                previous_end,
                start,
                end,
                next_start: None,
            });
        }
        frame.previous_end = Some(end);
    }

    /// The document ends in the middle: what is open is taken up to the end of the text.
    fn cut_off(&mut self, cx: &Context<'_>, view: &View<'_>, frames: &mut Vec<Frame>) {
        while let Some(frame) = frames.pop() {
            let in_array = frames.last().is_some_and(|outer| !outer.object);
            self.close(cx, view, &frame, view.text.len(), in_array);
        }
    }

    /// The container ends. `in_array` says whether it is an element of one.
    fn close(&mut self, cx: &Context<'_>, view: &View<'_>, frame: &Frame, end: usize, in_array: bool) {
        if self.paths.is_simple(frame.path) && frame.value.is_none() && frame.second.is_none() {
            return;
        }
        let decision = self.paths.decision(frame.path);
        if decision.all_types && frame.items > 0 && !frame.any_value {
            let decision = Arc::clone(decision);
            let shape = if frame.object {
                Shape::Object { keys: frame.items }
            } else {
                Shape::Array { items: frame.items }
            };
            let slice = view.slice(frame.start, end);
            for hit in &decision.fields {
                let rule = &cx.policy.rules[usize::from(hit.rule)];
                if rule.all_types && rule.action != Action::Correlate {
                    self.note(
                        cx,
                        &slice,
                        Spot::new(frame.path, Place::Bare(shape)),
                        0..slice.text.len(),
                        hit.rule,
                        None,
                    );
                }
            }
        }
        match (frame.name, frame.value, frame.first, frame.second) {
            (Some(name), Some(value), _, _) if frame.object => self.named(cx, view, frame, name, value, end),
            (_, _, Some(name), Some(value)) if !frame.object && frame.items == 2 && in_array => {
                self.named(cx, view, frame, name, value, end);
            }
            _ => {}
        }
    }

    /// A name and a value side by side: the value is looked at once more, as a member of that name.
    fn named(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        frame: &Frame,
        name: Range,
        value: usize,
        end: usize,
    ) {
        let name = &view.text[name.start..name.end];
        if let Some(path) = self.named_path(cx, frame.path, name, end - value) {
            self.walk(cx, view, value, path, true);
            self.paths.leave(path);
        }
    }

    /// The path of the member called `name` under `outer`, if anything looks at its value and there is budget for its `bytes`.
    /// Whoever gets it leaves it again.
    pub(super) fn named_path(
        &mut self,
        cx: &Context<'_>,
        outer: PathIndex,
        name: &[u8],
        bytes: usize,
    ) -> Option<PathIndex> {
        if name.len() > 128 || memchr::memchr(b'\\', name).is_some() {
            return None;
        }
        let path = self.paths.child(cx, outer, name);
        let decision = self.paths.decision(path);
        let outer = self.paths.decision(outer);
        if !decision.fields.is_empty()
            || decision.scoped.len() > outer.scoped.len()
            || decision.hints.any(Hints::SECRET.with(Hints::PHONE).with(Hints::CARD).with(Hints::NATIONAL_ID))
        {
            // Pairs inside pairs are read again and again: that is work like decoding, and bounded with it.
            match self.decode_left.checked_sub(bytes) {
                Some(left) => {
                    self.decode_left = left;
                    return Some(path);
                }
                None => self.over_budget = true,
            }
        }
        self.paths.leave(path);
        None
    }
}

impl Frame {
    /// Whether its members can be read on their own.
    fn is_plain(&self) -> bool {
        self.object && !self.any_value && self.leaves.is_none()
    }

    /// A string value was read: it may be the name of a pair.
    fn note_string(&mut self, range: Range) {
        if self.object {
            if self.member_role == Role::Name {
                self.name = Some(range);
            }
        } else if self.items == 1 {
            self.first = Some(range);
        }
    }
}

impl Event {
    /// Where its value begins, quotes included.
    fn start(&self) -> usize {
        match self {
            Event::ObjectStart(at) | Event::ArrayStart(at) | Event::ObjectEnd(at) | Event::ArrayEnd(at) => {
                *at
            }
            Event::End(at) | Event::Error(at) => *at,
            Event::Key { range, .. } | Event::String { range, .. } => range.start - 1,
            Event::Number(range) | Event::Literal(range) | Event::TooDeep(range) => range.start,
        }
    }
}
