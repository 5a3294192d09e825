//! A table of metrics as text: OpenMetrics, or the older format of Prometheus.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::metrics::{Family, Kind, Value};

/// What a scraper reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Of OpenMetrics 1.0.
    OpenMetrics,
    /// Of Prometheus, version 0.0.4.
    Prometheus,
}

impl Format {
    /// The one that an `Accept` header asks for.
    pub fn accepted(accept: Option<&str>) -> Format {
        let wanted = accept.is_some_and(|accept| {
            accept.split(',').any(|range| {
                let mut parts = range.split(';').map(str::trim);
                let refused = parts.clone().any(|part| part == "q=0");
                parts.next() == Some("application/openmetrics-text") && !refused
            })
        });
        if wanted { Format::OpenMetrics } else { Format::Prometheus }
    }

    /// What it is called in `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Writes a table.
pub fn write(families: Vec<Family>, format: Format) -> String {
    let counters: Vec<&str> =
        families.iter().filter(|family| family.kind == Kind::Counter).map(|family| family.name).collect();
    let mut registry = Registry::default();
    let mut text = String::new();
    registry.register_collector(Box::new(Table(families)));
    // Writing to a string does not fail.
    let _ = encode(&mut text, &registry);
    match format {
        Format::OpenMetrics => text,
        Format::Prometheus => older(&text, &counters),
    }
}

/// The older format says of a counter what its samples are called, and has no end.
fn older(text: &str, counters: &[&str]) -> String {
    let mut out = String::with_capacity(text.len() + 1024);
    for line in text.lines().filter(|line| *line != "# EOF") {
        let named = line.strip_prefix("# HELP ").or(line.strip_prefix("# TYPE "));
        match named.and_then(|rest| rest.split_once(' ')) {
            Some((name, rest)) if counters.contains(&name) => {
                out.extend([&line[..7], name, "_total ", rest, "\n"]);
            }
            _ => out.extend([line, "\n"]),
        }
    }
    out
}

struct Table(Vec<Family>);

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} metrics", self.0.len())
    }
}

impl Collector for Table {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for family in &self.0 {
            let kind = match family.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            let mut metric = encoder.encode_descriptor(family.name, family.help, None, kind)?;
            for series in &family.series {
                if series.labels.is_empty() {
                    value(&mut metric, &series.value)?;
                } else {
                    value(&mut metric.encode_family(&series.labels)?, &series.value)?;
                }
            }
        }
        Ok(())
    }
}

fn value(metric: &mut MetricEncoder<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Count(value) => metric.encode_counter::<NoLabelSet, _, u64>(value, None),
        Value::Level(value) => metric.encode_gauge(value),
        Value::Buckets(buckets, sum) => {
            let all = buckets.iter().map(|(_, records)| records).sum();
            metric.encode_histogram::<NoLabelSet>(*sum, all, buckets, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::metrics::Series;
    use super::*;

    fn table() -> Vec<Family> {
        let series = |labels, value| vec![Series { labels, value }];
        vec![
            Family {
                name: "redactd_things",
                help: "Things",
                kind: Kind::Counter,
                series: series(vec![("rule", "a\"b".to_owned())], Value::Count(3)),
            },
            Family {
                name: "redactd_level",
                help: "A level",
                kind: Kind::Gauge,
                series: series(vec![], Value::Level(2.0)),
            },
            Family {
                name: "redactd_seconds",
                help: "Times",
                kind: Kind::Histogram,
                series: series(
                    vec![("source", "in".to_owned())],
                    Value::Buckets(vec![(0.5, 2), (f64::INFINITY, 1)], 7.5),
                ),
            },
        ]
    }

    const SAMPLES: &str = "redactd_things_total{rule=\"a\\\"b\"} 3\n";

    #[test]
    fn both_formats_have_the_same_samples_and_each_its_own_names() {
        let open = write(table(), Format::OpenMetrics);
        assert!(open.contains("# TYPE redactd_things counter\n") && open.ends_with("# EOF\n"), "{open}");
        let old = write(table(), Format::Prometheus);
        assert!(old.contains("# TYPE redactd_things_total counter\n") && !old.contains("EOF"), "{old}");
        assert!(old.contains("# HELP redactd_things_total Things\n"), "{old}");
        for text in [open, old] {
            assert!(text.contains(SAMPLES), "{text}");
            assert!(text.contains("redactd_level 2.0\n"), "{text}");
            assert!(text.contains("redactd_seconds_bucket{le=\"0.5\",source=\"in\"} 2\n"), "{text}");
            assert!(text.contains("redactd_seconds_bucket{le=\"+Inf\",source=\"in\"} 3\n"), "{text}");
            assert!(text.contains("redactd_seconds_count{source=\"in\"} 3\n"), "{text}");
        }
    }

    #[test]
    fn the_format_is_the_one_asked_for() {
        for (accept, format) in [
            (None, Format::Prometheus),
            (Some("text/plain"), Format::Prometheus),
            (Some("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.1"), Format::OpenMetrics),
            (Some("application/openmetrics-text;q=0, text/plain"), Format::Prometheus),
            (Some("*/*"), Format::Prometheus),
        ] {
            assert_eq!(Format::accepted(accept), format, "{accept:?}");
        }
    }
}
