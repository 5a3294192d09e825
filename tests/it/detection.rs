//! What the detectors find in whatever a value is wrapped, and what they leave alone.

use redactd::engine::detect::{Detector, Sample, all};

use crate::generate::{Random, Style, percent, text};
use crate::given::{by_default, default_policy, leaks, redact, redactor};

/// Ways in which a record can hold the text of a sample; the ones that its field allows.
fn wrapped(sample: &Sample) -> Vec<(&'static str, String)> {
    let json = |value: &str| serde_json::to_string(value).unwrap();
    let escaped = text(sample.text).write(Style { escape_every: 1, ..Style::default() });
    let field = if sample.field.is_empty() { "message" } else { sample.field };
    let plain = format!("{{{}:{}}}", json(field), json(sample.text));
    let mut all = vec![
        ("nested", format!(r#"{{"payload":{{"list":[{plain}]}}}}"#)),
        ("in a document in a string", format!(r#"{{"log":{}}}"#, json(&plain))),
        ("in a document in a document in a string", {
            let inner = format!(r#"{{"inner":{}}}"#, json(&plain));
            format!(r#"{{"log":{}}}"#, json(&inner))
        }),
        ("escaped", format!("{{{}:{escaped}}}", json(field))),
        ("message", plain),
    ];
    if sample.field.is_empty() && !sample.text.contains('\n') {
        all.push(("plain", sample.text.to_owned()));
        all.push(("in a list", format!(r#"{{"args":["x",{}]}}"#, json(sample.text))));
    }
    all
}

#[test]
fn every_sample_is_found_in_every_wrapping() {
    let mut redactor = redactor(&default_policy());
    let mut left = Vec::new();
    for (detector, sample) in all().iter().flat_map(|d| d.samples.iter().map(move |sample| (d, sample))) {
        // One letter proves nothing.
        for (how, record) in wrapped(sample).into_iter().filter(|_| sample.hit.len() > 2) {
            let out = redact(&mut redactor, record.as_bytes());
            if !leaks(&out, &[sample.hit.to_owned()]).is_empty() {
                left.push(format!("{} {how}: {}", detector.name, sample.text));
            }
        }
    }
    assert!(left.is_empty(), "{} of them left:\n{}", left.len(), left.join("\n"));
}

/// Percent-encoding changes what stands around a value, so only values with a form of their own are asked for.
#[test]
fn what_has_a_form_of_its_own_is_found_in_a_query() {
    let own = [
        "email",
        "credit_card",
        "iban",
        "jwt",
        "github_token",
        "slack_token",
        "aws_access_key",
        "ipv4",
        "mac",
    ];
    let mut redactor = redactor(&default_policy());
    let mut left = Vec::new();
    let named = |detector: &&&Detector| own.contains(&detector.name);
    for sample in all().iter().filter(named).flat_map(|d| d.samples).filter(|s| s.field.is_empty()) {
        let record = format!("GET /search?q={}&page=2 HTTP/1.1", percent(sample.text));
        let out = redact(&mut redactor, record.as_bytes());
        if !leaks(&out, &[sample.hit.to_owned()]).is_empty() {
            left.push(sample.text);
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn every_serial_of_a_labelled_social_security_number_is_found() {
    let mut redactor = redactor(&default_policy());
    let left: Vec<_> = (1..10_000)
        .map(|serial| format!("ssn: 219-09-{serial:04} on file"))
        .filter(|line| redact(&mut redactor, line.as_bytes()).starts_with(b"ssn: 219"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What machines make and engineers look for.
#[test]
#[allow(clippy::type_complexity)] // One table of one test.
fn random_ids_times_and_versions_stay() {
    const EACH: usize = 3_000;
    const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    fn hex(random: &mut Random, length: usize) -> String {
        random.word("0123456789abcdef", length)
    }
    let number = |random: &mut Random, low: u64, high: u64| (low + random.bits() % (high - low)).to_string();
    let kinds: &[(&str, &dyn Fn(&mut Random) -> String)] = &[
        ("UUID", &|r| {
            let hex = hex(r, 32);
            format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
        }),
        ("trace id", &|r| hex(r, 32)),
        ("span id", &|r| hex(r, 16)),
        ("ObjectId", &|r| hex(r, 24)),
        ("commit", &|r| hex(r, 40)),
        ("short commit", &|r| hex(r, 7)),
        ("SHA-256", &|r| hex(r, 64)),
        ("ULID", &|r| format!("01{}", r.word(CROCKFORD, 24))),
        ("seconds", &|r| number(r, 1_500_000_000, 1_800_000_000)),
        ("milliseconds", &|r| number(r, 1_500_000_000_000, 1_800_000_000_000)),
        ("microseconds", &|r| number(r, 1_500_000_000_000_000, 1_800_000_000_000_000)),
        ("nanoseconds", &|r| number(r, 1_500_000_000_000_000_000, 1_800_000_000_000_000_000)),
        ("version", &|r| format!("{}.{}.{}", r.below(20), r.below(99), r.below(999))),
        ("version of four", &|r| {
            format!("version {}.{}.{}.{}", r.below(20), r.below(99), r.below(255), r.below(255))
        }),
        ("order", &|r| format!("order_no={:016}", r.bits() % 10_u64.pow(16))),
        ("block", &|r| format!("blk_-{}", r.bits())),
        ("ten digits", &|r| number(r, 1_000_000_000, 10_000_000_000)),
        ("twelve digits", &|r| number(r, 100_000_000_000, 1_000_000_000_000)),
    ];
    let around = [
        "request {} done",
        "{}",
        "id={} ok",
        "got {} from queue",
        "trace_id={} span",
        r#"{"id":"{}"}"#,
        "in {}: took 3 ms",
    ];
    let mut random = Random::new(7);
    let mut redactor = redactor(&default_policy());
    for (kind, make) in kinds {
        for _ in 0..EACH {
            let line = random.pick(&around).replace("{}", &make(&mut random));
            let out = redact(&mut redactor, line.as_bytes());
            assert_eq!(String::from_utf8_lossy(&out), line, "{kind}");
        }
    }
}

#[test]
fn the_same_number_has_one_id_however_it_is_written() {
    let id = |line: &str| by_default(line).split_once("card_").map(|(_, id)| id[..28].to_owned());
    let plain = id("card 4111111111111111 x");
    assert!(plain.is_some());
    for written in [
        "4111 1111 1111 1111",
        "４１１１１１１１１１１１１１１１",
        "4111\u{200b}1111\u{200b}1111\u{200b}1111",
    ] {
        assert_eq!(id(&format!("card {written} x")), plain, "{written}");
    }
}
