//! What was decided about each path. A path is looked at once: its key is split, the selectors are asked, and the answer is
//! kept under (parent, key bytes), so that the next record with the same shape pays one table look-up per key. Whole keys
//! are compared, never hashes alone. Keys longer than [`KEY_CACHED_BYTES_MAX`] and those beyond [`PATHS_MAX`] are decided
//! anew each time and forgotten when their value is done.

use std::sync::Arc;

use crate::engine::detect::Hints;
use crate::engine::policy::selector::{Segment, segments};
use crate::engine::policy::{ExceptIndex, FieldHit, Find, RuleIndex};
use crate::limits::{KEY_CACHED_BYTES_MAX, PATHS_MAX};

use super::dispatch::Entry;
use super::field::Layout;
use super::fixed;
use super::scanner::Context;

/// Index of a path; [`Paths::ROOT`] is the record.
pub(super) type PathIndex = u32;

/// What follows from a path alone.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// Detectors of pairs that may find something under the last key.
    pub pairs: Vec<Entry>,
    /// Rules that take the whole field.
    pub fields: Vec<FieldHit>,
    /// Rules with `in` and `find`, this path's and those inherited from the containers around it.
    pub scoped: Vec<RuleIndex>,
    /// Exceptions that hold here, inherited ones included.
    pub spared: Vec<ExceptIndex>,
    /// What the words of the path say.
    pub hints: Hints,
    /// How a value under this key is built.
    pub layout: Layout,
    /// Segments of the path, for "the innermost key wins".
    pub depth: u16,
    /// Whether a field rule takes booleans and containers.
    pub all_types: bool,
}

impl Decision {
    /// Whether a text under this path needs nothing but the detectors.
    pub fn is_plain(&self) -> bool {
        self.fields.is_empty() && self.scoped.is_empty()
    }
}

/// What is asked of a path for each key of each record, apart from the rest so that it stays in the nearest cache.
#[derive(Clone, Copy)]
struct Link {
    /// The first and last bytes of the key: all of it, if it has no more than [`HEAD_BYTES`].
    head: (u64, u64),
    parent: PathIndex,
    /// The path that was asked for after this one last time: records of one kind have their keys in one order.
    next: PathIndex,
    length: u32,
    /// What the key says of the member beside it.
    role: Role,
    /// The key was searched and holds nothing.
    key_is_clean: bool,
    /// Neither a field rule nor a detector of pairs knows the key.
    is_simple: bool,
}

struct Node {
    key: Arc<[u8]>,
    /// What the key says about its value: the key without earlier replacements.
    words: Arc<[u8]>,
    segments: Vec<Segment>,
    /// Segments before the document that this path is in.
    document_root: u16,
    decision: Arc<Decision>,
}

/// What a key says of the member beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    #[default]
    Other,
    /// Its value is the name of the other member's.
    Name,
    /// Its value has the name that stands in the other member.
    Value,
}

impl Role {
    pub fn of(key: &[u8]) -> Role {
        match key {
            b"name" | b"key" | b"field" | b"header" | b"attribute" | b"k" | b"Name" | b"Key" => Role::Name,
            b"value" | b"val" | b"values" | b"v" | b"Value" | b"content" => Role::Value,
            _ => Role::Other,
        }
    }
}

/// All paths seen by one redactor.
pub(super) struct Paths {
    links: Vec<Link>,
    nodes: Vec<Node>,
    /// Nodes below this index are in the table; the others are forgotten when left.
    kept: usize,
    /// The path that was asked for last.
    last: PathIndex,
    table: Box<[u32]>,
}

const SLOTS: usize = PATHS_MAX * 2;
const PROBES: usize = 8;
const EMPTY: u32 = u32::MAX;
/// Stands for "a document inside this text"; no key has it, keys are compared as they were decoded.
const DOCUMENT: &[u8] = b"\0document";

impl Paths {
    /// The record itself.
    pub const ROOT: PathIndex = 0;

    pub fn new() -> Paths {
        let root = Node {
            key: Arc::default(),
            words: Arc::default(),
            segments: Vec::new(),
            document_root: 0,
            decision: Arc::default(),
        };
        let link = Link {
            head: (0, 0),
            parent: Paths::ROOT,
            next: Paths::ROOT,
            length: 0,
            role: Role::Other,
            key_is_clean: false,
            is_simple: true,
        };
        let table = vec![EMPTY; SLOTS].into_boxed_slice();
        Paths { links: vec![link], nodes: vec![root], kept: 1, last: Paths::ROOT, table }
    }

