//! Where the entries of a tape stand in a request in protobuf, and the messages around them, whose lengths change with them.

use std::ops::Range;

use crate::engine::redact::tape::{Entry, State, Tape};

use super::edits::Edits;
use super::wire::{self, Field, Malformed, put_bytes, put_varint};

/// Where an entry of the tape stands.
#[derive(Clone, Copy)]
pub(super) struct Site {
    pub form: Form,
    /// What is written anew if the entry changes.
    pub start: u32,
    pub end: u32,
    /// The message that it is in.
    pub node: u32,
}

/// How an entry is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Not at all: it belongs to the path, or is a list of fields.
    Nothing,
    /// As the bytes of a field: length, text.
    Text,
    /// As a field of an `AnyValue`; with a text in its place it becomes `string_value`.
    Value,
    /// As the `bytes_value` of an `AnyValue`, which it stays unless all of it is replaced.
    Bytes,
    /// In a field that nobody knows.
    Unknown,
}

impl Site {
    pub const NOTHING: Site = Site { form: Form::Nothing, start: 0, end: 0, node: 0 };

    /// The bytes of a field, with their length.
    pub fn text(form: Form, field: &Field, node: u32) -> Site {
        Site { form, start: field.length as u32, end: field.end as u32, node }
    }

    /// A field from its tag on.
    pub fn value(form: Form, field: &Field, node: u32) -> Site {
        Site { form, start: field.tag as u32, end: field.end as u32, node }
    }
}

/// A message around entries.
pub(super) struct Node {
    /// Where its tag, its length and its content begin and where that ends.
    tag: u32,
    length: u32,
    start: u32,
    end: u32,
    parent: u32,
    role: Role,
    removed: bool,
    /// By how much its content grows.
    delta: i64,
}

impl Node {
    pub fn new(field: &Field, parent: u32, role: Role) -> Node {
        Node {
            tag: field.tag as u32,
            length: field.length as u32,
            start: field.start as u32,
            end: field.end as u32,
            parent,
            role,
            removed: false,
            delta: 0,
        }
    }
}

/// What a message is to the one around it, when a value in it is to be dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Part of the record that always stays.
    Fixed,
    /// A `KeyValue`, which goes with its value.
    Member,
    /// A `KeyValue` that tells one series from another: it stays, its value is masked.
    Label,
    /// The `AnyValue` of a `KeyValue`.
    Value,
    /// An `AnyValue` that can go by itself: a body, an element of a list.
    Element,
}

const _: () =
    assert!(size_of::<Node>() <= 40 && size_of::<Site>() <= 16, "there is one per entry of a record");

const STRING_VALUE: u32 = 1;
const BYTES_VALUE: u32 = 7;

/// Carries what changed on the tape back to the request, and says by how much the content of the outermost message grows.
pub(super) fn edit(
    request: &[u8],
    tape: &Tape,
    sites: &[Site],
    nodes: &mut [Node],
    edits: &mut Edits,
) -> i64 {
    let entries = tape.entries();
    let mut unknown = 0;
    for (index, entry) in entries.iter().enumerate() {
        let site = sites[index];
        if matches!(entry.state, State::Same | State::Gone) {
            continue;
        }
        if entry.state == State::Dropped
            && let Some(node) = removable(nodes, site.node)
        {
            nodes[node].removed = true;
            continue;
        }
        let text = tape.text_of(entry);
        match site.form {
            Form::Nothing => {
                // All attributes at once, say: there is no place for one text, so each value inside has it.
                let inside = entries[index + 1..].iter().take_while(|entry| entry.state == State::Gone);
                for (inner, site) in inside.zip(&sites[index + 1..]) {
                    if !inner.is_structure() {
                        unknown = put(request, site, inner, text, nodes, edits, unknown);
                    }
                }
            }
            _ => unknown = put(request, &site, entry, text, nodes, edits, unknown),
        }
    }
    settle(nodes, edits)
}

/// Writes `text` at a site. `unknown` is where the last unknown field ends that was written: what is found in one more than
/// once changes it once.
fn put(
    request: &[u8],
    site: &Site,
    entry: &Entry,
    text: &[u8],
    nodes: &mut [Node],
    edits: &mut Edits,
    unknown: u32,
) -> u32 {
    let (start, end) = (site.start as usize, site.end as usize);
    let delta = match site.form {
        Form::Nothing => return unknown,
        Form::Text => edits.replace(start, end, |out| put_length_and(text, out)),
        Form::Value => edits.replace(start, end, |out| put_bytes(STRING_VALUE, text, out)),
        Form::Bytes => {
            let number = if entry.state == State::Changed { BYTES_VALUE } else { STRING_VALUE };
            edits.replace(start, end, |out| put_bytes(number, text, out))
        }
        Form::Unknown if site.end <= unknown => return unknown,
        // What can be read as a message may be one, and no text is: without content it stays one.
        Form::Unknown => {
            let is_message =
                wire::varint(request, start).is_ok_and(|(_, from)| is_message(request, from, end));
            edits.replace(start, end, |out| put_length_and(if is_message { b"" } else { text }, out))
        }
    };
    nodes[site.node as usize].delta += delta;
    if site.form == Form::Unknown { site.end } else { unknown }
}

fn put_length_and(text: &[u8], out: &mut Vec<u8>) {
    put_varint(text.len() as u64, out);
    out.extend_from_slice(text);
}

/// What goes when the value in `node` is dropped.
fn removable(nodes: &[Node], node: u32) -> Option<usize> {
    let value = nodes.get(node as usize)?;
    match value.role {
        Role::Element => Some(node as usize),
        Role::Value => {
            let member = nodes.get(value.parent as usize)?;
            (member.role == Role::Member).then_some(value.parent as usize)
        }
        Role::Fixed | Role::Member | Role::Label => None,
    }
}

/// Writes the new lengths of messages from the inside out. Messages are listed after those around them.
fn settle(nodes: &mut [Node], edits: &mut Edits) -> i64 {
    for index in (1..nodes.len()).rev() {
        let Node { tag, length, start, end, parent, delta, removed, .. } = nodes[index];
        let delta = if removed {
            edits.replace(tag as usize, end as usize, |_| {})
        } else {
            lengthen(length as usize, start as usize..end as usize, delta, edits)
        };
        nodes[parent as usize].delta += delta;
    }
    nodes.first().map_or(0, |node| node.delta)
}

/// Writes the length, which stands at `at`, of a field whose content grows by `delta`, and says by how much the whole field
/// grows.
pub(super) fn lengthen(at: usize, content: Range<usize>, delta: i64, edits: &mut Edits) -> i64 {
    if delta == 0 {
        return 0;
    }
    let length = (content.len() as i64 + delta) as u64;
    delta + edits.replace(at, content.start, |out| put_varint(length, out))
}

/// Whether bytes can be read as a message.
pub(super) fn is_message(request: &[u8], mut at: usize, end: usize) -> bool {
    while at < end {
        match wire::field(request, at, end) {
            Ok(field) => at = field.end,
            Err(Malformed(_)) => return false,
        }
    }
    true
}
