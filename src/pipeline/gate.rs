//! The one way from raw to redacted.

mod request;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::batch::{Ack, Back, Batch, Content, Reply, Settled};
use super::{Outlet, Position, Waker, position, seen};
use crate::engine::policy::{Action, PolicyId};
use crate::engine::redact::{Outcome, Redacted, Redactor, Withheld};
use crate::limits;
use crate::metrics::{Counter, Redactions, SourceCounters};
pub use request::OtlpRequest;

/// Redacts what one source read and hands it to the sinks in batches. When their queues are full it blocks, or lets the
/// source know: nothing is dropped unless a sink was configured to.
pub struct Gate {
    redactor: Redactor,
    at_border: Box<AtBorder>,
    sinks: Vec<Outlet>,
    /// What some sink's queue had no room for yet, oldest first.
    outbox: VecDeque<(Arc<Batch>, Arc<Ack>)>,
    /// For each sink, how many of the outbox it has.
    sent: Vec<usize>,
    size: BatchSize,
    open: Redacted<Vec<u8>>,
    /// Where the records of `open` came from.
    positions: Vec<Position>,
    /// Records in `open`.
    records: u64,
    /// When the first record of `open` came.
    since: Instant,
    totals: Totals,
    tally: Tally,
    /// Batches handed over and not settled yet.
    in_flight: u64,
    back: Back,
    replies: Receiver<Reply>,
    spares: Vec<Redacted<Vec<u8>>>,
    /// Delivered stretches that the source has not asked for yet.
    delivered: Vec<Position>,
    /// The same of what no required sink will deliver any more.
    lost: Vec<Position>,
    /// Of the next batch: what tells the gates of all runs apart, and a running number.
    identity: (u64, u64),
}

/// When a batch is sent on.
#[derive(Clone, Copy, Debug)]
pub struct BatchSize {
    /// As soon as its output has this many bytes.
    pub bytes_max: usize,
    /// As soon as its oldest record is this old, though the input never pauses.
    pub age_max: Duration,
}

impl Default for BatchSize {
    fn default() -> BatchSize {
        BatchSize {
            bytes_max: limits::BATCH_BYTES_MAX,
            age_max: Duration::from_millis(limits::BATCH_AGE_MS_MAX),
        }
    }
}

/// Where a gate's counts go.
struct Tally {
    source: Arc<SourceCounters>,
    redactions: Arc<Redactions>,
    policy: PolicyId,
    /// Of each rule of the policy.
    rules: Vec<Arc<Counter>>,
    /// What is counted already.
    told: Vec<u64>,
    told_withheld: [u64; Withheld::ALL.len()],
}

/// Called between two batches, with the redactor of both: the only time at which policy or keys may change.
pub type AtBorder = dyn FnMut(&mut Redactor) + Send;

/// A piece of a source's input. Its `Debug` shows lengths only.
pub enum Raw<'a> {
    /// Whole lines, each ending in a newline except perhaps the very last of the input; none over the line limit.
    Lines(&'a [u8]),
    /// One record, which may have newlines inside. A newline is put behind it.
    Record {
        /// What a container runtime wrote before it, redacted as a text of its own.
        before: &'a [u8],
        /// The record, without a newline at its end.
        text: &'a [u8],
        /// How many bytes were read for it.
        bytes_read: u64,
    },
    /// A line or record over its limit, of which nothing was kept.
    Overlong {
        /// Which limit.
        why: Withheld,
        /// What a container runtime wrote before it, redacted as a text of its own.
        before: &'a [u8],
        /// Its first byte that is not white space, if there was one: tells JSON from text.
        first: Option<u8>,
        /// Its length, without the ending.
        bytes: u64,
        /// `\n`, `\r\n`, or nothing at the end of the input.
        ending: &'static [u8],
    },
}

/// What went through a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Lines.
    pub records: u64,
    /// Bytes read, newlines included.
    pub bytes_in: u64,
    /// Bytes handed to the sinks.
    pub bytes_out: u64,
    /// Replaced spans.
    pub spans: u64,
    /// Records that were replaced whole because they could not be handled.
    pub withheld: u64,
    /// Records that some sink did not take.
    pub undelivered: u64,
}

