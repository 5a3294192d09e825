//! What the program counts: names, units and meaning of every metric, and nothing about how they are shown.
//!
//! Counters are atomics that the threads of sources and sinks add to between batches. [`Metrics::snapshot`] takes all of
//! them at once so that in every snapshot, for every sink,
//! `received by its inputs = delivered + dead-lettered + dropped + in flight`. Labels are names from the configuration
//! and the policy, never from records.

mod distinct;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use distinct::Distinct;

/// Upper ends of the buckets of `redactd_record_seconds`, in milliseconds.
pub const RECORD_MS: [u64; 12] = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 30_000, 300_000];

/// One number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

/// One number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

/// All counters of one process.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By source, in the order of the configuration.
    pub sources: Vec<Arc<SourceCounters>>,
    /// By sink, in the order of the configuration.
    pub sinks: Vec<Arc<SinkCounters>>,
    /// `redactd_redactions_total`.
    pub redactions: Arc<Redactions>,
    /// Policies and their reloads.
    pub policy: PolicyCounters,
}

/// What one source counts.
#[derive(Debug, Default)]
pub struct SourceCounters {
    /// Label `source`.
    pub name: String,
    /// `redactd_records_received_total`: framed records.
    pub records: Counter,
    /// `redactd_bytes_received_total`: bytes as read, line ends included.
    pub bytes: Counter,
    /// `redactd_records_withheld_total`, by reason. Each is delivered, too, as its stub.
    pub withheld: Labelled,
    /// `redactd_file_lag_bytes`: known to be there and not read yet.
    pub lag_bytes: Gauge,
    /// `redactd_oldest_unread_seconds`, in milliseconds: age of the oldest byte not read yet.
    pub oldest_unread_ms: Gauge,
    /// `redactd_open_files`.
    pub open_files: Gauge,
    /// `redactd_foreign_ids_total`, by reason: look-alikes of correlation IDs that did not verify.
    pub foreign_ids: Labelled,
    /// `redactd_distinct_ids`: an estimate over the last minute.
    pub distinct_ids: Distinct,
    /// `redactd_record_seconds`: from framed to settled.
    pub settled_after: Histogram,
}

/// What one sink counts.
#[derive(Debug, Default)]
pub struct SinkCounters {
    /// Label `sink`.
    pub name: String,
    /// Positions of its sources in [`Metrics::sources`].
    pub inputs: Vec<usize>,
    /// `redactd_records_delivered_total`: confirmed by the receiver, or on disk.
    pub delivered: Counter,
    /// `redactd_bytes_delivered_total`: their redacted bytes.
    pub bytes: Counter,
    /// `redactd_records_dead_lettered_total`, by reason: refused for good, kept as a dead letter.
    pub dead_lettered: Labelled,
    /// `redactd_records_dropped_total`, by reason: `queue_full` under `when_full: drop_newest`, `closed` behind an
    /// optional sink that ended.
    pub dropped: Labelled,
    /// `redactd_queue_bytes`: redacted bytes that wait for it or are being delivered.
    pub queue_bytes: Gauge,
    /// `redactd_delivery_attempts_total`, `outcome="ok"`.
    pub attempts_ok: Counter,
    /// `redactd_delivery_attempts_total`, `outcome="failed"`: confirmed not to have been delivered.
    pub attempts_failed: Counter,
    /// `redactd_delivery_attempts_total`, `outcome="unknown"`: a timeout or a lost connection, which is no failure.
    pub attempts_unknown: Counter,
    /// How the last attempt ended.
    pub last: Last,
}

/// A place for a [`LastAttempt`].
#[derive(Debug, Default)]
pub struct Last(AtomicU8);

/// How the last attempt of a sink ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastAttempt {
    /// There was none.
    #[default]
    None,
    /// Delivered.
    Ok,
    /// Confirmed not to have been delivered.
    Failed,
    /// Likewise, because the receiver does not know or like the credentials.
    Unauthorized,
    /// Nobody knows.
    Unknown,
    /// The sink takes nothing any more.
    Ended,
}

