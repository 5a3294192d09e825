//! All files of one source: which there are, which are open, and whose turn it is.

mod attach;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::checkpoint::Entry;
use super::progress::Progress;
use super::reader::Reader;
use super::stat::{self, Id, Stat};
use super::tail::{Place, Shared, Tail};
use super::{Notice, Pace, ReadFrom};
use crate::limits;
use crate::pipeline::Position;

/// The files.
pub(super) struct Table {
    pub tails: BTreeMap<u64, Tail>,
    /// Files of an earlier run that were not found yet, and files that were let go.
    entries: Vec<Entry>,
    by_id: HashMap<Id, u64>,
    /// Who was last found at a path.
    by_path: HashMap<PathBuf, u64>,
    /// Open files, the one that was used longest ago first.
    open: VecDeque<u64>,
    open_max: usize,
    /// Whose turn it is, in this order.
    turns: VecDeque<u64>,
    /// New files that cannot be opened: when they are tried again, and how long after the last time.
    failed: HashMap<PathBuf, (Instant, Duration)>,
    /// New files that may be copies that are being made, and since when.
    undecided: HashMap<Id, Instant>,
    /// Bytes of records whose end has not come.
    held: usize,
    /// Files that were written are checked at once, not when they are read.
    must_check: bool,
    /// Number of the last look at all files.
    round: u64,
    next: u64,
    read_from: ReadFrom,
    pace: Pace,
}

impl Table {
    /// No files but those of the checkpoint.
    pub fn new(entries: Vec<Entry>, open_max: usize, read_from: ReadFrom, pace: Pace) -> Table {
        Table {
            tails: BTreeMap::new(),
            entries,
            by_id: HashMap::new(),
            by_path: HashMap::new(),
            open: VecDeque::new(),
            open_max: open_max.max(1),
            turns: VecDeque::new(),
            failed: HashMap::new(),
            undecided: HashMap::new(),
            held: 0,
            must_check: false,
            round: 0,
            next: 1,
            read_from,
            pace,
        }
    }

    /// How many files are open.
    pub fn open_files(&self) -> usize {
        self.open.len()
    }

