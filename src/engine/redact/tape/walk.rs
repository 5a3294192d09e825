//! The way through a tape: what `super::super::walk` does with the events of a JSON document, on entries that are known.

use std::sync::Arc;

use crate::engine::policy::{Action, RuleIndex};
use crate::engine::scan::json::Range;
use crate::engine::scan::view::{Encoding, Level, View, unescape};

use super::super::Redactor;
use super::super::found::{Place, Shape};
use super::super::paths::{PathIndex, Paths, Role};
use super::super::scanner::{Context, Scanner, Spot};
use super::{Entry, Kind, State, Tape};

/// A container that is open.
struct Open {
    /// The path of its members (for an array: of its elements).
    path: PathIndex,
    start: usize,
    object: bool,
    /// The innermost rule with `types: all` that makes IDs of all leaves below.
    leaves: Option<RuleIndex>,
    serial: u32,
    items: u32,
    /// The path of the member that is being read, and what its key says of the one beside it.
    member: Option<PathIndex>,
    role: Role,
    /// A text under a key of the role of a name (in arrays: the first element), and the entry of the value beside it.
    name: Option<Range>,
    value: Option<usize>,
}

impl Redactor {
    /// Finds everything in one record.
    pub(super) fn find_in_tape(&mut self, tape: &Tape) {
        let Redactor { policy, ring, dispatch, scanner, map, .. } = self;
        scanner.start_record(tape.text.len());
        let map = scanner.map(dispatch, map, &tape.text);
        let cx = Context { policy, ring, dispatch, map };
        let view = View::of_record(&tape.text, 0, Encoding::PLAIN);
        scanner.tape(&cx, &view, tape, 0, Paths::ROOT);
    }
}

impl Scanner {
    /// Walks the value that begins at entry `from` and has the path `root`.
    fn tape(&mut self, cx: &Context<'_>, view: &View<'_>, tape: &Tape, from: usize, root: PathIndex) {
        let mut open: Vec<Open> = Vec::new();
        for (index, entry) in tape.entries.iter().enumerate().skip(from) {
            if entry.state == State::Gone {
                continue;
            }
            let range = Range { start: entry.start as usize, end: entry.end as usize };
            match entry.kind {
                Kind::Key => {
                    if let Some(container) = open.last_mut() {
                        container.items += 1;
                        self.tape_key(cx, view, tape, container, entry);
                    }
                    continue;
                }
                Kind::Object | Kind::Array => {
                    let path = value_path(&mut open, root, index);
                    let container = self.open_container(cx, open.last(), path, range.start, entry.kind);
                    open.push(container);
                    continue;
                }
                Kind::Close => {
                    let Some(container) = open.pop() else { return };
                    let in_array = open.last().is_some_and(|outer| !outer.object);
                    self.close_container(cx, view, tape, &container, range.end, in_array);
                }
                Kind::Text => {
                    let path = value_path(&mut open, root, index);
                    let leaves = open.last().and_then(|container| container.leaves);
                    if let Some(container) = open.last_mut() {
                        container.note_name(range);
                    }
                    self.tape_text(cx, view, tape, range, path, leaves);
                }
                Kind::Number | Kind::Literal => {
                    let path = value_path(&mut open, root, index);
                    let leaves = open.last().and_then(|container| container.leaves);
                    self.bare(cx, view, range, path, leaves);
                }
                Kind::TooDeep => {
                    value_path(&mut open, root, index);
                    self.too_deep(view, range);
                }
            }
            let Some(container) = open.last_mut() else { return };
            if let Some(path) = container.member.take() {
                self.paths.leave(path);
            }
            container.role = Role::Other;
        }
    }

    fn tape_key(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        tape: &Tape,
        container: &mut Open,
        entry: &Entry,
    ) {
        let (start, end) = (entry.start as usize, entry.end as usize);
        let key = view.slice(start, end);
        if let Some(path) = self.paths.plain_child(container.path, key.text)
            && !(tape.json && memchr::memchr(b'\\', key.text).is_some())
        {
            container.member = Some(path);
            return;
        }
        if !tape.json {
            self.decoded_tape_key(cx, &key, container);
        } else if memchr::memchr(b'\\', key.text).is_some() {
            let key = key.inside(Level::Json);
            let Some(mut decoded) = self.take_decoded(key.text.len()) else { return };
            unescape(key.text, &mut decoded);
            self.decoded_tape_key(cx, &view.decoded(start, &decoded, Level::Json), container);
            self.give_decoded(decoded);
        } else {
            self.decoded_tape_key(cx, &key.inside(Level::Json), container);
        }
    }

