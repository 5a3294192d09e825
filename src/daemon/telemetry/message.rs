//! A table of metrics as an OTLP message.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use crate::daemon::endpoints::metrics::{Family, Kind, Series, Value};

/// When the counting began and now, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The start of the process.
    pub start: u64,
    /// Now.
    pub now: u64,
}

/// The message.
pub fn request(
    families: Vec<Family>,
    resource: &[(String, String)],
    times: Times,
) -> ExportMetricsServiceRequest {
    let attributes = resource.iter().map(|(name, value)| attribute(name, value)).collect();
    let scope = InstrumentationScope {
        name: "redactd".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(scope),
                metrics: families.into_iter().map(|family| metric(family, times)).collect(),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

fn metric(family: Family, times: Times) -> Metric {
    let aggregation_temporality = AggregationTemporality::Cumulative as i32;
    let data = match family.kind {
        Kind::Counter => metric::Data::Sum(Sum {
            data_points: family.series.iter().filter_map(|series| number(series, times)).collect(),
            aggregation_temporality,
            is_monotonic: true,
        }),
        Kind::Gauge => metric::Data::Gauge(Gauge {
            data_points: family.series.iter().filter_map(|series| number(series, times)).collect(),
        }),
        Kind::Histogram => metric::Data::Histogram(Histogram {
            data_points: family.series.iter().filter_map(|series| histogram(series, times)).collect(),
            aggregation_temporality,
        }),
    };
    Metric {
        name: family.name.to_owned(),
        description: family.help.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn number(series: &Series, times: Times) -> Option<NumberDataPoint> {
    let value = match series.value {
        Value::Count(value) => number_data_point::Value::AsInt(i64::try_from(value).unwrap_or(i64::MAX)),
        Value::Level(value) => number_data_point::Value::AsDouble(value),
        Value::Buckets(..) => return None,
    };
    Some(NumberDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        value: Some(value),
        ..NumberDataPoint::default()
    })
}

fn histogram(series: &Series, times: Times) -> Option<HistogramDataPoint> {
    let Value::Buckets(buckets, sum) = &series.value else { return None };
    Some(HistogramDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        count: buckets.iter().map(|(_, records)| records).sum(),
        sum: Some(*sum),
        bucket_counts: buckets.iter().map(|&(_, records)| records).collect(),
        // The last bucket has no end.
        explicit_bounds: buckets.iter().map(|&(end, _)| end).filter(|end| end.is_finite()).collect(),
        ..HistogramDataPoint::default()
    })
}

fn attributes(series: &Series) -> Vec<KeyValue> {
    series.labels.iter().map(|(name, value)| attribute(name, value)).collect()
}

fn attribute(name: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() }
}
