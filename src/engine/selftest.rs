//! Runs the tests that a policy carries. It stands above `redact`, because a test is a record redacted for real.

use std::sync::Arc;

use crate::engine::correlate::{Keyring, TAIL_BYTES, find_ids, is_label};
use crate::engine::policy::{Expect, Policy, PolicyTest};
use crate::engine::redact::{Redacted, Redactor};

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTest<'p> {
    /// The test.
    pub test: &'p PolicyTest,
    /// What should have come out: the line, or the JSON document over several lines.
    pub expected: String,
    /// What came out, in the same form; its correlation IDs are numbered as in `expected`.
    pub actual: String,
}

/// Runs all tests of a policy and returns those that fail.
///
/// IDs are made with a fixed key: a test can say which are equal, not what they are.
pub fn run(policy: &Arc<Policy>) -> Vec<FailedTest<'_>> {
    let mut redactor = Redactor::new(policy.clone(), Arc::new(Keyring::ephemeral(&[0x5a; 64])));
    let mut failed = Vec::new();
    for test in &policy.tests {
        let mut out = Redacted::new();
        redactor.redact(test.given.as_bytes(), &mut out);
        let actual = String::from_utf8_lossy(out.as_bytes());
        failed.extend(differs(test, &actual));
    }
    failed
}

fn differs<'p>(test: &'p PolicyTest, actual: &str) -> Option<FailedTest<'p>> {
    let (expected, actual) = match &test.expect {
        Expect::Unchanged => (test.given.clone(), actual.to_owned()),
        Expect::Line(line) => (line.clone(), numbered(line, actual)),
        Expect::Json(document) => match (pretty(document), pretty(actual)) {
            (Some(expected), Some(actual)) => {
                let actual = numbered(&expected, &actual);
                (expected, actual)
            }
            // What came out is no JSON: shown as it is.
            _ => (document.clone(), actual.to_owned()),
        },
    };
    (expected != actual).then_some(FailedTest { test, expected, actual })
}

/// A document over several lines, its keys sorted: how two are compared and shown.
fn pretty(document: &str) -> Option<String> {
    let mut value: serde_json::Value = serde_json::from_str(document).ok()?;
    value.sort_all_objects();
    serde_json::to_string_pretty(&value).ok()
}

/// Puts `<label#n>` for each correlation ID of `actual`. The numbers are those that `expected` uses at the same place, as
/// long as no number stands for two identities and no identity has two numbers.
fn numbered(expected: &str, actual: &str) -> String {
    let mut asked = placeholders(expected).map(|(_, _, number)| number);
    let mut numbers: Vec<(&[u8], u32)> = Vec::new();
    let ids: Vec<(usize, usize)> = find_ids(actual.as_bytes())
        // An ID that the test spells out is a text like any other.
        .filter(|&(start, end)| !expected.contains(&actual[start..end]))
        .collect();
    let identity = |end: usize| &actual.as_bytes()[end - TAIL_BYTES..end];
    let mut later = Vec::new();
    for &(_, end) in &ids {
        let wanted = asked.next();
        if numbers.iter().any(|(known, _)| *known == identity(end)) {
            continue;
        }
        match wanted {
            Some(number) if numbers.iter().all(|&(_, taken)| taken != number) => {
                numbers.push((identity(end), number));
            }
            _ => later.push(end),
        }
    }
    for end in later {
        if numbers.iter().all(|(known, _)| *known != identity(end)) {
            let highest = placeholders(expected).map(|(_, _, number)| number);
            let next = highest.chain(numbers.iter().map(|&(_, number)| number)).max().unwrap_or(0) + 1;
            numbers.push((identity(end), next));
        }
    }
    let mut out = String::with_capacity(actual.len());
    let mut at = 0;
    for (start, end) in ids {
        let number =
            numbers.iter().find(|(known, _)| *known == identity(end)).map_or(0, |&(_, number)| number);
        let label = actual[start..end - TAIL_BYTES].trim_end_matches('_');
        out.push_str(&actual[at..start]);
        out.push_str(&format!("<{label}#{number}>"));
        at = end;
    }
    out.push_str(&actual[at..]);
    out
}

/// Every `<label#n>` of a text: start, end, n.
fn placeholders(text: &str) -> impl Iterator<Item = (usize, usize, u32)> + '_ {
    text.match_indices('<').filter_map(|(start, _)| {
        let len = text[start..].find('>')?;
        let (label, number) = text[start + 1..start + len].split_once('#')?;
        let number = number.parse().ok().filter(|number| *number < 10_000)?;
        is_label(label.as_bytes()).then_some((start, start + len + 1, number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::policy::LayerSource;

    const A: &str = "v8m2r5k9c0q3w7x1j6n4h8t2d5gz";
    const B: &str = "v8m2r5k9c0q3w7x1j6n4h8t2d5ga";

    #[test]
    fn ids_are_numbered_as_the_test_numbers_them() {
        for (expected, actual, numbered_as) in [
            ("<email#1> <email#1>", format!("email_{A} email_{A}"), "<email#1> <email#1>"),
            ("<email#7> <user#7>", format!("email_{A} user_{A}"), "<email#7> <user#7>"),
            ("<email#1> <email#2>", format!("email_{A} email_{B}"), "<email#1> <email#2>"),
            ("<email#1> <email#1>", format!("email_{A} email_{B}"), "<email#1> <email#2>"),
            ("<email#1> <email#2>", format!("email_{A} email_{A}"), "<email#1> <email#1>"),
            ("nothing", format!("email_{A}, email_{B}"), "<email#1>, <email#2>"),
            ("<a#2> <b#1>", format!("a_{A} b_{B}"), "<a#2> <b#1>"),
            ("<email#1>", format!("user_{A}"), "<user#1>"),
        ] {
            assert_eq!(numbered(expected, &actual), numbered_as);
        }
        let spelled = format!("email_{A}");
        assert_eq!(numbered(&spelled, &spelled), spelled);
    }

    #[test]
    fn placeholders_are_labels_and_numbers() {
        let found: Vec<_> = placeholders("<a#1> <B#2> <c#x> <d#99999> <e> < <f_2#3>").collect();
        assert_eq!(found, [(0, 5, 1), (34, 41, 3)]);
    }

    #[test]
    fn tests_pass_and_fail() {
        let text = r#"
version: 1
extends: []
rules:
  - {id: order, in: order_id, do: correlate}
  - {id: pass, in: password, do: mask}
tests:
  - {name: same order, given: {order_id: A-1, x: {order_id: A-1}}, expect: {x: {order_id: <order#1>}, order_id: <order#1>}}
  - {name: two orders, given: {a: {order_id: A-1}, order_id: A-2}, expect: {a: {order_id: <order#1>}, order_id: <order#2>}}
  - {name: unchanged, given: "nothing to see", expect: unchanged}
  - {name: line, given: '{"password": 1.50}', expect: '{"password": "[redacted:pass]"}'}
  - {name: fails, given: {password: x}, expect: unchanged}
  - {name: other label, given: {order_id: A-1}, expect: {order_id: <bestellung#1>}}
"#;
        let policy = Arc::new(Policy::compile(&[LayerSource::new("shop.yaml", text)]).unwrap());
        let failed = run(&policy);
        let names: Vec<&str> = failed.iter().map(|failed| failed.test.name.as_str()).collect();
        assert_eq!(names, ["fails", "other label"], "{failed:#?}");
        assert_eq!(failed[0].actual, r#"{"password":"[redacted:pass]"}"#);
        assert_eq!(failed[1].actual, "{\n  \"order_id\": \"<order#1>\"\n}");
    }
}