/// A sink is gone; it knows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sink is closed")]
pub struct Closed;

impl Gate {
    /// A gate in front of `sinks`.
    pub fn new(redactor: Redactor, at_border: Box<AtBorder>, sinks: Vec<Outlet>) -> Gate {
        let (reply, replies) = channel();
        let tally = Tally::new(Arc::default(), Arc::default(), &redactor);
        Gate {
            redactor,
            at_border,
            outbox: VecDeque::new(),
            sent: vec![0; sinks.len()],
            sinks,
            size: BatchSize::default(),
            positions: Vec::new(),
            open: buffer(BatchSize::default()),
            records: 0,
            since: Instant::now(),
            totals: Totals::default(),
            tally,
            in_flight: 0,
            back: Back { reply, nudge: None },
            replies,
            spares: Vec::new(),
            delivered: Vec::new(),
            lost: Vec::new(),
            identity: (0, 0),
        }
    }

    /// With other bounds for its batches.
    pub fn batches(mut self, size: BatchSize) -> Gate {
        self.size = size;
        self
    }

    /// With batches that are told apart from those of every gate with another number.
    pub fn number(mut self, number: u64) -> Gate {
        self.identity.0 = number;
        self
    }

    /// With counters that somebody looks at.
    pub fn counters(mut self, source: Arc<SourceCounters>, redactions: Arc<Redactions>) -> Gate {
        self.tally = Tally::new(source, redactions, &self.redactor);
        self
    }

    /// From now on nothing here waits for a sink. A source that has other things to do while its sinks do not accept asks
    /// [`has_room`](Gate::has_room) before it reads; `source` is nudged when a batch of this gate is settled.
    pub fn never_block(&mut self, source: Waker) {
        self.back.nudge = Some(source);
    }

    /// Whether all that was flushed is in the queues of the sinks.
    pub fn has_room(&mut self) -> Result<bool, Closed> {
        self.push()?;
        Ok(self.outbox.is_empty())
    }

    /// The stretches that were delivered since the last call, each batch's in the order they came.
    pub fn delivered(&mut self) -> Vec<Position> {
        self.hear();
        std::mem::take(&mut self.delivered)
    }

    /// The stretches that were given up since the last call, because a required sink is gone.
    pub fn lost(&mut self) -> Vec<Position> {
        self.hear();
        std::mem::take(&mut self.lost)
    }

    /// Batches that are neither delivered nor given up.
    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Redacts a piece as [`take`](Gate::take) does, and remembers where it came from.
    pub fn take_from(&mut self, raw: Raw<'_>, from: Position) -> Result<(), Closed> {
        position::add(&mut self.positions, from);
        self.take(raw)
    }

    /// Redacts a piece into the open batch, which is sent on when it is full.
    pub fn take(&mut self, raw: Raw<'_>) -> Result<(), Closed> {
        if self.open.is_empty() {
            (self.at_border)(&mut self.redactor);
            self.tally.follow(&self.redactor);
            self.since = Instant::now();
        }
        let before = self.totals.bytes_in;
        let outcome = match raw {
            Raw::Lines(lines) => {
                self.totals.bytes_in += lines.len() as u64;
                self.redactor.redact(lines, &mut self.open)
            }
            Raw::Record { before, text, bytes_read } => {
                self.totals.bytes_in += bytes_read;
                self.pass(before);
                let outcome = self.redactor.redact_line(text, &mut self.open);
                self.pass(b"\n");
                outcome
            }
            Raw::Overlong { why, before, first, bytes, ending } => {
                self.totals.bytes_in += (before.len() + ending.len()) as u64 + bytes;
                self.pass(before);
                let outcome = self.redactor.withhold(why, first, bytes, &mut self.open);
                self.pass(ending);
                outcome
            }
        };
        self.count(outcome);
        self.tally.source.bytes.add(self.totals.bytes_in - before);
        self.tally.source.records.add(outcome.records);
        if self.open.len() >= self.size.bytes_max { self.flush() } else { Ok(()) }
    }