    /// Forgets everything once the table is full; between records only, when no index is in use.
    pub fn start_record(&mut self) {
        self.truncate(self.kept);
        self.last = Paths::ROOT;
        if self.kept >= PATHS_MAX {
            self.truncate(1);
            self.links[0].next = Paths::ROOT;
            self.kept = 1;
            self.table.fill(EMPTY);
        }
    }

    fn truncate(&mut self, length: usize) {
        self.nodes.truncate(length);
        self.links.truncate(length);
    }

    pub fn decision(&self, path: PathIndex) -> &Arc<Decision> {
        &self.nodes[path as usize].decision
    }

    /// What the last key of a path says.
    pub fn words(&self, path: PathIndex) -> Arc<[u8]> {
        Arc::clone(&self.nodes[path as usize].words)
    }

    /// What the last key of a path says of the member beside it.
    pub fn role(&self, path: PathIndex) -> Role {
        self.links[path as usize].role
    }

    /// Whether a string under this path needs nothing but to be looked through.
    pub fn is_simple(&self, path: PathIndex) -> bool {
        self.links[path as usize].is_simple
    }

    pub fn key_is_clean(&self, path: PathIndex) -> bool {
        self.links[path as usize].key_is_clean
    }

    pub fn set_key_is_clean(&mut self, path: PathIndex) {
        self.links[path as usize].key_is_clean = true;
    }

    /// The path of a document that stands inside the text at `path`.
    pub fn document(&mut self, cx: &Context<'_>, path: PathIndex) -> PathIndex {
        self.child(cx, path, DOCUMENT)
    }

    /// The path of the member `key` (decoded) of the container at `parent`.
    pub fn child(&mut self, cx: &Context<'_>, parent: PathIndex, key: &[u8]) -> PathIndex {
        if let Some(guess) = self.guess(parent, key) {
            self.last = guess;
            return guess;
        }
        let index = self.look_up(cx, parent, key);
        if (index as usize) < self.kept {
            self.follow(index);
        }
        index
    }

    /// The path of the member `key` if it is known, the key holds nothing and says nothing of other members.
    #[inline]
    pub fn plain_child(&mut self, parent: PathIndex, key: &[u8]) -> Option<PathIndex> {
        let path = match self.guess(parent, key) {
            Some(guess) => guess,
            None => self.known(parent, key)?,
        };
        let link = &self.links[path as usize];
        if !link.key_is_clean || link.role != Role::Other {
            return None;
        }
        self.follow(path);
        Some(path)
    }

    /// Notes that `path` came after the last one.
    #[inline]
    fn follow(&mut self, path: PathIndex) {
        if let Some(last) = self.links.get_mut(self.last as usize) {
            last.next = path;
        }
        self.last = path;
    }

    /// The path that followed the last one the time before, if it is this one.
    #[inline]
    fn guess(&self, parent: PathIndex, key: &[u8]) -> Option<PathIndex> {
        let guess = self.links.get(self.last as usize)?.next;
        (guess != Paths::ROOT && self.is(guess, parent, key)).then_some(guess)
    }

    /// Whether `path` is the member `key` of `parent`.
    #[inline]
    fn is(&self, path: PathIndex, parent: PathIndex, key: &[u8]) -> bool {
        self.links.get(path as usize).is_some_and(|link| {
            link.parent == parent
                && link.length as usize == key.len()
                && link.head == head(key)
                && (key.len() <= HEAD_BYTES || *self.nodes[path as usize].key == *key)
        })
    }

