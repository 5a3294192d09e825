//! The messages of OTLP 1.x that hold text, and what their fields are (opentelemetry-proto, `opentelemetry/proto/`). One
//! table for both encodings; a test compares it with the descriptors. `KeyValue` and `AnyValue` are not in it: they are what
//! the walkers themselves know.

use super::Signal;
use super::wire::Form;

/// A message that is walked field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    LogsRequest,
    ResourceLogs,
    ScopeLogs,
    LogRecord,
    TraceRequest,
    ResourceSpans,
    ScopeSpans,
    Span,
    Event,
    Link,
    Status,
    MetricsRequest,
    ResourceMetrics,
    ScopeMetrics,
    Metric,
    Gauge,
    Sum,
    Histogram,
    ExponentialHistogram,
    Summary,
    NumberPoint,
    HistogramPoint,
    ExponentialPoint,
    SummaryPoint,
    Buckets,
    Quantile,
    Exemplar,
    Resource,
    EntityRef,
    Scope,
}

/// A field of such a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub number: u32,
    /// As JSON writes it.
    pub json: &'static str,
    /// The key under which it stands in the record's path; empty if it is no level of it.
    pub key: &'static str,
    pub kind: Kind,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string; if `true`, one of many.
    Text {
        repeated: bool,
    },
    /// A trace or span id of this many bytes, which stays.
    Id(usize),
    /// A `KeyValue`, one of many.
    Attributes,
    /// An `AnyValue`.
    Value,
    /// A message. Many of them are a list in the path, unless they are no level of it.
    One(Message),
    Many(Message),
    /// A number of this form.
    Number(Form),
    /// Many numbers, packed into one field or not.
    Packed,
}

const fn known(number: u32, json: &'static str, key: &'static str, kind: Kind) -> Known {
    Known { number, json, key, kind }
}

const fn text(number: u32, json: &'static str, key: &'static str) -> Known {
    known(number, json, key, Kind::Text { repeated: false })
}

const fn texts(number: u32, json: &'static str, key: &'static str) -> Known {
    known(number, json, key, Kind::Text { repeated: true })
}

const fn number(number: u32, json: &'static str, form: Form) -> Known {
    known(number, json, "", Kind::Number(form))
}

const fn packed(number: u32, json: &'static str) -> Known {
    known(number, json, "", Kind::Packed)
}

const fn attributes(number: u32) -> Known {
    known(number, "attributes", "attributes", Kind::Attributes)
}

const fn one(number: u32, json: &'static str, key: &'static str, message: Message) -> Known {
    known(number, json, key, Kind::One(message))
}

const fn many(number: u32, json: &'static str, key: &'static str, message: Message) -> Known {
    known(number, json, key, Kind::Many(message))
}

impl Message {
    /// The request of a signal.
    pub fn request(signal: Signal) -> Message {
        match signal {
            Signal::Logs => Message::LogsRequest,
            Signal::Traces => Message::TraceRequest,
            Signal::Metrics => Message::MetricsRequest,
        }
    }

