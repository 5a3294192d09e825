//! The messages with which receivers answer: `google.rpc.Status` with its codes, and OTLP's partial success. Texts in them
//! are our own; what another receiver wrote is never read, for it may show a record.

use std::time::Duration;

use prost::Message;

use super::otlp::Encoding;
use crate::limits;

/// The codes of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Code {
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl Code {
    const ALL: [(Code, &str); 17] = [
        (Code::Ok, "OK"),
        (Code::Cancelled, "CANCELLED"),
        (Code::Unknown, "UNKNOWN"),
        (Code::InvalidArgument, "INVALID_ARGUMENT"),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        (Code::NotFound, "NOT_FOUND"),
        (Code::AlreadyExists, "ALREADY_EXISTS"),
        (Code::PermissionDenied, "PERMISSION_DENIED"),
        (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
        (Code::FailedPrecondition, "FAILED_PRECONDITION"),
        (Code::Aborted, "ABORTED"),
        (Code::OutOfRange, "OUT_OF_RANGE"),
        (Code::Unimplemented, "UNIMPLEMENTED"),
        (Code::Internal, "INTERNAL"),
        (Code::Unavailable, "UNAVAILABLE"),
        (Code::DataLoss, "DATA_LOSS"),
        (Code::Unauthenticated, "UNAUTHENTICATED"),
    ];

    /// The code of a number.
    pub fn of(number: i32) -> Option<Code> {
        usize::try_from(number).ok().and_then(|number| Code::ALL.get(number)).map(|(code, _)| *code)
    }

    /// As the specification spells it; also the label of a metric.
    pub fn name(self) -> &'static str {
        Code::ALL[self as usize].1
    }
}

/// An answer other than success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub code: Code,
    /// Without anything of the request.
    pub message: &'static str,
    /// When to come again: only with it is [`Code::ResourceExhausted`] meant to pass.
    pub after: Option<Duration>,
}

/// Records that a receiver did not take though it answered with success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Partial {
    /// How many.
    pub rejected: u64,
}