    /// Sends the open batch on if it has waited long enough. Called after every read: an input that never pauses, or one
    /// endless line, must not hold up the lines before.
    pub fn flush_aged(&mut self) -> Result<(), Closed> {
        if self.open.is_empty() || self.since.elapsed() < self.size.age_max { Ok(()) } else { self.flush() }
    }

    /// Sends the open batch on. Called when the input pauses, so that no line waits for the next.
    pub fn flush(&mut self) -> Result<(), Closed> {
        if self.open.is_empty() {
            return Ok(());
        }
        let made = self.tally.add(&self.redactor);
        seen::note(&self.tally.source, self.redactor.ring(), self.open.as_bytes(), made);
        let next = self.spare();
        let mut full = std::mem::replace(&mut self.open, next);
        if full.len() < full.capacity() / 2 && self.sinks.iter().any(Outlet::is_behind) {
            // The bound of a queue is on what batches hold: those that wait must not take more memory than that.
            full.shrink_to_fit();
        }
        self.totals.bytes_out += full.len() as u64;
        let records = std::mem::take(&mut self.records);
        let mut identity = [0; 16];
        identity[..8].copy_from_slice(&self.identity.0.to_be_bytes());
        identity[8..].copy_from_slice(&self.identity.1.to_be_bytes());
        self.identity.1 += 1;
        let positions = std::mem::take(&mut self.positions);
        self.hand_over(Content::Lines, full, records, identity, positions)
    }

    /// Hands a batch to the sinks, as far as they have room.
    fn hand_over(
        &mut self,
        content: Content,
        bytes: Redacted<Vec<u8>>,
        records: u64,
        identity: [u8; 16],
        positions: Vec<Position>,
    ) -> Result<(), Closed> {
        let policy = self.redactor.policy().id;
        let batch = Batch::new(content, bytes, records, policy, identity, self.back.clone());
        let required = self.sinks.iter().filter(|sink| sink.is_required()).count();
        let ack = Ack::new(required, records, positions, self.since, self.back.clone());
        self.in_flight += 1;
        self.outbox.push_back((batch, ack));
        self.push()
    }

    /// Gives each sink what it does not have yet, in order.
    fn push(&mut self) -> Result<(), Closed> {
        let now = self.back.nudge.is_some();
        for (sink, sent) in self.sinks.iter().zip(&mut self.sent) {
            while let Some((batch, ack)) = self.outbox.get(*sent)
                && sink.send(batch, ack, now)?
            {
                *sent += 1;
            }
        }
        let everywhere = self.sent.iter().copied().min().unwrap_or(self.outbox.len());
        self.outbox.drain(..everywhere);
        self.sent.iter_mut().for_each(|sent| *sent -= everywhere);
        Ok(())
    }

    /// Replaced spans so far, per rule of the policy.
    pub fn counts(&self) -> &[u64] {
        self.redactor.counts()
    }

    /// Lets go of the sinks, which end when they have nothing more to do. What is open or has found no room stays unsent:
    /// call [`flush`](Gate::flush) before, unless the sinks are gone.
    pub fn let_go(&mut self) {
        self.sinks.clear();
        self.sent.clear();
        self.outbox.clear();
    }

    /// Lets go of the sinks and waits until they have settled every batch.
    pub fn close(mut self) -> Totals {
        self.let_go();
        self.totals.undelivered += self.records;
        while self.in_flight > 0 {
            match self.replies.recv() {
                Ok(Reply::Settled(settled)) => self.settle(settled),
                Ok(Reply::Spare(_)) => {}
                Err(_) => break,
            }
        }
        self.totals
    }

