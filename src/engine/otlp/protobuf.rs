//! The way through a request in protobuf, from the outside to its records.

use crate::engine::redact::{Redactor, Withheld};

use super::edits::Edits;
use super::record::{Record, Unfit};
use super::sites::{edit, lengthen};
use super::table::{Kind, Known, Message};
use super::wire::{self, Field, Malformed, put_varint};
use super::{OtlpError, OtlpReport, Signal, count, stub};

/// Redacts a request.
pub(super) fn redact(
    redactor: &mut Redactor,
    signal: Signal,
    request: &[u8],
    out: &mut Vec<u8>,
) -> Result<OtlpReport, OtlpError> {
    let mut walker = Walker {
        redactor,
        signal,
        request,
        record: Record::new(),
        edits: Edits::default(),
        report: OtlpReport::default(),
    };
    let whole = Field { number: 0, tag: 0, length: 0, start: 0, end: request.len(), form: wire::Form::Bytes };
    walker.around(Message::request(signal), &whole)?;
    walker.edits.apply(request, out);
    Ok(walker.report)
}

struct Walker<'a> {
    redactor: &'a mut Redactor,
    signal: Signal,
    request: &'a [u8],
    record: Record,
    edits: Edits,
    report: OtlpReport,
}

impl Walker<'_> {
    /// A message around records. Says by how much its content grows.
    fn around(&mut self, message: Message, field: &Field) -> Result<i64, OtlpError> {
        let mut delta = 0;
        let mut at = field.start;
        while at < field.end {
            let inner = wire::field(self.request, at, field.end).map_err(|error| self.undecodable(error))?;
            at = inner.end;
            let known = message.field(inner.number);
            delta += match known {
                Some(_) if inner.form != wire::Form::Bytes => {
                    return Err(self.undecodable(Malformed(inner.tag)));
                }
                Some(&Known { kind: Kind::Many(inside), .. }) if inside.is_record() => {
                    count(&mut self.report)?;
                    self.record(inside, &inner, "")
                }
                Some(&Known { kind: Kind::Many(inside), .. }) => {
                    let grown = self.around(inside, &inner)?;
                    lengthen(inner.length, inner.start..inner.end, grown, &mut self.edits)
                }
                Some(&Known { kind: Kind::One(inside), key, .. }) => self.record(inside, &inner, key),
                _ => self.field(field, known, &inner),
            };
        }
        Ok(delta)
    }

    fn undecodable(&self, Malformed(offset): Malformed) -> OtlpError {
        OtlpError::Undecodable { signal: self.signal, offset, bytes: self.request.len() }
    }

    /// A record, resource or scope. Says by how much its field grows.
    fn record(&mut self, message: Message, field: &Field, key: &str) -> i64 {
        let mark = self.edits.mark();
        let read = self.record.read(self.request, message, *field, key);
        match self.redact(read) {
            Ok(delta) => lengthen(field.length, field.start..field.end, delta, &mut self.edits),
            Err(why) => {
                match message.is_record() {
                    true => self.report.withheld[why as usize] += 1,
                    false => self.report.withheld_around += 1,
                }
                self.edits.forget(mark);
                let mut content = Vec::new();
                stub::put(self.request, message, field, why, &mut content);
                self.edits.replace(field.length, field.end, |out| {
                    put_varint(content.len() as u64, out);
                    out.extend_from_slice(&content);
                })
            }
        }
    }

    /// A text or an unknown field of a message around records. Says by how much the message grows.
    fn field(&mut self, around: &Field, known: Option<&Known>, field: &Field) -> i64 {
        let mark = self.edits.mark();
        let read = self.record.read_field(self.request, *around, known, field);
        match self.redact(read) {
            Ok(delta) => delta,
            Err(_) => {
                self.report.withheld_around += 1;
                self.edits.forget(mark);
                self.edits.replace(field.length, field.end, |out| out.push(0))
            }
        }
    }

    /// Redacts what was read, and says by how much it grows.
    fn redact(&mut self, read: Result<(), Unfit>) -> Result<i64, Withheld> {
        let why = match read {
            Ok(()) => None,
            Err(Unfit::Malformed) => Some(Withheld::Undecodable),
            Err(Unfit::TooMany) => Some(Withheld::Budget),
        };
        if let Some(why) = why {
            self.redactor.note_withheld(why);
            return Err(why);
        }
        let Record { tape, sites, nodes } = &mut self.record;
        let spans = self.redactor.redact_tape(tape)?;
        if spans == 0 && !tape.is_changed() {
            return Ok(0);
        }
        self.report.spans += spans;
        Ok(edit(self.request, tape, sites, nodes, &mut self.edits))
    }
}
