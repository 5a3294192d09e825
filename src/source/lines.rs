//! Framing: bytes as they arrive → whole lines, with bounded memory.
//!
//! A value cut by the edge of a read must not slip through, so nothing is handed on before its newline is there. A line
//! over the limit is not cut either: it is forgotten as it arrives, and only its length and first byte are handed on.

use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::engine::redact::Withheld;
use crate::limits;
use crate::pipeline::Raw;

/// Collects reads into lines.
///
/// Invariant: `buffer[pending]` is the beginning of one unfinished line, at most `limit` bytes long, and no byte outside
/// of it is ever handed on. The buffer never exceeds `limit + READ_BYTES`.
pub struct Lines {
    buffer: Vec<u8>,
    pending: Range<usize>,
    /// Longest line in bytes, without its `\n`.
    limit: usize,
    overlong: Option<Overlong>,
}

/// What is known of a line that is being forgotten.
#[derive(Debug)]
pub struct Overlong {
    first: Option<u8>,
    bytes: u64,
    last: u8,
}

impl Lines {
    /// Lines of at most `limit` bytes, without their newline.
    pub fn new(limit: usize) -> Lines {
        Lines { buffer: Vec::new(), pending: 0..0, limit, overlong: None }
    }

    /// Where to put the next read: [`limits::READ_BYTES`].
    pub fn space(&mut self) -> &mut [u8] {
        let enough = self.pending.end + limits::READ_BYTES;
        if self.buffer.len() < enough {
            let doubled = (self.buffer.len() * 2).min(self.limit + limits::READ_BYTES);
            self.buffer.resize(doubled.max(enough), 0);
        }
        &mut self.buffer[self.pending.end..enough]
    }

