//! The source at work: looks at all files every now and then, reads those that have more in turns, and writes checkpoints
//! of what is delivered. One thread; it never waits for a sink, because files must be looked after meanwhile.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::checkpoint::{Loaded, Store};
use super::print::Key;
use super::status::Status;
use super::table::{self, Table};
use super::tail::{Shared, Turn, TurnError};
use super::walk::Walk;
use super::watch::Watch;
use super::{Notice, OpenError, Pace, Settings};
use crate::limits;
use crate::metrics::SourceCounters;
use crate::pipeline::{Closed, Gate, Ready, Wake, Waker};
use crate::source::End;
use crate::source::joins::Framing;
use crate::source::lines::Lines;

/// A source of files. Made by [`open`](Files::open), used up by [`run`](Files::run).
pub struct Files {
    walk: Walk,
    watch: Watch,
    table: Table,
    shared: Shared,
    store: Store,
    pace: Pace,
    counters: Arc<SourceCounters>,
    status: Arc<Status>,
    damaged: Option<PathBuf>,
    due: Due,
}

/// When what is to be done next.
struct Due {
    look: Instant,
    /// Something came, went or was renamed, so the hints say.
    hinted: bool,
    /// Something was read or hinted at since the last look.
    active: bool,
    /// How many times the usual pause there is between two looks.
    factor: u32,
    looked: Instant,
    /// How long the last look took.
    look_took: Duration,
    hints_read: Instant,
    checkpoint: Instant,
    /// Positions have moved since the last checkpoint.
    moved: bool,
    /// Nothing was acknowledged before: the first time is written at once.
    first: bool,
    /// The last checkpoint failed, which was told.
    failing: bool,
}

impl Files {
    /// Makes a source ready: patterns compiled, data directory there, checkpoint read. No log file is touched yet.
    ///
    /// # Errors
    /// If the settings cannot work or the data directory cannot be used. A damaged checkpoint is no error.
    pub fn open(settings: Settings) -> Result<Files, OpenError> {
        let patterns = settings.patterns()?;
        let join = settings.join()?;
        let failed = |error| OpenError::DataDir { path: settings.data_dir.clone(), error };
        let mut store = Store::open(&settings.data_dir, &settings.name).map_err(failed)?;
        let key = Key::open(&settings.data_dir).map_err(failed)?;
        let Loaded { entries, damaged } = store.load();
        let open_max = settings.open_files_max.unwrap_or_else(half_of_all_files);
        let bytes_max = settings.line_bytes_max;
        let framing = Framing { container: settings.container, join, bytes_max };
        Ok(Files {
            walk: Walk::new(patterns),
            watch: Watch::new(),
            table: Table::new(entries, open_max, settings.read_from, settings.pace.clone()),
            shared: Shared { key, framing, lines: Lines::new(bytes_max) },
            store,
            pace: settings.pace,
            counters: Arc::default(),
            status: Arc::default(),
            damaged,
            due: Due::now(),
        })
    }

    /// With gauges that somebody looks at.
    pub fn counters(mut self, counters: Arc<SourceCounters>) -> Files {
        self.counters = counters;
        self
    }

    /// What may be asked while it runs.
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// Reads files into `gate` until a stop is asked for or the sinks are gone; then waits until what was handed on is
    /// settled, and writes the last checkpoint. `wake` and `waker` are two ends of one pipe.
    pub fn run(
        mut self,
        gate: &mut Gate,
        (wake, waker): (&Wake, Waker),
        notice: &mut dyn FnMut(Notice),
    ) -> End {
        gate.never_block(waker);
        let status = Arc::clone(&self.status);
        let notice: &mut dyn FnMut(Notice) = &mut |told| {
            if let Notice::Truncated(_) = told {
                status.truncated();
            }
            notice(told);
        };
        if let Some(path) = self.damaged.take() {
            notice(Notice::Damaged(path));
        }
        let end = loop {
            match self.step(gate, wake, notice) {
                Ok(None) => {}
                Ok(Some(end)) => break end,
                Err(Closed) => break End::OutputGone,
            }
        };
        let end = match self.drain(gate, wake, notice) {
            Ok(()) => end,
            Err(Closed) => End::OutputGone,
        };
        self.save(notice);
        end
    }

