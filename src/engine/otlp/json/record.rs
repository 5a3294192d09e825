//! Reads one record in JSON onto a tape.

use std::ops::Range;

use base64::Engine as _;

use crate::engine::redact::tape::{Kind as Entry, Tape};
use crate::limits::{OTLP_ATTRIBUTES_MAX, OTLP_ENTRIES_MAX, OTLP_VALUE_DEPTH_MAX};

use super::super::table::{Kind, Message};
use super::reader::{Broken, Reader};

/// Where an entry of the tape stands.
#[derive(Clone, Copy)]
pub(super) struct Site {
    pub form: Form,
    /// What is written anew if the entry changes.
    pub start: u32,
    pub end: u32,
}

/// How an entry is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Not at all: it belongs to the path, or is a list of attributes.
    Nothing,
    /// Inside of quotes.
    Text,
    /// A number, word or container.
    Bare,
    /// A member of an `AnyValue`, key included; with a text in its place it becomes `stringValue`.
    Value,
    /// The `bytesValue` of an `AnyValue`, which it stays unless all of it is replaced.
    Bytes,
}

const NOTHING: Site = Site { form: Form::Nothing, start: 0, end: 0 };

/// One record: its tape and where the entries stand. Reused.
pub(super) struct Record {
    pub tape: Tape,
    pub sites: Vec<Site>,
    too_many: bool,
}

impl Record {
    pub fn new() -> Record {
        Record { tape: Tape::new(true), sites: Vec::new(), too_many: false }
    }

    /// Begins a record.
    pub fn begin(&mut self) {
        self.tape.clear();
        self.sites.clear();
        self.too_many = false;
        self.open_object();
    }

    pub fn end(&mut self) {
        self.close_object();
    }

    /// Whether it has more parts than are looked at. What is over the bound was not put on the tape.
    pub fn too_many(&self) -> bool {
        self.too_many
    }

    fn is_full(&mut self) -> bool {
        self.too_many |= self.sites.len() > OTLP_ENTRIES_MAX;
        self.too_many
    }

