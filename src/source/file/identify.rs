//! What a file is that a pattern found: one that was read before, a copy of one, or a new one.
//!
//! The number of a file proves nothing, because numbers are used again; only together with its first bytes and with those
//! before the position is a file the one that was read. When in doubt a file is read again rather than skipped.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::checkpoint::Entry;
use super::print::Prefix;
use super::reader::Reader;
use super::stat::Stat;
use super::tail::{Known, Place, Shared, Tail};
use crate::limits;
use crate::source::joins::{Joins, Piece};

/// The outcome.
pub(super) enum Identity {
    /// Read before up to the entry of that number in the list.
    Known(usize, Known),
    /// A copy of a file that was truncated: the tail of that number goes on in it.
    Copy(u64),
    /// Perhaps a copy that is being made; to be looked at again.
    Undecided,
    /// A new file.
    New,
}

/// The entry of the same file among those of an earlier run or of files that were let go.
pub(super) fn same(
    entries: &[Entry],
    path: &Path,
    stat: &Stat,
    reader: &mut Reader,
    shared: &Shared,
) -> io::Result<Option<(usize, Known)>> {
    let mut best: Option<(usize, Known)> = None;
    for (index, entry) in entries.iter().enumerate() {
        let same_number = (entry.device, entry.inode) == (stat.id.device, stat.id.inode);
        // Mounted again: the device has another number, the file the same name.
        let same_name = entry.inode == stat.id.inode && Path::new(&entry.path) == path;
        let better = best.as_ref().is_none_or(|(best, _)| entries[*best].offset < entry.offset);
        // Of an empty file nothing is known that another with its number could not have.
        let telling = entry.prefix.bytes > 0;
        if (same_number || same_name)
            && telling
            && better
            && let Some(known) = fits(entry, reader, shared)?
        {
            best = Some((index, known));
        }
    }
    Ok(best)
}

/// What a file is that is not the same as any.
pub(super) fn other<'a>(
    entries: &[Entry],
    tails: impl Iterator<Item = &'a Tail>,
    (path, stat): (&Path, &Stat),
    reader: &mut Reader,
    shared: &Shared,
    (patience, waited): (Duration, Duration),
) -> io::Result<Identity> {
    let recent = age(stat.changed) <= patience && waited <= patience;
    let gzip = matches!(reader, Reader::Gzip(_));
    if gzip && recent {
        // Still being packed, and what it is packed from is still there.
        return Ok(Identity::Undecided);
    }
    let mut undecided = false;
    for tail in tails.filter(|tail| tail.stat.id != stat.id) {
        match tail.place {
            Place::Gone(_) if tail.path != path && is_copy(tail, reader, shared)? => {
                return Ok(Identity::Copy(tail.number));
            }
            Place::Gone(_) => {}
            Place::Found | Place::Lost(_) => {
                undecided = undecided || (recent && may_become_copy(tail, stat, reader, shared)?);
            }
        }
    }
    if undecided {
        return Ok(Identity::Undecided);
    }
    for (index, entry) in entries.iter().enumerate() {
        let near = (stat.modified / 1_000_000 - entry.modified).unsigned_abs() <= patience.as_millis() as u64;
        let telling = entry.offset > 0 && (entry.prefix.bytes == limits::PREFIX_BYTES as u64 || near);
        if telling
            && Path::new(&entry.path) != path
            && let Some(known) = fits(entry, reader, shared)?
        {
            return Ok(Identity::Known(index, known));
        }
    }
    Ok(Identity::New)
}

/// Whether the file has the bytes of both fingerprints.
fn fits(entry: &Entry, reader: &mut Reader, shared: &Shared) -> io::Result<Option<Known>> {
    let prefix = reader.stretch(entry.prefix.start, entry.prefix.bytes)?;
    if !shared.key.fits(&entry.prefix, &prefix) {
        return Ok(None);
    }
    let tail = reader.stretch(entry.tail.start, entry.tail.bytes)?;
    let end = entry.tail.start + entry.tail.bytes;
    if !shared.key.fits(&entry.tail, &tail) || end != entry.offset {
        return Ok(None);
    }
    // A fingerprint of nothing says nothing about the length.
    if entry.tail.bytes == 0 && entry.offset > 0 && reader.stretch(entry.offset - 1, 1)?.is_empty() {
        return Ok(None);
    }
    let mut known = Prefix::new(entry.prefix.start);
    known.see(&shared.key, entry.prefix.start, &prefix);
    Ok(Some(Known { prefix: known, tail }))
}

