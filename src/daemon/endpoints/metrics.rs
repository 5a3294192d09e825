//! Every metric of the daemon as a table: name, meaning, labels and value, all from one snapshot. How a table is written is
//! not known here.

use crate::daemon::handles::Handles;
use crate::engine::redact::Withheld;
use crate::metrics::{RECORD_MS, SinkSnapshot, SourceCounters};

/// One metric with all its series.
pub struct Family {
    /// Without the `_total` of a counter.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// What can be done with it.
    pub kind: Kind,
    /// By labels.
    pub series: Vec<Series>,
}

/// What can be done with a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It sorts what it counts.
    Histogram,
}

/// Labels and their value.
pub struct Series {
    /// Names from the configuration and the policy, and closed sets.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: Value,
}

/// A value.
pub enum Value {
    /// Of a counter.
    Count(u64),
    /// Of a gauge.
    Level(f64),
    /// Of a histogram: upper ends with what is in each bucket alone, and the sum.
    Buckets(Vec<(f64, u64)>, f64),
}

/// All metrics at one moment.
pub fn families(handles: &Handles) -> Vec<Family> {
    // First: what is settled must never be more than what was received.
    let snapshot = handles.metrics.snapshot();
    let mut families = about_policies(handles);
    families.extend(about_sources(handles, &snapshot.received));
    families.extend(about_sinks(handles, &snapshot.sinks));
    families
}

fn about_policies(handles: &Handles) -> Vec<Family> {
    let metrics = &handles.metrics;
    let version = || [("version", env!("CARGO_PKG_VERSION").to_owned())];
    let infos = metrics.sources.iter().zip(&handles.policy_of).map(|(source, &policy)| {
        let id = handles.policies[policy].slot.active().policy.id.to_string();
        level([("policy_id", id), ("source", source.name.clone())], 1.0)
    });
    let redactions = metrics.redactions.values().into_iter();
    let redactions =
        redactions.map(|(rule, action, spans)| count([("rule", rule), ("action", action.to_owned())], spans));
    let reloads = metrics.policy.reloads.values();
    let reloads = ["ok", "unchanged", "invalid", "weaker"]
        .map(|result| count([("result", result.to_owned())], reloads.get(result).copied().unwrap_or(0)));
    let loaded = metrics.policy.loaded_at.value() as f64;
    vec![
        gauge("redactd_build_info", "The version of the program", [level(version(), 1.0)]),
        gauge("redactd_policy_info", "The policy in force for a source", infos),
        gauge(
            "redactd_policy_loaded_timestamp_seconds",
            "When a policy came into force last",
            [level([], loaded)],
        ),
        counter("redactd_policy_reloads", "Attempts to reload a policy or the key ring", reloads),
        counter("redactd_redactions", "Replaced spans", redactions),
    ]
}

fn about_sources(handles: &Handles, received: &[u64]) -> Vec<Family> {
    let sources = &handles.metrics.sources;
    let each = |value: &dyn Fn(&SourceCounters) -> Value| -> Vec<Series> {
        sources
            .iter()
            .map(|source| Series { labels: of_source(source).into(), value: value(source) })
            .collect()
    };
    let of_files = |value: &dyn Fn(&SourceCounters) -> f64| -> Vec<Series> {
        let files = sources.iter().zip(&handles.files).filter(|(_, files)| files.is_some());
        files.map(|(source, _)| level(of_source(source), value(source))).collect()
    };
    let records = sources.iter().zip(received).map(|(source, &records)| count(of_source(source), records));
    let withheld = sources.iter().flat_map(|source| {
        let values = source.withheld.values();
        Withheld::ALL.map(|why| {
            let records = values.get(why.name()).copied().unwrap_or(0);
            count([("source", source.name.clone()), ("reason", why.name().to_owned())], records)
        })
    });
    let foreign = sources.iter().flat_map(|source| {
        let values = source.foreign_ids.values().into_iter();
        values.map(|(why, ids)| count([("source", source.name.clone()), ("reason", why.to_owned())], ids))
    });
    vec![
        counter("redactd_records_received", "Framed records", records),
        counter(
            "redactd_bytes_received",
            "Bytes as read",
            each(&|source| Value::Count(source.bytes.value())),
        ),
        counter("redactd_records_withheld", "Records that are delivered as a stub", withheld),
        gauge(
            "redactd_file_lag_bytes",
            "Bytes known to be there and not read yet",
            of_files(&|source| source.lag_bytes.value() as f64),
        ),
        gauge(
            "redactd_oldest_unread_seconds",
            "Age of the oldest byte that is not read yet",
            of_files(&|source| source.oldest_unread_ms.value() as f64 / 1000.0),
        ),
        gauge(
            "redactd_open_files",
            "Files that are open for reading",
            of_files(&|source| source.open_files.value() as f64),
        ),
        counter("redactd_foreign_ids", "Look-alikes of correlation IDs that did not verify", foreign),
        gauge(
            "redactd_distinct_ids",
            "Estimate of the distinct correlation IDs made in the last minute",
            each(&|source| Value::Level(source.distinct_ids.estimate() as f64)),
        ),
        Family {
            name: "redactd_record_seconds",
            help: "Time from framed to settled",
            kind: Kind::Histogram,
            series: each(&|source| {
                let (buckets, sum_ms) = source.settled_after.values();
                let ends = RECORD_MS.iter().map(|&ms| ms as f64 / 1000.0).chain([f64::INFINITY]);
                Value::Buckets(ends.zip(buckets).collect(), sum_ms as f64 / 1000.0)
            }),
        },
    ]
}