    /// The members of a message, or of an object that nobody knows.
    pub fn object(
        &mut self,
        message: Option<Message>,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<(), Broken> {
        let bytes = reader.bytes;
        reader.open(b'{')?;
        while let Some(key) = reader.next_key()? {
            let known = message.and_then(|message| message.named(&bytes[key.clone()]));
            let Some(known) = known else {
                self.key(bytes, key);
                self.any_json(reader, depth + 1)?;
                continue;
            };
            match (known.kind, reader.peek()) {
                (Kind::Attributes, Some(b'[')) => {
                    self.level_and_object(known.key);
                    self.attributes(reader, depth)?;
                    if !known.key.is_empty() {
                        self.close_object();
                    }
                }
                (Kind::Value, Some(b'{')) => {
                    self.level(known.key);
                    self.any_value(reader, 1)?;
                }
                (Kind::One(inner), Some(b'{')) => {
                    self.level_and_object(known.key);
                    self.object(Some(inner), reader, depth + 1)?;
                    if !known.key.is_empty() {
                        self.close_object();
                    }
                }
                (Kind::Many(inner), Some(b'[')) => self.many(inner, known.key, reader, depth)?,
                (kind, _) => {
                    let mut after = reader.clone();
                    after.skip()?;
                    if is_plain(kind, &bytes[reader.at..after.at]) {
                        *reader = after;
                    } else {
                        self.level(if known.key.is_empty() { known.json } else { known.key });
                        self.any_json(reader, depth + 1)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn many(
        &mut self,
        inner: Message,
        key: &str,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<(), Broken> {
        if !key.is_empty() {
            self.level(key);
            self.open(Entry::Array, NOTHING);
        }
        reader.open(b'[')?;
        while reader.next_item()? {
            if reader.peek() != Some(b'{') {
                self.any_json(reader, depth + 1)?;
            } else if key.is_empty() {
                self.object(Some(inner), reader, depth + 1)?;
            } else {
                self.open_object();
                self.object(Some(inner), reader, depth + 1)?;
                self.close_object();
            }
        }
        if !key.is_empty() {
            self.close(Entry::Array);
        }
        Ok(())
    }

    /// A list of `KeyValue`s, as members of the object that is open.
    fn attributes(&mut self, reader: &mut Reader<'_>, depth: usize) -> Result<(), Broken> {
        let mut count = 0;
        reader.open(b'[')?;
        while reader.next_item()? {
            count += 1;
            self.too_many |= count > OTLP_ATTRIBUTES_MAX;
            self.key_value(reader, depth)?;
        }
        Ok(())
    }

    fn key_value(&mut self, reader: &mut Reader<'_>, depth: usize) -> Result<(), Broken> {
        if reader.peek() != Some(b'{') {
            return self.any_json(reader, depth + 1);
        }
        let bytes = reader.bytes;
        // The key may come after its value. What more than one key names nobody knows.
        let (mut keys, mut values, mut ahead) = (Vec::new(), 0, reader.clone());
        ahead.open(b'{')?;
        while let Some(member) = ahead.next_key()? {
            if &bytes[member] == b"key" && ahead.peek() == Some(b'"') {
                keys.push(ahead.string()?);
            } else {
                values += 1;
                ahead.skip()?;
            }
        }
        if keys.len() > 1 {
            return self.any_json(reader, depth + 1);
        }
        match keys.pop() {
            Some(key) => self.key(bytes, key),
            None => self.level(""),
        }
        // All that stands beside the key is under it.
        let wrapped = values != 1;
        if wrapped {
            self.open(Entry::Array, NOTHING);
        }
        reader.open(b'{')?;
        while let Some(member) = reader.next_key()? {
            let name = &bytes[member.clone()];
            match reader.peek() {
                Some(b'"') if name == b"key" => reader.skip()?,
                Some(b'{') if name == b"value" => self.any_value(reader, depth)?,
                _ if name == b"value" => self.any_json(reader, depth + 1)?,
                _ => self.unknown_member(member, reader, depth)?,
            }
        }
        if wrapped {
            self.close(Entry::Array);
        }
        Ok(())
    }

    /// A member that nobody knows, as an object of its own.
    fn unknown_member(
        &mut self,
        member: Range<usize>,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<(), Broken> {
        self.open_object();
        self.key(reader.bytes, member);
        self.any_json(reader, depth + 1)?;
        self.close_object();
        Ok(())
    }

    fn any_value(&mut self, reader: &mut Reader<'_>, depth: usize) -> Result<(), Broken> {
        let bytes = reader.bytes;
        reader.peek();
        if depth > OTLP_VALUE_DEPTH_MAX {
            let from = reader.at;
            reader.skip()?;
            if self.is_full() {
                return Ok(());
            }
            self.tape.too_deep();
            // The content of the object, which stays one.
            self.sites.push(Site { form: Form::Value, start: from as u32 + 1, end: reader.at as u32 - 1 });
            return Ok(());
        }
        let (mut members, mut ahead) = (0, reader.clone());
        ahead.open(b'{')?;
        while ahead.next_key()?.is_some() {
            members += 1;
            ahead.skip()?;
        }
        let wrapped = members != 1;
        if wrapped {
            self.open(Entry::Array, NOTHING);
        }
        reader.open(b'{')?;
        while let Some(member) = reader.next_key()? {
            let from = member.start - 1;
            let next = reader.peek();
            match (&bytes[member.clone()], next) {
                (b"stringValue", Some(b'"')) => self.any_json(reader, depth)?,
                (b"intValue" | b"doubleValue", Some(b'"')) => {
                    let text = reader.string()?;
                    if self.is_full() {
                        continue;
                    }
                    let digits = bytes[text.clone()]
                        .iter()
                        .all(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
                    if digits {
                        self.tape.number(format_args!("{}", String::from_utf8_lossy(&bytes[text])));
                    } else {
                        self.tape.text(&bytes[text]);
                    }
                    self.sites.push(Site { form: Form::Value, start: from as u32, end: reader.at as u32 });
                }
                (b"bytesValue", Some(b'"')) => {
                    let text = reader.string()?;
                    let site = Site { form: Form::Bytes, start: from as u32, end: reader.at as u32 };
                    match decode(&bytes[text.clone()]) {
                        Some(decoded) => self.put_text(&decoded, site),
                        None => self.put_text(&bytes[text], Site { form: Form::Value, ..site }),
                    }
                }
                (b"arrayValue" | b"kvlistValue", Some(b'{')) => {
                    let list = &bytes[member] == b"kvlistValue";
                    let kind = if list { Entry::Object } else { Entry::Array };
                    let site = self.sites.len();
                    self.open(kind, Site { form: Form::Value, start: from as u32, end: 0 });
                    self.values(list, reader, depth)?;
                    self.close(kind);
                    if let Some(site) = self.sites.get_mut(site) {
                        site.end = reader.at as u32;
                    }
                }
                (b"intValue" | b"doubleValue" | b"boolValue", Some(b'0'..=b'9' | b'-' | b't' | b'f')) => {
                    let text = reader.bare()?;
                    self.put_bare(
                        &bytes[text],
                        Site { form: Form::Value, start: from as u32, end: reader.at as u32 },
                    );
                }
                _ => self.unknown_member(member, reader, depth)?,
            }
        }
        if wrapped {
            self.close(Entry::Array);
        }
        Ok(())
    }

    /// The values of a list, elements or members.
    fn values(&mut self, members: bool, reader: &mut Reader<'_>, depth: usize) -> Result<(), Broken> {
        let bytes = reader.bytes;
        reader.open(b'{')?;
        while let Some(member) = reader.next_key()? {
            if &bytes[member.clone()] != b"values" || reader.peek() != Some(b'[') {
                self.key(bytes, member);
                self.any_json(reader, depth + 1)?;
                continue;
            }
            reader.open(b'[')?;
            while reader.next_item()? {
                match reader.peek() {
                    Some(b'{') if members => self.key_value(reader, depth + 1)?,
                    Some(b'{') => self.any_value(reader, depth + 1)?,
                    _ => self.any_json(reader, depth + 1)?,
                }
            }
        }
        Ok(())
    }

    /// A value that is JSON and nothing more.
    pub fn any_json(&mut self, reader: &mut Reader<'_>, depth: usize) -> Result<(), Broken> {
        let bytes = reader.bytes;
        let next = reader.peek();
        let start = reader.at as u32;
        match next {
            Some(b'{' | b'[') if depth > 2 * OTLP_VALUE_DEPTH_MAX => {
                reader.skip()?;
                if self.is_full() {
                    return Ok(());
                }
                self.tape.too_deep();
                self.sites.push(Site { form: Form::Bare, start, end: reader.at as u32 });
            }
            Some(bracket @ (b'{' | b'[')) => {
                let kind = if bracket == b'{' { Entry::Object } else { Entry::Array };
                let site = self.sites.len();
                self.open(kind, Site { form: Form::Bare, start, end: 0 });
                if bracket == b'{' {
                    self.object(None, reader, depth)?;
                } else {
                    reader.open(b'[')?;
                    while reader.next_item()? {
                        self.any_json(reader, depth + 1)?;
                    }
                }
                self.close(kind);
                if let Some(site) = self.sites.get_mut(site) {
                    site.end = reader.at as u32;
                }
            }
            Some(b'"') => {
                let text = reader.string()?;
                let site = Site { form: Form::Text, start: text.start as u32, end: text.end as u32 };
                self.put_text(&bytes[text], site);
            }
            _ => {
                let text = reader.bare()?;
                self.put_bare(&bytes[text], Site { form: Form::Bare, start, end: reader.at as u32 });
            }
        }
        Ok(())
    }

    /// A key that stands in the request.
    pub fn key(&mut self, bytes: &[u8], key: Range<usize>) {
        if self.is_full() {
            return;
        }
        self.tape.key(&bytes[key.clone()]);
        self.sites.push(Site { form: Form::Text, start: key.start as u32, end: key.end as u32 });
    }

    /// A key of the path that stands nowhere.
    pub fn level(&mut self, key: &str) {
        if self.is_full() {
            return;
        }
        self.tape.key(key.as_bytes());
        self.sites.push(NOTHING);
    }

    fn level_and_object(&mut self, key: &str) {
        if !key.is_empty() {
            self.level(key);
            self.open_object();
        }
    }

    pub fn open_object(&mut self) {
        self.open(Entry::Object, NOTHING);
    }

    pub fn close_object(&mut self) {
        self.close(Entry::Object);
    }

    fn open(&mut self, kind: Entry, site: Site) {
        if self.is_full() {
            return;
        }
        self.tape.open(kind);
        self.sites.push(site);
    }

    fn close(&mut self, kind: Entry) {
        if self.is_full() {
            return;
        }
        self.tape.close(kind);
        self.sites.push(NOTHING);
    }

    fn put_text(&mut self, text: &[u8], site: Site) {
        if self.is_full() {
            return;
        }
        self.tape.text(text);
        self.sites.push(site);
    }

    fn put_bare(&mut self, text: &[u8], site: Site) {
        if self.is_full() {
            return;
        }
        match text[0] {
            b't' | b'f' | b'n' => self.tape.literal(text),
            _ => self.tape.number(format_args!("{}", String::from_utf8_lossy(text))),
        }
        self.sites.push(site);
    }
}

/// Whether a value is what its field says and says nothing by itself.
pub(super) fn is_plain(kind: Kind, value: &[u8]) -> bool {
    let number = |value: &[u8]| {
        let value = value.trim_ascii();
        let inner = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value);
        matches!(inner, b"NaN" | b"Infinity" | b"-Infinity" | b"true" | b"false" | b"null" | b"")
            || inner.iter().all(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
    };
    match kind {
        Kind::Number(_) => number(value),
        Kind::Packed => {
            let list = value.strip_prefix(b"[").and_then(|v| v.strip_suffix(b"]"));
            list.is_some_and(|list| list.split(|&b| b == b',').all(number)) || value == b"null"
        }
        Kind::Id(bytes) => {
            let id = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\""));
            let is_id =
                |id: &[u8]| id.is_empty() || (id.len() == 2 * bytes && id.iter().all(u8::is_ascii_hexdigit));
            value == b"null" || id.is_some_and(is_id)
        }
        _ => value == b"null",
    }
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok()
}