#[derive(Clone, PartialEq, Message)]
struct StatusMessage {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<AnyMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyMessage {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfoMessage {
    #[prost(message, optional, tag = "1")]
    delay: Option<DurationMessage>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct DurationMessage {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// The response of each of the three services: they differ in the name of a field only.
#[derive(Clone, PartialEq, Message)]
struct ResponseMessage {
    #[prost(message, optional, tag = "1")]
    partial: Option<PartialMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialMessage {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    message: String,
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

impl Failure {
    /// One without an end in sight.
    pub const fn new(code: Code, message: &'static str) -> Failure {
        Failure { code, message, after: None }
    }

    /// One that is worth another try.
    pub const fn later(code: Code, message: &'static str) -> Failure {
        Failure { code, message, after: Some(Duration::from_millis(limits::COME_AGAIN_MS)) }
    }

    /// As `google.rpc.Status`.
    pub fn encoded(&self, encoding: Encoding) -> Vec<u8> {
        let (code, message) = (self.code as i32, self.message.to_owned());
        match encoding {
            Encoding::Protobuf => {
                let details = self.after.map(|after| {
                    let delay = Some(DurationMessage {
                        seconds: after.as_secs() as i64,
                        nanos: after.subsec_nanos() as i32,
                    });
                    let value = RetryInfoMessage { delay }.encode_to_vec();
                    AnyMessage { type_url: RETRY_INFO.to_owned(), value }
                });
                StatusMessage { code, message, details: details.into_iter().collect() }.encode_to_vec()
            }
            Encoding::Json => {
                let mut status = serde_json::json!({"code": code, "message": message});
                if let Some(after) = self.after {
                    let delay = format!("{}s", after.as_secs_f64());
                    status["details"] = serde_json::json!([{"@type": RETRY_INFO, "retryDelay": delay}]);
                }
                status.to_string().into_bytes()
            }
        }
    }
}

/// What `grpc-status-details-bin` says of when to come again.
pub fn retry_delay(details: &[u8]) -> Option<Duration> {
    let status = StatusMessage::decode(details).ok()?;
    let info = status.details.iter().find(|any| any.type_url.ends_with("google.rpc.RetryInfo"))?;
    let delay = RetryInfoMessage::decode(info.value.as_slice()).ok()?.delay.unwrap_or_default();
    let most = Duration::from_millis(limits::RETRY_AFTER_MS_MAX);
    // One that is negative says nothing of use, and still that it will pass.
    let seconds = u64::try_from(delay.seconds).unwrap_or(0);
    let nanos = u32::try_from(delay.nanos).unwrap_or(0).min(999_999_999);
    Some(Duration::new(seconds.min(most.as_secs()), nanos).min(most))
}

/// The answer to a request that was taken; `rejected` of its records were not.
pub fn response(encoding: Encoding, rejected: Partial, rejected_field: &str) -> Vec<u8> {
    const WHY: &str = "records that could not be read were withheld";
    match (encoding, rejected.rejected) {
        (Encoding::Protobuf, 0) => Vec::new(),
        (Encoding::Json, 0) => b"{}".to_vec(),
        (Encoding::Protobuf, rejected) => {
            let rejected = i64::try_from(rejected).unwrap_or(i64::MAX);
            let partial = Some(PartialMessage { rejected, message: WHY.to_owned() });
            ResponseMessage { partial }.encode_to_vec()
        }
        (Encoding::Json, rejected) => {
            let mut partial = serde_json::json!({"errorMessage": WHY});
            // 64-bit integers are strings in this mapping.
            partial[rejected_field] = rejected.to_string().into();
            serde_json::json!({ "partialSuccess": partial }).to_string().into_bytes()
        }
    }
}

/// What a response says of records that were not taken. One that cannot be read says nothing: the status has said it all.
pub fn partial_success(encoding: Encoding, response: &[u8]) -> Partial {
    let rejected = match encoding {
        Encoding::Protobuf => ResponseMessage::decode(response)
            .ok()
            .and_then(|response| response.partial)
            .map_or(0, |partial| partial.rejected),
        Encoding::Json => serde_json::from_slice::<serde_json::Value>(response)
            .ok()
            .and_then(|response| {
                let partial = response.get("partialSuccess")?.as_object()?;
                let rejected = partial.iter().find(|(name, _)| name.starts_with("rejected"))?.1;
                rejected.as_i64().or_else(|| rejected.as_str()?.parse().ok())
            })
            .unwrap_or(0),
    };
    Partial { rejected: u64::try_from(rejected).unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_when_to_come_again_in_both_encodings() {
        let failure =
            Failure { code: Code::Unavailable, message: "busy", after: Some(Duration::from_millis(1500)) };
        let bytes = failure.encoded(Encoding::Protobuf);
        assert_eq!(retry_delay(&bytes), failure.after);
        assert_eq!(StatusMessage::decode(bytes.as_slice()).unwrap().code, 14);
        let json: serde_json::Value = serde_json::from_slice(&failure.encoded(Encoding::Json)).unwrap();
        assert_eq!(json["code"], 14);
        assert_eq!(json["details"][0]["retryDelay"], "1.5s");
        let plain = Failure::new(Code::ResourceExhausted, "too large");
        assert_eq!(retry_delay(&plain.encoded(Encoding::Protobuf)), None);
    }

    #[test]
    fn delays_that_cannot_be_are_bounded() {
        let of = |seconds, nanos| {
            let value = RetryInfoMessage { delay: Some(DurationMessage { seconds, nanos }) }.encode_to_vec();
            let details = vec![AnyMessage { type_url: RETRY_INFO.to_owned(), value }];
            retry_delay(&StatusMessage { code: 8, message: String::new(), details }.encode_to_vec())
        };
        assert_eq!(of(2, 5), Some(Duration::new(2, 5)));
        assert_eq!(of(-2, -5), Some(Duration::ZERO));
        assert_eq!(of(i64::MAX, i32::MAX), Some(Duration::from_secs(300)));
        assert_eq!(retry_delay(b"\xff\xff"), None);
        assert_eq!(retry_delay(b""), None);
    }

    #[test]
    fn partial_success_is_read_in_both_encodings_and_absent_on_success() {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let answer = response(encoding, Partial { rejected: 7 }, "rejectedLogRecords");
            assert_eq!(partial_success(encoding, &answer), Partial { rejected: 7 });
            let answer = response(encoding, Partial::default(), "rejectedLogRecords");
            assert_eq!(partial_success(encoding, &answer), Partial::default());
        }
        assert_eq!(response(Encoding::Protobuf, Partial::default(), "x"), b"");
        assert_eq!(response(Encoding::Json, Partial::default(), "x"), b"{}");
        for text in
            ["", "null", "[]", r#"{"partialSuccess":null}"#, r#"{"partialSuccess":{"rejectedSpans":-1}}"#]
        {
            assert_eq!(partial_success(Encoding::Json, text.as_bytes()), Partial::default(), "{text}");
        }
        let number = br#"{"partialSuccess":{"rejectedSpans":3}}"#;
        assert_eq!(partial_success(Encoding::Json, number), Partial { rejected: 3 });
    }
}