/// What is counted about policies.
#[derive(Debug, Default)]
pub struct PolicyCounters {
    /// `redactd_policy_reloads_total`, by result: `ok`, `unchanged`, `invalid`, `weaker`.
    pub reloads: Labelled,
    /// `redactd_policy_loaded_timestamp_seconds`.
    pub loaded_at: Gauge,
}

/// Counters of a small closed set of labels.
#[derive(Debug, Default)]
pub struct Labelled(Mutex<BTreeMap<&'static str, u64>>);

/// `redactd_redactions_total`: replaced spans, by rule and action. A rule keeps its count over reloads of the policy.
#[derive(Debug, Default)]
pub struct Redactions(Mutex<BTreeMap<(String, &'static str), Arc<Counter>>>);

/// A histogram over [`RECORD_MS`].
#[derive(Debug, Default)]
pub struct Histogram {
    /// By bucket, the last one without an end.
    buckets: [AtomicU64; RECORD_MS.len() + 1],
    sum_ms: AtomicU64,
}

/// One sink in a [`Snapshot`], in records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkSnapshot {
    /// Label `sink`.
    pub name: String,
    /// Received by all its inputs.
    pub received: u64,
    /// Delivered.
    pub delivered: u64,
    /// Dead-lettered, by reason.
    pub dead_lettered: BTreeMap<&'static str, u64>,
    /// Dropped, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// `redactd_records_in_flight`: read, not yet settled.
    pub in_flight: u64,
}

/// What was received and what became of it, all at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Records received, by source.
    pub received: Vec<u64>,
    /// By sink.
    pub sinks: Vec<SinkSnapshot>,
}

impl Metrics {
    /// The accounting of all sinks at one moment. A record is received before it is settled, so what was settled is read
    /// first; what was received and is not settled is in flight.
    pub fn snapshot(&self) -> Snapshot {
        let settled: Vec<_> = self
            .sinks
            .iter()
            .map(|sink| (sink.delivered.value(), sink.dead_lettered.values(), sink.dropped.values()))
            .collect();
        let received: Vec<u64> = self.sources.iter().map(|source| source.records.value()).collect();
        let sinks = self.sinks.iter().zip(settled).map(|(sink, (delivered, dead_lettered, dropped))| {
            let all = sink.inputs.iter().filter_map(|&source| received.get(source)).sum();
            let done = delivered + dead_lettered.values().sum::<u64>() + dropped.values().sum::<u64>();
            let in_flight = u64::saturating_sub(all, done);
            SinkSnapshot {
                name: sink.name.clone(),
                received: all,
                delivered,
                dead_lettered,
                dropped,
                in_flight,
            }
        });
        Snapshot { sinks: sinks.collect(), received }
    }
}

impl SinkCounters {
    /// Counts an attempt, and remembers how it ended.
    pub fn attempt(&self, ended: LastAttempt) {
        match ended {
            LastAttempt::Ok => self.attempts_ok.add(1),
            LastAttempt::Failed | LastAttempt::Unauthorized => self.attempts_failed.add(1),
            LastAttempt::Unknown => self.attempts_unknown.add(1),
            LastAttempt::None | LastAttempt::Ended => {}
        }
        self.last.0.store(ended as u8, Ordering::Relaxed);
    }

    /// How the last one ended.
    pub fn last_attempt(&self) -> LastAttempt {
        let last = self.last.0.load(Ordering::Relaxed);
        LastAttempt::ALL.into_iter().find(|ended| *ended as u8 == last).unwrap_or_default()
    }
}

impl LastAttempt {
    const ALL: [LastAttempt; 6] = [
        LastAttempt::None,
        LastAttempt::Ok,
        LastAttempt::Failed,
        LastAttempt::Unauthorized,
        LastAttempt::Unknown,
        LastAttempt::Ended,
    ];

    /// As answers spell it.
    pub fn name(self) -> &'static str {
        match self {
            LastAttempt::None => "none",
            LastAttempt::Ok => "ok",
            LastAttempt::Failed => "failed",
            LastAttempt::Unauthorized => "unauthorized",
            LastAttempt::Unknown => "unknown",
            LastAttempt::Ended => "ended",
        }
    }
}