    /// The field with this number.
    #[inline]
    pub fn field(self, number: u32) -> Option<&'static Known> {
        self.fields().iter().find(|known| known.number == number)
    }

    /// The field that JSON calls so.
    pub fn named(self, json: &[u8]) -> Option<&'static Known> {
        self.fields().iter().find(|known| known.json.as_bytes() == json)
    }

    /// Whether it is redacted by itself, as a line is.
    pub fn is_record(self) -> bool {
        matches!(self, Message::LogRecord | Message::Span | Message::Metric)
    }

    /// Whether its attributes tell one series from another.
    pub fn is_point(self) -> bool {
        use Message::*;
        matches!(self, NumberPoint | HistogramPoint | ExponentialPoint | SummaryPoint | Exemplar)
    }

    /// All fields.
    pub const fn fields(self) -> &'static [Known] {
        match self {
            Message::LogsRequest => const { &[many(1, "resourceLogs", "", Message::ResourceLogs)] },
            Message::TraceRequest => const { &[many(1, "resourceSpans", "", Message::ResourceSpans)] },
            Message::MetricsRequest => const { &[many(1, "resourceMetrics", "", Message::ResourceMetrics)] },
            Message::ResourceLogs => const { &of_resource("scopeLogs", Message::ScopeLogs) },
            Message::ResourceSpans => const { &of_resource("scopeSpans", Message::ScopeSpans) },
            Message::ResourceMetrics => const { &of_resource("scopeMetrics", Message::ScopeMetrics) },
            Message::ScopeLogs => const { &of_scope("logRecords", Message::LogRecord) },
            Message::ScopeSpans => const { &of_scope("spans", Message::Span) },
            Message::ScopeMetrics => const { &of_scope("metrics", Message::Metric) },
            Message::Resource => {
                const {
                    &[
                        known(1, "attributes", "", Kind::Attributes),
                        number(2, "droppedAttributesCount", Form::Varint),
                        many(3, "entityRefs", "entity_refs", Message::EntityRef),
                    ]
                }
            }
            Message::EntityRef => {
                const {
                    &[
                        text(1, "schemaUrl", "schema_url"),
                        text(2, "type", "type"),
                        texts(3, "idKeys", "id_keys"),
                        texts(4, "descriptionKeys", "description_keys"),
                    ]
                }
            }
            Message::Scope => {
                const {
                    &[
                        text(1, "name", "name"),
                        text(2, "version", "version"),
                        attributes(3),
                        number(4, "droppedAttributesCount", Form::Varint),
                    ]
                }
            }
            Message::LogRecord => {
                const {
                    &[
                        number(1, "timeUnixNano", Form::Fixed64),
                        number(2, "severityNumber", Form::Varint),
                        text(3, "severityText", "severity_text"),
                        known(5, "body", "body", Kind::Value),
                        attributes(6),
                        number(7, "droppedAttributesCount", Form::Varint),
                        number(8, "flags", Form::Fixed32),
                        known(9, "traceId", "trace_id", Kind::Id(16)),
                        known(10, "spanId", "span_id", Kind::Id(8)),
                        number(11, "observedTimeUnixNano", Form::Fixed64),
                        text(12, "eventName", "event_name"),
                    ]
                }
            }
            Message::Span => {
                const {
                    &[
                        known(1, "traceId", "trace_id", Kind::Id(16)),
                        known(2, "spanId", "span_id", Kind::Id(8)),
                        text(3, "traceState", "trace_state"),
                        known(4, "parentSpanId", "parent_span_id", Kind::Id(8)),
                        text(5, "name", "name"),
                        number(6, "kind", Form::Varint),
                        number(7, "startTimeUnixNano", Form::Fixed64),
                        number(8, "endTimeUnixNano", Form::Fixed64),
                        attributes(9),
                        number(10, "droppedAttributesCount", Form::Varint),
                        many(11, "events", "events", Message::Event),
                        number(12, "droppedEventsCount", Form::Varint),
                        many(13, "links", "links", Message::Link),
                        number(14, "droppedLinksCount", Form::Varint),
                        one(15, "status", "status", Message::Status),
                        number(16, "flags", Form::Fixed32),
                    ]
                }
            }
            Message::Event => {
                const {
                    &[
                        number(1, "timeUnixNano", Form::Fixed64),
                        text(2, "name", "name"),
                        attributes(3),
                        number(4, "droppedAttributesCount", Form::Varint),
                    ]
                }
            }
            Message::Link => {
                const {
                    &[
                        known(1, "traceId", "trace_id", Kind::Id(16)),
                        known(2, "spanId", "span_id", Kind::Id(8)),
                        text(3, "traceState", "trace_state"),
                        attributes(4),
                        number(5, "droppedAttributesCount", Form::Varint),
                        number(6, "flags", Form::Fixed32),
                    ]
                }
            }
            Message::Status => const { &[text(2, "message", "message"), number(3, "code", Form::Varint)] },
            Message::Metric => {
                const {
                    &[
                        text(1, "name", "name"),
                        text(2, "description", "description"),
                        text(3, "unit", "unit"),
                        one(5, "gauge", "", Message::Gauge),
                        one(7, "sum", "", Message::Sum),
                        one(9, "histogram", "", Message::Histogram),
                        one(10, "exponentialHistogram", "", Message::ExponentialHistogram),
                        one(11, "summary", "", Message::Summary),
                        known(12, "metadata", "metadata", Kind::Attributes),
                    ]
                }
            }
            Message::Gauge => const { &[many(1, "dataPoints", "", Message::NumberPoint)] },
            Message::Sum => {
                const {
                    &[
                        many(1, "dataPoints", "", Message::NumberPoint),
                        number(2, "aggregationTemporality", Form::Varint),
                        number(3, "isMonotonic", Form::Varint),
                    ]
                }
            }
            Message::Histogram => {
                const {
                    &[
                        many(1, "dataPoints", "", Message::HistogramPoint),
                        number(2, "aggregationTemporality", Form::Varint),
                    ]
                }
            }
            Message::ExponentialHistogram => {
                const {
                    &[
                        many(1, "dataPoints", "", Message::ExponentialPoint),
                        number(2, "aggregationTemporality", Form::Varint),
                    ]
                }
            }
            Message::Summary => const { &[many(1, "dataPoints", "", Message::SummaryPoint)] },
            Message::NumberPoint => {
                const {
                    &[
                        number(2, "startTimeUnixNano", Form::Fixed64),
                        number(3, "timeUnixNano", Form::Fixed64),
                        number(4, "asDouble", Form::Fixed64),
                        many(5, "exemplars", "exemplars", Message::Exemplar),
                        number(6, "asInt", Form::Fixed64),
                        attributes(7),
                        number(8, "flags", Form::Varint),
                    ]
                }
            }
            Message::HistogramPoint => {
                const {
                    &[
                        number(2, "startTimeUnixNano", Form::Fixed64),
                        number(3, "timeUnixNano", Form::Fixed64),
                        number(4, "count", Form::Fixed64),
                        number(5, "sum", Form::Fixed64),
                        packed(6, "bucketCounts"),
                        packed(7, "explicitBounds"),
                        many(8, "exemplars", "exemplars", Message::Exemplar),
                        attributes(9),
                        number(10, "flags", Form::Varint),
                        number(11, "min", Form::Fixed64),
                        number(12, "max", Form::Fixed64),
                    ]
                }
            }
            Message::ExponentialPoint => {
                const {
                    &[
                        attributes(1),
                        number(2, "startTimeUnixNano", Form::Fixed64),
                        number(3, "timeUnixNano", Form::Fixed64),
                        number(4, "count", Form::Fixed64),
                        number(5, "sum", Form::Fixed64),
                        number(6, "scale", Form::Varint),
                        number(7, "zeroCount", Form::Fixed64),
                        one(8, "positive", "", Message::Buckets),
                        one(9, "negative", "", Message::Buckets),
                        number(10, "flags", Form::Varint),
                        many(11, "exemplars", "exemplars", Message::Exemplar),
                        number(12, "min", Form::Fixed64),
                        number(13, "max", Form::Fixed64),
                        number(14, "zeroThreshold", Form::Fixed64),
                    ]
                }
            }
            Message::SummaryPoint => {
                const {
                    &[
                        number(2, "startTimeUnixNano", Form::Fixed64),
                        number(3, "timeUnixNano", Form::Fixed64),
                        number(4, "count", Form::Fixed64),
                        number(5, "sum", Form::Fixed64),
                        many(6, "quantileValues", "", Message::Quantile),
                        attributes(7),
                        number(8, "flags", Form::Varint),
                    ]
                }
            }
            Message::Buckets => const { &[number(1, "offset", Form::Varint), packed(2, "bucketCounts")] },
            Message::Quantile => {
                const { &[number(1, "quantile", Form::Fixed64), number(2, "value", Form::Fixed64)] }
            }
            Message::Exemplar => {
                const {
                    &[
                        number(2, "timeUnixNano", Form::Fixed64),
                        number(3, "asDouble", Form::Fixed64),
                        known(4, "spanId", "span_id", Kind::Id(8)),
                        known(5, "traceId", "trace_id", Kind::Id(16)),
                        number(6, "asInt", Form::Fixed64),
                        known(7, "filteredAttributes", "attributes", Kind::Attributes),
                    ]
                }
            }
        }
    }
}

