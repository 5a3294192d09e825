//! What was found in one record, before anything is decided between overlapping finds.

use crate::engine::detect::DetectorIndex;
use crate::engine::policy::{Policy, RuleIndex};
use crate::engine::scan::view::Encoding;

/// A range of the record that a rule wants replaced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// First byte in the record.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    pub cause: Cause,
    pub place: Place,
    /// How a replacement is written there.
    pub encoding: Encoding,
    /// Whether it stands in a URL, query, form or DSN, where a mask is the word `REDACTED`.
    pub in_url: bool,
    /// The detector, for spans that one found.
    pub detector: Option<DetectorIndex>,
    /// The decoded value, as range of [`Record::values`]; empty where the action needs none.
    pub value: (usize, usize),
    /// Segments of the path.
    pub depth: u16,
}

/// Who asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Rule(RuleIndex),
    /// Nested too deeply to be looked at.
    Depth,
}

/// What the range is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Part of a text.
    Text,
    /// The inside of a string value of a document.
    Field,
    /// The value of a `key=value` in a text.
    Pair,
    /// A whole key of an object, which has this serial number in the record.
    Key { object: u32 },
    /// A number, boolean or container: its replacement needs quotes.
    Bare(Shape),
}

/// What is behind a bare place, for `[shape:…]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Number,
    Boolean,
    Object { keys: u32 },
    Array { items: u32 },
}

/// A member or array element that `drop` wants removed, with what is needed to keep the commas right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    /// Serial number of the container in the record, and of the item in it.
    pub container: u32,
    pub ordinal: u32,
    /// End of the item before, if there is one.
    pub previous_end: Option<usize>,
    /// From the key (or value) to the end of the value.
    pub start: usize,
    pub end: usize,
    /// Start of the item after, if there is one.
    pub next_start: Option<usize>,
}

/// The finds of one record. Reused; [`Record::clear`] forgets the last one.
#[derive(Default)]
pub(super) struct Record {
    pub found: Vec<Found>,
    /// Decoded values that correlation IDs and shapes are made from.
    pub values: Vec<u8>,
    /// Items under a field rule that drops, in the order of their ends.
    pub items: Vec<Item>,
}

impl Record {
    pub fn clear(&mut self) {
        self.found.clear();
        self.values.clear();
        self.items.clear();
    }

    pub fn value(&self, found: &Found) -> &[u8] {
        &self.values[found.value.0..found.value.1]
    }

    /// Keeps a decoded value.
    pub fn keep(&mut self, value: &[u8]) -> (usize, usize) {
        let start = self.values.len();
        self.values.extend_from_slice(value);
        (start, self.values.len())
    }
}

impl Found {
    /// How strict its action is (policy.md, "do"); what cannot be looked at is the strictest.
    pub fn strictness(&self, policy: &Policy) -> u8 {
        match self.cause {
            Cause::Rule(rule) => policy.rules[usize::from(rule)].action.strictness(),
            Cause::Depth => 9,
        }
    }
}
