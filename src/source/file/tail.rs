//! One file: how far it was read, whether it still is what was read, and its checkpoint entry.
//!
//! Nothing of a file's content is kept between two turns but the bytes that identify it and what `joins` holds open. An
//! unfinished line is read again when the file has grown.

mod read;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::checkpoint::Entry;
use super::pattern;
use super::print::{Key, Prefix, Print};
use super::progress::Progress;
use super::reader::Reader;
use super::stat::Stat;
use crate::limits;
use crate::pipeline::Closed;
use crate::source::joins::{Framing, Joins, LANES};
use crate::source::lines::{Lines, Overlong};

/// One generation of a file: from its first byte, or from a truncation, to its end or the next.
pub(super) struct Tail {
    /// Older files have lower numbers.
    pub number: u64,
    /// Where it was found last.
    pub path: PathBuf,
    pub stat: Stat,
    gzip: bool,
    pub place: Place,
    /// Open, if it is.
    pub reader: Option<Reader>,
    /// The file that had its path before and is to be read first.
    pub after: Option<u64>,
    /// When it was last seen to change.
    pub changed: Instant,
    /// When its position last moved, or unread data came.
    pub moved: Instant,
    /// It was renamed: its writer is about to leave it.
    pub renamed: bool,
    /// It was empty when it was found, so that nothing could tell which file it is.
    pub empty: bool,
    /// It could not be read; when it is tried again, and how long after the last time.
    pub retry: Option<(Instant, Duration)>,
    /// Bytes of what it holds open, as of its last turn.
    pub held: usize,
    /// The last look at all files that found it.
    pub round: u64,
    /// All lines before are framed.
    framed: u64,
    overlong: Option<Overlong>,
    /// End of what was ever read of it.
    seen: u64,
    /// The last bytes before `seen`.
    recent: Vec<u8>,
    prefix: Prefix,
    /// Only NULs were read so far.
    leading: bool,
    /// So many of them are a hole.
    hole_bytes_min: usize,
    /// A compressed file was unpacked to its end when this was its size.
    unpacked: Option<(u64, i64)>,
    joins: Joins,
    progress: Progress,
    saved: Entry,
}

/// Where a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A pattern finds it.
    Found,
    /// None does any more, since then.
    Lost(Instant),
    /// It was truncated then; only what is under way, or a copy of it, is left.
    Gone(Instant),
}

/// Bytes that fingerprints in an entry stand for.
pub(super) struct Known {
    pub prefix: Prefix,
    /// Up to the entry's offset.
    pub tail: Vec<u8>,
}

/// What a source's files share.
pub(super) struct Shared {
    pub key: Key,
    pub framing: Framing,
    pub lines: Lines,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing more for now.
    End,
    /// There may be more.
    More,
    /// The file is not what was read: it was truncated, perhaps written again.
    Replaced,
}

