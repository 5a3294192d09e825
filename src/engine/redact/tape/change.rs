//! Writes the spans that were found into a tape.

use crate::engine::scan::view::{Decoded, unescape};

use super::super::Redactor;
use super::super::found::Place;
use super::super::overlap::{Span, is_drop};
use super::{Kind, State, Tape};

impl Redactor {
    /// Replaces the spans of the last search in the tape. Each lies in a text or key, or covers a value that is none.
    pub(super) fn change(&mut self, tape: &mut Tape) {
        self.splicer.restart();
        let spans = std::mem::take(&mut self.spans);
        let mut next = 0;
        let mut text = std::mem::take(&mut self.again);
        text.clear();
        let old = std::mem::take(&mut tape.text);
        let mut at = 0;
        for entry in &mut tape.entries {
            let (start, end) = (entry.start as usize, entry.end as usize);
            if start < at || entry.state == State::Gone {
                entry.state = State::Gone;
                (entry.start, entry.end) = (text.len() as u32, text.len() as u32);
                continue;
            }
            text.extend_from_slice(&old[at..start]);
            at = start;
            let hit = spans.get(next).filter(|span| span.start < end);
            match (entry.kind, hit) {
                (Kind::Text | Kind::Key, _) => {
                    entry.start = text.len() as u32;
                    while let Some(span) = spans.get(next).filter(|span| span.start < end) {
                        text.extend_from_slice(&old[at..span.start]);
                        let written =
                            self.splicer.replaced(&self.policy, &self.ring, &old, &self.scanner.record, span);
                        text.extend_from_slice(written);
                        at = span.end;
                        next += 1;
                        let state = match (span.start == start && span.end == end, self.drops(span)) {
                            (true, true) => State::Dropped,
                            (true, false) => State::Replaced,
                            _ => State::Changed,
                        };
                        entry.state = entry.state.max(state);
                    }
                    text.extend_from_slice(&old[at..end]);
                    at = end;
                    entry.end = text.len() as u32;
                }
                (_, Some(span)) => {
                    next += 1;
                    let written =
                        self.splicer.replaced(&self.policy, &self.ring, &old, &self.scanner.record, span);
                    // A value that is no text comes with the quotes that it needs in JSON.
                    let inside = &written[1..written.len() - 1];
                    text.push(b'"');
                    entry.start = text.len() as u32;
                    if tape.json {
                        text.extend_from_slice(inside);
                    } else {
                        let mut decoded = Decoded::default();
                        unescape(inside, &mut decoded);
                        text.extend_from_slice(&decoded.text);
                    }
                    entry.end = text.len() as u32;
                    text.push(b'"');
                    entry.kind = Kind::Text;
                    entry.state = if self.drops(span) { State::Dropped } else { State::Replaced };
                    at = span.end;
                }
                (_, None) => {
                    text.extend_from_slice(&old[start..end]);
                    at = end;
                    entry.start = (text.len() - (end - start)) as u32;
                    entry.end = text.len() as u32;
                }
            }
        }
        text.extend_from_slice(&old[at..]);
        debug_assert_eq!(next, spans.len(), "each span is in an entry");
        tape.text = text;
        self.again = old;
        self.spans = spans;
    }

    fn drops(&self, span: &Span) -> bool {
        is_drop(&self.policy, span) && matches!(span.winner.place, Place::Field | Place::Bare(_))
    }
}
