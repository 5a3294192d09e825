//! How files enter the table: each is identified, then begun or gone on with.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Table, is_out_of_files, longer};
use crate::source::file::checkpoint::Entry;
use crate::source::file::identify::{self, Identity};
use crate::source::file::reader::Reader;
use crate::source::file::stat::Stat;
use crate::source::file::tail::{Shared, Tail};
use crate::source::file::{Notice, ReadFrom, pattern};

impl Table {
    /// Decides what a file is and begins to read it. False: not yet.
    pub(super) fn attach(
        &mut self,
        path: &Path,
        stat: &Stat,
        known_only: bool,
        shared: &mut Shared,
        now: i64,
        notice: &mut dyn FnMut(Notice),
    ) -> bool {
        if self.by_id.contains_key(&stat.id) {
            // A second name of a file that was attached just now.
            return true;
        }
        if self.failed.get(path).is_some_and(|(until, _)| Instant::now() < *until) {
            return false;
        }
        let tried = self.open_at(path, stat.id).and_then(|file| {
            let Some(file) = file else { return Ok(false) };
            let reader = Reader::new(file, pattern::is_gzip(path));
            self.identify(path, stat, reader, known_only, shared, now)
        });
        match tried {
            Ok(attached) => {
                if attached {
                    self.failed.remove(path);
                }
                attached
            }
            Err(error) if is_out_of_files(&error) => false,
            Err(error) => {
                let wait = self.failed.get(path).map_or(self.pace.poll * 4, |(_, wait)| longer(*wait));
                if self.failed.insert(path.to_path_buf(), (Instant::now() + wait, wait)).is_none() {
                    notice(Notice::failed(path.to_path_buf(), error));
                }
                false
            }
        }
    }

    /// Begins to read a file, or goes on. False: it is not known yet which it is.
    fn identify(
        &mut self,
        path: &Path,
        stat: &Stat,
        mut reader: Reader,
        known_only: bool,
        shared: &mut Shared,
        now: i64,
    ) -> io::Result<bool> {
        let identity = if known_only {
            match identify::same(&self.entries, path, stat, &mut reader, shared)? {
                Some((index, known)) => Identity::Known(index, known),
                None => return Ok(false),
            }
        } else {
            self.decide(path, stat, &mut reader, shared)?
        };
        let before = self.by_path.get(path).copied();
        let (entry, known) = match identity {
            Identity::Undecided => return Ok(false),
            Identity::Copy(number) => {
                self.move_to(number, path, stat, reader);
                return Ok(true);
            }
            Identity::Known(index, known) => (self.entries.swap_remove(index), known),
            Identity::New => {
                let mut entry = Entry::start(&shared.key, path, stat, now);
                if self.begins_at_end(path, stat) && matches!(reader, Reader::Plain(_)) {
                    entry.offset = identify::end(&mut reader, stat.size, shared)?;
                }
                let known = identify::fingerprints(&mut entry, &mut reader, shared)?;
                (entry, known)
            }
        };
        let number = self.number();
        let was_at = PathBuf::from(&entry.path);
        if was_at != path {
            // Moved while nobody looked: who has its place now is younger.
            self.by_path.entry(was_at).or_insert(number);
        }
        let mut tail = Tail::new(number, path.to_path_buf(), *stat, entry, known);
        tail.reader = Some(reader);
        tail.round = self.round;
        tail.after = before.filter(|before| *before != number);
        self.by_id.insert(stat.id, number);
        self.by_path.insert(path.to_path_buf(), number);
        self.open.push_back(number);
        self.tails.insert(number, tail);
        Ok(true)
    }

    fn decide(
        &mut self,
        path: &Path,
        stat: &Stat,
        reader: &mut Reader,
        shared: &Shared,
    ) -> io::Result<Identity> {
        let waited = self.undecided.get(&stat.id).map_or(Duration::ZERO, Instant::elapsed);
        let patience = (self.pace.copy, waited);
        let identity =
            identify::other(&self.entries, self.tails.values(), (path, stat), reader, shared, patience)?;
        if let Identity::Undecided = identity {
            self.undecided.entry(stat.id).or_insert_with(Instant::now);
        } else {
            self.undecided.remove(&stat.id);
        }
        Ok(identity)
    }

    /// Whether what is in a new file is not wanted: it was there at the start, and not empty in an earlier run.
    fn begins_at_end(&self, path: &Path, stat: &Stat) -> bool {
        let was_empty = |entry: &Entry| {
            entry.offset == 0 && entry.inode == stat.id.inode && Path::new(&entry.path) == path
        };
        self.round == 1 && self.read_from == ReadFrom::End && !self.entries.iter().any(was_empty)
    }

    /// A tail whose file was truncated goes on in the copy that was made of it.
    fn move_to(&mut self, number: u64, path: &Path, stat: &Stat, reader: Reader) {
        let Some(tail) = self.tails.get_mut(&number) else { return };
        // What was written after the truncation is to be read after what the copy has more.
        let next = self.by_path.get(&tail.path).copied();
        tail.move_to(path.to_path_buf(), *stat, reader);
        tail.round = self.round;
        self.by_id.insert(stat.id, number);
        self.by_path.insert(path.to_path_buf(), number);
        self.open.push_back(number);
        if let Some(next) = next.filter(|next| *next != number).and_then(|next| self.tails.get_mut(&next)) {
            next.after = Some(number);
        }
    }

    /// A file that was empty when it was found has its first bytes: only now can be told whether it is another's copy.
    pub(super) fn tell(&mut self, number: u64, shared: &mut Shared) -> io::Result<()> {
        if !self.open(number).map_err(io::Error::from)? {
            return Ok(());
        }
        let Some(tail) = self.tails.get_mut(&number) else { return Ok(()) };
        let (path, stat) = (tail.path.clone(), tail.stat);
        let Some(mut reader) = tail.reader.take() else { return Ok(()) };
        let identity = self.decide(&path, &stat, &mut reader, shared);
        let Some(tail) = self.tails.get_mut(&number) else { return Ok(()) };
        match identity {
            Ok(Identity::Copy(original)) => {
                self.tails.remove(&number);
                self.open.retain(|open| *open != number);
                self.move_to(original, &path, &stat, reader);
                return Ok(());
            }
            Ok(Identity::Known(index, known)) => {
                let entry = self.entries.swap_remove(index);
                let mut known = Tail::new(number, path, stat, entry, known);
                (known.after, known.round, known.reader) = (tail.after, tail.round, Some(reader));
                *tail = known;
                return Ok(());
            }
            Ok(Identity::New) => tail.empty = false,
            Ok(Identity::Undecided) | Err(_) => {}
        }
        tail.reader = Some(reader);
        identity.map(drop)
    }
}
