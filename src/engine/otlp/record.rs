//! Reads one record in protobuf onto a tape: a log record, a span, a metric, a resource, a scope.

use crate::engine::redact::tape::{Kind as Entry, Tape};
use crate::limits::{OTLP_ATTRIBUTES_MAX, OTLP_ENTRIES_MAX, OTLP_UNKNOWN_DEPTH_MAX, OTLP_VALUE_DEPTH_MAX};

use super::sites::{Form, Node, Role, Site, is_message};
use super::table::{Kind, Known, Message};
use super::wire::{self, Field, Malformed};

/// Why a record cannot be read.
pub(super) enum Unfit {
    /// It is no such message.
    Malformed,
    /// It has more attributes or other parts than are looked at.
    TooMany,
}

impl From<Malformed> for Unfit {
    fn from(_: Malformed) -> Unfit {
        Unfit::Malformed
    }
}

/// One record: its tape and where the entries stand. Reused.
pub(super) struct Record {
    pub tape: Tape,
    pub sites: Vec<Site>,
    pub nodes: Vec<Node>,
}

impl Record {
    pub fn new() -> Record {
        Record { tape: Tape::new(false), sites: Vec::new(), nodes: Vec::new() }
    }

    /// Begins a record whose outermost message is `field`.
    fn begin(&mut self, field: Field) {
        self.tape.clear();
        self.sites.clear();
        self.nodes.clear();
        self.node(field, 0, Role::Fixed);
        self.open(Entry::Object, Site::NOTHING);
    }

    /// Reads a message under the path `key`, or as the record itself if that is empty.
    pub fn read(&mut self, request: &[u8], message: Message, field: Field, key: &str) -> Result<(), Unfit> {
        self.begin(field);
        if key.is_empty() {
            self.message(request, message, &field, 0)?;
        } else {
            self.level(key);
            self.open(Entry::Object, Site::NOTHING);
            self.message(request, message, &field, 0)?;
            self.close(Entry::Object);
        }
        self.close(Entry::Object);
        self.check()
    }

    /// Reads one field of a message that is no record, which is `around`.
    pub fn read_field(
        &mut self,
        request: &[u8],
        around: Field,
        known: Option<&Known>,
        field: &Field,
    ) -> Result<(), Unfit> {
        self.begin(around);
        match known {
            Some(known) => {
                self.level(known.key);
                self.text(request, Form::Text, field, 0);
            }
            None => self.unknown(request, field, 0),
        }
        self.close(Entry::Object);
        self.check()
    }

    fn check_entries(&self) -> Result<(), Unfit> {
        if self.sites.len() > OTLP_ENTRIES_MAX { Err(Unfit::TooMany) } else { Ok(()) }
    }

    /// Strings of protobuf are UTF-8; a receiver refuses the whole request if one is not.
    fn check(&self) -> Result<(), Unfit> {
        self.check_entries()?;
        if self.tape.is_utf8() {
            return Ok(());
        }
        let texts = self.tape.entries().iter().zip(&self.sites).filter(|(_, site)| site.form == Form::Text);
        let mut texts = texts.map(|(entry, _)| std::str::from_utf8(self.tape.text_of(entry)));
        if texts.all(|text| text.is_ok()) { Ok(()) } else { Err(Unfit::Malformed) }
    }

