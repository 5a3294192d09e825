//! What stands in the place of a record that cannot be shown: its times, ids and numbers, and one text that says why.

use crate::engine::redact::Withheld;

use super::table::{Kind, Message};
use super::wire::{self, Field, put_bytes};

/// Writes the content of the stub for the message in `field`.
pub(super) fn put(request: &[u8], message: Message, field: &Field, why: Withheld, out: &mut Vec<u8>) {
    let text = format!("[withheld:{}]", why.name());
    let mut at = field.start;
    while at < field.end
        && let Ok(inner) = wire::field(request, at, field.end)
    {
        at = inner.end;
        let stays = match message.field(inner.number).map(|known| known.kind) {
            Some(Kind::Number(form)) => form == inner.form,
            Some(Kind::Id(bytes)) => inner.form == wire::Form::Bytes && inner.end - inner.start == bytes,
            _ => false,
        };
        if stays {
            out.extend_from_slice(&request[inner.tag..inner.end]);
        }
    }
    match message {
        Message::LogRecord => {
            let mut body = Vec::new();
            put_bytes(1, text.as_bytes(), &mut body);
            put_bytes(5, &body, out);
        }
        Message::Span => put_bytes(5, text.as_bytes(), out),
        Message::Metric => put_bytes(1, text.as_bytes(), out),
        // A resource or scope without attributes says nothing and is one.
        _ => {}
    }
}