    /// Writes what belongs to a record and is none itself. Only the engine can write to the batch.
    fn pass(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.totals.spans += self.redactor.redact(bytes, &mut self.open).spans;
        }
    }

    fn count(&mut self, outcome: Outcome) {
        self.records += outcome.records;
        self.totals.records += outcome.records;
        self.totals.spans += outcome.spans;
        self.totals.withheld += outcome.withheld;
    }

    /// Takes in what came back.
    fn hear(&mut self) {
        while let Ok(reply) = self.replies.try_recv() {
            match reply {
                Reply::Settled(settled) => self.settle(settled),
                Reply::Spare(spare) if self.spares.len() < limits::BATCHES_SPARE_MAX => {
                    self.spares.push(spare);
                }
                Reply::Spare(_) => {}
            }
        }
    }

    /// An empty buffer: one that came back, else a new one. Their number is bounded by the queues.
    fn spare(&mut self) -> Redacted<Vec<u8>> {
        self.hear();
        // One that was shrunk while it waited would grow again in steps.
        self.spares.retain(|spare| spare.capacity() >= self.size.bytes_max);
        self.spares.pop().unwrap_or_else(|| buffer(self.size))
    }

    fn settle(&mut self, settled: Settled) {
        self.in_flight -= 1;
        if settled.delivered {
            self.tally.source.settled_after.observe(settled.since.elapsed(), settled.records);
            self.delivered.extend(settled.positions);
        } else {
            self.totals.undelivered += settled.records;
            self.lost.extend(settled.positions);
        }
    }
}

impl Tally {
    fn new(source: Arc<SourceCounters>, redactions: Arc<Redactions>, redactor: &Redactor) -> Tally {
        let policy = redactor.policy();
        let rules =
            policy.rules.iter().map(|rule| redactions.of(&rule.qualified, rule.action.name())).collect();
        Tally {
            policy: policy.id,
            rules,
            source,
            redactions,
            told: redactor.counts().to_vec(),
            told_withheld: *redactor.withheld(),
        }
    }

    /// Finds the counters of another policy, whose counts begin at nothing.
    fn follow(&mut self, redactor: &Redactor) {
        if redactor.policy().id != self.policy {
            *self = Tally::new(Arc::clone(&self.source), Arc::clone(&self.redactions), redactor);
        }
    }

    /// Adds what the redactor has counted since the last time; answers how many correlation IDs are among it.
    fn add(&mut self, redactor: &Redactor) -> u64 {
        let mut made = 0;
        let rules = redactor.policy().rules.iter().zip(&self.rules);
        for (((rule, counter), told), &now) in rules.zip(&mut self.told).zip(redactor.counts()) {
            if now != *told {
                counter.add(now - *told);
                made += if rule.action == Action::Correlate { now - *told } else { 0 };
                *told = now;
            }
        }
        for ((why, told), &now) in Withheld::ALL.iter().zip(&mut self.told_withheld).zip(redactor.withheld())
        {
            self.source.withheld.add(why.name(), now - *told);
            *told = now;
        }
        made
    }
}

