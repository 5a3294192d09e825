//! A toy for the seam to records that are no lines: a record is a list of (path, value), walked through
//! [`Redactor::fields`]. If sixty lines are enough to get what the JSON line gets, OTLP on the wire needs nothing else.

use redactd::{Redacted, Redactor};
use serde_json::Value;

use crate::generate::{self, Class, Random};
use crate::given::{default_policy, redact, redactor};

/// A path of keys, arrays left out, and the text under it.
type Field = (Vec<String>, String);

/// Takes a JSON value apart.
fn flatten(path: &mut Vec<String>, value: &Value, fields: &mut Vec<Field>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                path.push(key.clone());
                flatten(path, value, fields);
                path.pop();
            }
        }
        Value::Array(items) => items.iter().for_each(|item| flatten(path, item, fields)),
        Value::String(text) => fields.push((path.clone(), text.clone())),
        _ => {}
    }
}

/// Redacts the values of one record.
fn walk(redactor: &mut Redactor, record: &[Field]) -> Vec<String> {
    let mut fields = redactor.fields();
    let mut values = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for (path, value) in record {
        // The way from the last field to this one.
        let common = path.iter().zip(&open).take_while(|(a, b)| a == b).count();
        for _ in common..open.len() {
            fields.leave();
        }
        open.truncate(common);
        for key in &path[common..] {
            fields.enter(key.as_bytes());
            open.push(key.clone());
        }
        let mut out = Redacted::new();
        fields.text(value.as_bytes(), &mut out);
        values.push(String::from_utf8(out.as_bytes().to_vec()).unwrap());
    }
    values
}

fn agrees(redactor: &mut Redactor, line: &str) {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    flatten(&mut Vec::new(), &serde_json::from_str(line).unwrap(), &mut before);
    let walked = walk(redactor, &before);
    let out = redact(redactor, line.as_bytes());
    flatten(&mut Vec::new(), &serde_json::from_slice(&out).unwrap(), &mut after);
    // A number that was replaced is a text now; this walker hands over texts only.
    after.retain(|(path, _)| before.iter().any(|(other, _)| other == path));
    let expected: Vec<String> = after.into_iter().map(|(_, value)| value).collect();
    assert_eq!(walked, expected, "{line}");
}

#[test]
fn fields_handed_over_one_by_one_come_out_as_in_a_line() {
    let mut redactor = redactor(&default_policy());
    for line in [
        r#"{"user":{"email":"alice@corp.example","note":"x"},"msg":"mail to alice@corp.example","password":"hunter2"}"#,
        r#"{"http":{"request":{"header":{"authorization":"Bearer abcdefghijklmnopqrst"}}},"url":"/p?email=a%40b.example"}"#,
        r#"{"headers":{"Cookie":"sid=abc; theme=dark"},"client":{"address":"10.1.2.3","port":"4711"},"host":{"ip":"10.1.2.3"}}"#,
        r#"{"a.b":{"password":"x"},"gen_ai":{"prompt":"hello"},"raw":"{\"token\":\"x\",\"n\":1}","tags":["alice@corp.example","x"]}"#,
    ] {
        agrees(&mut redactor, line);
    }
    let mut random = Random::new(20);
    for _ in 0..300 {
        for class in [Class::CleanHttp, Class::Personal, Class::Escaped, Class::Embedded] {
            agrees(&mut redactor, &generate::record(class, &mut random).line);
        }
    }
}

#[test]
fn a_field_cannot_leave_anything_behind() {
    let mut redactor = redactor(&default_policy());
    let alone = redact(&mut redactor, br#"{"note":"plain"}"#);
    for depth in [1, 64, 3000] {
        let mut fields = redactor.fields();
        let mut out = Redacted::new();
        for _ in 0..depth {
            fields.enter(b"password");
        }
        fields.text(b"hunter2", &mut out);
        assert_eq!(out.as_bytes(), b"[redacted:password]");
        // One way back too many is no way at all.
        (0..depth + 2).for_each(|_| fields.leave());
        out.clear();
        fields.text(b"hunter2", &mut out);
        assert_eq!(out.as_bytes(), b"hunter2");
        assert_eq!(redact(&mut redactor, br#"{"note":"plain"}"#), alone);
    }
}