const fn of_resource(json: &'static str, scope: Message) -> [Known; 3] {
    [
        one(1, "resource", "resource", Message::Resource),
        many(2, json, "", scope),
        text(3, "schemaUrl", "schema_url"),
    ]
}

const fn of_scope(json: &'static str, record: Message) -> [Known; 3] {
    [one(1, "scope", "scope", Message::Scope), many(2, json, "", record), text(3, "schemaUrl", "schema_url")]
}

#[cfg(test)]
mod tests {
    use prost_reflect::{DescriptorPool, FieldDescriptor, Kind as Type, MessageDescriptor};

    use super::*;

    fn compare(message: Message, descriptor: &MessageDescriptor, seen: &mut Vec<String>) {
        if seen.iter().any(|name| name == descriptor.full_name()) {
            return;
        }
        seen.push(descriptor.full_name().to_owned());
        assert_eq!(message.fields().len(), descriptor.fields().count(), "{message:?}");
        for field in descriptor.fields() {
            let known = message.field(field.number()).unwrap_or_else(|| panic!("{}", field.full_name()));
            assert_eq!(known.json, field.json_name());
            assert_eq!(message.named(known.json.as_bytes()).map(|known| known.number), Some(field.number()));
            let inner = compare_kind(known, &field);
            if let (Some(inner), Type::Message(descriptor)) = (inner, field.kind()) {
                compare(inner, &descriptor, seen);
            }
        }
    }

