//! Records that are no lines, as the engine reads them: one text with the entries of the record in order, as a JSON line
//! would have them. Whoever knows another form of record (OTLP, on the wire or as JSON) writes it on a tape, has it redacted,
//! and carries what changed back to where it came from; the engine knows nothing of the form, and the rules hold as in lines.

mod change;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{PASSES_MAX, Redactor, Withheld, overlap, splice};

/// One record, as text and entries. Reused: [`Tape::clear`] forgets the one before.
#[derive(Default)]
pub(crate) struct Tape {
    /// All keys and values, with the punctuation of JSON between them: nothing is found across the border of two.
    text: Vec<u8>,
    entries: Vec<Entry>,
    /// Whether texts are as JSON writes them, escapes included.
    json: bool,
}

/// One key, value, or end of a container.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Range of the text, without quotes.
    start: u32,
    end: u32,
    kind: Kind,
    /// What became of it.
    pub state: State,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    Close,
    /// A key; a value follows.
    Key,
    Text,
    Number,
    /// `true`, `false`, `null`.
    Literal,
    /// A container that is nested too deeply to be looked at.
    TooDeep,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// It stays as it is.
    Same,
    /// A text with other text in it.
    Changed,
    /// A value with a text in its place: a number, a container, a whole text.
    Replaced,
    /// A value whose member is to go; where it cannot, its text is the mask.
    Dropped,
    /// It was inside a container that was replaced.
    Gone,
}

impl Entry {
    /// Whether it is a key or a bracket.
    pub fn is_structure(&self) -> bool {
        matches!(self.kind, Kind::Object | Kind::Array | Kind::Close | Kind::Key)
    }
}

impl Tape {
    /// An empty tape. `json` says whether texts are as JSON writes them.
    pub fn new(json: bool) -> Tape {
        Tape { json, ..Tape::default() }
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.entries.clear();
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The text of an entry.
    pub fn text_of(&self, entry: &Entry) -> &[u8] {
        &self.text[entry.start as usize..entry.end as usize]
    }

    /// Whether anything is to be written anew, depth included, which no rule asks for.
    pub fn is_changed(&self) -> bool {
        self.entries.iter().any(|entry| entry.state != State::Same)
    }

    /// Whether all texts are UTF-8; punctuation between them keeps half a character from being completed by the next text.
    pub fn is_utf8(&self) -> bool {
        std::str::from_utf8(&self.text).is_ok()
    }

    pub fn open(&mut self, kind: Kind) {
        self.comma();
        self.push(kind, |text| text.push(if kind == Kind::Object { b'{' } else { b'[' }));
    }

    pub fn close(&mut self, kind: Kind) {
        self.push(Kind::Close, |text| text.push(if kind == Kind::Object { b'}' } else { b']' }));
    }

    pub fn key(&mut self, key: &[u8]) {
        self.quoted(Kind::Key, key);
        self.text.push(b':');
    }

    pub fn text(&mut self, value: &[u8]) {
        self.quoted(Kind::Text, value);
    }

    pub fn number(&mut self, value: std::fmt::Arguments<'_>) {
        self.comma();
        // Writing to a buffer cannot fail.
        self.push(Kind::Number, |text| drop(std::io::Write::write_fmt(text, value)));
    }

    pub fn literal(&mut self, word: &[u8]) {
        self.comma();
        self.push(Kind::Literal, |text| text.extend_from_slice(word));
    }

    pub fn too_deep(&mut self) {
        self.comma();
        self.push(Kind::TooDeep, |text| text.extend_from_slice(b"{}"));
    }

    fn quoted(&mut self, kind: Kind, value: &[u8]) {
        self.comma();
        self.text.push(b'"');
        self.push(kind, |text| text.extend_from_slice(value));
        self.text.push(b'"');
    }

    fn comma(&mut self) {
        if !matches!(self.text.last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(b',');
        }
    }

    fn push(&mut self, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.text.len() as u32;
        write(&mut self.text);
        self.entries.push(Entry { start, end: self.text.len() as u32, kind, state: State::Same });
    }
}

impl Redactor {
    /// Redacts one record and says how many spans were replaced. A record that is withheld leaves a tape that must not be
    /// used.
    pub(crate) fn redact_tape(&mut self, tape: &mut Tape) -> Result<u64, Withheld> {
        let done = catch_unwind(AssertUnwindSafe(|| self.tape_passes(tape)));
        let result = done.unwrap_or_else(|_| {
            self.forget_scratch();
            Err(Withheld::Internal)
        });
        if let Err(why) = result {
            self.note_withheld(why);
        }
        result
    }

    /// Counts a record that the caller withholds.
    pub(crate) fn note_withheld(&mut self, why: Withheld) {
        self.withheld[why as usize] += 1;
    }

    fn tape_passes(&mut self, tape: &mut Tape) -> Result<u64, Withheld> {
        #[cfg(debug_assertions)]
        if let Some(needle) = &self.panic_on {
            assert!(memchr::memmem::find(&tape.text, needle).is_none(), "failpoint");
        }
        self.fired.clear();
        for _ in 0..PASSES_MAX {
            self.find_in_tape(tape);
            if self.scanner.over_budget {
                return Err(Withheld::Budget);
            }
            if self.scanner.record.found.is_empty() {
                break;
            }
            overlap::resolve(&self.policy, &mut self.scanner.record.found, &mut self.spans);
            splice::list_rules(&self.spans, &mut self.fired);
            let cut_word = overlap::cuts_word(&tape.text, &self.spans);
            self.change(tape);
            if !(self.scanner.kept_by_context || cut_word) {
                break;
            }
        }
        self.count();
        Ok(self.fired.len() as u64)
    }
}