/// Whether the file has what was read of a tail whose own file was truncated.
fn is_copy(tail: &Tail, reader: &mut Reader, shared: &Shared) -> io::Result<bool> {
    let (seen, recent, prefix) = tail.marks();
    let print = prefix.print(&shared.key);
    if print.bytes == 0 || recent.is_empty() {
        return Ok(false);
    }
    let first = reader.stretch(print.start, print.bytes)?;
    let last = reader.stretch(seen - recent.len() as u64, recent.len() as u64)?;
    Ok(shared.key.fits(&print, &first) && last == recent)
}

/// Whether the file may be a copy that is being made of another one, which is going to be truncated: it has all that was
/// read of the other, or it says what the other says as far as it goes.
fn may_become_copy(tail: &Tail, stat: &Stat, reader: &mut Reader, shared: &Shared) -> io::Result<bool> {
    let (seen, _, prefix) = tail.marks();
    if stat.size == 0 || (seen == 0 && tail.stat.size < stat.size) {
        return Ok(false);
    }
    if seen > 0 && stat.size >= seen {
        return is_copy(tail, reader, shared);
    }
    // Short beginnings are the same in many files.
    let first = reader.stretch(0, limits::PREFIX_BYTES as u64)?;
    if (seen > 0 && first.len() < limits::PREFIX_BYTES) || !prefix.agrees(&shared.key, &first) {
        return Ok(false);
    }
    let Some(Reader::Plain(file)) = &tail.reader else { return Ok(true) };
    let bytes = stat.size.min(limits::TAIL_BYTES as u64);
    let theirs = super::print::read_stretch(file, stat.size - bytes, bytes)?;
    // Shorter: it has just been truncated.
    Ok((theirs.len() as u64) < bytes || reader.stretch(stat.size - bytes, bytes)? == theirs)
}

/// Where a file begins of which what is there now is not wanted: with the first record whose end is not there yet.
pub(super) fn end(reader: &mut Reader, size: u64, shared: &mut Shared) -> io::Result<u64> {
    // One joined record, one line, and what stands between them, if they are not longer than they may be.
    let window = 4 * shared.framing.bytes_max as u64;
    let mut at = size.saturating_sub(window);
    let mut framed = at;
    // A window that begins in the middle of a line begins with a line that counts for nothing.
    let mut joins = Joins::default();
    let mut nobody = |_: Piece<'_>| Ok::<(), io::Error>(());
    shared.lines.enter(None);
    let framing = &shared.framing;
    while at < size {
        let space = shared.lines.space();
        let wanted = space.len().min((size - at) as usize);
        let bytes = reader.read(&mut space[..wanted], at)?;
        if bytes == 0 {
            break;
        }
        at += bytes as u64;
        shared.lines.filled(bytes, &mut |raw| match raw {
            crate::pipeline::Raw::Lines(lines) => {
                let start = framed;
                framed += lines.len() as u64;
                joins.lines(framing, lines, start, &mut nobody)
            }
            crate::pipeline::Raw::Overlong { bytes, ending, .. } => {
                let whole = bytes + ending.len() as u64;
                let start = framed;
                framed += whole;
                joins.overlong(raw, start, whole, &mut nobody)
            }
            crate::pipeline::Raw::Record { .. } => Ok(()),
        })?;
    }
    shared.lines.leave();
    let open = (0..crate::source::joins::LANES).filter_map(|lane| joins.open_at(lane)).min();
    Ok(open.unwrap_or(framed).min(framed))
}

/// Fills in the fingerprints of an entry made for `offset`.
pub(super) fn fingerprints(entry: &mut Entry, reader: &mut Reader, shared: &Shared) -> io::Result<Known> {
    let mut prefix = Prefix::new(0);
    let first = reader.stretch(0, limits::PREFIX_BYTES as u64)?;
    if first.first() != Some(&0) {
        // What begins with a hole is told apart by what comes behind it.
        prefix.see(&shared.key, 0, &first);
    }
    let wanted = entry.offset.min(limits::TAIL_BYTES as u64);
    let tail = reader.stretch(entry.offset - wanted, wanted)?;
    entry.prefix = prefix.print(&shared.key);
    entry.tail = shared.key.print(entry.offset - wanted, &tail);
    Ok(Known { prefix, tail })
}

/// How long ago a time was, in nanoseconds since 1970; nothing for one to come.
fn age(nanos: i64) -> Duration {
    let then = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
    SystemTime::now().duration_since(then).unwrap_or_default()
}
