//! `--remarks counts`: a member `redactd` at the end of a JSON object that says which policy was in force and which rules
//! replaced how many spans. It replaces the one that an earlier pass left, unless that is the stub of a withheld record.

use std::fmt::Write as _;

use crate::engine::policy::{Policy, RuleIndex};
use crate::engine::scan::json::{Event, Lexer};

/// Adds the remark to the record that begins at `start` in `out`. Records that are no complete JSON object stay as they are.
pub(super) fn add(policy: &Policy, rules: &mut [RuleIndex], start: usize, out: &mut Vec<u8>) {
    let Some(place) = place(&out[start..]) else { return };
    let mut text = String::with_capacity(160);
    // Writing to a string cannot fail.
    let _ = write!(text, r#""redactd":{{"policy_id":"{}","redactions":{{"#, policy.id);
    rules.sort_unstable();
    for (index, same) in rules.chunk_by(|a, b| a == b).enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Layers and ids are of letters, digits, `-`, `_`, `.` and `/`: nothing to escape, but names of files are not ours.
        let name = serde_json::Value::from(policy.rules[usize::from(same[0])].qualified.as_str());
        let _ = write!(text, "{comma}{name}:{}", same.len());
    }
    text.push_str("}}");
    match place {
        Place::Replace(from, to) => {
            out.splice(start + from..start + to, text.bytes());
        }
        Place::Append { at, first } => {
            if !first {
                text.insert(0, ',');
            }
            out.splice(start + at..start + at, text.bytes());
        }
    }
}

enum Place {
    /// From the key to the end of its value.
    Replace(usize, usize),
    /// Before the closing brace.
    Append { at: usize, first: bool },
}

fn place(record: &[u8]) -> Option<Place> {
    let begin = record.iter().position(|b| !b.is_ascii_whitespace())?;
    if record[begin] != b'{' {
        return None;
    }
    let mut lexer = Lexer::new(record, begin);
    let (mut members, mut ours, mut withheld) = (0, None, false);
    let mut found = None;
    let place = loop {
        match lexer.next() {
            Event::Key { range, .. } if lexer.depth() == 1 => {
                members += 1;
                ours = (&record[range.start..range.end] == b"redactd").then_some(range.start - 1);
            }
            Event::Key { range, .. } if lexer.depth() == 2 && ours.is_some() => {
                withheld |= &record[range.start..range.end] == b"withheld";
            }
            Event::ObjectEnd(at) if lexer.depth() == 0 => break Place::Append { at, first: members == 0 },
            Event::ObjectEnd(at) if lexer.depth() == 1 => {
                found = ours.take().map(|from| (from, at + 1)).or(found)
            }
            Event::Error(_) | Event::End(_) => return None,
            _ => {}
        }
    };
    let rest = match lexer.next() {
        Event::End(at) => at,
        _ => return None,
    };
    if withheld || record[rest..].iter().any(|b| !b.is_ascii_whitespace()) {
        return None;
    }
    Some(found.map_or(place, |(from, to)| Place::Replace(from, to)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::engine::correlate::Keyring;
    use crate::engine::policy::{LayerSource, Policy};
    use crate::engine::redact::{Redacted, Redactor};

    #[test]
    fn a_remark_is_the_last_member_and_replaces_an_earlier_one() {
        let text = "version: 1\nname: t\nextends: []\nrules:\n  - {id: pw, in: [password], do: mask}\n";
        let policy = Arc::new(Policy::compile(&[LayerSource::new("t.yaml", text)]).expect("a valid policy"));
        let mut redactor = Redactor::new(Arc::clone(&policy), Arc::new(Keyring::ephemeral(&[1; 64])));
        redactor.set_remarks(true);
        let mut remark = |line: &str| {
            let mut out = Redacted::new();
            redactor.redact_line(line.as_bytes(), &mut out);
            String::from_utf8_lossy(out.as_bytes()).replace(&policy.id.to_string(), "ID")
        };
        let none = r#""redactd":{"policy_id":"ID","redactions":{}}"#;
        assert_eq!(
            remark(r#"{"password":"a","b":{"password":1}}"#),
            r#"{"password":"[redacted:pw]","b":{"password":"[redacted:pw]"},"redactd":{"policy_id":"ID","redactions":{"t/pw":2}}}"#
        );
        assert_eq!(remark("{}"), format!("{{{none}}}"));
        assert_eq!(remark(r#"{"redactd":{"x":1}, "a":2}"#), format!(r#"{{{none}, "a":2}}"#));
        let stub = r#"{"redactd":{"withheld":"budget","bytes":7}}"#;
        assert_eq!(remark(stub), stub);
        for kept in ["text", "[1]", "{\"cut\":", "{} trailing", ""] {
            assert_eq!(remark(kept), kept);
        }
    }
}
