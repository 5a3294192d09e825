//! One turn of a file, from its bytes to the gate; and its end.

use std::time::Duration;

use super::{Shared, Tail, Turn, TurnError, unchanged};
use crate::limits;
use crate::pipeline::{Closed, Gate, Raw};
use crate::source::file::print::Prefix;
use crate::source::joins::Piece;

impl Tail {
    /// Reads up to a budget, or until the sinks have no more room.
    pub fn turn(&mut self, shared: &mut Shared, gate: &mut Gate, hole: &mut u64) -> Result<Turn, TurnError> {
        shared.lines.enter(self.overlong.take());
        let turn = self.read(shared, gate, hole);
        if let Some(reader) = &mut self.reader {
            reader.put_back(shared.lines.unfinished());
        }
        self.overlong = shared.lines.leave();
        turn
    }

    fn read(&mut self, shared: &mut Shared, gate: &mut Gate, hole: &mut u64) -> Result<Turn, TurnError> {
        let mut at = self.framed + shared.lines.overlong_bytes();
        let end = at + limits::TURN_BYTES_MAX as u64;
        loop {
            let Some(reader) = &mut self.reader else { return Ok(Turn::End) };
            let space = shared.lines.space();
            let bytes = reader.read(space, at)?;
            // After the reading: what changes later does so to bytes that are already here.
            if !unchanged(reader, self.seen, &self.recent)? {
                return Ok(Turn::Replaced);
            }
            if bytes == 0 {
                self.unpacked = reader.ended().then_some((self.stat.size, self.stat.modified));
                self.stat.size = if self.gzip { self.stat.size } else { self.seen };
                return Ok(Turn::End);
            }
            if self.leading {
                let nuls = space[..bytes].iter().take_while(|&&byte| byte == 0).count();
                let is_hole = nuls >= self.hole_bytes_min;
                self.leading = is_hole && nuls == bytes;
                if is_hole {
                    self.hole_bytes_min = 1;
                    *hole += nuls as u64;
                    at += nuls as u64;
                    (self.framed, self.seen) = (at, self.seen.max(at));
                    self.recent.clear();
                    self.prefix = Prefix::new(at);
                    continue;
                }
            }
            let fresh = &space[..bytes];
            if at == 0 && self.seen == 0 {
                // It may have been written anew since its beginning was looked at.
                self.prefix = Prefix::new(0);
            }
            self.prefix.see(&shared.key, at, fresh);
            remember(&mut self.recent, &mut self.seen, at, fresh);
            at += bytes as u64;
            self.frame(shared, gate, bytes)?;
            gate.flush_aged()?;
            if at >= end || !gate.has_room()? {
                return Ok(Turn::More);
            }
        }
    }

    fn frame(&mut self, shared: &mut Shared, gate: &mut Gate, bytes: usize) -> Result<(), Closed> {
        let Tail { framed, joins, progress, number, .. } = self;
        let framing = &shared.framing;
        let mut hand_on = |piece: Piece<'_>| {
            let from = progress.emit(*number, piece.lane, piece.start, piece.end);
            gate.take_from(piece.raw, from)
        };
        shared.lines.filled(bytes, &mut |raw| {
            let start = *framed;
            match raw {
                Raw::Lines(lines) => {
                    *framed += lines.len() as u64;
                    joins.lines(framing, lines, start, &mut hand_on)
                }
                Raw::Overlong { bytes, ending, .. } => {
                    let whole = bytes + ending.len() as u64;
                    *framed += whole;
                    joins.overlong(raw, start, whole, &mut hand_on)
                }
                Raw::Record { .. } => Ok(()),
            }
        })
    }

    /// Hands on all that is open and the unfinished last line: nobody will write its end.
    pub fn finish(&mut self, shared: &mut Shared, gate: &mut Gate) -> Result<(), TurnError> {
        let start = self.framed;
        let mut rest = match (&mut self.reader, self.overlong.is_some()) {
            (Some(reader), false) if self.seen > start => {
                let mut rest = Vec::new();
                while start + (rest.len() as u64) < self.seen {
                    let more =
                        reader.stretch(start + rest.len() as u64, self.seen - start - rest.len() as u64)?;
                    if more.is_empty() {
                        break;
                    }
                    rest.extend(more);
                }
                rest
            }
            _ => Vec::new(),
        };
        let Tail { joins, progress, number, seen, .. } = self;
        let mut hand_on = |piece: Piece<'_>| {
            // The newline that ends the line here is not in the file.
            let from = progress.emit(*number, piece.lane, piece.start, piece.end.min(*seen));
            gate.take_from(piece.raw, from)
        };
        if let Some(line) = self.overlong.take() {
            let bytes = line.bytes();
            shared.lines.enter(Some(line));
            shared.lines.end(&mut |raw| {
                let Raw::Overlong { why, before, first, bytes: length, .. } = raw else { return Ok(()) };
                let raw = Raw::Overlong { why, before, first, bytes: length, ending: b"\n" };
                joins.overlong(raw, start, bytes, &mut hand_on)
            })?;
            self.framed += bytes;
        } else if !rest.is_empty() {
            self.framed += rest.len() as u64;
            rest.push(b'\n');
            joins.lines(&shared.framing, &rest, start, &mut hand_on)?;
        }
        joins.finish(&shared.framing, &mut hand_on)?;
        Ok(())
    }

    /// Hands on joined records that were silent for too long.
    pub fn expire(&mut self, silence: Duration, gate: &mut Gate) -> Result<(), Closed> {
        let Tail { joins, progress, number, .. } = self;
        joins.expire(silence, &mut |piece: Piece<'_>| {
            let from = progress.emit(*number, piece.lane, piece.start, piece.end);
            gate.take_from(piece.raw, from)
        })
    }
}

/// Takes note of bytes that were read at `at`.
fn remember(recent: &mut Vec<u8>, seen: &mut u64, at: u64, fresh: &[u8]) {
    let end = at + fresh.len() as u64;
    if end <= *seen {
        return;
    }
    // What begins before `seen` was read again.
    let fresh = &fresh[(seen.saturating_sub(at)) as usize..];
    if fresh.len() >= limits::TAIL_BYTES {
        recent.clear();
    }
    recent.extend_from_slice(&fresh[fresh.len().saturating_sub(limits::TAIL_BYTES)..]);
    let excess = recent.len().saturating_sub(limits::TAIL_BYTES);
    recent.drain(..excess);
    *seen = end;
}
