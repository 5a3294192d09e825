//! What crosses from a source to its sinks, and what comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

use crate::engine::policy::PolicyId;
use crate::engine::redact::Redacted;
use crate::limits;

/// Redacted records that travel together. Shared by all sinks through an `Arc`; its buffer goes back to the gate when the
/// last one lets go of it.
pub struct Batch {
    lines: Redacted<Vec<u8>>,
    records: u64,
    policy: PolicyId,
    identity: [u8; 16],
    reply: Sender<Reply>,
}

/// Counts who confirmed a batch and tells its source when no required sink holds it any more: a sink that panics or is
/// dropped cannot leave it open, and cannot make it look delivered either. Optional sinks hold no part of it.
pub struct Ack {
    /// Sinks that must confirm.
    required: usize,
    confirmed: AtomicUsize,
    records: u64,
    /// When its first record was framed.
    since: Instant,
    reply: Sender<Reply>,
}

/// What comes back to a gate.
pub(super) enum Reply {
    /// A batch has come to its end.
    Settled(Settled),
    /// The buffer of a batch that nobody holds any more, emptied, to be filled again.
    Spare(Redacted<Vec<u8>>),
}

/// The end of one batch, as its source hears of it.
pub struct Settled {
    /// Records in the batch.
    pub records: u64,
    /// Whether every required sink confirmed it.
    pub delivered: bool,
    /// When its first record was framed.
    pub since: Instant,
}

impl Batch {
    /// A batch of `records`; `reply` gets its buffer when nobody holds it any more.
    pub(super) fn new(
        lines: Redacted<Vec<u8>>,
        records: u64,
        policy: PolicyId,
        identity: [u8; 16],
        reply: Sender<Reply>,
    ) -> Arc<Batch> {
        Arc::new(Batch { lines, records, policy, identity, reply })
    }

    /// What the sink is to write.
    pub fn bytes(&self) -> &[u8] {
        self.lines.as_bytes()
    }

    /// Lines in it.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The one policy that redacted all of it.
    pub fn policy(&self) -> PolicyId {
        self.policy
    }

    /// What makes it different from every other batch, also from one of the same bytes.
    pub fn identity(&self) -> &[u8] {
        &self.identity
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let mut spare = std::mem::take(&mut self.lines);
        if spare.capacity() > limits::BATCH_KEPT_BYTES_MAX {
            spare = Redacted::default();
        }
        spare.clear();
        // A source that is gone needs no answer.
        let _ = self.reply.send(Reply::Spare(spare));
    }
}

impl Ack {
    /// Of a batch for `required` sinks; `reply` gets its [`Settled`] when the last one lets go.
    pub(super) fn new(required: usize, records: u64, since: Instant, reply: Sender<Reply>) -> Arc<Ack> {
        Arc::new(Ack { required, confirmed: AtomicUsize::new(0), records, since, reply })
    }

    /// To be called once for each required sink, when it has the batch for good.
    pub(super) fn confirm(&self) {
        self.confirmed.fetch_add(1, Ordering::Release);
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        let delivered = self.confirmed.load(Ordering::Acquire) >= self.required;
        let settled = Settled { records: self.records, delivered, since: self.since };
        // A source that is gone needs no answer.
        let _ = self.reply.send(Reply::Settled(settled));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};

    fn settled(replies: &Receiver<Reply>) -> Option<(u64, bool)> {
        replies.try_iter().find_map(|reply| match reply {
            Reply::Settled(settled) => Some((settled.records, settled.delivered)),
            Reply::Spare(_) => None,
        })
    }

    #[test]
    fn a_batch_is_delivered_when_every_required_sink_confirmed() {
        let (reply, replies) = channel();
        let ack = Ack::new(2, 3, Instant::now(), reply);
        let other = Arc::clone(&ack);
        ack.confirm();
        drop(ack);
        assert_eq!(settled(&replies), None, "one sink still holds it");
        other.confirm();
        drop(other);
        assert_eq!(settled(&replies), Some((3, true)));
    }

    #[test]
    fn a_sink_that_panics_did_not_deliver() {
        let (reply, replies) = channel();
        let ack = Ack::new(1, 1, Instant::now(), reply);
        let sink = std::thread::spawn(move || {
            let _held = ack;
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(sink.join().is_err());
        assert_eq!(settled(&replies), Some((1, false)));
    }
}