    /// Takes note of `bytes` read into [`space`](Lines::space) and hands on every line that is now complete.
    pub fn filled<E>(
        &mut self,
        bytes: usize,
        each: &mut impl FnMut(Raw<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut fresh = self.pending.end..self.pending.end + bytes;
        if let Some(line) = &mut self.overlong {
            let arrived = &self.buffer[fresh.clone()];
            let Some(end) = memchr(b'\n', arrived) else {
                line.extend(arrived);
                return Ok(());
            };
            line.extend(&arrived[..end]);
            each(line.finish(b"\n", b"\r\n"))?;
            self.overlong = None;
            fresh.start += end + 1;
            self.pending = fresh.start..fresh.start;
        }
        if let Some(last) = memrchr(b'\n', &self.buffer[fresh.clone()]) {
            let whole = self.pending.start..fresh.start + last + 1;
            self.pending = whole.end..fresh.end;
            if whole.len() <= self.limit + 1 {
                each(Raw::Lines(&self.buffer[whole]))?;
            } else {
                self.sift(whole, each)?;
            }
        } else {
            self.pending.end = fresh.end;
        }
        self.keep_pending();
        Ok(())
    }

    /// The input is over: hands on its last line, which has no newline.
    pub fn end<E>(&mut self, each: &mut impl FnMut(Raw<'_>) -> Result<(), E>) -> Result<(), E> {
        if let Some(line) = self.overlong.take() {
            return each(line.finish(b"", b"\r"));
        }
        let rest = std::mem::replace(&mut self.pending, 0..0);
        if rest.is_empty() { Ok(()) } else { each(Raw::Lines(&self.buffer[rest])) }
    }

    /// Forgets an unfinished line, because its end will never be known, and says how long it was.
    pub fn abandon(&mut self) -> u64 {
        let bytes = self.pending.len() as u64 + self.overlong.take().map_or(0, |line| line.bytes);
        self.pending = 0..0;
        bytes
    }

    /// Goes over to an input whose last read ended in this line over the limit, if any.
    pub(super) fn enter(&mut self, overlong: Option<Overlong>) {
        self.pending = 0..0;
        self.overlong = overlong;
    }

    /// Leaves an input. The beginning of an unfinished line is forgotten, and must be read again by whoever
    /// [`enter`](Lines::enter)s next; of a line over the limit the length is remembered.
    pub(super) fn leave(&mut self) -> Option<Overlong> {
        self.pending = 0..0;
        self.overlong.take()
    }

    /// How much was read of a line over the limit that has not ended.
    pub(super) fn overlong_bytes(&self) -> u64 {
        self.overlong.as_ref().map_or(0, Overlong::bytes)
    }

    /// The beginning of an unfinished line.
    pub(super) fn unfinished(&self) -> &[u8] {
        &self.buffer[self.pending.clone()]
    }

    /// Hands on whole lines of which some may be over the limit.
    fn sift<E>(&self, whole: Range<usize>, each: &mut impl FnMut(Raw<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut rest = &self.buffer[whole];
        let mut good = 0;
        while good < rest.len() {
            // All lines that end inside a window as long as the limit are within the limit.
            let window = &rest[good..rest.len().min(good + self.limit + 1)];
            if let Some(last) = memrchr(b'\n', window) {
                good += last + 1;
                continue;
            }
            let Some(length) = memchr(b'\n', &rest[good..]) else { break };
            if good > 0 {
                each(Raw::Lines(&rest[..good]))?;
            }
            each(Overlong::new(&rest[good..good + length]).finish(b"\n", b"\r\n"))?;
            rest = &rest[good + length + 1..];
            good = 0;
        }
        if rest.is_empty() { Ok(()) } else { each(Raw::Lines(rest)) }
    }

    /// Moves the unfinished line to the front of the buffer, or begins to forget it.
    fn keep_pending(&mut self) {
        let pending = self.pending.clone();
        if pending.len() > self.limit {
            self.overlong = Some(Overlong::new(&self.buffer[pending]));
            self.pending = 0..0;
        } else if pending.start > 0 {
            self.pending = 0..pending.len();
            self.buffer.copy_within(pending, 0);
        }
    }
}

impl Overlong {
    /// How much of it was read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn new(beginning: &[u8]) -> Overlong {
        let mut line = Overlong { first: None, bytes: 0, last: 0 };
        line.extend(beginning);
        line
    }

    fn extend(&mut self, part: &[u8]) {
        self.first = self.first.or_else(|| part.iter().copied().find(|byte| !byte.is_ascii_whitespace()));
        self.bytes += part.len() as u64;
        self.last = part.last().copied().unwrap_or(self.last);
    }

    /// The line's stand-in, with the ending it had: a carriage return before it belongs to it.
    fn finish(&self, ending: &'static [u8], with_return: &'static [u8]) -> Raw<'static> {
        let (bytes, ending) =
            if self.last == b'\r' { (self.bytes - 1, with_return) } else { (self.bytes, ending) };
        Raw::Overlong { before: b"", why: Withheld::LineTooLong, first: self.first, bytes, ending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// Feeds `input` in reads of `size` and renders what is handed on.
    fn framed(input: &[u8], limit: usize, size: usize) -> String {
        let mut lines = Lines::new(limit);
        let mut out = String::new();
        let mut each = |raw: Raw<'_>| {
            match raw {
                Raw::Lines(lines) => out += std::str::from_utf8(lines).unwrap(),
                Raw::Record { .. } => unreachable!("lines are not joined here"),
                Raw::Overlong { first, bytes, ending, .. } => {
                    let first = first.map_or('-', char::from);
                    out += &format!("<{first}{bytes}>{}", std::str::from_utf8(ending).unwrap());
                }
            }
            Ok::<(), Infallible>(())
        };
        for read in input.chunks(size) {
            lines.space()[..read.len()].copy_from_slice(read);
            lines.filled(read.len(), &mut each).unwrap();
        }
        lines.end(&mut each).unwrap();
        out
    }

    fn check(input: &str, limit: usize, expected: &str) {
        for size in [1, 2, 3, 5, 7, 11, 64, 100_000] {
            assert_eq!(framed(input.as_bytes(), limit, size), expected, "reads of {size}");
        }
    }

    #[test]
    fn lines_come_through_unchanged_however_they_were_read() {
        for input in ["", "\n", "a", "a\n", "\n\na\r\n\r\nbc\n\nd", "one\ntwo\nthree\n", "\0\n\0"] {
            check(input, 5, input);
        }
    }

    #[test]
    fn a_line_over_the_limit_is_handed_on_as_its_length_and_first_byte() {
        check("12345\n", 5, "12345\n");
        check("123456\n", 5, "<16>\n");
        check("123456", 5, "<16>");
        check("a\n123456\nb\n", 5, "a\n<16>\nb\n");
        check("a\nb\n  {456789\r\nc\nlonger line\nd", 5, "a\nb\n<{9>\r\nc\n<l11>\nd");
        check("      \n", 5, "<-6>\n");
        check("123456\n123457\n123458", 5, "<16>\n<16>\n<16>");
        check("123456\r", 5, "<16>\r");
    }

    #[test]
    fn the_buffer_stays_within_the_limit_and_one_read() {
        let mut lines = Lines::new(1000);
        for _ in 0..100 {
            let space = lines.space();
            space.fill(b'x');
            let length = space.len();
            lines.filled(length, &mut |_| Ok::<(), Infallible>(())).unwrap();
            assert!(lines.buffer.len() <= limits::READ_BYTES + 1000);
        }
    }

    #[test]
    fn an_abandoned_line_is_forgotten() {
        let mut lines = Lines::new(10);
        lines.space()[..8].copy_from_slice(b"one\nsecr");
        lines.filled(8, &mut |_| Ok::<(), Infallible>(())).unwrap();
        assert_eq!(lines.abandon(), 4);
        lines.end(&mut |raw| -> Result<(), Infallible> { panic!("handed on {raw:?}") }).unwrap();
    }
}
