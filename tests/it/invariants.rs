//! The invariants of the engine, each in a test that carries its number from the design.

use std::sync::Arc;

use proptest::prelude::*;
use redactd::engine::correlate::find_ids;
use redactd::engine::detect;
use redactd::engine::policy::{Action, Policy};
use redactd::engine::redact::{Explanation, Format, Withheld};
use redactd::{Redacted, Redactor};
use serde_json::Value;

use crate::generate::{self, Random};
use crate::given::{
    default_policy, every_action, every_action_but_borders, leaks, policy, redact, redactor, ring, ring_file,
    ring_of,
};
use crate::harness::{Live, SOON, Scratch};
use crate::input::{self, REGRESSIONS, config};

const FORMATS: [Format; 4] = [Format::Auto, Format::Json, Format::Text, Format::Logfmt];

fn explain(redactor: &mut Redactor, line: &[u8]) -> (Vec<u8>, Explanation) {
    let mut out = Redacted::new();
    let explanation = redactor.explain(line, &mut out);
    (out.as_bytes().to_vec(), explanation)
}

fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

// ---- 3: the engine is pure and total -------------------------------------------------------------------------------

fn total(redactor: &mut Redactor, line: &[u8]) {
    let (out, explanation) = explain(redactor, line);
    assert_ne!(explanation.withheld, Some(Withheld::Internal), "a panic on {}", show(line));
    assert!(!out.contains(&b'\n'), "one line in, one line out: {}", show(line));
    assert_eq!(show(&out), show(&redact(redactor, line)), "explaining is redacting: {}", show(line));
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn invariant_03_total_on_any_bytes(line in input::line(), format in 0..4usize) {
        for policy in [default_policy(), every_action()] {
            let mut redactor = redactor(&policy);
            redactor.set_format(FORMATS[format]);
            total(&mut redactor, &line);
        }
    }
}

#[test]
fn invariant_03_total_on_odd_lengths_and_depths() {
    let mut random = Random::new(3);
    let mut lines: Vec<Vec<u8>> = REGRESSIONS.iter().map(|line| line.to_vec()).collect();
    lines.extend((0..=255u8).filter(|byte| *byte != b'\n').map(|byte| vec![byte]));
    for length in [2, 63, 64, 65, 127, 128, 129, 4095, 4096, 65_535, 65_536] {
        lines.push((0..length).map(|_| random.bits() as u8).filter(|b| *b != b'\n').collect());
        for byte in
            [b'a', b'0', b'"', b'\\', b'{', b'[', b'@', b'.', b':', b'=', b'%', b'&', b' ', 0, 0xff, 0xf0]
        {
            lines.push(vec![byte; length]);
        }
    }
    for depth in [63, 64, 65, 127, 128, 1000, 20_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{\"password\":", "}"), ("[{\"a\":", "}]")] {
            lines.push(format!("{}1{}", open.repeat(depth), close.repeat(depth)).into_bytes());
            lines.push(open.repeat(depth).into_bytes());
        }
    }
    let mut redactor = redactor(&default_policy());
    for line in lines {
        total(&mut redactor, &line);
    }
}