fn buffer(size: BatchSize) -> Redacted<Vec<u8>> {
    Redacted::with_capacity(size.bytes_max + limits::READ_BYTES)
}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Raw::Lines(lines) => write!(f, "Lines({} bytes)", lines.len()),
            Raw::Record { before, text, .. } => write!(f, "Record({} bytes)", before.len() + text.len()),
            Raw::Overlong { bytes, .. } => write!(f, "Overlong({bytes} bytes)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::correlate::Keyring;
    use crate::engine::policy::{LayerSource, Policy};
    use crate::pipeline::{Deliveries, Feed, Ready, Wake, WhenFull, queue};

    /// A gate in front of one sink.
    fn gate() -> (Gate, Deliveries) {
        let (outlet, batches) = queue(feed(true));
        (gate_before(vec![outlet]), batches)
    }

    fn feed(required: bool) -> Feed {
        let queue_bytes_max = limits::PIPE_QUEUE_BYTES;
        Feed { queue_bytes_max, when_full: WhenFull::Block, required, counters: Arc::default() }
    }

    fn gate_before(sinks: Vec<Outlet>) -> Gate {
        let text = "{version: 1, extends: [], rules: [{id: pin, in: pin, do: mask}]}";
        let policy = Policy::compile(&[LayerSource::new("test", text)]).unwrap();
        let redactor = Redactor::new(Arc::new(policy), Arc::new(Keyring::ephemeral(&[7; 64])));
        Gate::new(redactor, Box::new(|_| {}), sinks)
    }

    #[test]
    fn a_batch_is_sent_when_flushed_when_full_and_when_old() {
        let (mut gate, batches) = gate();
        gate.take(Raw::Lines(b"{\"pin\":1234}\n")).unwrap();
        gate.flush_aged().unwrap();
        assert!(batches.next().is_none());
        gate.flush().unwrap();
        assert_eq!(batches.next().unwrap().bytes(), b"{\"pin\":\"[redacted:pin]\"}\n");

        gate.take(Raw::Lines(b"old\n")).unwrap();
        std::thread::sleep(Duration::from_millis(limits::BATCH_AGE_MS_MAX + 10));
        gate.flush_aged().unwrap();
        assert_eq!(batches.next().unwrap().bytes(), b"old\n");

        gate.take(Raw::Lines(&b"line\n".repeat(limits::BATCH_BYTES_MAX / 5 + 1))).unwrap();
        assert!(batches.next().is_some());
    }

    #[test]
    fn invariant_11_a_reused_buffer_never_shows_an_earlier_record() {
        let (mut gate, batches) = gate();
        for line in [&b"a long line that was here before\n"[..], b"short\n", b"\n"] {
            gate.take(Raw::Lines(line)).unwrap();
            gate.flush().unwrap();
            let batch = batches.next().unwrap();
            assert_eq!(batch.bytes(), line);
            batch.confirm();
        }
        drop(batches);
        assert_eq!(gate.close().undelivered, 0);
    }

    #[test]
    fn what_no_sink_confirmed_is_counted_as_not_delivered() {
        let (mut gate, batches) = gate();
        for _ in 0..3 {
            gate.take(Raw::Lines(b"one\ntwo\n")).unwrap();
            gate.flush().unwrap();
        }
        batches.next().unwrap().confirm();
        drop(batches);
        assert_eq!(gate.take(Raw::Lines(b"late\n")).and_then(|()| gate.flush()), Err(Closed));
        let totals = gate.close();
        assert_eq!((totals.records, totals.undelivered), (7, 5));
    }

    #[test]
    fn invariant_9_policy_and_keys_change_between_batches_only() {
        let (mut gate, batches) = gate();
        let (calls, called) = channel();
        gate.at_border = Box::new(move |_| calls.send(()).unwrap());
        for lines in [1, 3] {
            for _ in 0..lines {
                gate.take(Raw::Lines(b"line\n")).unwrap();
            }
            gate.flush().unwrap();
        }
        assert_eq!((called.try_iter().count(), batches.drain().len()), (2, 2));
    }

    #[test]
    fn an_acknowledgement_waits_for_all_required_sinks_and_for_no_other() {
        let ((one, first), (two, second), (three, optional)) =
            (queue(feed(true)), queue(feed(true)), queue(feed(false)));
        let mut gate = gate_before(vec![one, two, three]);
        let send = |gate: &mut Gate| {
            gate.take(Raw::Lines(b"line\n")).and_then(|()| gate.flush()).unwrap();
            gate.hear();
            gate.in_flight
        };
        assert_eq!(send(&mut gate), 1);
        first.next().unwrap().confirm();
        assert_eq!(send(&mut gate), 2, "the second sink has confirmed nothing");
        second.next().unwrap().confirm();
        assert_eq!(send(&mut gate), 2, "of three, the first is settled though the optional sink holds it");
        drop(optional);
        first.drain().into_iter().chain(second.drain()).for_each(|delivery| delivery.confirm());
        assert_eq!(send(&mut gate), 1, "an optional sink that is gone stops nobody");
        drop((first, second));
        assert_eq!(gate.close().undelivered, 1);
    }

    #[test]
    fn a_full_queue_blocks_or_drops_as_configured() {
        let dropping = Feed { queue_bytes_max: 10, when_full: WhenFull::DropNewest, ..feed(true) };
        let counters = Arc::clone(&dropping.counters);
        let (outlet, batches) = queue(dropping);
        let mut gate = gate_before(vec![outlet]);
        for _ in 0..3 {
            gate.take(Raw::Lines(b"123456\n")).and_then(|()| gate.flush()).unwrap();
        }
        assert_eq!(counters.dropped.values(), [("queue_full", 2)].into());
        batches.next().unwrap().confirm();
        drop(batches);
        assert_eq!(gate.close().undelivered, 0, "what was dropped on purpose is settled");

        let (outlet, batches) = queue(Feed { queue_bytes_max: 10, ..feed(true) });
        let mut gate = gate_before(vec![outlet]);
        let source = std::thread::spawn(move || {
            for _ in 0..3 {
                gate.take(Raw::Lines(b"123456\n")).and_then(|()| gate.flush()).unwrap();
            }
            gate.close().undelivered
        });
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(30));
            assert_eq!(batches.wait(None), crate::pipeline::Waited::Batches);
            let batch = batches.next().unwrap();
            assert!(batches.next().is_none(), "a second one waits beyond the bound");
            batch.confirm();
        }
        assert_eq!(source.join().unwrap(), 0);
    }

    #[test]
    fn a_gate_that_never_blocks_keeps_what_has_no_room_and_its_order() {
        let (outlet, batches) = queue(Feed { queue_bytes_max: 5, ..feed(true) });
        let mut gate = gate_before(vec![outlet]);
        let (wake, waker) = Wake::new(None, Arc::default()).unwrap();
        gate.never_block(waker);
        let stretch = |start| Position { stream: 7, start, end: start + 5 };
        for start in [0, 5, 10] {
            gate.take_from(Raw::Lines(b"line\n"), stretch(start)).unwrap();
            gate.flush().unwrap();
        }
        for (had, has) in [(false, false), (false, true), (true, true)] {
            assert_eq!(gate.has_room().unwrap(), had);
            batches.next().unwrap().confirm();
            assert_eq!(wake.wait_for(None, Duration::from_secs(9), true).unwrap(), Ready::Pause);
            assert_eq!(gate.has_room().unwrap(), has);
        }
        assert_eq!(gate.delivered(), [0, 5, 10].map(stretch));
        assert_eq!(gate.in_flight(), 0);
    }

    #[test]
    fn what_was_not_delivered_never_comes_back_as_a_position() {
        let (mut gate, batches) = gate();
        let stretch = |start| Position { stream: 1, start, end: start + 5 };
        for start in [0, 5] {
            gate.take_from(Raw::Lines(b"line\n"), stretch(start)).unwrap();
            gate.flush().unwrap();
        }
        drop(batches.next().unwrap());
        batches.next().unwrap().confirm();
        assert_eq!(gate.delivered(), [stretch(5)]);
    }

    #[test]
    fn a_record_keeps_its_newlines_and_its_wrapper() {
        let (mut gate, batches) = gate();
        let before = b"2026-11-24T17:00:00.123456789Z stdout F ";
        gate.take(Raw::Record { before, text: b"a\nb", bytes_read: 44 }).unwrap();
        let why = Withheld::JoinedTooLong;
        gate.take(Raw::Overlong { why, before, first: Some(b'{'), bytes: 9, ending: b"\n" }).unwrap();
        gate.flush().unwrap();
        let batch = batches.next().unwrap();
        let expected = "2026-11-24T17:00:00.123456789Z stdout F a\nb\n2026-11-24T17:00:00.123456789Z stdout F \
                        {\"redactd\":{\"withheld\":\"joined_too_long\",\"bytes\":9}}\n";
        assert_eq!(String::from_utf8_lossy(batch.bytes()), expected);
        assert_eq!(batch.records(), 2);
    }

    #[test]
    fn debug_of_raw_input_shows_lengths_only() {
        let raw = [
            Raw::Lines(b"secret"),
            Raw::Record { before: b"se", text: b"cret", bytes_read: 6 },
            Raw::Overlong {
                why: Withheld::LineTooLong,
                before: b"",
                first: Some(b's'),
                bytes: 9,
                ending: b"",
            },
        ];
        assert_eq!(format!("{raw:?}"), "[Lines(6 bytes), Record(6 bytes), Overlong(9 bytes)]");
    }
}
