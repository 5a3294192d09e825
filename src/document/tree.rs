//! YAML, TOML or JSON as a tree that knows where each value stands. Reading into a tree first, and into rules second,
//! is what lets one run report every mistake of a file instead of the first.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::Syntax;
use crate::limits::{POLICY_DEPTH_MAX, POLICY_NODES_MAX};

/// A value and its place: bytes of the file. For a map that is its first key, for a list its first item or bracket.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its place.
    pub span: Range<usize>,
    /// What stands there.
    pub value: Value,
}

/// A key of a map and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its place.
    pub span: Range<usize>,
    /// As written.
    pub text: String,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// The text of the number, as JSON writes it.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// In file order, repeated keys included.
    Map(Vec<(Key, Node)>),
}

/// Why a text is no tree, and where.
#[derive(Debug)]
pub struct SyntaxError {
    /// Where.
    pub span: Range<usize>,
    /// What the parser says.
    pub message: String,
}

/// Reads a text.
///
/// # Errors
/// At the first place that cannot be parsed.
pub fn read(text: &str, syntax: Syntax) -> Result<Node, SyntaxError> {
    match syntax {
        Syntax::Yaml => read_yaml(text),
        Syntax::Toml => read_toml(text),
    }
}

/// Reads YAML; JSON is YAML as well.
fn read_yaml(text: &str) -> Result<Node, SyntaxError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: POLICY_NODES_MAX,
            max_events: 4 * POLICY_NODES_MAX,
            max_aliases: 1000,
            max_documents: 2,
            max_depth: POLICY_DEPTH_MAX,
            flow_nesting_limit: POLICY_DEPTH_MAX,
        },
        // `no` is a text, `0777` and `1_000` are texts: what is no number or boolean in JSON is none here.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // Repeated keys are reported with everything else.
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Option<Node>>(text, options)
        .map(|node| node.unwrap_or(Node { span: 0..0, value: Value::Null }))
        .map_err(|error| SyntaxError {
            span: error.location().map_or(0..0, |at| range(text, at)),
            message: first_sentence(&error.without_snippet().to_string()),
        })
        .map(|mut node| {
            node.place(text);
            node
        })
}

/// Reads TOML.
fn read_toml(text: &str) -> Result<Node, SyntaxError> {
    match toml::de::DeTable::parse(text) {
        Ok(table) => Ok(of_table(table.span(), table.get_ref())),
        Err(error) => Err(SyntaxError {
            span: error.span().unwrap_or(0..0),
            message: error.message().replace('\n', ", "),
        }),
    }
}