#[test]
fn invariant_03_deep_subtrees_are_withheld_and_their_siblings_stay() {
    for (depth, deep) in [(62, false), (63, false), (64, true), (65, true), (127, true), (128, true)] {
        let line = format!(r#"{{"a":{}"alice@corp.example"{},"n":1}}"#, "[".repeat(depth), "]".repeat(depth));
        let out = redact(&mut redactor(&default_policy()), line.as_bytes());
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains("alice"), "depth {depth}");
        assert!(out.starts_with(r#"{"a":["#) && out.ends_with(r#","n":1}"#), "depth {depth}: {out}");
        assert_eq!(out.contains(r#""[withheld:depth]""#), deep, "depth {depth}: {out}");
        serde_json::from_str::<Value>(&out).unwrap();
    }
}

// ---- 4: bytes outside spans are copied unchanged -------------------------------------------------------------------

/// Writes the line anew from what is outside of the explained spans and the explained replacements.
fn rebuilt(line: &[u8], explanation: &Explanation) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    for span in &explanation.spans {
        out.extend_from_slice(&line[at..span.range.start]);
        out.extend_from_slice(span.replacement.as_bytes());
        at = span.range.end;
    }
    out.extend_from_slice(&line[at..]);
    out
}

fn outside_is_unchanged(policy: &Arc<Policy>, line: &[u8]) {
    let (out, explanation) = explain(&mut redactor(policy), line);
    if explanation.withheld.is_none() {
        assert_eq!(show(&rebuilt(line, &explanation)), show(&out), "{}", show(line));
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn invariant_04_bytes_outside_spans_are_copied(line in input::line()) {
        outside_is_unchanged(&default_policy(), &line);
        outside_is_unchanged(&every_action(), &line);
    }
}

#[test]
fn invariant_04_bytes_outside_spans_are_copied_in_what_failed_once() {
    for line in REGRESSIONS {
        outside_is_unchanged(&default_policy(), line);
        outside_is_unchanged(&every_action(), line);
    }
    outside_is_unchanged(
        &default_policy(),
        br#"{"Bob@corp.example":1,"bob@corp.example":2,"x@y.example":{"bob@corp.example":3}}"#,
    );
}

// ---- 5: spans are sorted, disjoint, inside, and cover every find ---------------------------------------------------

fn spans_are_orderly(line: &[u8], explanation: &Explanation) {
    let mut at = 0;
    for span in &explanation.spans {
        assert!(span.range.start >= at, "sorted and disjoint: {}", show(line));
        assert!(span.range.end > span.range.start, "not empty: {}", show(line));
        at = span.range.end;
    }
    assert!(at <= line.len(), "inside: {}", show(line));
}

/// Policies with one rule each of a policy with overlaps.
fn rule_by_rule() -> &'static [Arc<Policy>] {
    static SINGLE: std::sync::LazyLock<Vec<Arc<Policy>>> = std::sync::LazyLock::new(|| {
        let single = |rule: &str| policy(&format!("version: 1\nname: one\nextends: []\nrules:\n  {rule}\n"));
        OVERLAPPING.iter().map(|rule| single(rule)).collect()
    });
    &SINGLE
}

const OVERLAPPING: [&str; 8] = [
    "- {id: mail, find: email, do: correlate}",
    "- {id: card, find: credit_card, do: {partial: {keep_last: 4}}}",
    "- {id: ip, find: [ipv4, ipv6], do: mask}",
    "- {id: number, find: {regex: '[\\d -]{5,}'}, do: shape}",
    "- {id: host, find: {regex: '@?[a-z]+\\.example'}, do: {replace: (host)}}",
    "- {id: hidden, in: [password, email, user], types: all, do: mask}",
    "- {id: outline, in: [\"user.**\", msg], do: shape}",
    "- {id: half, find: {regex: '[a-z]{4}\\b.[a-z]{2}'}, do: correlate}",
];

fn spans_cover_every_find(line: &[u8]) {
    static ALL: std::sync::LazyLock<Arc<Policy>> = std::sync::LazyLock::new(|| {
        policy(&format!("version: 1\nname: all\nextends: []\nrules:\n  {}\n", OVERLAPPING.join("\n  ")))
    });
    // What an earlier pass put there means something else to a policy that does not have the rule.
    if [&b"[redacted:"[..], b"[shape:", b"[withheld:"]
        .iter()
        .any(|mark| memchr::memmem::find(line, mark).is_some())
    {
        return;
    }
    let (_, all) = explain(&mut redactor(&ALL), line);
    spans_are_orderly(line, &all);
    if all.withheld.is_some() {
        return;
    }
    for single in rule_by_rule() {
        let (_, one) = explain(&mut redactor(single), line);
        spans_are_orderly(line, &one);
        for span in one.spans {
            let covered = |at| all.spans.iter().any(|other| other.range.contains(&at));
            let bare = span.range.clone().find(|&at| !covered(at));
            assert_eq!(bare, None, "rule {} found {:?} of {}", single.rules[0].id, span.range, show(line));
        }
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn invariant_05_spans_are_orderly_and_cover_every_find(line in input::line()) {
        spans_cover_every_find(&line);
        let (_, explanation) = explain(&mut redactor(&default_policy()), &line);
        spans_are_orderly(&line, &explanation);
    }
}

#[test]
fn invariant_05_no_planted_value_can_be_read() {
    let mut random = Random::new(5);
    let mut redactor = redactor(&default_policy());
    for number in 0..1500 {
        let record = generate::any(&mut random);
        let out = redact(&mut redactor, record.line.as_bytes());
        let leaked = leaks(&out, &record.planted);
        assert!(
            leaked.is_empty(),
            "record {number}: {leaked:?}\n{}\n{}",
            record.line,
            String::from_utf8_lossy(&out)
        );
    }
}

// ---- 6: fixed replacement texts are inert --------------------------------------------------------------------------

fn fixed_texts() -> Vec<String> {
    let policy = default_policy();
    let mut texts: Vec<String> = policy.rules.iter().map(|rule| format!("[redacted:{}]", rule.id)).collect();
    texts.extend(Withheld::ALL.map(|why| format!("[withheld:{}]", why.name())));
    texts.extend(["[shape:number]", "[shape:boolean]", "REDACTED"].map(str::to_owned));
    let sizes =
        ["0 B", "≤16 B", "≤64 B", "≤256 B", "≤512 B", "≤1 KiB", "≤16 KiB", "≤512 KiB", "≤1 MiB", "≤8 MiB"];
    for size in sizes {
        texts.push(format!("[shape:string {size}]"));
        texts.push(format!("[shape:object 12 keys {size}]"));
        texts.push(format!("[shape:array 1200 items {size}]"));
    }
    texts
}

#[test]
fn invariant_06_no_detector_finds_anything_in_a_fixed_text() {
    for text in fixed_texts() {
        for around in [
            text.clone(),
            format!("key={text}"),
            format!("a {text}, b"),
            format!("{text}@{text}"),
            format!("https://h.example/?k={text}"),
        ] {
            for detector in detect::all() {
                for field in ["", "password", "card_number", "phone", "ssn", "client_ip", "email", "iban"] {
                    let hits = detect::find(detector, field, around.as_bytes());
                    // `key=[redacted:…]` under a keyword is a pair with a value to a detector that is asked alone; the
                    // engine never asks about a replacement. Everything else must say no by itself.
                    let pair = detector.anchors.iter().any(|a| matches!(a, detect::Anchor::Pair(_)));
                    assert!(
                        hits.is_empty() || pair,
                        "{} finds {hits:?} in {around} under {field:?}",
                        detector.name
                    );
                }
            }
        }
    }
}

#[test]
fn invariant_06_the_engine_changes_nothing_in_a_fixed_text() {
    let mut redactor = redactor(&default_policy());
    let keys = [
        "msg",
        "password",
        "token",
        "card_number",
        "phone",
        "ssn",
        "client_ip",
        "email",
        "user_id",
        "iban",
        "note",
    ];
    for text in fixed_texts() {
        let mut lines = vec![text.clone(), format!("got {text}, went on"), format!("[{text}] {text}{text}")];
        for key in keys {
            lines.push(format!(r#"{{"{key}":"{text}","n":1}}"#));
            lines.push(format!(r#"{{"msg":"{{\"{key}\":\"{text}\"}}"}}"#));
            if text != "REDACTED" {
                lines.push(format!("level=info {key}={text} n=1"));
                lines.push(format!("{key}: {text}"));
            }
            lines.push(format!("GET https://h.example/p?{key}=REDACTED&n=1 {text}"));
        }
        for line in lines
            .iter()
            .filter(|line| !(line.contains("\":\"REDACTED") || line.contains("\\\":\\\"REDACTED")))
        {
            let out = redact(&mut redactor, line.as_bytes());
            assert_eq!(&String::from_utf8_lossy(&out), line);
        }
    }
}

#[test]
fn invariant_06_the_stub_of_a_withheld_record_is_inert() {
    let mut redactor = redactor(&default_policy());
    for why in Withheld::ALL {
        for first in [b'{', b'['] {
            let mut stub = Redacted::new();
            redactor.withhold(why, Some(first), 4_111_111_111_111_111, &mut stub);
            assert_eq!(show(&redact(&mut redactor, stub.as_bytes())), show(stub.as_bytes()));
            serde_json::from_slice::<Value>(stub.as_bytes()).unwrap();
        }
    }
}

// ---- 7: JSON in, JSON out ------------------------------------------------------------------------------------------

/// Whether `out` can be what became of `value`: a container is replaced whole, or keeps its members but for those that
/// were dropped; JSON in strings stays JSON.
fn same_structure(value: &Value, out: &Value, drops: bool) -> bool {
    match (value, out) {
        // A replacement.
        (_, Value::String(text)) if !value.is_string() => {
            text.starts_with(['[', '-', '(', '*']) || find_ids(text.as_bytes()).next().is_some()
        }
        (Value::Object(before), Value::Object(after)) => {
            // Two keys that were one to serde_json may be two now, or the other way round.
            let renamed = after.keys().any(|key| key.contains('~'));
            let count = if drops { after.len() <= before.len() } else { after.len() == before.len() };
            let mut common = before.iter().filter_map(|(key, value)| Some((value, after.get(key)?)));
            (renamed || count) && common.all(|(a, b)| same_structure(a, b, drops))
        }
        (Value::Array(before), Value::Array(after)) => {
            let mut items = before.iter().zip(after);
            if drops {
                after.len() <= before.len()
            } else {
                before.len() == after.len() && items.all(|(a, b)| same_structure(a, b, drops))
            }
        }
        (Value::String(before), Value::String(after)) => match (document(before), document(after)) {
            (Some(before), Some(after)) => same_structure(&before, &after, drops),
            (Some(_), None) => !after.starts_with(['{']),
            (None, _) => true,
        },
        // The other one of two members with one key was dropped.
        (_, Value::Null) => drops || value.is_null(),
        _ => value == out,
    }
}

/// The JSON object that a string holds.
fn document(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}

fn json_stays_json(policy: &Arc<Policy>, line: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(line) else { return };
    let out = redact(&mut redactor(policy), line);
    let read: Value = match serde_json::from_slice(&out) {
        Ok(read) => read,
        Err(error) => panic!("{error}: {} became {}", show(line), show(&out)),
    };
    if read.get("redactd").is_some() && value.get("redactd").is_none() {
        return;
    }
    let drops = policy.rules.iter().any(|rule| rule.action == Action::Drop);
    assert!(same_structure(&value, &read, drops), "{} became {}", show(line), show(&out));
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn invariant_07_json_in_json_out(line in input::json()) {
        json_stays_json(&default_policy(), &line);
        json_stays_json(&every_action(), &line);
    }
}

#[test]
fn invariant_07_dropped_members_leave_json() {
    let mut redactor = redactor(&every_action());
    for (line, expected) in [
        (r#"{"note":1}"#, "{}"),
        (r#"{"note":1,"a":2}"#, r#"{"a":2}"#),
        (r#"{"a":2,"note":1}"#, r#"{"a":2}"#),
        (r#"{"a":2, "note":1 , "b":3}"#, ""),
        (r#"{"note":1,"x_gone":2,"level":3}"#, "{}"),
        (r#"{"note":1,"x_gone":2,"a":3,"level":{"b":[1]},"c":4,"note":null}"#, ""),
        (r#"[{"note":"x"},{"note":{}},{"note":""}]"#, ""),
        (r#"{"note":[1,{"a":2}],"a":{"note":"x","note":"y"}}"#, r#"{"a":{}}"#),
        (r#"{"a":"{\"note\":1,\"b\":2}"}"#, r#"{"a":"{\"b\":2}"}"#),
        (r#"{"a":"{\"note\":1}"}"#, r#"{"a":"{}"}"#),
        (r#"{"a":[{"note":1,"b":[{"note":2}]},3]}"#, r#"{"a":[{"b":[{}]},3]}"#),
    ] {
        let out = String::from_utf8(redact(&mut redactor, line.as_bytes())).unwrap();
        serde_json::from_str::<Value>(&out).unwrap_or_else(|error| panic!("{error}: {line} became {out}"));
        assert!(expected.is_empty() || out == expected, "{line} became {out}");
        json_stays_json(&every_action(), line.as_bytes());
    }
}

#[test]
fn invariant_07_a_replaced_number_is_quoted_and_a_replaced_key_is_a_key() {
    for policy in [default_policy(), every_action()] {
        for line in [
            r#"{"comment":5,"path":[1,"x"],"body":true}"#,
            r#"{"a":4111111111111111,"user":4111111111111111,"password":7,"pin":1e5}"#,
            r#"{"alice@corp.example":4111111111111111,"4111111111111111":"alice@corp.example"}"#,
            r#"[4111111111111111,[4111111111111111],{"a":[4111111111111111]}]"#,
            "4111111111111111",
            r#""alice@corp.example""#,
            r#"{"a\u0040b.example":1,"x":"\ud83d\ude00 alice\u0040corp.example \"q\""}"#,
            r#"{"a":"{\"b\":4111111111111111,\"c\":\"{\\\"password\\\":7}\"}"}"#,
        ] {
            json_stays_json(&policy, line.as_bytes());
            let out = redact(&mut redactor(&policy), line.as_bytes());
            assert_eq!(
                leaks(&out, &["411111111111".into(), "alice@".into()]),
                [""; 0],
                "{line} became {}",
                show(&out)
            );
        }
    }
}

// ---- 8: how input was chunked never changes output -----------------------------------------------------------------

fn chunking_is_invisible(policy: &Arc<Policy>, chunk: &[u8]) {
    let mut redactor = redactor(policy);
    let whole = redact(&mut redactor, chunk);
    let mut by_line = Redacted::new();
    for line in chunk.split_inclusive(|b| *b == b'\n') {
        redactor.redact(line, &mut by_line);
    }
    assert_eq!(show(by_line.as_bytes()), show(&whole));
    let ends = chunk.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
    for end in ends {
        let mut out = Redacted::new();
        redactor.redact(&chunk[..end], &mut out);
        redactor.redact(&chunk[end..], &mut out);
        assert_eq!(show(out.as_bytes()), show(&whole), "cut at {end}");
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn invariant_08_chunking_never_changes_output(chunk in input::chunk()) {
        chunking_is_invisible(&default_policy(), &chunk);
        chunking_is_invisible(&every_action(), &chunk);
    }
}

#[test]
fn invariant_08_pieces_of_a_pipe_never_change_output() {
    let mut random = Random::new(8);
    let mut input = Vec::new();
    for number in 0..60 {
        input.extend_from_slice(generate::any(&mut random).line.as_bytes());
        input.extend_from_slice(if number % 7 == 0 { b"\r\n" } else { b"\n" });
    }
    input.extend_from_slice(b"{\"email\":\"alice@corp.example\"}");
    let scratch = Scratch::new();
    let ring = ring_file(&scratch, &[("k7m2", 7)]);
    let expected = redact(&mut redactor(&default_policy()), &input);
    for pieces in [&[][..], &[1, 7, 300], &[4096], &[65_537, 3], &[511, 1, 1, 90_000]] {
        let mut program = Live::start(&["--key-file", &ring]);
        let mut rest = &input[..];
        let mut sizes = pieces.iter().cycle();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(sizes.next().map_or(rest.len(), |&size| rest.len().min(size)));
            program.write(piece);
            rest = after;
        }
        program.end_input();
        assert!(program.rest() == expected, "pieces of {pieces:?}");
        assert_eq!(program.ends_within(SOON).0, 0);
    }
}

// ---- 11: a reused buffer never shows an earlier record -------------------------------------------------------------

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn invariant_11_no_record_shows_in_a_later_one(lines in prop::collection::vec(input::line(), 2..6)) {
        for policy in [default_policy(), every_action()] {
            let mut reused = redactor(&policy);
            let mut out = Redacted::new();
            for line in &lines {
                out.clear();
                reused.redact(line, &mut out);
                let fresh = redact(&mut redactor(&policy), line);
                prop_assert_eq!(show(out.as_bytes()), show(&fresh));
            }
        }
    }
}

#[test]
fn invariant_11_withheld_and_explained_records_leave_nothing_behind() {
    let mut reused = redactor(&default_policy());
    let long = format!(r#"{{"email":"alice@corp.example","msg":"{}"}}"#, "bob@corp.example ".repeat(2000));
    let short = br#"{"email":"x","a":"\u0041 carol\u0040corp.example"}"#;
    let fresh = redact(&mut redactor(&default_policy()), short);
    for _ in 0..3 {
        explain(&mut reused, long.as_bytes());
        assert_eq!(redact(&mut reused, short), fresh);
        explain(&mut reused, format!("{}1", "[".repeat(5000)).as_bytes());
        assert_eq!(redact(&mut reused, short), fresh);
        let mut fields = reused.fields();
        fields.enter(b"password");
        fields.text(b"left open", &mut Redacted::new());
        assert_eq!(redact(&mut reused, short), fresh);
    }
}

// ---- 12: no error, log, Debug or panic text contains record content ------------------------------------------------

#[test]
fn invariant_12_what_is_said_about_a_record_shows_nothing_of_it() {
    let mut random = Random::new(12);
    let mut redactor = redactor(&default_policy());
    for _ in 0..300 {
        let record = generate::any(&mut random);
        let mut out = Redacted::new();
        let explanation = redactor.explain(record.line.as_bytes(), &mut out);
        let outcome = redactor.redact(record.line.as_bytes(), &mut out);
        let said = format!("{explanation:?} {outcome:?} {:?}", redactor.counts());
        assert_eq!(leaks(said.as_bytes(), &record.planted), [""; 0], "{}", record.line);
    }
    // Keys that are identifiers, as part of the path of what stands under them.
    let line = br#"{"alice@corp.example":{"4111111111111111":{"password":"hunter2x"}},"m":[{"bob@corp.example":"bob@corp.example"}]}"#;
    let said = format!("{:?}", explain(&mut redactor, line).1);
    assert_eq!(
        leaks(said.as_bytes(), &["alice".into(), "4111".into(), "hunter".into(), "bob".into()]),
        [""; 0],
        "{said}"
    );
}

// ---- 13: fixed points ----------------------------------------------------------------------------------------------

fn is_fixed_point(policy: &Arc<Policy>, line: &[u8]) {
    let mut redactor = redactor(policy);
    let once = redact(&mut redactor, line);
    let twice = redact(&mut redactor, &once);
    assert_eq!(show(&twice), show(&once), "from {}", show(line));
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn invariant_13_lines_are_fixed_points(line in input::line()) {
        is_fixed_point(&default_policy(), &line);
        is_fixed_point(&every_action_but_borders(), &line);
    }

    #[test]
    fn invariant_13_json_lines_are_fixed_points(line in input::json()) {
        is_fixed_point(&default_policy(), &line);
    }
}

#[test]
fn invariant_13_records_are_fixed_points_over_a_rotation() {
    let mut random = Random::new(13);
    let (old, new) = (ring_of(&[("k7m2", 7)]), ring_of(&[("k7m2", 7), ("m3n4", 9)]));
    let mut first = Redactor::new(default_policy(), old);
    let mut second = Redactor::new(default_policy(), new.clone());
    let mut third = Redactor::new(default_policy(), new);
    for line in REGRESSIONS {
        is_fixed_point(&default_policy(), line);
        is_fixed_point(&every_action_but_borders(), line);
    }
    let mut renamed = 0;
    for _ in 0..1500 {
        let record = generate::any(&mut random);
        let once = redact(&mut first, record.line.as_bytes());
        assert_eq!(show(&redact(&mut first, &once)), show(&once), "{}", record.line);
        assert_eq!(show(&redact(&mut second, &once)), show(&once), "{}", record.line);
        // What the new key makes is another name for the same person, and as fixed.
        let anew = redact(&mut second, record.line.as_bytes());
        renamed += usize::from(anew != once);
        assert_eq!(show(&redact(&mut third, &anew)), show(&anew), "{}", record.line);
    }
    assert!(renamed > 300, "the new key made {renamed} lines");
}

#[test]
fn invariant_13_a_chain_without_a_common_key_leaks_nothing() {
    let mut random = Random::new(131);
    let rings = [1u8, 2, 3].map(|byte| Arc::new(redactd::Keyring::ephemeral(&[byte; 64])));
    let mut chain = rings.map(|ring| Redactor::new(default_policy(), ring));
    for _ in 0..600 {
        let record = generate::any(&mut random);
        let mut text = record.line.clone().into_bytes();
        for redactor in &mut chain {
            text = redact(redactor, &text);
        }
        assert_eq!(leaks(&text, &record.planted), [""; 0], "{}", record.line);
        if record.line.starts_with('{') {
            serde_json::from_slice::<Value>(&text).unwrap_or_else(|error| panic!("{error}: {}", show(&text)));
        }
    }
}

#[test]
fn invariant_13_only_what_can_be_vouched_for_is_left_alone() {
    let mut redactor = Redactor::new(default_policy(), ring());
    for text in [
        "[redacted:4111111111111111]",
        "[redacted:alice@corp.example]",
        "[shape:string 4111111111111111]",
        "[withheld:alice@corp.example]",
        "[shape:object 4111111111111111 keys ≤16 B]",
    ] {
        for line in [
            text.to_owned(),
            format!(r#"{{"msg":"{text}"}}"#),
            format!(r#"{{"card_number":"{text}"}}"#),
            format!("email={text}"),
        ] {
            let out = redact(&mut redactor, line.as_bytes());
            assert_eq!(
                leaks(&out, &["4111111111111111".into(), "alice@".into()]),
                [""; 0],
                "{line} became {}",
                show(&out)
            );
        }
    }
    // A forged ID is a text like any other: under a field that makes IDs it gets one.
    let forged = "email_k7m20123456789abcdefghjkmnpq";
    let out = redact(&mut redactor, format!(r#"{{"email":"{forged}"}}"#).as_bytes());
    assert!(memchr::memmem::find(&out, forged.as_bytes()).is_none());
}
