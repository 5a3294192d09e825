//! The way from gates to one sink: a queue bounded in bytes, with any number of gates at one end and the sink's thread at
//! the other.
//!
//! A batch counts against the bound from when it is queued until the sink lets go of it, so the bound holds for all that
//! waits and all that is being written together.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::batch::{Ack, Batch, Content};
use super::gate::Closed;
use crate::engine::policy::PolicyId;
use crate::limits;
use crate::metrics::{LastAttempt, SinkCounters};

/// What happens to a batch that finds the queue full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// The source waits.
    #[default]
    Block,
    /// It is dropped, and counted.
    DropNewest,
}

/// How a sink is fed.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Bytes that may wait or be under way; one batch is always taken, whatever its size.
    pub queue_bytes_max: usize,
    /// What happens beyond that.
    pub when_full: WhenFull,
    /// Whether acknowledgements wait for this sink.
    pub required: bool,
    /// What the sink counts.
    pub counters: Arc<SinkCounters>,
}

/// The gates' end; each gate has its own. When the last one is dropped the sink comes to its end.
pub struct Outlet(Arc<Shared>);

/// The sink's end. When it is dropped the gates find the sink closed.
pub struct Deliveries(Arc<Shared>);

/// Wakes a sink that waits for batches, without giving it one.
#[derive(Clone)]
pub struct Nudge(Arc<Shared>);

/// One batch on its way through one sink. Dropped without [`confirm`](Delivery::confirm) it counts as not delivered.
pub struct Delivery {
    /// Dropped first: a source that hears of the end of its batch finds room.
    room: Room,
    batch: Arc<Batch>,
    ack: Option<Arc<Ack>>,
}

/// Why [`Deliveries::wait`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// There are batches.
    Batches,
    /// The time is over, or somebody nudged.
    Woken,
    /// All gates are gone, and so are their batches.
    Ended,
}

struct Shared {
    feed: Feed,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Rung with each change, for a sink that waits for other things, too.
    bell: Option<Box<dyn Fn() + Send>>,
    waiting: VecDeque<Delivery>,
    /// Of all that wait and all that the sink holds.
    bytes: usize,
    batches: usize,
    outlets: usize,
    sink_gone: bool,
    nudged: bool,
}

/// Its share of the bound, given back when dropped.
struct Room {
    shared: Arc<Shared>,
    bytes: usize,
}

/// A queue to one sink.
pub fn queue(feed: Feed) -> (Outlet, Deliveries) {
    let state = State {
        bell: None,
        waiting: VecDeque::new(),
        bytes: 0,
        batches: 0,
        outlets: 1,
        sink_gone: false,
        nudged: false,
    };
    let shared = Arc::new(Shared { feed, state: Mutex::new(state), changed: Condvar::new() });
    (Outlet(Arc::clone(&shared)), Deliveries(shared))
}

impl Outlet {
    /// Whether acknowledgements wait for this sink.
    pub(super) fn is_required(&self) -> bool {
        self.0.feed.required
    }

    /// Whether batches wait: the sink is slower than the source at the moment.
    pub(super) fn is_behind(&self) -> bool {
        !self.0.lock().waiting.is_empty()
    }

