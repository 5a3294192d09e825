//! The one way from raw to redacted.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel};
use std::time::{Duration, Instant};

use super::{Batch, Settled};
use crate::engine::redact::{Outcome, Redacted, Redactor, Withheld};
use crate::limits;

/// Redacts what one source read and hands it to the sinks in batches. Blocks when their queues are full, and so stops
/// the source: nothing is dropped.
pub struct Gate {
    redactor: Redactor,
    at_border: Box<AtBorder>,
    sinks: Vec<SyncSender<Arc<Batch>>>,
    open: Redacted<Vec<u8>>,
    /// Records in `open`.
    records: u64,
    /// When the first record of `open` came.
    since: Instant,
    totals: Totals,
    /// Batches handed over and not settled yet.
    in_flight: u64,
    reply: Sender<Settled>,
    settled: Receiver<Settled>,
}

/// Called between two batches, with the redactor of both: the only time at which policy or keys may change.
pub type AtBorder = dyn FnMut(&mut Redactor) + Send;

/// A piece of a source's input. Its `Debug` shows lengths only.
pub enum Raw<'a> {
    /// Whole lines, each ending in a newline except perhaps the very last of the input; none over the line limit.
    Lines(&'a [u8]),
    /// A line over the limit, of which nothing was kept.
    Overlong {
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
    /// A gate in front of `sinks`, all of them required.
    pub fn new(redactor: Redactor, at_border: Box<AtBorder>, sinks: Vec<SyncSender<Arc<Batch>>>) -> Gate {
        let (reply, settled) = channel();
        Gate {
            redactor,
            at_border,
            sinks,
            open: Redacted::with_capacity(limits::BATCH_BYTES_MAX + limits::READ_BYTES),
            records: 0,
            since: Instant::now(),
            totals: Totals::default(),
            in_flight: 0,
            reply,
            settled,
        }
    }

    /// Redacts a piece into the open batch, which is sent on when it is full.
    pub fn take(&mut self, raw: Raw<'_>) -> Result<(), Closed> {
        if self.open.is_empty() {
            (self.at_border)(&mut self.redactor);
            self.since = Instant::now();
        }
        let outcome = match raw {
            Raw::Lines(lines) => {
                self.totals.bytes_in += lines.len() as u64;
                self.redactor.redact(lines, &mut self.open)
            }
            Raw::Overlong { first, bytes, ending } => {
                self.totals.bytes_in += bytes + ending.len() as u64;
                let outcome = self.redactor.withhold(Withheld::LineTooLong, first, bytes, &mut self.open);
                if !ending.is_empty() {
                    // Only the engine can write to the batch: the ending passes through as an empty line.
                    self.redactor.redact(ending, &mut self.open);
                }
                outcome
            }
        };
        self.count(outcome);
        if self.open.len() >= limits::BATCH_BYTES_MAX { self.flush() } else { Ok(()) }
    }

    /// Sends the open batch on if it has waited long enough. Called after every read: an input that never pauses, or one
    /// endless line, must not hold up the lines before.
    pub fn flush_aged(&mut self) -> Result<(), Closed> {
        let age = Duration::from_millis(limits::BATCH_AGE_MS_MAX);
        if self.open.is_empty() || self.since.elapsed() < age { Ok(()) } else { self.flush() }
    }

    /// Sends the open batch on. Called when the input pauses, so that no line waits for the next.
    pub fn flush(&mut self) -> Result<(), Closed> {
        if self.open.is_empty() {
            return Ok(());
        }
        let next = self.spare();
        let full = std::mem::replace(&mut self.open, next);
        self.totals.bytes_out += full.len() as u64;
        let records = std::mem::take(&mut self.records);
        let batch = Arc::new(Batch::new(
            full,
            records,
            self.redactor.policy().id,
            self.sinks.len(),
            self.reply.clone(),
        ));
        self.in_flight += 1;
        for sink in &self.sinks {
            sink.send(Arc::clone(&batch)).map_err(|_| Closed)?;
        }
        Ok(())
    }

    /// Replaced spans so far, per rule of the policy.
    pub fn counts(&self) -> &[u64] {
        self.redactor.counts()
    }

    /// Lets go of the sinks and waits until they have settled every batch. What is still open stays unsent: call
    /// [`flush`](Gate::flush) before, unless the sinks are gone.
    pub fn close(mut self) -> Totals {
        self.sinks.clear();
        self.totals.undelivered += self.records;
        while self.in_flight > 0 {
            match self.settled.recv() {
                Ok(settled) => {
                    self.settle(&settled);
                }
                Err(_) => break,
            }
        }
        self.totals
    }

    fn count(&mut self, outcome: Outcome) {
        self.records += outcome.records;
        self.totals.records += outcome.records;
        self.totals.spans += outcome.spans;
        self.totals.withheld += outcome.withheld;
    }

    /// An empty buffer: one that came back, else a new one. Their number is bounded by the queues.
    fn spare(&mut self) -> Redacted<Vec<u8>> {
        match self.settled.try_recv() {
            Ok(settled) => {
                self.settle(&settled);
                settled.spare
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                Redacted::with_capacity(limits::BATCH_BYTES_MAX + limits::READ_BYTES)
            }
        }
    }

    fn settle(&mut self, settled: &Settled) {
        self.in_flight -= 1;
        if !settled.delivered {
            self.totals.undelivered += settled.records;
        }
    }
}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Raw::Lines(lines) => write!(f, "Lines({} bytes)", lines.len()),
            Raw::Overlong { bytes, .. } => write!(f, "Overlong({bytes} bytes)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::correlate::Keyring;
    use crate::engine::policy::{LayerSource, Policy};
    use std::sync::mpsc::sync_channel;

    fn gate(queue: usize) -> (Gate, Receiver<Arc<Batch>>) {
        let text = "{version: 1, extends: [], rules: [{id: pin, in: pin, do: mask}]}";
        let policy = Policy::compile(&[LayerSource::new("test", text)]).unwrap();
        let redactor = Redactor::new(Arc::new(policy), Arc::new(Keyring::ephemeral(&[7; 64])));
        let (sink, batches) = sync_channel(queue);
        (Gate::new(redactor, Box::new(|_| {}), vec![sink]), batches)
    }

    #[test]
    fn a_batch_is_sent_when_flushed_when_full_and_when_old() {
        let (mut gate, batches) = gate(8);
        gate.take(Raw::Lines(b"{\"pin\":1234}\n")).unwrap();
        gate.flush_aged().unwrap();
        assert!(batches.try_recv().is_err());
        gate.flush().unwrap();
        assert_eq!(batches.try_recv().unwrap().bytes(), b"{\"pin\":\"[redacted:pin]\"}\n");

        gate.take(Raw::Lines(b"old\n")).unwrap();
        std::thread::sleep(Duration::from_millis(limits::BATCH_AGE_MS_MAX + 10));
        gate.flush_aged().unwrap();
        assert_eq!(batches.try_recv().unwrap().bytes(), b"old\n");

        gate.take(Raw::Lines(&b"line\n".repeat(limits::BATCH_BYTES_MAX / 5 + 1))).unwrap();
        assert!(batches.try_recv().is_ok());
    }

    #[test]
    fn invariant_11_a_reused_buffer_never_shows_an_earlier_record() {
        let (mut gate, batches) = gate(1);
        for line in [&b"a long line that was here before\n"[..], b"short\n", b"\n"] {
            gate.take(Raw::Lines(line)).unwrap();
            gate.flush().unwrap();
            let batch = batches.recv().unwrap();
            assert_eq!(batch.bytes(), line);
            batch.confirm();
        }
        drop(batches);
        assert_eq!(gate.close().undelivered, 0);
    }

    #[test]
    fn what_no_sink_confirmed_is_counted_as_not_delivered() {
        let (mut gate, batches) = gate(8);
        for _ in 0..3 {
            gate.take(Raw::Lines(b"one\ntwo\n")).unwrap();
            gate.flush().unwrap();
        }
        batches.recv().unwrap().confirm();
        drop(batches);
        assert_eq!(gate.take(Raw::Lines(b"late\n")).and_then(|()| gate.flush()), Err(Closed));
        let totals = gate.close();
        assert_eq!((totals.records, totals.undelivered), (7, 5));
    }

    #[test]
    fn invariant_9_policy_and_keys_change_between_batches_only() {
        let (mut gate, batches) = gate(8);
        let (calls, called) = channel();
        gate.at_border = Box::new(move |_| calls.send(()).unwrap());
        for lines in [1, 3] {
            for _ in 0..lines {
                gate.take(Raw::Lines(b"line\n")).unwrap();
            }
            gate.flush().unwrap();
        }
        assert_eq!((called.try_iter().count(), batches.try_iter().count()), (2, 2));
    }

    #[test]
    fn debug_of_raw_input_shows_lengths_only() {
        let raw = [Raw::Lines(b"secret"), Raw::Overlong { first: Some(b's'), bytes: 9, ending: b"" }];
        assert_eq!(format!("{raw:?}"), "[Lines(6 bytes), Overlong(9 bytes)]");
    }
}
