//! What must hold for any record, beyond the invariants: equal persons get equal IDs however they are written, nothing is
//! lost or added, order and layout do not matter, damage does not open a hole. Seeded; see `input` for how.

use std::collections::BTreeMap;

use proptest::prelude::*;
use redactd::engine::correlate::{Recognised, find_ids};
use redactd::engine::redact::Format;
use redactd::{Outcome, Redacted};
use serde_json::Value;

use crate::generate::{self, Class, Json, Random, Style, percent, text, value};
use crate::given::{by_default, default_policy, every_action, leaks, policy, redact, redactor, ring};
use crate::input::{self, REGRESSIONS, config};

/// The tails of all IDs in a text: who is in it.
fn tails(text: &str) -> Vec<String> {
    find_ids(text.as_bytes()).map(|(_, end)| text[end - 28..end].to_owned()).collect()
}

fn only_tail(text: &str) -> String {
    match &tails(text)[..] {
        [tail] => tail.clone(),
        other => panic!("{} IDs in {text}", other.len()),
    }
}

/// Ways to write one value into a record.
fn written(value: &str) -> Vec<String> {
    let quoted = serde_json::to_string(value).unwrap();
    let escaped = |every| text(value).write(Style { escape_every: every, ..Style::default() });
    let nested = format!(r#"{{"a":{quoted}}}"#);
    let nested = serde_json::to_string(&nested).unwrap();
    let nested_twice = serde_json::to_string(&format!(r#"{{"b":{nested}}}"#)).unwrap();
    vec![
        value.to_owned(),
        format!("got {value}, went on"),
        format!("<{value}>"),
        format!(r#"{{"msg":{quoted}}}"#),
        format!(r#"{{"msg":"to {} now"}}"#, &quoted[1..quoted.len() - 1]),
        format!(r#"{{"msg":{}}}"#, escaped(1)),
        format!(r#"{{"msg":{}}}"#, escaped(3)),
        format!(r#"{{"raw":{nested}}}"#),
        format!(r#"{{"raw":{nested_twice}}}"#),
        format!(r#"{{"a":{{"b":[[{quoted}]]}}}}"#),
        format!("{{{quoted}:1}}"),
    ]
}

fn one_id(values: &[String], also: &[String]) {
    let mut redactor = redactor(&default_policy());
    let mut ids = BTreeMap::new();
    for line in values.iter().flat_map(|value| written(value)).chain(also.iter().cloned()) {
        let out = String::from_utf8(redact(&mut redactor, line.as_bytes())).unwrap();
        ids.entry(only_tail(&out)).or_insert_with(Vec::new).push(line);
    }
    assert_eq!(ids.len(), 1, "one ID in all of them: {ids:#?}");
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn an_address_has_one_id_however_it_is_written(seed: u64) {
        let email = value::email(&mut Random::new(seed));
        let also = [
            format!(r#"{{"email":"{email}"}}"#),
            format!(r#"{{"user":{{"Email":" {email} "}}}}"#),
            format!(r#"{{"username":"{email}"}}"#),
            format!("email={email} n=1"),
            format!("/p?email={}&n=1", percent(&email)),
            format!(r#"{{"url":"https://h.example/p?to={}"}}"#, percent(&percent(&email))),
        ];
        one_id(&[email.clone(), email.to_uppercase(), email.to_lowercase()], &also);
    }

    #[test]
    fn a_card_has_one_id_however_it_is_grouped(seed: u64) {
        let card = value::card(&mut Random::new(seed)).replace([' ', '-'], "");
        let mut values = vec![card.clone()];
        if card.len() == 16 {
            values.extend([value::grouped(&card, 4, " "), value::grouped(&card, 4, "-")]);
        }
        let also = [
            format!(r#"{{"card_number":{card}}}"#),
            format!(r#"{{"n":{card}}}"#),
            format!(r#"{{"card":{{"number":"{card}"}}}}"#),
            format!("card_number={card}"),
        ];
        one_id(&values, &also);
    }

    #[test]
    fn a_phone_has_one_id_however_it_is_grouped(seed: u64) {
        let phone = value::phone(&mut Random::new(seed));
        let also = [format!(r#"{{"phone":"{phone}"}}"#), format!("phone={}", phone.replace(' ', ""))];
        one_id(&[phone.clone(), phone.replace(' ', "-"), phone.replace(' ', "")], &also);
    }

    #[test]
    fn an_iban_and_an_address_of_a_machine_have_one_id(seed: u64) {
        let random = &mut Random::new(seed);
        let iban = value::iban(random);
        one_id(&[iban.clone(), value::grouped(&iban, 4, " ")], &[format!(r#"{{"iban":"{iban}"}}"#)]);
        let ip = value::ipv4(random);
        let also = [format!(r#"{{"client_ip":"{ip}"}}"#), format!("client_ip={ip}"), format!("{ip}:4711")];
        one_id(std::slice::from_ref(&ip), &also);
        let ip = value::ipv6(random);
        one_id(&[ip.clone(), ip.to_uppercase()], &[format!(r#"{{"client_ip":"{ip}"}}"#), format!("[{ip}]:4711")]);
        let mac = value::mac(random);
        one_id(&[mac.clone(), mac.to_uppercase(), mac.replace(':', "-")], &[format!(r#"{{"mac":"{}"}}"#, mac.replace(':', ""))]);
    }

    #[test]
    fn other_persons_have_other_ids(seed: u64) {
        let random = &mut Random::new(seed);
        let emails: std::collections::BTreeSet<String> = (0..20).map(|_| value::email(random).to_lowercase()).collect();
        let out = by_default(&emails.iter().map(|email| format!("to {email}\n")).collect::<String>());
        let ids: std::collections::BTreeSet<String> = tails(&out).into_iter().collect();
        prop_assert_eq!(ids.len(), emails.len());
    }

    #[test]
    fn every_id_is_one_that_the_ring_recognises(seed: u64) {
        let record = generate::any(&mut Random::new(seed));
        let out = by_default(&record.line);
        for (start, end) in find_ids(out.as_bytes()) {
            prop_assert_eq!(ring().recognise(&out.as_bytes()[start..end]), Recognised::Genuine, "in {}", out);
        }
    }

    #[test]
    fn a_label_changes_nothing_but_the_label(seed: u64) {
        let email = value::email(&mut Random::new(seed));
        let labelled = policy(
            "version: 1\nname: labelled\nrules:\n  - {id: buyer, in: [buyer], do: correlate, as: customer}\n",
        );
        let line = format!(r#"{{"buyer":"{email}","email":"{email}"}}"#);
        let out: Value = serde_json::from_slice(&redact(&mut redactor(&labelled), line.as_bytes())).unwrap();
        let (buyer, other) = (out["buyer"].as_str().unwrap(), out["email"].as_str().unwrap());
        prop_assert!(buyer.starts_with("customer_") && other.starts_with("email_"));
        prop_assert_eq!(only_tail(buyer), only_tail(other));
    }
}

// ---- conservation --------------------------------------------------------------------------------------------------

fn nothing_is_lost(chunk: &[u8]) {
    let newlines = |text: &[u8]| text.iter().filter(|b| **b == b'\n').count();
    for policy in [default_policy(), every_action()] {
        let mut redactor = redactor(&policy);
        let mut out = Redacted::new();
        let outcome = redactor.redact(chunk, &mut out);
        let lines = newlines(chunk) as u64 + u64::from(!chunk.is_empty() && !chunk.ends_with(b"\n"));
        assert_eq!(newlines(out.as_bytes()), newlines(chunk));
        assert_eq!(outcome.records, lines);
        // What is withheld for its depth has no rule to be counted for.
        let deep = memchr::memmem::find_iter(out.as_bytes(), b"[withheld:depth]").count() as u64;
        let counted = redactor.counts().iter().sum::<u64>();
        assert!(
            (counted..=counted + deep).contains(&outcome.spans),
            "{counted} + {deep} of {}",
            outcome.spans
        );
        assert_eq!(out.as_bytes().ends_with(b"\n"), chunk.ends_with(b"\n"));
        for (before, after) in chunk.split(|b| *b == b'\n').zip(out.as_bytes().split(|b| *b == b'\n')) {
            if !after.starts_with(b"[withheld:") && !after.starts_with(b"{\"redactd\"") {
                assert_eq!(before.ends_with(b"\r"), after.ends_with(b"\r"), "{}", before.escape_ascii());
            }
            assert_eq!(before.is_empty(), after.is_empty(), "{}", before.escape_ascii());
        }
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn lines_are_conserved_and_counts_add_up(chunk in input::chunk()) {
        nothing_is_lost(&chunk);
    }

    #[test]
    fn a_line_of_any_bytes_keeps_its_carriage_return(line in input::line()) {
        nothing_is_lost(&[&line[..], b"\r\n", &line[..], b"\r"].concat());
    }
}

#[test]
fn what_failed_once_is_conserved() {
    for line in REGRESSIONS {
        nothing_is_lost(line);
        nothing_is_lost(&[line, &b"\nx\n"[..]].concat());
    }
    // None of them is long enough to ask for more work than there is.
    let by_default = redact(&mut redactor(&default_policy()), &REGRESSIONS.join(&b'\n'));
    assert!(memchr::memmem::find(&by_default, b"[withheld:budget]").is_none());
    let mut nothing = Redacted::new();
    assert_eq!(redactor(&default_policy()).redact(b"", &mut nothing), Outcome::default());
}

// ---- order and layout ----------------------------------------------------------------------------------------------

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn the_order_of_lines_does_not_matter(lines in prop::collection::vec(input::line(), 1..6), turn: prop::sample::Index) {
        let mut redactor = redactor(&default_policy());
        let mut outs: Vec<Vec<u8>> = lines.iter().map(|line| redact(&mut redactor, line)).collect();
        let by = turn.index(lines.len());
        let mut turned = lines.clone();
        turned.rotate_left(by);
        turned.reverse();
        outs.rotate_left(by);
        outs.reverse();
        let whole = redact(&mut redactor, &turned.join(&b'\n'));
        prop_assert_eq!(whole.escape_ascii().to_string(), outs.join(&b'\n').escape_ascii().to_string());
    }

    #[test]
    fn blanks_and_escapes_of_json_do_not_matter(seed: u64) {
        let line = generate::record(Class::Personal, &mut Random::new(seed)).line;
        let read: Value = serde_json::from_str(&line).unwrap();
        let expected: Value = serde_json::from_str(&by_default(&line)).unwrap();
        let rewritten = |style| json_of(&read).write(style);
        for other in [
            read.to_string(),
            serde_json::to_string_pretty(&read).unwrap().replace('\n', "\t"),
            rewritten(Style { escape_every: 1, ..Style::default() }),
            rewritten(Style { escape_every: 2, slashes: true, spaces: true, ascii: true }),
        ] {
            let out: Value = serde_json::from_str(&by_default(&other)).unwrap();
            prop_assert_eq!(&out, &expected, "{}", other);
        }
    }

    #[test]
    fn a_document_in_a_string_is_redacted_like_the_document(seed: u64, depth in 1..4usize) {
        let line = generate::record(Class::Personal, &mut Random::new(seed)).line;
        let expected: Value = serde_json::from_str(&by_default(&line)).unwrap();
        let mut outer = line.clone();
        for _ in 0..depth {
            outer = Json::Object(vec![("raw".into(), text(outer))]).write(Style::default());
        }
        let mut out: Value = serde_json::from_str(&by_default(&outer)).unwrap();
        for _ in 0..depth {
            out = serde_json::from_str(out["raw"].as_str().unwrap()).unwrap();
        }
        prop_assert_eq!(out, expected, "{}", outer);
    }

    #[test]
    fn members_are_judged_each_by_itself(seed: u64) {
        let line = generate::record(Class::Personal, &mut Random::new(seed)).line;
        let read: serde_json::Map<String, Value> = serde_json::from_str(&line).unwrap();
        let whole: Value = serde_json::from_str(&by_default(&line)).unwrap();
        for (key, value) in &read {
            let alone: Value = serde_json::from_str(&by_default(&serde_json::json!({ key: value }).to_string())).unwrap();
            prop_assert_eq!(&alone[key], &whole[key]);
        }
    }

    #[test]
    fn a_rule_on_top_lets_nothing_more_through(seed: u64) {
        static ON_TOP: std::sync::LazyLock<std::sync::Arc<redactd::Policy>> = std::sync::LazyLock::new(|| {
            policy(
                "version: 1\nname: on-top\nrules:\n  \
                 - {id: who, in: [user, client_ip, email], do: {partial: {keep_last: 2}}}\n  \
                 - {id: tail, find: [email, credit_card, ipv4], do: {partial: {keep_last: 1}}}\n  \
                 - {id: words, find: {regex: '[a-z]{5,}'}, do: shape}\n",
            )
        });
        let record = generate::any(&mut Random::new(seed));
        let out = redact(&mut redactor(&ON_TOP), record.line.as_bytes());
        prop_assert_eq!(leaks(&out, &record.planted), [""; 0], "{}\n{}", record.line, String::from_utf8_lossy(&out));
    }
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Object(members) => {
            Json::Object(members.iter().map(|(key, value)| (key.clone(), json_of(value))).collect())
        }
        Value::Array(items) => Json::Array(items.iter().map(json_of).collect()),
        Value::String(value) => text(value),
        other => Json::Raw(other.to_string()),
    }
}

/// No UTF-8 (stray and missing continuations, overlong, surrogate, too long), and what confuses readers.
const BAD: &[&[u8]] = &[
    b"\xff",
    b"\xc3",
    b"\xe2\x82",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\0",
    b"\x1b[0m",
    b"\x80\x80",
];

// ---- damage --------------------------------------------------------------------------------------------------------

proptest! {
    #![proptest_config(config(120))]

    #[test]
    fn a_record_that_was_cut_off_shows_nobody(seed: u64, cuts in prop::collection::vec(any::<prop::sample::Index>(), 12)) {
        let record = generate::any(&mut Random::new(seed));
        let mut redactor = redactor(&default_policy());
        for cut in cuts {
            let cut = record.line.floor_char_boundary(cut.index(record.line.len() + 1));
            let out = redact(&mut redactor, &record.line.as_bytes()[..cut]);
            prop_assert_eq!(leaks(&out, &record.planted), [""; 0], "{}\n{}", &record.line[..cut], String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn a_bad_byte_beside_a_value_does_not_hide_it(seed: u64, bad in prop::sample::select(BAD)) {
        let email = value::email(&mut Random::new(seed));
        let mut redactor = redactor(&default_policy());
        for (before, after) in [("", ""), ("a ", " b"), (r#"{"msg":""#, r#""}"#), (r#"{"msg":"to "#, r#" now"}"#), ("{\"email\":\"", "\"}")] {
            for line in [
                [before.as_bytes(), bad, b" ", email.as_bytes(), after.as_bytes()].concat(),
                [before.as_bytes(), email.as_bytes(), b" ", bad, after.as_bytes()].concat(),
                [before.as_bytes(), email.as_bytes(), bad, after.as_bytes()].concat(),
            ] {
                let out = redact(&mut redactor, &line);
                prop_assert_eq!(leaks(&out, std::slice::from_ref(&email)), [""; 0], "{}", line.escape_ascii());
                if !before.contains("email") {
                    prop_assert!(memchr::memmem::find(&out, bad).is_some(), "{}", line.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn no_format_shows_anybody(seed: u64, format in prop::sample::select(&[Format::Json, Format::Text, Format::Logfmt][..])) {
        let record = generate::any(&mut Random::new(seed));
        let mut redactor = redactor(&default_policy());
        redactor.set_format(format);
        let out = redact(&mut redactor, record.line.as_bytes());
        prop_assert_eq!(leaks(&out, &record.planted), [""; 0], "{:?} {}\n{}", format, record.line, String::from_utf8_lossy(&out));
    }

    #[test]
    fn a_line_before_or_after_changes_nothing(line in input::line(), other in input::line()) {
        let mut redactor = redactor(&default_policy());
        let alone = redact(&mut redactor, &line);
        let out = redact(&mut redactor, &[&other[..], b"\n", &line, b"\n", &other].concat());
        prop_assert_eq!(out.split(|b| *b == b'\n').nth(1), Some(&alone[..]));
    }
}
