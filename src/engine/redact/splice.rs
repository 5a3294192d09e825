//! The only writer of output bytes: everything outside the spans is copied as it is, each span is written in the encoding
//! of its place, and a dropped member takes its comma with it.

use std::collections::HashMap;

use crate::engine::correlate::Keyring;
use crate::engine::policy::{Policy, RuleIndex};
use crate::engine::scan::view::Level;

use super::action;
use super::found::{Cause, Found, Item, Place, Record};
use super::overlap::{Span, is_drop};

/// Buffers of the splicer, reused.
#[derive(Default)]
pub(super) struct Splicer {
    plain: Vec<u8>,
    written: Vec<u8>,
    canonical: Vec<u8>,
    /// Keys that were written in this record: by object and text, how often.
    keys: HashMap<(u32, Box<[u8]>), u32>,
    /// What was changed, kept only for `explain`.
    pub edits: Option<Vec<Edit>>,
    /// Ranges removed by `drop`, with the container, ordinal, and whether nothing before it in its container stays.
    removed: Vec<(usize, usize, u32, u32, bool)>,
}

/// One change to the line.
pub(super) struct Edit {
    pub start: usize,
    pub end: usize,
    /// Bytes written instead.
    pub length: usize,
    /// Whether a member is gone, with its comma.
    pub dropped: bool,
}

impl Splicer {
    /// Writes `line` with its spans replaced.
    pub fn write(
        &mut self,
        policy: &Policy,
        ring: &Keyring,
        line: &[u8],
        record: &Record,
        spans: &[Span],
        out: &mut Vec<u8>,
    ) {
        self.restart();
        self.remove(policy, record, spans);
        let mut removed = self.removed.iter().map(|&(start, end, ..)| (start, end)).peekable();
        let removed: Vec<(usize, usize)> =
            if removed.peek().is_some() { removed.collect() } else { Vec::new() };
        let mut gone = removed.iter().copied().peekable();
        let mut at = 0;
        for span in spans {
            while let Some(&(start, end)) = gone.peek()
                && start <= span.start
            {
                out.extend_from_slice(&line[at..start.max(at)]);
                self.note_edit(start.max(at), end, 0, true);
                at = at.max(end);
                gone.next();
            }
            if span.start < at {
                continue; // inside a dropped member
            }
            out.extend_from_slice(&line[at..span.start]);
            self.replacement(policy, ring, line, record, span);
            out.extend_from_slice(&self.written);
            self.note_edit(span.start, span.end, self.written.len(), false);
            at = span.end;
        }
        for (start, end) in gone {
            out.extend_from_slice(&line[at..start.max(at)]);
            self.note_edit(start.max(at), end, 0, true);
            at = at.max(end);
        }
        out.extend_from_slice(&line[at..]);
    }

    fn note_edit(&mut self, start: usize, end: usize, length: usize, dropped: bool) {
        if let Some(edits) = &mut self.edits
            && start < end
        {
            edits.push(Edit { start, end, length, dropped });
        }
    }

    /// Forgets which keys were written: before the spans of a record are shown again, in order.
    pub fn restart(&mut self) {
        self.keys.clear();
    }

    /// The replacement of one span, in the encoding of its place.
    pub fn replaced(
        &mut self,
        policy: &Policy,
        ring: &Keyring,
        line: &[u8],
        record: &Record,
        span: &Span,
    ) -> &[u8] {
        self.replacement(policy, ring, line, record, span);
        &self.written
    }

    /// The replacement of one span, for people.
    pub fn show(
        &mut self,
        policy: &Policy,
        ring: &Keyring,
        line: &[u8],
        record: &Record,
        span: &Span,
    ) -> String {
        self.replacement(policy, ring, line, record, span);
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Leaves the written replacement of one span in `self.written`.
    fn replacement(&mut self, policy: &Policy, ring: &Keyring, line: &[u8], record: &Record, span: &Span) {
        self.plain.clear();
        let value = record.value(&span.winner);
        let winner = Found { in_url: span.in_url, ..span.winner };
        action::append(policy, ring, &winner, value, &mut self.canonical, &mut self.plain);
        if let Place::Bare(_) = span.outer.place {
            self.written.clear();
            self.written.extend_from_slice(&self.plain);
            encode(Level::Json, &mut self.plain, &mut self.written);
            self.plain.clear();
            self.plain.push(b'"');
            self.plain.extend_from_slice(&self.written);
            self.plain.push(b'"');
        }
        if let Place::Key { object } = span.outer.place
            && line.get(span.start.wrapping_sub(1)) == Some(&b'"')
            && line.get(span.end) == Some(&b'"')
        {
            self.make_key_unique(object);
        }
        self.written.clear();
        self.written.extend_from_slice(&self.plain);
        for level in span.outer.encoding.iter() {
            encode(level, &mut self.plain, &mut self.written);
        }
    }

    /// Two keys of one object that become the same text get `~2`, `~3`.
    fn make_key_unique(&mut self, object: u32) {
        let count = self.keys.entry((object, self.plain.as_slice().into())).or_default();
        *count += 1;
        let count = *count;
        if count > 1 {
            self.plain.extend_from_slice(format!("~{count}").as_bytes());
        }
    }

    /// Finds the ranges that dropped members take. Removed with an item is the comma before it, or, where nothing before it
    /// stays, the one after it.
    fn remove(&mut self, policy: &Policy, record: &Record, spans: &[Span]) {
        self.removed.clear();
        if record.items.is_empty() {
            return;
        }
        for span in spans {
            if !is_drop(policy, span) || !matches!(span.winner.place, Place::Field | Place::Bare(_)) {
                continue;
            }
            // Items are listed by their ends: the innermost item around the span comes first.
            let around = |item: &&Item| item.start <= span.start && item.end >= span.end;
            let Some(item) = record.items.iter().find(around) else { continue };
            let leading = item.ordinal == 1
                || self.removed.iter().any(|&(.., container, ordinal, leading)| {
                    leading && container == item.container && ordinal + 1 == item.ordinal
                });
            let (start, end) = match (leading, item.previous_end) {
                (false, Some(previous)) => (previous, item.end),
                _ => (item.start, item.next_start.unwrap_or(item.end)),
            };
            self.removed.push((start, end, item.container, item.ordinal, leading));
        }
    }
}

/// Writes `plain` one level further out: from `written` to `written`, with `buffer` as scratch.
fn encode(level: Level, buffer: &mut Vec<u8>, written: &mut Vec<u8>) {
    let safe = |b: &u8| match level {
        Level::Json => !matches!(b, b'"' | b'\\' | 0..0x20),
        Level::Percent => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'~'),
    };
    if written.iter().all(safe) {
        return;
    }
    buffer.clear();
    for byte in written.iter() {
        match (safe(byte), level) {
            (true, _) => buffer.push(*byte),
            (false, Level::Json) if *byte >= 0x20 => buffer.extend_from_slice(&[b'\\', *byte]),
            (false, Level::Json) => buffer.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            (false, Level::Percent) => buffer.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    std::mem::swap(buffer, written);
}

/// Appends the rule of each span to `fired`.
pub(super) fn list_rules(spans: &[Span], fired: &mut Vec<RuleIndex>) {
    for span in spans {
        if let Cause::Rule(rule) = span.winner.cause {
            fired.push(rule);
        }
    }
}