    fn message(&mut self, request: &[u8], message: Message, around: &Field, node: u32) -> Result<(), Unfit> {
        let mut at = around.start;
        // Fields of one kind that follow each other are one list, or the members of one object.
        let mut run: Option<&Known> = None;
        let mut attributes = 0;
        while at < around.end {
            self.check_entries()?;
            let field = wire::field(request, at, around.end)?;
            at = field.end;
            let known = message.field(field.number);
            if let Some(open) = run
                && open.number != field.number
            {
                self.end_run(open);
                run = None;
            }
            let Some(known) = known else {
                self.unknown(request, &field, node);
                continue;
            };
            match (known.kind, field.form) {
                (Kind::Number(form), found) if form == found => {}
                (Kind::Packed, wire::Form::Bytes | wire::Form::Varint | wire::Form::Fixed64) => {}
                (_, wire::Form::Varint | wire::Form::Fixed32 | wire::Form::Fixed64)
                | (Kind::Number(_), _) => {
                    return Err(Unfit::Malformed);
                }
                (Kind::Text { .. }, wire::Form::Bytes) => {
                    self.level(known.key);
                    self.text(request, Form::Text, &field, node);
                }
                (Kind::Id(bytes), wire::Form::Bytes) => {
                    // What is no id can be anything.
                    if field.end - field.start != bytes && field.start != field.end {
                        self.level(known.key);
                        self.text(request, Form::Unknown, &field, node);
                    }
                }
                (Kind::Attributes, wire::Form::Bytes) => {
                    if run.is_none() && !known.key.is_empty() {
                        self.level(known.key);
                        self.open(Entry::Object, Site::NOTHING);
                    }
                    run = Some(known);
                    attributes += 1;
                    if attributes > OTLP_ATTRIBUTES_MAX {
                        return Err(Unfit::TooMany);
                    }
                    let role = if message.is_point() { Role::Label } else { Role::Member };
                    self.key_value(request, &field, node, role, 1)?;
                }
                (Kind::Value, wire::Form::Bytes) => {
                    self.level(known.key);
                    self.any_value(request, &field, node, Role::Element, 1)?;
                }
                (Kind::One(inner) | Kind::Many(inner), wire::Form::Bytes) if known.key.is_empty() => {
                    let child = self.node(field, node, Role::Fixed);
                    self.message(request, inner, &field, child)?;
                }
                (Kind::One(inner) | Kind::Many(inner), wire::Form::Bytes) => {
                    let many = matches!(known.kind, Kind::Many(_));
                    if run.is_none() {
                        self.level(known.key);
                        if many {
                            self.open(Entry::Array, Site::NOTHING);
                            run = Some(known);
                        }
                    }
                    let child = self.node(field, node, Role::Fixed);
                    self.open(Entry::Object, Site::NOTHING);
                    self.message(request, inner, &field, child)?;
                    self.close(Entry::Object);
                }
            }
        }
        if let Some(open) = run {
            self.end_run(open);
        }
        Ok(())
    }

    fn end_run(&mut self, known: &Known) {
        match known.kind {
            Kind::Attributes if known.key.is_empty() => {}
            Kind::Attributes => self.close(Entry::Object),
            _ => self.close(Entry::Array),
        }
    }