    fn decoded_tape_key(&mut self, cx: &Context<'_>, key: &View<'_>, container: &mut Open) {
        let path = self.paths.child(cx, container.path, key.text);
        container.member = Some(path);
        container.role = self.paths.role(path);
        if !self.paths.key_is_clean(path) {
            let before = self.record.found.len();
            let place = Place::Key { object: container.serial };
            self.text(cx, key, cx.classes(key), Spot::new(container.path, place));
            if self.record.found.len() == before && self.misses.is_none() {
                self.paths.set_key_is_clean(path);
            }
        }
    }

    fn tape_text(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        tape: &Tape,
        range: Range,
        path: PathIndex,
        leaves: Option<RuleIndex>,
    ) {
        if tape.json {
            let escaped = memchr::memchr(b'\\', &view.text[range.start..range.end]).is_some();
            return self.string(cx, view, range, escaped, path, leaves);
        }
        if range.start == range.end {
            return;
        }
        let text = view.slice(range.start, range.end);
        let found = cx.classes(&text);
        if !(cx.is_nothing(&text, found) && leaves.is_none() && self.paths.is_simple(path)) {
            self.value(cx, &text, found, path, leaves);
        }
    }

    fn open_container(
        &mut self,
        cx: &Context<'_>,
        outer: Option<&Open>,
        path: PathIndex,
        start: usize,
        kind: Kind,
    ) -> Open {
        self.containers += 1;
        let decision = self.paths.decision(path);
        let mut leaves = outer.and_then(|container| container.leaves);
        if decision.all_types {
            let all = |rule: RuleIndex| {
                let rule = &cx.policy.rules[usize::from(rule)];
                rule.all_types && rule.action == Action::Correlate
            };
            leaves = decision.fields.iter().map(|hit| hit.rule).find(|&rule| all(rule)).or(leaves);
        }
        Open {
            path,
            start,
            object: kind == Kind::Object,
            leaves,
            serial: self.containers,
            items: 0,
            member: None,
            role: Role::Other,
            name: None,
            value: None,
        }
    }

    fn close_container(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        tape: &Tape,
        container: &Open,
        end: usize,
        in_array: bool,
    ) {
        let decision = self.paths.decision(container.path);
        if decision.all_types && container.items > 0 {
            let decision = Arc::clone(decision);
            let shape = if container.object {
                Shape::Object { keys: container.items }
            } else {
                Shape::Array { items: container.items }
            };
            let slice = view.slice(container.start, end);
            for hit in &decision.fields {
                let rule = &cx.policy.rules[usize::from(hit.rule)];
                if rule.all_types && rule.action != Action::Correlate {
                    let spot = Spot::new(container.path, Place::Bare(shape));
                    self.note(cx, &slice, spot, 0..slice.text.len(), hit.rule, None);
                }
            }
        }
        let is_pair = container.object || (container.items == 2 && in_array);
        if let (Some(name), Some(value), true) = (container.name, container.value, is_pair) {
            self.tape_named(cx, view, tape, container, name, value, end);
        }
    }

    /// A name and a value side by side: the value is looked at once more, as a member of that name.
    #[allow(clippy::too_many_arguments)] // the same as in a document, and the tape
    fn tape_named(
        &mut self,
        cx: &Context<'_>,
        view: &View<'_>,
        tape: &Tape,
        container: &Open,
        name: Range,
        value: usize,
        end: usize,
    ) {
        let name = &view.text[name.start..name.end];
        let bytes = end - tape.entries[value].start as usize;
        if let Some(path) = self.named_path(cx, container.path, name, bytes) {
            self.tape(cx, view, tape, value, path);
            self.paths.leave(path);
        }
    }
}

impl Open {
    /// A text was read: it may be the name of a pair.
    fn note_name(&mut self, range: Range) {
        if self.role == Role::Name || (!self.object && self.items == 1) {
            self.name = Some(range);
        }
    }
}

/// The path of the value at entry `index`, and what its container must know about it.
fn value_path(open: &mut [Open], root: PathIndex, index: usize) -> PathIndex {
    let Some(container) = open.last_mut() else { return root };
    if container.object {
        if container.role == Role::Value {
            container.value = Some(index);
        }
        container.member.unwrap_or(container.path)
    } else {
        container.items += 1;
        if container.items == 2 {
            container.value = Some(index);
        }
        container.path
    }
}