impl Node {
    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// Compact JSON.
    pub fn write_json(&self, out: &mut String) {
        match &self.value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(text) => out.push_str(text),
            Value::Text(text) => write_json_text(text, out),
            Value::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Value::Map(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_json_text(&key.text, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }

    /// Gives containers, whose events have no length, the span of what they begin with, and ends text spans where the
    /// text ends.
    fn place(&mut self, text: &str) {
        let clip = |span: &mut Range<usize>| {
            span.end = span.start + text.get(span.clone()).map_or(0, |t| t.trim_end().len());
        };
        match &mut self.value {
            Value::List(items) => {
                items.iter_mut().for_each(|item| item.place(text));
                if let Some(first) = items.first().filter(|_| self.span.is_empty()) {
                    self.span = first.span.clone();
                }
            }
            Value::Map(members) => {
                for (key, value) in members.iter_mut() {
                    clip(&mut key.span);
                    value.place(text);
                }
                if let Some((key, _)) = members.first() {
                    self.span = key.span.clone();
                }
            }
            _ => clip(&mut self.span),
        }
    }
}

fn write_json_text(text: &str, out: &mut String) {
    // A string serializes without fail.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// The place of a YAML location. Its `span().offset()` counts characters, and a syntax error has no byte offset at all:
/// then line and column say it.
fn range(text: &str, at: Location) -> Range<usize> {
    let start = match at.span().byte_offset() {
        Some(offset) if offset <= text.len() as u64 => offset as usize,
        _ => {
            let line = (at.line() as usize).saturating_sub(1);
            let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
            let column = (at.column() as usize).saturating_sub(1);
            let line = text[before..].lines().next().unwrap_or("");
            before + line.char_indices().nth(column).map_or(line.len(), |(i, _)| i)
        }
    };
    let len = at.span().byte_len().filter(|&len| len <= text.len() as u64).unwrap_or(0) as usize;
    let floor = |i: usize| (0..=i.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    floor(start)..floor(start.saturating_add(len)).max(floor(start))
}

/// The parser's message without the place, which is reported beside it.
fn first_sentence(message: &str) -> String {
    let line = message.lines().next().unwrap_or("not readable");
    let line = line.split(" at line ").next().unwrap_or(line);
    line.trim_end_matches(['.', ':', ',']).to_owned()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Node { span: bytes(spanned.referenced), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// Byte span of a location inside a text; scalars always have one.
fn bytes(at: Location) -> Range<usize> {
    let start = at.span().byte_offset().unwrap_or(0) as usize;
    start..start + at.span().byte_len().unwrap_or(0) as usize
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(serde_json::Number::from_f64(value).map_or("null".to_owned(), |n| n.to_string())))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let key = Key { span: bytes(key.referenced), text: key.value };
            members.push((key, map.next_value()?));
        }
        Ok(Value::Map(members))
    }
}

fn of_table(span: Range<usize>, table: &toml::de::DeTable<'_>) -> Node {
    let members = table
        .iter()
        .map(|(key, value)| {
            (
                Key { span: key.span(), text: key.get_ref().to_string() },
                of_toml(value.span(), value.get_ref()),
            )
        })
        .collect::<Vec<_>>();
    let span = members.first().map_or(span, |(key, _)| key.span.clone());
    Node { span, value: Value::Map(members) }
}

fn of_toml(span: Range<usize>, value: &toml::de::DeValue<'_>) -> Node {
    use toml::de::DeValue;
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Number(number.to_string()),
            Err(_) => Value::Text(number.as_str().to_owned()),
        },
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| of_toml(item.span(), item.get_ref())).collect())
        }
        DeValue::Table(table) => return of_table(span, table),
    };
    Node { span, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(node: &Node) -> String {
        let mut out = String::new();
        node.write_json(&mut out);
        out
    }

    #[test]
    fn yaml_keeps_order_repeats_and_spelling() {
        let node = read_yaml("b: 1\na: [no, 0777, 1_000, true, ~, 'é']\nb: {x: 1.5}\n").unwrap();
        assert_eq!(json(&node), r#"{"b":1,"a":["no","0777","1_000",true,null,"é"],"b":{"x":1.5}}"#);
    }

    #[test]
    fn spans_are_bytes_of_the_text_after_multi_byte_characters() {
        let text = "é: 'ü ü'   # ü\nkey: [ä, value]\n";
        let node = read_yaml(text).unwrap();
        let Value::Map(members) = &node.value else { panic!() };
        assert_eq!(&text[members[0].0.span.clone()], "é");
        assert_eq!(&text[members[0].1.span.clone()], "'ü ü'");
        assert_eq!(&text[members[1].0.span.clone()], "key");
        let Value::List(items) = &members[1].1.value else { panic!() };
        assert_eq!(&text[items[0].span.clone()], "ä");
        assert_eq!(&text[items[1].span.clone()], "value");
    }

    #[test]
    fn json_is_yaml() {
        let text = "{\n\t\"a\": \"x\\/y \\u00e9\",\n\t\"b\": [1, 2.5, null]\n}\n";
        assert_eq!(json(&read_yaml(text).unwrap()), "{\"a\":\"x/y é\",\"b\":[1,2.5,null]}");
    }

    #[test]
    fn toml_has_the_same_shape() {
        let text = "version = 1\n[[rules]]\nid = 'a'\nin = ['x', \"y\"]\ndo = {partial = {keep_last = 4}}\n";
        let node = read_toml(text).unwrap();
        let want = r#"{"rules":[{"do":{"partial":{"keep_last":4}},"id":"a","in":["x","y"]}],"version":1}"#;
        assert_eq!(json(&node), want);
        let error = read_toml("version = \n").unwrap_err();
        assert_eq!(error.span, 10..10, "{}", error.message);
    }

    #[test]
    fn syntax_errors_have_a_place() {
        let error = read_yaml("a: 1\nbé: [1, 2\nc: 3\n").unwrap_err();
        assert!(error.span.start >= 5, "{error:?}");
        for bad in
            ["a: 1\n  b: 2\n", "a: *x\n", "a: &x [*x]\n", "a: 1\n---\nb: 2\n", "a: !foo 1\n", "? [a]\n: b\n"]
        {
            let error = read_yaml(bad).unwrap_err();
            assert!(error.span.end <= bad.len() && !error.message.is_empty(), "{error:?}");
        }
    }

    #[test]
    fn bombs_stop_at_the_budget() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for i in 1..9 {
            let alias = format!("*a{}", i - 1);
            bomb += &format!("a{i}: &a{i} [{}]\n", [alias.as_str(); 9].join(", "));
        }
        assert!(read_yaml(&bomb).is_err());
        assert!(read_yaml(&"[".repeat(100_000)).is_err());
        assert!(read_yaml(&"- ".repeat(100_000)).is_err());
    }
}
