//! What is no request, or hardly one: refused or withheld, never passed, and never at a great cost.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use proptest::prelude::*;
use prost::Message;
use redactd::engine::otlp::{OtlpError, Signal};
use redactd::engine::redact::Withheld;

use super::canaries::{REQUESTS, filled};
use super::messages::{any as any_value, logs, text};
use super::{json, protobuf};
use crate::given::{default_policy, redactor};

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut out);
    out.extend_from_slice(content);
    out
}

fn request_of(records: &[u8]) -> Vec<u8> {
    field(1, &field(2, records))
}

#[test]
fn a_bad_record_leaves_a_stub_and_its_siblings_stay() {
    let mut redactor = redactor(&default_policy());
    let good = field(2, &LogRecord { body: Some(text("fine")), ..LogRecord::default() }.encode_to_vec());
    let time = [9, 1, 0, 0, 0, 0, 0, 0, 0];
    for bad in [
        [&time[..], &field(3, b"\xffann@corp.example")].concat(), // no UTF-8
        [&time[..], &[0x2a, 200, 1, b'a']].concat(),              // longer than the record
        [&time[..], &[0x1b]].concat(),                            // a group
        [&time[..], &[0x18, 1]].concat(),                         // a text that is a number
    ] {
        let request = request_of(&[good.clone(), field(2, &bad), good.clone()].concat());
        let (out, report) = protobuf(&mut redactor, Signal::Logs, &request).unwrap();
        let out = ExportLogsServiceRequest::decode(&out[..]).unwrap();
        let records = &out.resource_logs[0].scope_logs[0].log_records;
        assert_eq!(records[0].body, Some(text("fine")));
        assert_eq!(
            (records[1].body.clone(), records[1].time_unix_nano),
            (Some(text("[withheld:undecodable]")), 1)
        );
        assert_eq!(records[2], records[0]);
        assert_eq!(report.withheld[Withheld::Undecodable as usize], 1);
    }
    let request = [request_of(&good), vec![0x0a, 9]].concat();
    let error = protobuf(&mut redactor, Signal::Logs, &request).unwrap_err();
    assert!(matches!(error, OtlpError::Undecodable { .. }));
}

#[test]
fn values_nested_too_deeply_are_withheld_and_siblings_stay() {
    let mut redactor = redactor(&default_policy());
    let nested = |depth: usize| {
        (1..depth).fold(text("deep ann@corp.example"), |inner, _| {
            any_value(Value::ArrayValue(ArrayValue { values: vec![inner, text("side")] }))
        })
    };
    for (depth, withheld) in [(1, false), (32, false), (33, true), (48, true)] {
        let request = logs(vec![LogRecord { body: Some(nested(depth)), ..LogRecord::default() }]);
        let (out, _) = protobuf(&mut redactor, Signal::Logs, &request.encode_to_vec()).unwrap();
        let out = String::from_utf8_lossy(&out).into_owned();
        assert_eq!(out.contains("[withheld:depth]"), withheld, "{depth}");
        assert!(!out.contains("ann@") && (depth == 1 || out.contains("side")));
    }
    let mut wire: Vec<u8> = AnyValue::default().encode_to_vec();
    for _ in 0..10_000 {
        wire = field(5, &field(1, &wire));
    }
    let request = request_of(&field(2, &field(5, &wire)));
    let (out, _) = protobuf(&mut redactor, Signal::Logs, &request).unwrap();
    assert!(String::from_utf8_lossy(&out).contains("[withheld:depth]"));
    let deep = format!(r#"{{"resourceLogs":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert!(json(&mut redactor, Signal::Logs, &deep).is_ok_and(|(out, _)| out.contains("[withheld:depth]")));
}

#[test]
fn too_many_records_are_refused() {
    let mut redactor = redactor(&default_policy());
    let error = protobuf(&mut redactor, Signal::Logs, &request_of(&[0x12, 0].repeat(2_000_000))).unwrap_err();
    assert_eq!(error, OtlpError::TooManyRecords { limit: redactd::limits::OTLP_RECORDS_MAX });
    let members = field(2, &field(6, b"").repeat(1025));
    let (out, report) = protobuf(&mut redactor, Signal::Logs, &request_of(&members)).unwrap();
    assert_eq!(report.withheld[Withheld::Budget as usize], 1);
    assert!(out.len() < 100);
}

#[test]
fn fields_that_nobody_knows_are_looked_at() {
    let mut redactor = redactor(&default_policy());
    let inner = field(1, b"mail ann@corp.example");
    let record = [
        field(15, b"to ann@corp.example"),
        field(14, &inner),
        field(14, &field(3, &field(1, b"fine"))),
        vec![0x68, 42],
        field(5, &field(13, b"by ann@corp.example")),
    ]
    .concat();
    let (out, report) = protobuf(&mut redactor, Signal::Logs, &request_of(&field(2, &record))).unwrap();
    let shown = String::from_utf8_lossy(&out).into_owned();
    assert!(!shown.contains("ann@") && shown.contains("to email_") && shown.contains("fine"), "{shown}");
    assert!(out.windows(2).any(|two| two == [0x68, 42]) && report.spans >= 3);
    ExportLogsServiceRequest::decode(&out[..]).unwrap();
}

#[test]
fn a_request_cut_anywhere_is_refused_or_withheld() {
    let mut redactor = redactor(&default_policy());
    for (signal, name) in REQUESTS {
        let whole = filled(name, 1).0.encode_to_vec();
        for end in (0..whole.len()).step_by(101) {
            if let Ok((out, _)) = protobuf(&mut redactor, signal, &whole[..end]) {
                assert!(!String::from_utf8_lossy(&out).contains("canary"), "{name} {end}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_a_walker_panic(place in any::<u16>(), with in any::<u8>(), noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut redactor = redactor(&default_policy());
        for (signal, name) in REQUESTS {
            let mut request = filled(name, usize::from(with)).0.encode_to_vec();
            let place = usize::from(place) % request.len();
            request[place] = with;
            for request in [&request, &noise, &request_of(&field(2, &noise))] {
                let done = protobuf(&mut redactor, signal, request);
                prop_assert_ne!(done.err(), Some(OtlpError::Internal));
            }
            if let Ok(text) = std::str::from_utf8(&noise) {
                prop_assert_ne!(json(&mut redactor, signal, text).err(), Some(OtlpError::Internal));
            }
        }
    }
}