    /// Takes in a look at all files: everything that a pattern found.
    pub fn look(
        &mut self,
        found: Vec<(PathBuf, Stat)>,
        shared: &mut Shared,
        now: i64,
        notice: &mut dyn FnMut(Notice),
    ) {
        self.round += 1;
        let (known, mut fresh): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, stat)| self.by_id.contains_key(&stat.id));
        // A new file may be the copy of one that was truncated and filled again: that must be known before.
        self.must_check = !fresh.is_empty();
        for (path, stat) in known {
            if let Some(&number) = self.by_id.get(&stat.id) {
                self.seen(number, path, stat, shared, now, notice);
            }
        }
        self.must_check = false;
        self.look_for_lost(shared, now, notice);
        // Older files have lower numbers, and are read first.
        fresh.sort_by(|(a, one), (b, two)| (one.modified, a).cmp(&(two.modified, b)));
        self.failed.retain(|path, _| fresh.iter().any(|(fresh, _)| fresh == path));
        let by_id = &self.by_id;
        self.undecided
            .retain(|id, _| by_id.contains_key(id) || fresh.iter().any(|(_, fresh)| fresh.id == *id));
        for known_only in [true, false] {
            fresh.retain(|(path, stat)| !self.attach(path, stat, known_only, shared, now, notice));
        }
    }

    /// Takes in a look at one path that was hinted at. False: a look at all is needed.
    pub fn look_at(
        &mut self,
        path: &Path,
        shared: &mut Shared,
        now: i64,
        notice: &mut dyn FnMut(Notice),
    ) -> bool {
        let Some(&number) = self.by_path.get(path) else { return true };
        let Ok(stat) = Stat::of(path) else { return false };
        let known = self.by_id.get(&stat.id) == Some(&number);
        if known {
            self.seen(number, path.to_path_buf(), stat, shared, now, notice);
        }
        known
    }

    fn seen(
        &mut self,
        number: u64,
        path: PathBuf,
        stat: Stat,
        shared: &mut Shared,
        now: i64,
        notice: &mut dyn FnMut(Notice),
    ) {
        let Some(tail) = self.tails.get_mut(&number) else { return };
        if tail.round == self.round && tail.path != path {
            // A second name of the same file.
            return;
        }
        tail.round = self.round;
        tail.place = Place::Found;
        if tail.path != path {
            tail.path = path;
            tail.renamed = true;
        }
        if self.by_path.get(&tail.path) != Some(&number) {
            self.by_path.insert(tail.path.clone(), number);
        }
        self.check(number, stat, shared, now, notice);
    }

    /// Compares what the system says of a file with what was read of it.
    fn check(
        &mut self,
        number: u64,
        stat: Stat,
        shared: &mut Shared,
        now: i64,
        notice: &mut dyn FnMut(Notice),
    ) {
        let Some(tail) = self.tails.get_mut(&number) else { return };
        let written = stat.modified != tail.stat.modified;
        let long_enough = tail.look(stat);
        let same = long_enough && {
            // What it has more of is checked when it is read, at the latest.
            let must_look = written && (self.must_check || !tail.has_unread());
            !must_look || (self.open(number) == Ok(true) && self.is_unchanged(number))
        };
        if !same {
            self.truncated(number, shared, now, notice);
        } else if self.tails.get(&number).is_some_and(|tail| tail.empty && tail.stat.size > 0) {
            // What fails is tried again at the next look.
            let _ = self.tell(number, shared);
        }
    }

    fn is_unchanged(&mut self, number: u64) -> bool {
        // What cannot be read now is checked again before more of it is read.
        self.tails.get_mut(&number).is_none_or(|tail| tail.is_unchanged().unwrap_or(true))
    }

    /// A file is not what was read any more: a new generation begins in it.
    pub fn truncated(&mut self, number: u64, shared: &mut Shared, now: i64, notice: &mut dyn FnMut(Notice)) {
        let next = self.number();
        let Some(tail) = self.tails.get_mut(&number) else { return };
        let generation = tail.next_generation(next, &shared.key, now);
        notice(Notice::Truncated(generation.path.clone()));
        self.by_id.insert(generation.stat.id, next);
        if generation.place == Place::Found {
            self.by_path.insert(generation.path.clone(), next);
        }
        for open in self.open.iter_mut().filter(|open| **open == number) {
            *open = next;
        }
        self.tails.insert(next, generation);
    }

    /// Looks after the files that no pattern found this time.
    fn look_for_lost(&mut self, shared: &mut Shared, now: i64, notice: &mut dyn FnMut(Notice)) {
        let lost: Vec<u64> = self
            .tails
            .values()
            .filter(|tail| tail.round != self.round && !matches!(tail.place, Place::Gone(_)))
            .map(|tail| tail.number)
            .collect();
        for number in lost {
            let Some(tail) = self.tails.get_mut(&number) else { continue };
            if tail.place == Place::Found {
                tail.place = Place::Lost(Instant::now());
            }
            let stat = tail.reader.as_ref().map(|reader| Stat::of_file(reader.file()));
            match stat {
                Some(Ok(stat)) => self.check(number, stat, shared, now, notice),
                // What is not open cannot be found again.
                Some(Err(_)) | None => tail.stat.size = tail.marks().0,
            }
        }
    }

    /// Opens a file, at the cost of another one's being closed if there are too many.
    fn open_at(&mut self, path: &Path, id: Id) -> io::Result<Option<std::fs::File>> {
        while self.open.len() >= self.open_max && self.close_one() {}
        loop {
            match stat::open(path, id) {
                Err(error) if is_out_of_files(&error) && self.close_one() => {}
                opened => return opened,
            }
        }
    }

    /// Makes sure that a file is open. `Ok(false)`: it is not at its path any more.
    pub fn open(&mut self, number: u64) -> Result<bool, io::ErrorKind> {
        let Some(tail) = self.tails.get(&number) else { return Ok(false) };
        if tail.reader.is_some() {
            if let Some(index) = self.open.iter().position(|open| *open == number) {
                self.open.remove(index);
                self.open.push_back(number);
            }
            return Ok(true);
        }
        let (path, id) = (tail.path.clone(), tail.stat.id);
        let file = self.open_at(&path, id).map_err(|error| error.kind())?;
        let Some(tail) = self.tails.get_mut(&number) else { return Ok(false) };
        let Some(file) = file else { return Ok(false) };
        tail.reader = Some(Reader::new(file, super::pattern::is_gzip(&path)));
        self.open.push_back(number);
        Ok(true)
    }

    /// Whether nothing waits for time to pass: every file is where it was found, read to its end, and all of it handed on.
    pub fn is_quiet(&self) -> bool {
        let is_quiet = |tail: &Tail| {
            let nothing_open = tail.holds() == 0 && !(tail.renamed && tail.is_unfinished());
            tail.place == Place::Found && !tail.has_unread() && tail.retry.is_none() && nothing_open
        };
        self.failed.is_empty() && self.undecided.is_empty() && self.tails.values().all(is_quiet)
    }

    /// Closes a file that can be opened again: best one that is read to its end.
    fn close_one(&mut self) -> bool {
        let found = |number: &u64| self.tails.get(number).is_some_and(|tail| tail.place == Place::Found);
        let idle = |number: &u64| found(number) && !self.tails[number].has_unread();
        let victim = self.open.iter().position(idle).or_else(|| self.open.iter().position(found));
        let Some(number) = victim.and_then(|index| self.open.remove(index)) else { return false };
        if let Some(tail) = self.tails.get_mut(&number) {
            tail.reader = None;
        }
        true
    }

    /// Closes a file; it is opened again when it is read.
    pub fn close(&mut self, number: u64) {
        self.open.retain(|open| *open != number);
        if let Some(tail) = self.tails.get_mut(&number) {
            tail.reader = None;
        }
    }

    /// After a turn: if all that is held open is too much, what this file holds is given up.
    pub fn bound_joins(&mut self, number: u64) {
        let Some(tail) = self.tails.get_mut(&number) else { return };
        let now = tail.joins().held();
        self.held = self.held + now - std::mem::replace(&mut tail.held, now);
        if self.held > limits::JOINED_HELD_BYTES_MAX {
            tail.joins().give_up();
            self.held -= std::mem::take(&mut tail.held);
        }
    }

    /// Whose turn it is.
    pub fn turn(&mut self) -> Option<u64> {
        for _ in 0..2 {
            while let Some(number) = self.turns.pop_front() {
                if self.tails.get(&number).is_some_and(|tail| self.is_ready(tail)) {
                    return Some(number);
                }
            }
            let ready = self.tails.values().filter(|tail| self.is_ready(tail));
            self.turns = ready.map(|tail| tail.number).collect();
        }
        None
    }

    /// Whether a file is to be read now: not while the one that had its path before is not read to its end.
    fn is_ready(&self, tail: &Tail) -> bool {
        let waits = || {
            let before = tail.after.and_then(|before| self.tails.get(&before));
            before.is_some_and(|before| before.has_unread() && before.retry.is_none())
        };
        tail.has_unread()
            && !tail.empty
            && tail.retry.is_none_or(|(until, _)| Instant::now() >= until)
            && !waits()
    }

    /// Takes note of a delivered stretch.
    pub fn ack(&mut self, position: &Position) {
        let (number, lane) = Progress::of(position);
        if let Some(tail) = self.tails.get_mut(&number) {
            tail.ack(lane, position);
        }
    }

    /// Files that are to be let go: their writers have left them.
    pub fn leaving(&self) -> Vec<u64> {
        let leaves = |tail: &&Tail| match tail.place {
            Place::Found => false,
            Place::Gone(since) => since.elapsed() >= self.pace.copy,
            Place::Lost(_) if tail.has_unread() => false,
            Place::Lost(since) => {
                let deleted = tail.stat.links == 0 || tail.reader.is_none();
                let silence = if deleted { self.pace.deleted } else { self.pace.rotated };
                let held_max = Duration::from_secs(limits::DELETED_HELD_SECONDS_MAX);
                tail.changed.elapsed().min(since.elapsed()) >= silence
                    || (deleted && since.elapsed() >= held_max)
            }
        };
        self.tails.values().filter(leaves).map(|tail| tail.number).collect()
    }

    /// Renamed files whose writers have left them, and compressed files that were read: their last line will not go on.
    pub fn ended(&self) -> Vec<u64> {
        let ended = |tail: &&Tail| {
            let over = tail.renamed || tail.is_unpacked();
            over && tail.is_unfinished()
                && tail.place == Place::Found
                && !tail.has_unread()
                && tail.changed.elapsed() >= self.pace.rotated
        };
        self.tails.values().filter(ended).map(|tail| tail.number).collect()
    }

    /// Lets a file go; its entry stays for a while, in case it comes back under another name or packed.
    pub fn release(&mut self, number: u64, shared: &Shared, now: i64) {
        let Some(mut tail) = self.tails.remove(&number) else { return };
        self.held -= tail.held;
        self.open.retain(|open| *open != number);
        self.by_path.retain(|_, at| *at != number);
        if self.by_id.get(&tail.stat.id) == Some(&number) {
            self.by_id.remove(&tail.stat.id);
        }
        self.entries.push(tail.entry(&shared.key, now).clone());
    }

    /// The checkpoint: all files, and those that may come back.
    pub fn checkpoint(&mut self, shared: &Shared, now: i64) -> Vec<Entry> {
        let kept = limits::ENTRY_KEPT_SECONDS;
        self.entries.retain(|entry| now.saturating_sub(entry.seen) <= kept);
        let excess = self.entries.len().saturating_sub(limits::ENTRIES_KEPT_MAX);
        if excess > 0 {
            self.entries.sort_by_key(|entry| entry.seen);
            self.entries.drain(..excess);
        }
        let files = self.tails.values_mut().map(|tail| tail.entry(&shared.key, now).clone());
        let mut files: Vec<Entry> = files.collect();
        files.extend_from_slice(&self.entries);
        files
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

/// Backs off.
pub(super) fn longer(wait: Duration) -> Duration {
    (wait * 2).min(Duration::from_secs(limits::RETRY_SECONDS_MAX))
}

fn is_out_of_files(error: &io::Error) -> bool {
    matches!(
        rustix::io::Errno::from_io_error(error),
        Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE)
    )
}
