//! Requests as SDKs send them.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message;
use redactd::engine::otlp::Signal;

use super::protobuf;
use crate::given::{default_policy, policy, redactor};

pub fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

pub fn text(value: &str) -> AnyValue {
    any(Value::StringValue(value.to_owned()))
}

pub fn attribute(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

pub fn logs(records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs { log_records: records, ..ScopeLogs::default() }];
    ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }] }
}

fn record() -> LogRecord {
    LogRecord {
        time_unix_nano: 1_772_000_000_000_000_000,
        severity_number: 9,
        trace_id: (0..16).collect(),
        span_id: vec![7; 8],
        ..LogRecord::default()
    }
}

/// The only record of a redacted request.
fn only(request: &ExportLogsServiceRequest) -> &LogRecord {
    &request.resource_logs[0].scope_logs[0].log_records[0]
}

#[test]
fn a_request_without_people_comes_out_as_it_came_in() {
    let mut redactor = redactor(&default_policy());
    let body = LogRecord { body: Some(text("started in 12 ms")), ..record() };
    let request = logs(vec![body, record()]).encode_to_vec();
    let (out, report) = protobuf(&mut redactor, Signal::Logs, &request).unwrap();
    assert_eq!(out, request);
    assert_eq!((report.records, report.spans), (2, 0));
    assert_eq!(protobuf(&mut redactor, Signal::Logs, b"").unwrap().0, b"");
}

#[test]
fn values_under_names_that_say_so_become_texts_whatever_their_type() {
    let mut redactor = redactor(&default_policy());
    let list = KeyValueList {
        values: vec![
            attribute("password", any(Value::IntValue(-1234))),
            attribute("token", any(Value::DoubleValue(0.5))),
            attribute("secret", any(Value::BytesValue(b"\xff\x00hunter2".to_vec()))),
            attribute("api_key", any(Value::BoolValue(true))),
            attribute("passwd", any(Value::ArrayValue(ArrayValue { values: vec![text("a"), text("b")] }))),
            attribute("count", any(Value::IntValue(7))),
        ],
    };
    let body = LogRecord { body: Some(any(Value::KvlistValue(list))), ..record() };
    let request = logs(vec![body]);
    let (out, report) = protobuf(&mut redactor, Signal::Logs, &request.encode_to_vec()).unwrap();
    let out = ExportLogsServiceRequest::decode(&out[..]).unwrap();
    let Some(Value::KvlistValue(list)) = only(&out).body.clone().unwrap().value else { panic!("{out:?}") };
    let values: Vec<AnyValue> = list.values.into_iter().map(|member| member.value.unwrap()).collect();
    assert_eq!(values[0], text("[redacted:password]"), "{values:?}");
    for value in &values[1..5] {
        assert!(
            matches!(&value.value, Some(Value::StringValue(text)) if text.starts_with("[redacted:")),
            "{value:?}"
        );
    }
    assert_eq!(values[5], any(Value::IntValue(7)));
    assert_eq!(report.spans, 5);
    let rest = LogRecord { body: None, ..only(&out).clone() };
    assert_eq!(rest, record());
}

#[test]
fn what_is_dropped_goes_with_its_key() {
    let rules = "version: 1\nname: t\nextends: []\nrules:\n  - {id: gone, in: [note, tags, body], types: all, do: drop}\n";
    let mut redactor = redactor(&policy(rules));
    let tags = ArrayValue { values: vec![text("x"), text("y")] };
    let attributes = vec![
        attribute("note", any(Value::IntValue(5))),
        attribute("kept", text("z")),
        attribute("tags", any(Value::ArrayValue(tags))),
    ];
    let request = logs(vec![LogRecord { body: Some(text("all of it")), attributes, ..record() }]);
    let (out, _) = protobuf(&mut redactor, Signal::Logs, &request.encode_to_vec()).unwrap();
    let out = ExportLogsServiceRequest::decode(&out[..]).unwrap();
    let expected = LogRecord { attributes: vec![attribute("kept", text("z"))], ..record() };
    assert_eq!(only(&out), &expected);
}