    fn key_value(
        &mut self,
        request: &[u8],
        field: &Field,
        parent: u32,
        role: Role,
        depth: usize,
    ) -> Result<(), Unfit> {
        let node = self.node(*field, parent, role);
        let (mut key, mut value, mut values, mut others) = (None, None, 0, false);
        let mut at = field.start;
        while at < field.end {
            let inner = wire::field(request, at, field.end)?;
            at = inner.end;
            match (inner.number, inner.form) {
                // The last one is the key, and what the others name nobody knows.
                (1, wire::Form::Bytes) if key.is_none() => key = Some(inner),
                (2, wire::Form::Bytes) => {
                    value = value.or(Some(inner));
                    values += 1;
                }
                (3, wire::Form::Varint) => {}
                (1..=3, _) => return Err(Unfit::Malformed),
                _ => others = true,
            }
        }
        match &key {
            Some(key) => {
                self.tape.key(&request[key.start..key.end]);
                self.sites.push(Site::text(Form::Text, key, node));
            }
            None => self.level(""),
        }
        match value {
            Some(value) if values == 1 => self.any_value(request, &value, node, Role::Value, depth)?,
            None => self.nothing(),
            Some(_) => {
                self.open(Entry::Array, Site::NOTHING);
                self.each(request, field, |record, inner| match inner.number {
                    2 => record.any_value(request, inner, node, Role::Value, depth),
                    _ => Ok(()),
                })?;
                self.close(Entry::Array);
            }
        }
        if others {
            self.each(request, field, |record, inner| {
                if inner.number > 3 {
                    record.unknown(request, inner, node);
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn any_value(
        &mut self,
        request: &[u8],
        field: &Field,
        parent: u32,
        role: Role,
        depth: usize,
    ) -> Result<(), Unfit> {
        let node = self.node(*field, parent, role);
        if field.start == field.end {
            self.nothing();
            return Ok(());
        }
        if depth > OTLP_VALUE_DEPTH_MAX {
            self.tape.too_deep();
            self.sites.push(Site {
                form: Form::Value,
                start: field.start as u32,
                end: field.end as u32,
                node,
            });
            return Ok(());
        }
        let first = wire::field(request, field.start, field.end)?;
        if first.end == field.end {
            return self.value(request, &first, node, depth);
        }
        // More than one: only the last counts, and all are looked at.
        self.open(Entry::Array, Site::NOTHING);
        self.each(request, field, |record, inner| record.value(request, inner, node, depth))?;
        self.close(Entry::Array);
        Ok(())
    }

    /// A field of an `AnyValue`.
    fn value(&mut self, request: &[u8], field: &Field, node: u32, depth: usize) -> Result<(), Unfit> {
        let site = Site::value(Form::Value, field, node);
        match (field.number, field.form) {
            (1, wire::Form::Bytes) => self.text(request, Form::Text, field, node),
            (2, wire::Form::Varint) => {
                let (value, _) = wire::varint(request, field.start)?;
                self.tape.literal(if value == 0 { b"false" } else { b"true" });
                self.sites.push(site);
            }
            (3, wire::Form::Varint) => {
                let (value, _) = wire::varint(request, field.start)?;
                self.tape.number(format_args!("{}", value as i64));
                self.sites.push(site);
            }
            (4, wire::Form::Fixed64) => {
                let mut bits = [0; 8];
                bits.copy_from_slice(&request[field.start..field.end]);
                match f64::from_le_bytes(bits) {
                    value if !value.is_finite() => self.nothing(),
                    value => {
                        let long = value.abs() >= 1e17 || (value != 0.0 && value.abs() < 1e-5);
                        match long {
                            true => self.tape.number(format_args!("{value:e}")),
                            false => self.tape.number(format_args!("{value}")),
                        }
                        self.sites.push(site);
                    }
                }
            }
            (5 | 6, wire::Form::Bytes) => {
                let kind = if field.number == 5 { Entry::Array } else { Entry::Object };
                let child = self.node(*field, node, Role::Fixed);
                self.open(kind, site);
                self.each(request, field, |record, inner| match (inner.number, inner.form) {
                    (1, wire::Form::Bytes) if kind == Entry::Array => {
                        record.any_value(request, inner, child, Role::Element, depth + 1)
                    }
                    (1, wire::Form::Bytes) => {
                        record.key_value(request, inner, child, Role::Member, depth + 1)
                    }
                    (1, _) => Err(Unfit::Malformed),
                    _ => {
                        record.unknown(request, inner, child);
                        Ok(())
                    }
                })?;
                self.close(kind);
            }
            (7, wire::Form::Bytes) => {
                self.tape.text(&request[field.start..field.end]);
                self.sites.push(Site::value(Form::Bytes, field, node));
            }
            (8, wire::Form::Varint) => self.nothing(),
            (1..=8, _) => return Err(Unfit::Malformed),
            _ => self.unknown(request, field, node),
        }
        Ok(())
    }

    /// A field that nobody knows: numbers stay; bytes are looked at as a text and, if they can be one, as a message.
    fn unknown(&mut self, request: &[u8], field: &Field, node: u32) {
        if field.form == wire::Form::Bytes {
            self.text(request, Form::Unknown, field, node);
            self.leaves(request, field, Site::text(Form::Unknown, field, node), OTLP_UNKNOWN_DEPTH_MAX);
        }
    }

    fn leaves(&mut self, request: &[u8], field: &Field, site: Site, levels: usize) {
        if levels == 0 || !is_message(request, field.start, field.end) {
            return;
        }
        let mut at = field.start;
        // Beyond the bound, the record is withheld.
        while self.check_entries().is_ok()
            && let Ok(inner) = wire::field(request, at, field.end)
        {
            at = inner.end;
            if inner.form == wire::Form::Bytes {
                self.tape.text(&request[inner.start..inner.end]);
                self.sites.push(site);
                self.leaves(request, &inner, site, levels - 1);
            }
        }
    }

    fn each(
        &mut self,
        request: &[u8],
        around: &Field,
        mut act: impl FnMut(&mut Record, &Field) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let mut at = around.start;
        while at < around.end {
            let field = wire::field(request, at, around.end)?;
            at = field.end;
            self.check_entries()?;
            act(self, &field)?;
        }
        Ok(())
    }

    fn node(&mut self, field: Field, parent: u32, role: Role) -> u32 {
        self.nodes.push(Node::new(&field, parent, role));
        self.nodes.len() as u32 - 1
    }

    fn text(&mut self, request: &[u8], form: Form, field: &Field, node: u32) {
        self.tape.text(&request[field.start..field.end]);
        self.sites.push(Site::text(form, field, node));
    }

    /// A key of the path that is nowhere on the wire.
    fn level(&mut self, key: &str) {
        self.tape.key(key.as_bytes());
        self.sites.push(Site::NOTHING);
    }

    fn nothing(&mut self) {
        self.tape.literal(b"null");
        self.sites.push(Site::NOTHING);
    }

    fn open(&mut self, kind: Entry, site: Site) {
        self.tape.open(kind);
        self.sites.push(site);
    }

    fn close(&mut self, kind: Entry) {
        self.tape.close(kind);
        self.sites.push(Site::NOTHING);
    }
}
