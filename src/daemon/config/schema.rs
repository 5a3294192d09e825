//! What the JSON Schema says of single values, and the schema as a whole.
//!
//! Every value may be, or hold, a reference to an environment variable, so patterns and lists of words have that way out.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::file::{ConfigFile, RetryFile};

/// The schema of the configuration, as `schema/config.schema.json` has it.
pub fn schema() -> Value {
    let mut schema =
        SchemaSettings::draft07().into_generator().into_root_schema_for::<ConfigFile>().to_value();
    without_null(&mut schema);
    schema
}

/// A key is there with a value, or it is not there: nothing may be `null`.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(members) => {
            members.values_mut().for_each(without_null);
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|of| of != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            let null = json!({"type": "null"});
            if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
                choices.retain(|choice| *choice != null);
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    members.remove("anyOf");
                    members.extend(only);
                }
            }
        }
        _ => {}
    }
}

/// A reference to the environment anywhere in a text.
const REFERENCE: &str = r"\$\{[A-Za-z_]";

/// Implements the schema of a value of one kind.
macro_rules! value {
    ($(#[$doc:meta] $name:ident: $schema:expr;)*) => {$(
        #[$doc]
        pub struct $name;
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).to_ascii_lowercase().into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

value! {
    /// The version.
    Version: json_schema!({"const": 1});
    /// A path, relative to the configuration file.
    Path: json_schema!({"type": "string", "minLength": 1});
    /// One text or several.
    Texts: json_schema!({"oneOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}]});
    /// Policies.
    Layers: json_schema!({"oneOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}]});
    /// A duration.
    Duration: text(r"^[0-9]+ *(ms|s|m|h|d)$");
    /// A size.
    Size: json_schema!({"oneOf": [
        {"type": "integer", "minimum": 0},
        text(r"^[0-9]+ *([bB]|[kKmMgG](i?[bB])?)?$")]});
    /// A count.
    Count: json_schema!({"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": REFERENCE}]});
    /// A switch.
    Flag: json_schema!({"oneOf": [{"type": "boolean"}, {"type": "string", "pattern": REFERENCE}]});
    /// An address.
    Address: text(r"^(\[[0-9a-fA-F:.]+\]|[0-9.]+|localhost):[0-9]+$");
    /// A URL.
    UrlText: text(r"^https?://");
    /// How lines are read.
    Format: word(&["auto", "json", "text", "logfmt"]);
    /// Where files begin.
    ReadFrom: word(&["beginning", "end"]);
    /// What a runtime wrapped around lines.
    Container: word(&["auto", "none", "cri", "docker"]);
    /// Which lines are one record.
    Multiline: json_schema!({"oneOf": [
        word(&["auto", "none"]),
        {"type": "object", "properties": {"start": {"type": "string", "minLength": 1,
            "description": "Regular expression that matches the first line of a record."}},
         "required": ["start"], "additionalProperties": false}]});
    /// When an output file is on disk.
    Fsync: word(&["batch", "never"]);
    /// How a body is compressed.
    Compression: word(&["none", "gzip", "zstd"]);
    /// How OTLP is carried.
    Protocol: word(&["grpc", "http"]);
    /// What happens when a queue is full.
    WhenFull: word(&["block", "drop_newest"]);
}

/// One of a few words.
fn word(words: &[&str]) -> Schema {
    json_schema!({"oneOf": [{"enum": words}, {"type": "string", "pattern": REFERENCE}]})
}

/// A text of a pattern.
fn text(pattern: &str) -> Schema {
    json_schema!({"type": "string", "pattern": format!("{pattern}|{REFERENCE}")})
}

/// A map from names to what they name.
pub struct Named<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({
            "type": "object",
            "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_-]{0,47}$"},
            "additionalProperties": value,
            "minProperties": 1,
        })
    }
}

/// What all sinks share, as the schema sees it: members of each sink.
#[derive(JsonSchema)]
#[allow(dead_code)]
pub struct Shared {
    /// Names of the sources it takes. Absent: every source.
    #[schemars(with = "Option<Texts>")]
    inputs: (),
    /// Whether acknowledgements wait for it; `true` when absent.
    #[schemars(with = "Option<Flag>")]
    required: (),
    /// What happens when its queue is full: `block` stops the source, `drop_newest` loses records and counts them.
    #[schemars(with = "Option<WhenFull>")]
    when_full: (),
    /// For one attempt; `10s` when absent.
    #[schemars(with = "Option<Duration>")]
    timeout: (),
    /// Between attempts: `{initial: 1s, max: 30s}` when absent.
    retry: Option<RetryFile>,
    /// File for redacted records that the receiver refused. Absent: one under `data_dir`.
    #[schemars(with = "Option<Path>")]
    dead_letter: (),
}

/// Keys that the schema knows for a definition, to hold the reader to.
#[cfg(test)]
pub fn keys(schema: &Value) -> Vec<String> {
    let mut keys: Vec<String> =
        schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
    keys.sort();
    keys
}

/// The text of the committed copy.
pub fn text_of_schema() -> String {
    // A value serializes without fail.
    serde_json::to_string_pretty(&schema()).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn the_schema_and_the_reader_know_the_same_keys() {
        let schema = schema();
        let variant = |of: &str, kind: &str| {
            let variants = schema["definitions"][of]["oneOf"].as_array().unwrap();
            variants.iter().find(|variant| variant["properties"]["type"]["const"] == kind).unwrap().clone()
        };
        let definition = |of: &str| schema["definitions"][of].clone();
        for (schema, known) in [
            (schema.clone(), read::FILE),
            (definition("HealthFile"), read::HEALTH),
            (definition("AdminFile"), read::ADMIN),
            (definition("LimitsFile"), read::LIMITS),
            (definition("RetryFile"), read::RETRY),
            (definition("RotateFile"), read::ROTATE),
            (definition("TlsFile"), read::TLS),
            (variant("SourceFile", "file"), read::FILE_SOURCE),
            (definition("ListenFile"), read::LISTEN),
            (definition("ServerTlsFile"), read::SERVER_TLS),
            (definition("OAuthFile"), read::OAUTH),
            (variant("SourceFile", "stdin"), read::STDIN_SOURCE),
            (variant("SourceFile", "otlp"), read::OTLP_SOURCE),
            (variant("SinkFile", "otlp"), read::OTLP_SINK),
            (variant("SinkFile", "file"), read::FILE_SINK),
            (variant("SinkFile", "http"), read::HTTP_SINK),
            (variant("SinkFile", "stdout"), read::STDOUT_SINK),
        ] {
            let mut known = known.to_vec();
            known.sort_unstable();
            assert_eq!(keys(&schema), known);
            assert_eq!(schema["additionalProperties"], false, "{known:?}");
        }
    }
}
