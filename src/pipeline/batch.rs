//! What crosses from a source to its sinks, and what comes back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use crate::engine::policy::PolicyId;
use crate::engine::redact::Redacted;
use crate::limits;

/// Redacted records that travel together. Shared by all sinks through an `Arc`: it is settled when the last sink lets
/// go of it, so a sink that panics or is dropped cannot leave it open, and cannot make it look delivered either.
pub struct Batch {
    lines: Redacted<Vec<u8>>,
    records: u64,
    policy: PolicyId,
    ack: Ack,
}

/// Counts who confirmed a batch and tells its source when nobody holds it any more.
struct Ack {
    /// Sinks that must confirm.
    required: usize,
    confirmed: AtomicUsize,
    reply: Sender<Settled>,
}

/// The end of one batch, as its source hears of it.
pub struct Settled {
    /// Records in the batch.
    pub records: u64,
    /// Whether every required sink confirmed it.
    pub delivered: bool,
    /// The batch's buffer, emptied, to be filled again.
    pub spare: Redacted<Vec<u8>>,
}

impl Batch {
    /// A batch of `records` for `required` sinks; `reply` gets its [`Settled`] when the last one lets go.
    pub(super) fn new(
        lines: Redacted<Vec<u8>>,
        records: u64,
        policy: PolicyId,
        required: usize,
        reply: Sender<Settled>,
    ) -> Batch {
        Batch { lines, records, policy, ack: Ack { required, confirmed: AtomicUsize::new(0), reply } }
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

    /// To be called by each required sink, once, when it has the batch for good.
    pub fn confirm(&self) {
        self.ack.confirmed.fetch_add(1, Ordering::Release);
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let mut spare = std::mem::take(&mut self.lines);
        if spare.len() > limits::BATCH_KEPT_BYTES_MAX {
            spare = Redacted::default();
        }
        spare.clear();
        let delivered = self.ack.confirmed.load(Ordering::Acquire) >= self.ack.required;
        // A source that is gone needs no answer.
        let _ = self.ack.reply.send(Settled { records: self.records, delivered, spare });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    #[test]
    fn a_batch_is_delivered_when_every_required_sink_confirmed() {
        let (reply, settled) = channel();
        let batch = Arc::new(Batch::new(Redacted::default(), 3, PolicyId([0; 32]), 2, reply));
        let other = Arc::clone(&batch);
        batch.confirm();
        drop(batch);
        assert!(settled.try_recv().is_err(), "one sink still holds it");
        other.confirm();
        drop(other);
        let end = settled.try_recv().unwrap();
        assert_eq!((end.records, end.delivered), (3, true));
    }

    #[test]
    fn a_sink_that_panics_did_not_deliver() {
        let (reply, settled) = channel();
        let batch = Arc::new(Batch::new(Redacted::default(), 1, PolicyId([0; 32]), 1, reply));
        let sink = std::thread::spawn(move || {
            let _held = batch;
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(sink.join().is_err());
        assert!(!settled.try_recv().unwrap().delivered);
    }
}
