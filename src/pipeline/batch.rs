//! What crosses from a source to its sinks, and what comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::{Position, Waker};
use crate::engine::policy::PolicyId;
use crate::engine::redact::Redacted;
use crate::limits;
use crate::protocol::otlp::{Encoding, Signal};

/// Redacted records that travel together. Shared by all sinks through an `Arc`; its buffer goes back to the gate when the
/// last one lets go of it.
pub struct Batch {
    content: Content,
    bytes: Redacted<Vec<u8>>,
    records: u64,
    policy: PolicyId,
    identity: [u8; 16],
    back: Back,
}

/// What the bytes of a batch are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Whole lines.
    Lines,
    /// One OTLP request.
    Otlp(Otlp),
}

/// What is known of an OTLP request beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Otlp {
    /// What it carries.
    pub signal: Signal,
    /// How it is written.
    pub encoding: Encoding,
    /// Headers that the configuration lets pass: names in lower case, values that an HTTP header may have.
    pub forwarded: Vec<(String, Vec<u8>)>,
}

/// Counts who confirmed a batch and tells its source when no required sink holds it any more: a sink that panics or is
/// dropped cannot leave it open, and cannot make it look delivered either. Optional sinks hold no part of it.
pub struct Ack {
    /// Sinks that must confirm.
    required: usize,
    confirmed: AtomicUsize,
    records: u64,
    /// Where its records came from, in the order they came.
    positions: Vec<Position>,
    /// When its first record was framed.
    since: Instant,
    back: Back,
}

/// The way back to a gate and its source.
#[derive(Clone)]
pub(super) struct Back {
    pub reply: Sender<Reply>,
    /// Ends the wait of a source that does not block in its gate.
    pub nudge: Option<Waker>,
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
    /// What its source said of where its records came from.
    pub positions: Vec<Position>,
    /// When its first record was framed.
    pub since: Instant,
}

impl Batch {
    /// A batch of `records`; `back` gets its buffer when nobody holds it any more.
    pub(super) fn new(
        content: Content,
        bytes: Redacted<Vec<u8>>,
        records: u64,
        policy: PolicyId,
        identity: [u8; 16],
        back: Back,
    ) -> Arc<Batch> {
        Arc::new(Batch { content, bytes, records, policy, identity, back })
    }

    /// What the sink is to write.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_bytes()
    }

    /// What that is.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Records in it.
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
        if self.content != Content::Lines {
            // Their buffers are as large as they are, and each is made for one.
            return;
        }
        let mut spare = std::mem::take(&mut self.bytes);
        if spare.capacity() > limits::BATCH_KEPT_BYTES_MAX {
            spare = Redacted::default();
        }
        spare.clear();
        self.back.send(Reply::Spare(spare));
    }
}

impl Ack {
    /// Of a batch for `required` sinks; `back` gets its [`Settled`] when the last one lets go.
    pub(super) fn new(
        required: usize,
        records: u64,
        positions: Vec<Position>,
        since: Instant,
        back: Back,
    ) -> Arc<Ack> {
        Arc::new(Ack { required, confirmed: AtomicUsize::new(0), records, positions, since, back })
    }

    /// To be called once for each required sink, when it has the batch for good.
    pub(super) fn confirm(&self) {
        self.confirmed.fetch_add(1, Ordering::Release);
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        let delivered = self.confirmed.load(Ordering::Acquire) >= self.required;
        let positions = std::mem::take(&mut self.positions);
        let settled = Settled { records: self.records, delivered, positions, since: self.since };
        self.back.send(Reply::Settled(settled));
    }
}

impl Back {
    fn send(&self, reply: Reply) {
        // A source that is gone needs no answer.
        let _ = self.reply.send(reply);
        if let Some(source) = &self.nudge {
            source.nudge();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};

    fn ack(required: usize, records: u64) -> (Arc<Ack>, Receiver<Reply>) {
        let (reply, replies) = channel();
        let back = Back { reply, nudge: None };
        (Ack::new(required, records, Vec::new(), Instant::now(), back), replies)
    }

    fn settled(replies: &Receiver<Reply>) -> Option<(u64, bool)> {
        replies.try_iter().find_map(|reply| match reply {
            Reply::Settled(settled) => Some((settled.records, settled.delivered)),
            Reply::Spare(_) => None,
        })
    }

    #[test]
    fn a_batch_is_delivered_when_every_required_sink_confirmed() {
        let (ack, replies) = ack(2, 3);
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
        let (ack, replies) = ack(1, 1);
        let sink = std::thread::spawn(move || {
            let _held = ack;
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(sink.join().is_err());
        assert_eq!(settled(&replies), Some((1, false)));
    }
}