    /// Queues a batch; waits for room, or drops it, as the sink was configured. With `now` it does not wait, and answers
    /// false when there is no room.
    ///
    /// # Errors
    /// When the sink is gone. An optional sink that is gone drops what comes, and counts it.
    pub(super) fn send(&self, batch: &Arc<Batch>, ack: &Arc<Ack>, now: bool) -> Result<bool, Closed> {
        let shared = &self.0;
        let bytes = batch.bytes().len();
        let mut state = shared.lock();
        loop {
            if state.sink_gone {
                drop(state);
                if shared.feed.required {
                    return Err(Closed);
                }
                shared.feed.counters.dropped.add("closed", batch.records());
                return Ok(true);
            }
            let fits = state.bytes + bytes <= shared.feed.queue_bytes_max
                && state.batches < limits::BATCHES_QUEUED_MAX;
            if fits || state.batches == 0 {
                break;
            }
            if shared.feed.when_full == WhenFull::DropNewest {
                drop(state);
                shared.feed.counters.dropped.add("queue_full", batch.records());
                if shared.feed.required {
                    // The loss was asked for: it must not hold up the source's position.
                    ack.confirm();
                }
                return Ok(true);
            }
            if now {
                return Ok(false);
            }
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.bytes += bytes;
        state.batches += 1;
        shared.feed.counters.queue_bytes.add(bytes as i64);
        let room = Room { shared: Arc::clone(shared), bytes };
        let ack = shared.feed.required.then(|| Arc::clone(ack));
        state.waiting.push_back(Delivery { batch: Arc::clone(batch), ack, room });
        shared.tell(&state);
        Ok(true)
    }
}

impl Clone for Outlet {
    fn clone(&self) -> Outlet {
        self.0.lock().outlets += 1;
        Outlet(Arc::clone(&self.0))
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.outlets -= 1;
        self.0.tell(&state);
    }
}

impl Deliveries {
    /// Waits until there is a batch, the gates are gone, somebody nudges, or `until`.
    pub fn wait(&self, until: Option<Instant>) -> Waited {
        let mut state = self.0.lock();
        loop {
            if std::mem::take(&mut state.nudged) {
                return Waited::Woken;
            }
            if !state.waiting.is_empty() {
                return Waited::Batches;
            }
            if state.outlets == 0 {
                return Waited::Ended;
            }
            state = match until {
                None => self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Waited::Woken;
                    }
                    self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// From now on `bell` is called when [`wait`](Deliveries::wait) would come back: for a sink that has other things to wait
    /// for. It must not block.
    pub fn ring(&self, bell: impl Fn() + Send + 'static) {
        self.0.lock().bell = Some(Box::new(bell));
    }

    /// Takes the oldest batch, if there is one.
    pub fn next(&self) -> Option<Delivery> {
        self.0.lock().waiting.pop_front()
    }

    /// Takes all that wait.
    pub fn drain(&self) -> Vec<Delivery> {
        self.0.lock().waiting.drain(..).collect()
    }

    /// Takes batches from the front as long as they stay below `bytes` together; at least one, if there is one.
    pub fn up_to(&self, bytes: usize) -> Vec<Delivery> {
        let mut state = self.0.lock();
        let mut sum = 0;
        let count = state
            .waiting
            .iter()
            .take_while(|delivery| {
                let first = sum == 0;
                sum += delivery.bytes().len();
                first || sum <= bytes
            })
            .count();
        state.waiting.drain(..count).collect()
    }

    /// What wakes [`wait`](Deliveries::wait).
    pub fn nudge(&self) -> Nudge {
        Nudge(Arc::clone(&self.0))
    }

    /// What this sink counts.
    pub fn counters(&self) -> &Arc<SinkCounters> {
        &self.0.feed.counters
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.sink_gone = true;
        self.0.feed.counters.attempt(LastAttempt::Ended);
        let left = std::mem::take(&mut state.waiting);
        drop(state);
        self.0.changed.notify_all();
        if !self.0.feed.required {
            let records = left.iter().map(Delivery::records).sum();
            self.0.feed.counters.dropped.add("closed", records);
        }
    }
}

impl Nudge {
    /// Wakes the sink.
    pub fn nudge(&self) {
        let mut state = self.0.lock();
        state.nudged = true;
        self.0.tell(&state);
    }
}

impl Delivery {
    /// What the sink is to write.
    pub fn bytes(&self) -> &[u8] {
        self.batch.bytes()
    }

    /// Records in it.
    pub fn records(&self) -> u64 {
        self.batch.records()
    }

    /// What those bytes are.
    pub fn content(&self) -> &Content {
        self.batch.content()
    }

    /// The one policy that redacted all of it.
    pub fn policy(&self) -> PolicyId {
        self.batch.policy()
    }

    /// What makes it different from every other batch, also from one of the same bytes.
    pub fn identity(&self) -> &[u8] {
        self.batch.identity()
    }

    /// The sink has it for good.
    pub fn confirm(self) {
        let counters = &self.room.shared.feed.counters;
        counters.bytes.add(self.bytes().len() as u64);
        counters.delivered.add(self.records());
        self.settle();
    }

    /// The receiver has it, but for these of its records, which it refused for good and which are kept as a dead letter under
    /// this reason.
    pub fn confirm_but(self, refused: u64, reason: &'static str) {
        let counters = &self.room.shared.feed.counters;
        let refused = refused.min(self.records());
        counters.bytes.add(self.bytes().len() as u64);
        counters.dead_lettered.add(reason, refused);
        counters.delivered.add(self.records() - refused);
        self.settle();
    }

    /// It will never be delivered and is kept as a dead letter, or was given up; the caller has counted it.
    pub fn settle(self) {
        if let Some(ack) = &self.ack {
            ack.confirm();
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.bytes -= self.bytes;
        state.batches -= 1;
        drop(state);
        self.shared.feed.counters.queue_bytes.add(-(self.bytes as i64));
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// Something for the sink has changed.
    fn tell(&self, state: &State) {
        self.changed.notify_all();
        if let Some(bell) = &state.bell {
            bell();
        }
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