impl Counter {
    /// Adds to it.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Release);
    }

    /// Its value.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

impl Gauge {
    /// Replaces it.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds to it, or takes from it.
    pub fn add(&self, more: i64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Its value.
    pub fn value(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Labelled {
    /// Adds to the counter of `label`.
    pub fn add(&self, label: &'static str, more: u64) {
        if more > 0 {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(label).or_default() += more;
        }
    }

    /// All of them.
    pub fn values(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Their sum.
    pub fn total(&self) -> u64 {
        self.values().values().sum()
    }
}

impl Redactions {
    /// The counter of a rule and what it does.
    pub fn of(&self, rule: &str, action: &'static str) -> Arc<Counter> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(counters.entry((rule.to_owned(), action)).or_default())
    }

    /// Rule, action and count of all that were ever asked for.
    pub fn values(&self) -> Vec<(String, &'static str, u64)> {
        let counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counters.iter().map(|((rule, action), count)| (rule.clone(), *action, count.value())).collect()
    }
}

impl Histogram {
    /// Takes note of `records` that took `time`.
    pub fn observe(&self, time: Duration, records: u64) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let bucket = RECORD_MS.iter().position(|&end| ms <= end).unwrap_or(RECORD_MS.len());
        self.buckets[bucket].fetch_add(records, Ordering::Relaxed);
        self.sum_ms.fetch_add(ms.saturating_mul(records), Ordering::Relaxed);
    }

    /// Records by bucket, the last one without an end, and the sum of their times in milliseconds.
    pub fn values(&self) -> ([u64; RECORD_MS.len() + 1], u64) {
        (
            std::array::from_fn(|i| self.buckets[i].load(Ordering::Relaxed)),
            self.sum_ms.load(Ordering::Relaxed),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounting_of_every_sink_adds_up_in_every_snapshot() {
        let sink = |inputs| Arc::new(SinkCounters { inputs, ..SinkCounters::default() });
        let metrics = Arc::new(Metrics {
            sources: vec![Arc::default(), Arc::default()],
            sinks: vec![sink(vec![0]), sink(vec![0, 1])],
            ..Metrics::default()
        });
        let busy = Arc::clone(&metrics);
        let counting = std::thread::spawn(move || {
            for _ in 0..50_000 {
                busy.sources[0].records.add(3);
                busy.sinks[0].delivered.add(2);
                busy.sinks[0].dropped.add("queue_full", 1);
                busy.sources[1].records.add(1);
                busy.sinks[1].dead_lettered.add("400", 4);
            }
        });
        while !counting.is_finished() {
            for sink in metrics.snapshot().sinks {
                let settled: u64 = sink.dead_lettered.values().chain(sink.dropped.values()).sum();
                assert_eq!(sink.received, sink.delivered + settled + sink.in_flight);
            }
        }
        counting.join().unwrap();
        assert!(metrics.snapshot().sinks.iter().all(|sink| sink.in_flight == 0));
    }

    #[test]
    fn a_time_falls_into_the_bucket_that_it_does_not_exceed() {
        let histogram = Histogram::default();
        for ms in [0, 1, 2, 300_000, 300_001] {
            histogram.observe(Duration::from_millis(ms), 2);
        }
        let (buckets, sum) = histogram.values();
        assert_eq!((buckets[0], buckets[1], buckets[11], buckets[12], sum), (4, 2, 2, 2, 1_200_008));
    }
}