    /// The path of the member `key` if it is in the table.
    fn known(&self, parent: PathIndex, key: &[u8]) -> Option<PathIndex> {
        let mut slot = hash(parent, key) as usize & (SLOTS - 1);
        for _ in 0..PROBES {
            let index = self.table[slot];
            if index == EMPTY {
                return None;
            }
            if self.is(index, parent, key) {
                return Some(index);
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
        None
    }

    fn look_up(&mut self, cx: &Context<'_>, parent: PathIndex, key: &[u8]) -> PathIndex {
        let cacheable = key.len() <= KEY_CACHED_BYTES_MAX && (parent as usize) < self.kept;
        let mut slot = hash(parent, key) as usize & (SLOTS - 1);
        let mut free = None;
        if cacheable {
            for _ in 0..PROBES {
                let index = self.table[slot];
                if index == EMPTY {
                    free = Some(slot);
                    break;
                }
                if self.is(index, parent, key) {
                    return index;
                }
                slot = (slot + 1) & (SLOTS - 1);
            }
        }
        let node = self.decide(cx, parent, key);
        let index = self.nodes.len();
        if let Some(slot) = free
            && index == self.kept
            && index < PATHS_MAX
        {
            self.table[slot] = index as u32;
            self.kept += 1;
        }
        let is_document = *key == *DOCUMENT;
        self.links.push(Link {
            head: head(key),
            parent,
            next: Paths::ROOT,
            length: key.len() as u32,
            role: if is_document { Role::Other } else { Role::of(key) },
            key_is_clean: false,
            is_simple: node.decision.fields.is_empty() && node.decision.pairs.is_empty(),
        });
        self.nodes.push(node);
        index as PathIndex
    }

    /// Says that nothing below `path` is in use any more.
    pub fn leave(&mut self, path: PathIndex) {
        if path as usize >= self.kept {
            self.truncate(path as usize);
        }
    }

    fn decide(&self, cx: &Context<'_>, parent: PathIndex, key: &[u8]) -> Node {
        let outer = &self.nodes[parent as usize];
        if *key == *DOCUMENT {
            let decision = Decision {
                scoped: outer.decision.scoped.clone(),
                spared: outer.decision.spared.clone(),
                hints: outer.decision.hints,
                depth: outer.decision.depth,
                ..Decision::default()
            };
            let document_root = outer.decision.depth;
            let key: Arc<[u8]> = key.into();
            let (segments, decision) = (Vec::new(), Arc::new(decision));
            return Node { words: Arc::clone(&key), key, segments, document_root, decision };
        }
        let words = fixed::key_words(cx.policy, key);
        let own = segments(&words);
        let mut path = Vec::new();
        self.collect(parent, &mut path);
        path.extend(own.iter().cloned());
        let document_root = usize::from(outer.document_root);
        let mut decision = Decision {
            scoped: outer.decision.scoped.clone(),
            spared: outer.decision.spared.clone(),
            hints: Hints::below(&outer.words, &words),
            layout: Layout::of_key(own.last().map_or("", |s| &s.joined)),
            depth: path.len() as u16,
            ..Decision::default()
        };
        let (policy, hints) = (cx.policy, decision.hints);
        let pairs = cx.dispatch.pairs.iter().filter(|(_, can_matter)| can_matter(&words, hints));
        decision.pairs.extend(pairs.map(|(detector, _)| *detector));
        for hit in policy.fields.decide(&path, document_root) {
            let rule = &policy.rules[usize::from(hit.rule)];
            if rule.find == Find::Field {
                decision.all_types |= rule.all_types;
                decision.fields.push(hit);
            } else if !decision.scoped.contains(&hit.rule) {
                decision.scoped.push(hit.rule);
            }
        }
        for except in policy.fields.decide_excepts(&path, document_root) {
            if !decision.spared.contains(&except) {
                decision.spared.push(except);
            }
        }
        Node {
            key: key.into(),
            words: words.into(),
            segments: own,
            document_root: outer.document_root,
            decision: Arc::new(decision),
        }
    }

    fn collect(&self, path: PathIndex, out: &mut Vec<Segment>) {
        if path != Paths::ROOT {
            self.collect(self.links[path as usize].parent, out);
            out.extend(self.nodes[path as usize].segments.iter().cloned());
        }
    }
}

const HEAD_BYTES: usize = 16;

/// What tells keys of up to [`HEAD_BYTES`] bytes and of one length apart without a call: two overlapping words.
#[inline]
fn head(key: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (key.first_chunk::<4>(), key.last_chunk::<4>()) {
        return (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
    }
    (key.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), 0)
}

/// FxHash's mixing over eight bytes at a time: good enough for a table that compares whole keys and probes eight slots.
fn hash(parent: PathIndex, key: &[u8]) -> u32 {
    const K: u64 = 0x517c_c1b7_2722_0a95;
    let mut state = (u64::from(parent) ^ (key.len() as u64) << 32).wrapping_mul(K);
    let mut chunks = key.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0u8; 8];
        word.copy_from_slice(chunk);
        state = (state.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(K);
    }
    let mut word = [0u8; 8];
    word[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    state = (state.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(K);
    (state >> 32) as u32
}
