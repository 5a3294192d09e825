//! The daemon's own metrics, pushed by OTLP to where the environment says.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Stdio;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point};
use prost::Message;

use crate::daemon::{content, eventually};
use crate::harness::{Live, SOON, Scratch, redactd};
use crate::receiver::{Receiver, Reply};

fn text(attributes: &[KeyValue]) -> Vec<String> {
    let value = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => format!("{}={text}", attribute.key),
        _ => panic!("{attribute:?}"),
    };
    attributes.iter().map(value).collect()
}

/// Every number by the metric's name and its attributes.
fn numbers(message: &ExportMetricsServiceRequest) -> BTreeMap<String, f64> {
    let mut numbers = BTreeMap::new();
    for metric in &message.resource_metrics[0].scope_metrics[0].metrics {
        let points = match metric.data.as_ref().unwrap() {
            Data::Sum(sum) => {
                assert!(sum.is_monotonic && sum.aggregation_temporality == 2, "cumulative");
                &sum.data_points
            }
            Data::Gauge(gauge) => &gauge.data_points,
            Data::Histogram(histogram) => {
                let point = &histogram.data_points[0];
                assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
                assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
                numbers.insert(metric.name.clone(), point.count as f64);
                continue;
            }
            other => panic!("{other:?}"),
        };
        for point in points {
            let value = match point.value.unwrap() {
                number_data_point::Value::AsInt(value) => value as f64,
                number_data_point::Value::AsDouble(value) => value,
            };
            numbers.insert(format!("{} {}", metric.name, text(&point.attributes).join(",")), value);
        }
    }
    numbers
}

/// A daemon from standard input to standard output; what it says is in `stderr`.
fn start(scratch: &Scratch, variables: &[(&str, &str)]) -> Live {
    let text = "version: 1\nsources: {in: {type: stdin}}\nsinks: {out: {type: stdout}}\n";
    let config = scratch.file("redactd.yaml", text);
    let mut command = redactd(&["run", "-c", &config]);
    command.envs(variables.iter().copied());
    let stderr = File::create(scratch.path("stderr")).unwrap();
    let mut live = Live::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr));
    live.read_output();
    live
}

#[test]
fn metrics_are_pushed_and_trouble_is_told_once() {
    let scratch = Scratch::new();
    let receiver =
        Receiver::start(|number, _| Reply::Status(if (2..5).contains(&number) { 503 } else { 200 }));
    let endpoint = format!("http://{}", receiver.address);
    let mut live = start(
        &scratch,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-token=s3cr3t"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "50"),
            ("OTEL_RESOURCE_ATTRIBUTES", "host.name=h1"),
        ],
    );
    live.write(b"{\"password\":\"hunter2\"}\n");
    live.line();
    eventually("trouble and its end", || content(&scratch, "stderr").contains("are pushed by OTLP again"));
    let told = content(&scratch, "stderr")
        .matches("cannot push metrics by OTLP, and tries again: status 503")
        .count();
    assert_eq!(told, 1);
    let mut last = BTreeMap::new();
    eventually("the record", || {
        let request = receiver.requests().pop().unwrap();
        assert_eq!(request.headers["content-type"], "application/x-protobuf");
        assert_eq!(request.headers["x-token"], "s3cr3t");
        let bytes = String::from_utf8_lossy(&request.body).into_owned();
        assert!(!bytes.contains("hunter2") && !bytes.contains("s3cr3t"));
        let message = ExportMetricsServiceRequest::decode(request.body.as_slice()).unwrap();
        let resource = message.resource_metrics[0].resource.as_ref().unwrap();
        assert_eq!(text(&resource.attributes), ["host.name=h1", "service.name=redactd"]);
        last = numbers(&message);
        last["redactd_records_delivered sink=out"] == 1.0
    });
    assert_eq!(last["redactd_records_received source=in"], 1.0);
    assert_eq!(last["redactd_redactions rule=secrets/password,action=mask"], 1.0);
    assert_eq!(last["redactd_policy_reloads result=ok"], 0.0);
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
    assert!(!content(&scratch, "stderr").contains("s3cr3t"));
}

#[test]
fn a_variable_that_cannot_be_used_stops_the_start() {
    let scratch = Scratch::new();
    let mut live = start(&scratch, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url")]);
    assert_eq!(live.ends_within(SOON).0, 78);
    let stderr = content(&scratch, "stderr");
    assert!(stderr.contains("OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL"), "{stderr}");
}
