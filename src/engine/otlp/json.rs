//! The way through a request in JSON (protobuf's JSON mapping, with ids in hex), from the outside to its records: the twin of
//! the walk through protobuf, with the same paths. Numbers may be numbers or strings, `null` is nothing, and what nobody knows
//! is looked at as any JSON is.

mod reader;
mod record;

use crate::engine::redact::tape::{State, Tape};
use crate::engine::redact::{Redactor, Withheld};

use super::edits::Edits;
use super::table::{Kind, Message};
use super::{OtlpError, OtlpReport, Signal, count};
use reader::{Broken, Reader};
use record::{Form, Record, Site};

/// Redacts a request.
pub(super) fn redact(
    redactor: &mut Redactor,
    signal: Signal,
    request: &[u8],
    out: &mut Vec<u8>,
) -> Result<OtlpReport, OtlpError> {
    let undecodable = |offset| OtlpError::Undecodable { signal, offset, bytes: request.len() };
    if let Err(error) = std::str::from_utf8(request) {
        return Err(undecodable(error.valid_up_to()));
    }
    let mut walker = Walker {
        redactor,
        request,
        record: Record::new(),
        edits: Edits::default(),
        report: OtlpReport::default(),
    };
    let mut reader = Reader::new(request);
    let walked = match reader.peek() {
        Some(b'{') => walker.around(Message::request(signal), &mut reader),
        _ => Err(Stop::Broken(Broken(reader.at))),
    };
    match walked {
        Ok(()) if reader.peek().is_none() => {}
        Ok(()) => return Err(undecodable(reader.at)),
        Err(Stop::Broken(Broken(offset))) => return Err(undecodable(offset)),
        Err(Stop::Refused(error)) => return Err(error),
    }
    walker.edits.apply(request, out);
    Ok(walker.report)
}

/// Why the whole request is refused.
enum Stop {
    Broken(Broken),
    Refused(OtlpError),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Stop {
        Stop::Broken(broken)
    }
}

struct Walker<'a> {
    redactor: &'a mut Redactor,
    request: &'a [u8],
    record: Record,
    edits: Edits,
    report: OtlpReport,
}

impl<'a> Walker<'a> {
    /// A message around records.
    fn around(&mut self, message: Message, reader: &mut Reader<'a>) -> Result<(), Stop> {
        reader.open(b'{')?;
        while let Some(key) = reader.next_key()? {
            let known = message.named(&self.request[key.clone()]);
            match (known.map(|known| known.kind), reader.peek()) {
                (Some(Kind::Many(inside)), Some(b'[')) => {
                    reader.open(b'[')?;
                    while reader.next_item()? {
                        match (inside.is_record(), reader.peek()) {
                            (false, Some(b'{')) => self.around(inside, reader)?,
                            (true, Some(b'{')) => {
                                count(&mut self.report).map_err(Stop::Refused)?;
                                let from = reader.at;
                                self.record.begin();
                                self.record.object(Some(inside), reader, 1)?;
                                self.record.end();
                                self.finish(Some(inside), from, reader.at);
                            }
                            _ => self.other(None, reader)?,
                        }
                    }
                }
                (Some(Kind::One(inside)), Some(b'{')) => {
                    let from = reader.at;
                    self.record.begin();
                    self.record.level(known.map_or("", |known| known.key));
                    self.record.open_object();
                    self.record.object(Some(inside), reader, 1)?;
                    self.record.close_object();
                    self.record.end();
                    self.finish(None, from, reader.at);
                }
                _ => self.other(Some(key), reader)?,
            }
        }
        Ok(())
    }

    /// A value that is no record: a schema's URL, or what nobody knows.
    fn other(&mut self, key: Option<std::ops::Range<usize>>, reader: &mut Reader<'a>) -> Result<(), Stop> {
        self.record.begin();
        if let Some(key) = key {
            self.record.key(self.request, key);
        }
        let from = {
            reader.peek();
            reader.at
        };
        self.record.any_json(reader, 1)?;
        self.record.end();
        self.finish(None, from, reader.at);
        Ok(())
    }