/// Why a turn failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum TurnError {
    #[error(transparent)]
    Closed(#[from] Closed),
    #[error(transparent)]
    Read(#[from] io::Error),
}

impl Known {
    /// Of a file that begins, behind a hole, at `start`.
    pub fn nothing(start: u64) -> Known {
        Known { prefix: Prefix::new(start), tail: Vec::new() }
    }
}

impl Tail {
    /// A file that is read from `entry` on; `known` are the bytes of the entry's fingerprints.
    pub fn new(number: u64, path: PathBuf, stat: Stat, entry: Entry, known: Known) -> Tail {
        let acked =
            entry.ahead.map_or([entry.offset; LANES], |ahead| ahead.map(|lane| lane.max(entry.offset)));
        Tail {
            number,
            gzip: pattern::is_gzip(&path),
            path,
            stat,
            place: Place::Found,
            empty: stat.size == 0 && entry.prefix.bytes == 0,
            held: 0,
            round: 0,
            reader: None,
            after: None,
            changed: Instant::now(),
            moved: Instant::now(),
            renamed: false,
            retry: None,
            framed: entry.offset,
            overlong: None,
            seen: entry.offset,
            recent: known.tail,
            prefix: known.prefix,
            leading: entry.offset == 0,
            hole_bytes_min: limits::HOLE_BYTES_MIN,
            unpacked: None,
            joins: Joins::skipping(acked),
            progress: Progress::resumed(acked),
            saved: entry,
        }
    }

    /// The generation that a truncation began, in the same file.
    pub fn next_generation(&mut self, number: u64, key: &Key, now: i64) -> Tail {
        let entry = Entry::start(key, &self.path, &self.stat, now);
        let mut next = Tail::new(number, self.path.clone(), self.stat, entry, Known::nothing(0));
        next.reader = self.reader.take();
        next.hole_bytes_min = 1;
        next.empty = false;
        next.round = self.round;
        self.place = Place::Gone(Instant::now());
        next
    }

    /// Takes note of a look at it. False: it is shorter than what was read.
    pub fn look(&mut self, stat: Stat) -> bool {
        if (stat.size, stat.modified) != (self.stat.size, self.stat.modified) {
            self.changed = Instant::now();
            if !self.has_unread() {
                self.moved = self.changed;
            }
        }
        self.stat = stat;
        self.gzip || stat.size >= self.seen
    }

    /// Whether what was read of it is still there, after a write that did not make it longer.
    pub fn is_unchanged(&mut self) -> io::Result<bool> {
        let Tail { reader: Some(reader), seen, recent, .. } = self else { return Ok(true) };
        unchanged(reader, *seen, recent)
    }

    /// Whether there are bytes that were not read yet.
    pub fn has_unread(&self) -> bool {
        match self.place {
            Place::Gone(_) => false,
            _ if self.gzip => self.unpacked != Some((self.stat.size, self.stat.modified)),
            _ => self.stat.size > self.seen,
        }
    }

    /// Bytes of records whose end has not come.
    pub fn holds(&self) -> usize {
        self.joins.held()
    }

    /// Takes a compressed file for read to its end: what it unpacks to is of no use.
    pub fn give_up(&mut self) {
        self.unpacked = Some((self.stat.size, self.stat.modified));
    }

    /// Whether it is compressed and was read to its end.
    pub fn is_unpacked(&self) -> bool {
        self.gzip && !self.has_unread()
    }

    /// Bytes that are not delivered.
    pub fn lag(&self) -> u64 {
        match self.place {
            Place::Gone(_) => 0,
            _ if self.gzip => {
                if self.has_unread() {
                    self.stat.size
                } else {
                    0
                }
            }
            _ => self.stat.size.saturating_sub(self.resume()),
        }
    }

    /// Where reading would begin again after a crash.
    pub fn resume(&self) -> u64 {
        self.progress.resume(&self.joins, self.framed)
    }

    /// Whether all that was handed on is delivered and nothing is open.
    pub fn is_settled(&self) -> bool {
        self.progress.is_settled() && !self.joins.is_open()
    }

    /// Whether a line or record waits for its end.
    pub fn is_unfinished(&self) -> bool {
        self.seen > self.framed || self.overlong.is_some() || self.joins.is_open()
    }

    /// Takes note of a delivered stretch.
    pub fn ack(&mut self, lane: usize, position: &crate::pipeline::Position) {
        let before = self.resume();
        self.progress.ack(lane, position);
        if self.resume() != before {
            self.moved = Instant::now();
        }
    }

    /// What joins hold open.
    pub fn joins(&mut self) -> &mut Joins {
        &mut self.joins
    }

    /// End of what was read, the bytes before it, and the first bytes: what a copy of it must have.
    pub fn marks(&self) -> (u64, &[u8], &Prefix) {
        (self.seen, &self.recent, &self.prefix)
    }

    /// Goes on in a copy of the file.
    pub fn move_to(&mut self, path: PathBuf, stat: Stat, reader: Reader) {
        (self.path, self.stat, self.reader) = (path, stat, Some(reader));
        self.place = Place::Found;
        self.renamed = true;
        self.changed = Instant::now();
    }

    /// Its checkpoint entry as of now. The position moves only as far as its last bytes can be told: where that cannot be,
    /// the last entry stays true.
    pub fn entry(&mut self, key: &Key, now: i64) -> &Entry {
        let offset = self.resume();
        if offset != self.saved.offset
            && let Some(tail) = self.tail_before(key, offset)
        {
            (self.saved.offset, self.saved.tail) = (offset, tail);
        }
        let acked = self.progress.acked();
        self.saved.ahead = acked.iter().any(|&lane| lane > self.saved.offset).then_some(acked);
        self.saved.prefix = self.prefix.print(key);
        self.saved.path = self.path.to_string_lossy().into_owned();
        (self.saved.device, self.saved.inode) = (self.stat.id.device, self.stat.id.inode);
        self.saved.modified = self.stat.modified / 1_000_000;
        if self.place == Place::Found {
            self.saved.seen = now;
        }
        &self.saved
    }

    /// The fingerprint of the last bytes before `offset`.
    fn tail_before(&mut self, key: &Key, offset: u64) -> Option<Print> {
        if self.gzip {
            // It is never written again: nothing has to be told.
            return Some(key.print(offset, b""));
        }
        let begin = match &self.prefix {
            Prefix::Growing { start, .. } => *start,
            Prefix::Whole(print) => print.start,
        };
        let wanted = offset.saturating_sub(begin).min(limits::TAIL_BYTES as u64);
        let first = self.seen - self.recent.len() as u64;
        let Some(reader) = &mut self.reader else {
            let known = offset.checked_sub(first).filter(|&known| known >= wanted.min(16))?;
            let known = &self.recent[..known as usize];
            let short = &known[known.len().saturating_sub(limits::TAIL_BYTES)..];
            return Some(key.print(offset - short.len() as u64, short));
        };
        let bytes = if offset >= first + wanted {
            self.recent[(offset - wanted - first) as usize..(offset - first) as usize].to_vec()
        } else {
            let bytes = reader.stretch(offset - wanted, wanted).ok()?;
            // Read before this look: if the file is what it was now, it was then.
            if !unchanged(reader, self.seen, &self.recent).ok()? {
                return None;
            }
            bytes
        };
        (bytes.len() as u64 == wanted).then(|| key.print(offset - wanted, &bytes))
    }
}

/// Whether the bytes before `seen` are still those.
fn unchanged(reader: &mut Reader, seen: u64, recent: &[u8]) -> io::Result<bool> {
    let Reader::Plain(_) = reader else { return Ok(true) };
    Ok(recent.is_empty() || reader.stretch(seen - recent.len() as u64, recent.len() as u64)? == recent)
}
