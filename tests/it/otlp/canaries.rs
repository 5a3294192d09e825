//! Every string and every bytes field of every message, by its descriptor: what stands in it is seen and replaced.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value,
};
use redactd::engine::otlp::Signal;

use super::protobuf;
use crate::given::{default_policy, redactor};

pub static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(opentelemetry_proto::DESCRIPTORS).unwrap());

pub const REQUESTS: [(Signal, &str); 3] = [
    (Signal::Logs, "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest"),
    (Signal::Traces, "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"),
    (Signal::Metrics, "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest"),
];

/// Fills each field of a message, members of a oneof in turn, with a canary of its own in each text.
struct Filler {
    canaries: usize,
    turn: usize,
}

impl Filler {
    fn message(&mut self, message: &MessageDescriptor, depth: usize) -> DynamicMessage {
        let mut filled = DynamicMessage::new(message.clone());
        let turn = self.turn;
        for field in message.fields() {
            if let Some(oneof) = field.containing_oneof()
                && !field.supports_presence_of_its_own()
            {
                let members: Vec<_> = oneof.fields().collect();
                if members[turn % members.len()] != field {
                    continue;
                }
            }
            if depth == 0 && matches!(field.kind(), Kind::Message(_)) {
                continue;
            }
            let value = if field.is_list() {
                Value::List((0..2).map(|_| self.value(&field, depth)).collect())
            } else {
                self.value(&field, depth)
            };
            filled.set_field(&field, value);
        }
        filled
    }

    fn value(&mut self, field: &FieldDescriptor, depth: usize) -> Value {
        self.turn += usize::from(field.name() == "value" || field.name() == "values");
        match field.kind() {
            Kind::String => Value::String(self.canary()),
            Kind::Bytes => match field.name() {
                "trace_id" => Value::Bytes(vec![0xab; 16].into()),
                "span_id" | "parent_span_id" => Value::Bytes(vec![0xcd; 8].into()),
                _ => Value::Bytes(self.canary().into_bytes().into()),
            },
            Kind::Message(inner) => Value::Message(self.message(&inner, depth - 1)),
            Kind::Bool => Value::Bool(true),
            Kind::Double => Value::F64(1.25),
            Kind::Int64 | Kind::Sfixed64 => Value::I64(42),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(42),
            Kind::Int32 | Kind::Sint32 => Value::I32(42),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(42),
            Kind::Enum(_) => Value::EnumNumber(1),
            other => panic!("{other:?} is new in OTLP"),
        }
    }

    fn canary(&mut self) -> String {
        self.canaries += 1;
        format!("canary{}@corp.example", self.canaries)
    }
}

trait Presence {
    fn supports_presence_of_its_own(&self) -> bool;
}

impl Presence for FieldDescriptor {
    /// `optional` of proto3 is a oneof of one.
    fn supports_presence_of_its_own(&self) -> bool {
        self.containing_oneof().is_some_and(|oneof| oneof.fields().count() == 1)
    }
}

/// Where texts of a message are that hold `needle`.
fn places(message: &DynamicMessage, needle: &str, path: &str, found: &mut Vec<String>) {
    for (field, value) in message.fields() {
        place(value, needle, &format!("{path}.{}", field.name()), found);
    }
}

fn place(value: &Value, needle: &str, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains(needle) => found.push(path.to_owned()),
        Value::Bytes(text) if text.windows(needle.len()).any(|w| w == needle.as_bytes()) => {
            found.push(path.to_owned());
        }
        Value::Message(inner) => places(inner, needle, path, found),
        Value::List(items) => items.iter().for_each(|item| place(item, needle, path, found)),
        Value::Map(map) => {
            map.iter().for_each(|(_, item): (&MapKey, &Value)| place(item, needle, path, found));
        }
        _ => {}
    }
}

/// A request with every field filled, its oneofs beginning with another member each `turn`.
pub fn filled(name: &str, turn: usize) -> (DynamicMessage, usize) {
    let mut filler = Filler { canaries: 0, turn };
    let message = filler.message(&POOL.get_message_by_name(name).unwrap(), 12);
    (message, filler.canaries)
}

#[test]
fn no_text_of_any_field_survives() {
    let mut redactor = redactor(&default_policy());
    for (signal, name) in REQUESTS {
        for turn in 0..9 {
            let (message, canaries) = filled(name, turn);
            let (out, report) = protobuf(&mut redactor, signal, &message.encode_to_vec()).unwrap();
            let out = DynamicMessage::decode(message.descriptor(), &out[..]).unwrap();
            let mut left = Vec::new();
            places(&out, "canary", "", &mut left);
            assert_eq!(left, [""; 0], "{name}");
            let mut replaced = Vec::new();
            places(&out, "email_", "", &mut replaced);
            assert_eq!(replaced.len(), canaries, "{name}: {report:?}");
            assert_eq!(report.withheld.iter().sum::<u64>() + report.withheld_around, 0);
        }
    }
}