    /// The message of the field, if it is one that the table has.
    fn compare_kind(known: &Known, field: &FieldDescriptor) -> Option<Message> {
        let list = field.is_list();
        let of = match field.kind() {
            Type::Message(inner) => inner.name().to_owned(),
            _ => String::new(),
        };
        let fits = match (known.kind, field.kind()) {
            (Kind::Text { repeated }, Type::String) => repeated == list,
            (Kind::Id(_), Type::Bytes) => field.name().ends_with("_id"),
            (Kind::Attributes, Type::Message(_)) => list && of == "KeyValue",
            (Kind::Value, Type::Message(_)) => !list && of == "AnyValue",
            (Kind::One(_), Type::Message(_)) => !list && of != "KeyValue" && of != "AnyValue",
            (Kind::Many(_), Type::Message(_)) => list && of != "KeyValue" && of != "AnyValue",
            (Kind::Packed, Type::Fixed64 | Type::Double | Type::Uint64) => list,
            (Kind::Number(Form::Fixed64), Type::Fixed64 | Type::Sfixed64 | Type::Double) => !list,
            (Kind::Number(Form::Fixed32), Type::Fixed32) => !list,
            (
                Kind::Number(Form::Varint),
                Type::Uint32 | Type::Sint32 | Type::Int32 | Type::Bool | Type::Enum(_),
            ) => !list,
            _ => false,
        };
        assert!(fits, "{}: {:?}", field.full_name(), known.kind);
        match known.kind {
            Kind::One(inner) | Kind::Many(inner) => Some(inner),
            _ => None,
        }
    }

    #[test]
    fn the_table_is_what_the_descriptors_say() {
        let pool = DescriptorPool::decode(opentelemetry_proto::DESCRIPTORS).unwrap();
        let mut seen = Vec::new();
        for (message, name) in [
            (Message::LogsRequest, "logs.v1.ExportLogsServiceRequest"),
            (Message::TraceRequest, "trace.v1.ExportTraceServiceRequest"),
            (Message::MetricsRequest, "metrics.v1.ExportMetricsServiceRequest"),
        ] {
            let name = format!("opentelemetry.proto.collector.{name}");
            compare(message, &pool.get_message_by_name(&name).unwrap(), &mut seen);
        }
        assert_eq!(seen.len(), 30, "{seen:?}");
        // What the walkers know themselves.
        for (name, fields) in [("AnyValue", 8), ("KeyValue", 3), ("ArrayValue", 1), ("KeyValueList", 1)] {
            let message = pool.get_message_by_name(&format!("opentelemetry.proto.common.v1.{name}")).unwrap();
            assert_eq!(message.fields().count(), fields, "{name}");
        }
    }
}