    /// Redacts what was read from `from` to `to`; `message` is what it is, if it is a record.
    fn finish(&mut self, message: Option<Message>, from: usize, to: usize) {
        let done = match self.record.too_many() {
            true => {
                self.redactor.note_withheld(Withheld::Budget);
                Err(Withheld::Budget)
            }
            false => self.redactor.redact_tape(&mut self.record.tape),
        };
        match done {
            Ok(spans) => {
                self.report.spans += spans;
                if self.record.tape.is_changed() {
                    edit(&self.record.tape, &self.record.sites, &mut self.edits);
                }
            }
            Err(why) => {
                match message {
                    Some(_) => self.report.withheld[why as usize] += 1,
                    None => self.report.withheld_around += 1,
                }
                let stub = stub(self.request, message, from, why);
                let is_text = self.request[from] == b'"';
                let stub = if message.is_none() && is_text { b"\"\"".to_vec() } else { stub };
                self.edits.replace(from, to, |out| out.extend_from_slice(&stub));
            }
        }
    }
}

/// Carries what changed on the tape back to the request.
fn edit(tape: &Tape, sites: &[Site], edits: &mut Edits) {
    let entries = tape.entries();
    for (index, entry) in entries.iter().enumerate() {
        if matches!(entry.state, State::Same | State::Gone) {
            continue;
        }
        let text = tape.text_of(entry);
        if sites[index].form == Form::Nothing {
            // All attributes at once, say: there is no place for one text, so each value inside has it.
            let inside = entries[index + 1..].iter().take_while(|entry| entry.state == State::Gone);
            for (inner, site) in inside.zip(&sites[index + 1..]) {
                if !inner.is_structure() {
                    put(site, inner.state, text, edits);
                }
            }
        } else {
            put(&sites[index], entry.state, text, edits);
        }
    }
}

fn put(site: &Site, state: State, text: &[u8], edits: &mut Edits) {
    use base64::Engine as _;
    let (start, end) = (site.start as usize, site.end as usize);
    match site.form {
        Form::Nothing => 0,
        Form::Text => edits.replace(start, end, |out| out.extend_from_slice(text)),
        Form::Bare => edits.replace(start, end, |out| out.extend_from_slice(&[b"\"", text, b"\""].concat())),
        Form::Bytes if state == State::Changed => edits.replace(start, end, |out| {
            let text = base64::engine::general_purpose::STANDARD.encode(text);
            out.extend_from_slice(&[b"\"bytesValue\":\"", text.as_bytes(), b"\""].concat());
        }),
        Form::Value | Form::Bytes => edits.replace(start, end, |out| {
            out.extend_from_slice(&[b"\"stringValue\":\"", text, b"\""].concat());
        }),
    };
}

/// What stands in the place of a record that cannot be shown: its times, ids and numbers, and one text that says why.
fn stub(request: &[u8], message: Option<Message>, from: usize, why: Withheld) -> Vec<u8> {
    let mut out = b"{".to_vec();
    let Some(message) = message else { return b"{}".to_vec() };
    let mut reader = Reader { bytes: request, at: from };
    if reader.open(b'{').is_ok() {
        while let Ok(Some(key)) = reader.next_key() {
            let kind = message.named(&request[key.clone()]).map(|known| known.kind);
            reader.peek();
            let value = reader.at;
            if reader.skip().is_err() {
                break;
            }
            if kind.is_some_and(|kind| record::is_plain(kind, &request[value..reader.at])) {
                out.extend_from_slice(&request[key.start - 1..reader.at]);
                out.push(b',');
            }
        }
    }
    let text = match message {
        Message::LogRecord => format!(r#""body":{{"stringValue":"[withheld:{}]"}}}}"#, why.name()),
        _ => format!(r#""name":"[withheld:{}]"}}"#, why.name()),
    };
    out.extend_from_slice(text.as_bytes());
    out
}