fn about_sinks(handles: &Handles, snapshots: &[SinkSnapshot]) -> Vec<Family> {
    let sinks = &handles.metrics.sinks;
    let of = |sink: &SinkSnapshot| [("sink", sink.name.clone())];
    let reasons = |sink: &SinkSnapshot, reason: &str, records: u64| {
        count([("sink", sink.name.clone()), ("reason", reason.to_owned())], records)
    };
    let refused = snapshots
        .iter()
        .flat_map(|sink| sink.dead_lettered.iter().map(|(reason, &records)| reasons(sink, reason, records)));
    let dropped = snapshots.iter().flat_map(|sink| {
        let records = |reason| sink.dropped.get(reason).copied().unwrap_or(0);
        ["queue_full", "closed"].map(|reason| reasons(sink, reason, records(reason)))
    });
    let attempts = sinks.iter().flat_map(|sink| {
        let outcomes = [
            ("ok", &sink.attempts_ok),
            ("failed", &sink.attempts_failed),
            ("unknown", &sink.attempts_unknown),
        ];
        outcomes.map(|(outcome, attempts)| {
            count([("sink", sink.name.clone()), ("outcome", outcome.to_owned())], attempts.value())
        })
    });
    vec![
        counter(
            "redactd_records_delivered",
            "Records confirmed by the receiver or on disk",
            snapshots.iter().map(|sink| count(of(sink), sink.delivered)),
        ),
        counter(
            "redactd_bytes_delivered",
            "Their redacted bytes",
            sinks.iter().map(|sink| count([("sink", sink.name.clone())], sink.bytes.value())),
        ),
        counter("redactd_records_dead_lettered", "Records refused for good", refused),
        counter("redactd_records_dropped", "Records dropped on purpose", dropped),
        gauge(
            "redactd_records_in_flight",
            "Records read and not yet settled",
            snapshots.iter().map(|sink| level(of(sink), sink.in_flight as f64)),
        ),
        gauge(
            "redactd_queue_bytes",
            "Redacted bytes that wait or are being delivered",
            sinks.iter().map(|sink| level([("sink", sink.name.clone())], sink.queue_bytes.value() as f64)),
        ),
        counter("redactd_delivery_attempts", "Attempts to deliver", attempts),
    ]
}

fn of_source(source: &SourceCounters) -> [(&'static str, String); 1] {
    [("source", source.name.clone())]
}

fn count<const N: usize>(labels: [(&'static str, String); N], value: u64) -> Series {
    Series { labels: labels.into(), value: Value::Count(value) }
}

fn level<const N: usize>(labels: [(&'static str, String); N], value: f64) -> Series {
    Series { labels: labels.into(), value: Value::Level(value) }
}

fn counter(name: &'static str, help: &'static str, series: impl IntoIterator<Item = Series>) -> Family {
    Family { name, help, kind: Kind::Counter, series: series.into_iter().collect() }
}

fn gauge(name: &'static str, help: &'static str, series: impl IntoIterator<Item = Series>) -> Family {
    Family { name, help, kind: Kind::Gauge, series: series.into_iter().collect() }
}