    /// One round: acknowledgements, a checkpoint or a look if they are due, one file's turn, and a wait if there is none.
    fn step(
        &mut self,
        gate: &mut Gate,
        wake: &Wake,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Option<End>, Closed> {
        self.acknowledge(gate, notice);
        let has_room = gate.has_room()?;
        if self.due.look() {
            self.look(gate, has_room, notice)?;
        }
        let turn = if has_room { self.table.turn() } else { None };
        match turn {
            Some(number) => self.turn(number, gate, notice)?,
            None if has_room => gate.flush()?,
            None => {}
        }
        let time = match (turn, has_room) {
            (Some(_), _) => Duration::ZERO,
            (None, true) => self.due.next(),
            (None, false) => self.due.next().min(Duration::from_millis(limits::ROOM_MS)),
        };
        match wake.wait_for(self.watch.descriptor(), time, true) {
            Ok(Ready::Stop) => return Ok(Some(End::Stopped)),
            Ok(Ready::OutputGone) => return Ok(Some(End::OutputGone)),
            Ok(Ready::Input) => self.hints(turn.is_none(), notice),
            Ok(Ready::Pause) => {}
            // A wait that fails is a short one.
            Err(_) => std::thread::sleep(Duration::from_millis(limits::HINT_MS_MIN)),
        }
        Ok(None)
    }

    /// Takes in what was delivered, and writes a checkpoint if one is due.
    fn acknowledge(&mut self, gate: &mut Gate, notice: &mut dyn FnMut(Notice)) {
        for position in gate.delivered() {
            self.table.ack(&position);
            if std::mem::take(&mut self.due.first) {
                self.due.checkpoint = Instant::now();
            }
            self.due.moved = true;
        }
        if self.due.moved && Instant::now() >= self.due.checkpoint {
            self.save(notice);
        }
    }

    fn save(&mut self, notice: &mut dyn FnMut(Notice)) {
        let files = self.table.checkpoint(&self.shared, now());
        match self.store.save(files) {
            Ok(()) => (self.due.moved, self.due.failing) = (false, false),
            Err(error) => {
                if !std::mem::replace(&mut self.due.failing, true) {
                    notice(Notice::Checkpoint(error));
                }
            }
        }
        self.due.checkpoint = Instant::now() + self.pace.checkpoint;
    }

    /// A look at all files.
    fn look(
        &mut self,
        gate: &mut Gate,
        has_room: bool,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<(), Closed> {
        let begin = Instant::now();
        let mut found = Vec::new();
        self.walk.look(&mut self.watch, &mut |path, stat| found.push((path.to_path_buf(), stat)));
        // A file with two names may be written where nobody watches.
        let told_of = self.watch.tells() && found.iter().all(|(_, stat)| stat.links == 1);
        if let Some(error) = self.watch.failed.take() {
            notice(Notice::Unwatched(error));
        }
        let files = self.table.tails.len();
        self.table.look(found, &mut self.shared, now(), notice);
        if has_room {
            self.let_go(gate)?;
        }
        self.due.moved |= self.table.tails.len() != files;
        self.gauges(has_room);
        let quiet = told_of && !self.due.active && self.table.is_quiet();
        self.due.looked_at(begin, self.pace.poll, quiet);
        Ok(())
    }

    /// Ends what will not go on: silent records, files that their writers have left.
    fn let_go(&mut self, gate: &mut Gate) -> Result<(), Closed> {
        for tail in self.table.tails.values_mut() {
            tail.expire(self.pace.record, gate)?;
        }
        let leaving = self.table.leaving();
        for number in self.table.ended().into_iter().chain(leaving.iter().copied()) {
            // What cannot be opened any more has no last line for us.
            let _ = self.table.open(number);
            if let Some(tail) = self.table.tails.get_mut(&number)
                && let Err(TurnError::Closed(closed)) = tail.finish(&mut self.shared, gate)
            {
                return Err(closed);
            }
        }
        for number in leaving {
            if self.table.tails.get(&number).is_some_and(|tail| tail.is_settled()) {
                self.table.release(number, &self.shared, now());
                self.due.moved = true;
            }
        }
        Ok(())
    }

    fn gauges(&self, has_room: bool) {
        let tails = || self.table.tails.values();
        let lagging = || tails().filter(|tail| tail.lag() > 0);
        let oldest = lagging().map(|tail| tail.moved.elapsed()).max().unwrap_or_default();
        let still = |since: Instant| since.elapsed() >= self.pace.stalled;
        let stalled = has_room && tails().any(|tail| tail.has_unread() && still(tail.moved));
        self.counters.lag_bytes.set(tails().map(|tail| tail.lag()).sum::<u64>() as i64);
        self.counters.oldest_unread_ms.set(oldest.as_millis() as i64);
        self.counters.open_files.set(self.table.open_files() as i64);
        self.status.looked(self.table.tails.len(), stalled, !self.due.moved);
    }

    /// One file's turn.
    fn turn(&mut self, number: u64, gate: &mut Gate, notice: &mut dyn FnMut(Notice)) -> Result<(), Closed> {
        self.due.woken(self.pace.poll);
        let opened = self.table.open(number);
        let Some(tail) = self.table.tails.get_mut(&number) else { return Ok(()) };
        let path = tail.path.clone();
        let error = match opened {
            // Something else is at its path; the next look tells.
            Ok(false) => {
                tail.retry = Some((Instant::now() + self.pace.poll, self.pace.poll));
                return Ok(());
            }
            Err(kind) => Some(io::Error::from(kind)),
            Ok(true) => {
                let mut hole = 0;
                let turn = tail.turn(&mut self.shared, gate, &mut hole);
                if hole > 0 {
                    self.status.skipped(hole);
                    notice(Notice::Hole(path.clone(), hole));
                }
                match turn {
                    Ok(Turn::End | Turn::More) => None,
                    Ok(Turn::Replaced) => {
                        self.table.truncated(number, &mut self.shared, now(), notice);
                        return Ok(());
                    }
                    Err(TurnError::Closed(closed)) => return Err(closed),
                    Err(TurnError::Read(error)) => Some(error),
                }
            }
        };
        let Some(error) = error else {
            tail.retry = None;
            self.table.bound_joins(number);
            return Ok(());
        };
        let wait = tail.retry.map_or(self.pace.poll, |(_, wait)| table::longer(wait));
        let told = tail.retry.replace((Instant::now() + wait, wait)).is_some();
        let failed = Notice::failed(path, error);
        if let Notice::Gzip(..) = failed {
            // Until it is written again.
            tail.give_up();
        }
        if !told {
            notice(failed);
        }
        // A handle that went stale (NFS) is of no use; what is there now is opened anew.
        self.table.close(number);
        Ok(())
    }

    /// Takes in what the system says has changed. A source that waits for hints reacts to them not too often.
    fn hints(&mut self, idle: bool, notice: &mut dyn FnMut(Notice)) {
        let pause = Duration::from_millis(limits::HINT_MS_MIN);
        let since = self.due.hints_read.elapsed();
        if idle && since < pause {
            std::thread::sleep(pause - since);
        }
        let hints = self.watch.hints();
        self.due.woken(self.pace.poll);
        self.due.hints_read = Instant::now();
        self.due.hinted |= hints.all;
        for path in hints.written {
            if !self.table.look_at(&path, &mut self.shared, now(), notice) {
                self.due.hinted = true;
            }
        }
    }

    /// Waits until everything handed on is settled. Sinks that are told to give up let go of it.
    fn drain(&mut self, gate: &mut Gate, wake: &Wake, notice: &mut dyn FnMut(Notice)) -> Result<(), Closed> {
        let result = gate.flush().and_then(|()| {
            while !gate.has_room()? {
                self.acknowledge(gate, notice);
                // Ends early when a batch is settled.
                let _ = wake.wait_for(None, Duration::from_millis(limits::ROOM_MS), false);
            }
            Ok(())
        });
        gate.let_go();
        while gate.in_flight() > 0 {
            self.acknowledge(gate, notice);
            // The sinks' end is one of the things that end a wait, and they end now.
            std::thread::sleep(Duration::from_millis(1));
        }
        self.acknowledge(gate, notice);
        result
    }
}

impl Due {
    fn now() -> Due {
        let now = Instant::now();
        Due {
            look: now,
            hinted: false,
            active: true,
            factor: 1,
            looked: now,
            look_took: Duration::ZERO,
            hints_read: now,
            checkpoint: now,
            moved: false,
            first: true,
            failing: false,
        }
    }

    fn look(&self) -> bool {
        Instant::now() >= self.next_look()
    }

    /// Hints bring a look forward, but not so far that looking is all there is time for.
    fn next_look(&self) -> Instant {
        let pause = Duration::from_millis(limits::HINTED_LOOK_MS_MIN).max(self.look_took * 4);
        if self.hinted { self.look.min(self.looked + pause) } else { self.look }
    }

    /// With `quiet`, nothing has changed and changes are hinted at: the next look may be later than usual.
    fn looked_at(&mut self, begin: Instant, poll: Duration, quiet: bool) {
        self.looked = Instant::now();
        self.look_took = self.looked - begin;
        self.hinted = false;
        self.active = false;
        self.factor = if quiet { (self.factor * 2).min(limits::POLL_QUIET_FACTOR_MAX) } else { 1 };
        self.look = begin + poll * self.factor;
    }

    /// Something has changed: looks are as frequent as usual again.
    fn woken(&mut self, poll: Duration) {
        self.active = true;
        self.look = self.look.min(self.looked + poll);
    }

    /// How long there is nothing to do.
    fn next(&self) -> Duration {
        let next = self.next_look();
        let next = if self.moved { next.min(self.checkpoint) } else { next };
        next.saturating_duration_since(Instant::now())
    }
}

fn half_of_all_files() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    usize::try_from(limit.unwrap_or(limits::OPEN_FILES_MAX) / 2)
        .map_or(1, |half| half.min(limits::OPEN_FILES_MAX as usize))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
