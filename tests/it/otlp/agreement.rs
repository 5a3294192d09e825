//! One record has one result, in protobuf, in JSON and in a line.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use redactd::engine::otlp::Signal;

use super::{json, protobuf};
use crate::given::{default_policy, redactor};

const REQUEST: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.ip","value":{"arrayValue":{"values":[{"stringValue":"203.0.113.9"},{"stringValue":"8.8.4.4"}]}}}]},"scopeLogs":[{"scope":{"name":"by ann@corp.example"},"logRecords":[{"timeUnixNano":"1772000000000000000","severityText":"INFO","body":{"kvlistValue":{"values":[{"key":"msg","value":{"stringValue":"mail to \"ann@corp.example\" \\ bounced"}},{"key":"password","value":{"intValue":"1234"}},{"key":"raw","value":{"stringValue":"{\"token\":\"x\",\"n\":1}"}},{"key":"ok","value":{"boolValue":true}}]}},"attributes":[{"value":{"stringValue":"ann"},"key":"user.name"},{"key":"url.full","value":{"stringValue":"https://u:p@shop.example/?email=ann%40corp.example"}},{"key":"n","value":{"doubleValue":1.5}}],"traceId":"000102030405060708090a0b0c0d0e0f","spanId":"0707070707070707"}]}]}]}"#;

#[test]
fn protobuf_and_json_agree() {
    let mut redactor = redactor(&default_policy());
    let request: ExportLogsServiceRequest = serde_json::from_str(REQUEST).unwrap();
    let (wire, in_wire) = protobuf(&mut redactor, Signal::Logs, &request.encode_to_vec()).unwrap();
    let wire = ExportLogsServiceRequest::decode(&wire[..]).unwrap();
    let (text, in_text) = json(&mut redactor, Signal::Logs, REQUEST).unwrap();
    let text: ExportLogsServiceRequest = serde_json::from_str(&text).unwrap();
    assert_eq!(wire, text);
    assert_eq!(in_wire, in_text);
    assert!(in_wire.spans >= 6, "{in_wire:?}");
    let shown = format!("{wire:?}");
    assert!(!shown.contains("ann@") && !shown.contains("1234") && !shown.contains("u:p@"), "{shown}");
}

#[test]
fn a_line_agrees() {
    let mut redactor = redactor(&default_policy());
    let (out, _) = json(&mut redactor, Signal::Logs, REQUEST).unwrap();
    let line = r#"{"attributes":{"user.name":"ann","url.full":"https://u:p@shop.example/?email=ann%40corp.example"},"body":{"password":1234,"msg":"mail to \"ann@corp.example\" \\ bounced"}}"#;
    let line = crate::given::redact(&mut redactor, line.as_bytes());
    let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
    for value in ["/attributes/user.name", "/attributes/url.full", "/body/password", "/body/msg"] {
        let value = line.pointer(value).unwrap().to_string();
        assert!(out.contains(&format!("\"stringValue\":{value}")), "{value} in {out}");
    }
}

#[test]
fn json_stays_as_it_was_written_where_nothing_is_replaced() {
    let mut redactor = redactor(&default_policy());
    for request in [
        "{}",
        r#" { "resourceLogs" : [ ] , "new" : { "field" : [ 1e400 , null ] } } "#,
        r#"{"resourceLogs":null}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":1.5e18,"flags":null,"attributes":null,"body":{"arrayValue":{}}},{"body":{"doubleValue":"NaN"}},{"body":{"bytesValue":"_-8"}},{"traceId":"AB0102030405060708090a0b0c0d0e0f"}]}]}]}"#,
    ] {
        assert_eq!(json(&mut redactor, Signal::Logs, request).unwrap().0, request);
    }
    for request in ["", "[]", "{", "{\"a\":1,}", "{} x", "{\"resourceLogs\":[{]}"] {
        assert!(json(&mut redactor, Signal::Logs, request).is_err(), "{request}");
    }
    let twice = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a@corp.example","intValue":"1"},"body":{"stringValue":"b@corp.example"},"body_text":"c@corp.example"}]}]}]}"#;
    let (out, report) = json(&mut redactor, Signal::Logs, twice).unwrap();
    assert!(!out.contains("@corp") && out.contains(r#""intValue":"1""#) && report.spans == 3, "{out}");
}
