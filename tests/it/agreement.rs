//! The naive reference and the engine agree: on the decoded values of generated records that hold what both know, what looks
//! like it, and the ways to write it. Numbers and texts are drawn so that there is one right answer for each.

use serde_json::Value;

use crate::generate::{self, Json, Random, Style, raw, text, value};
use crate::given::{default_policy, policy, redact, redactor, ring};
use crate::reference::{FIELDS, POLICY, Reference, TEXTS};

/// Keys that say nothing about their values, and those that the rules know.
const NEUTRAL: [&str; 8] = ["msg", "detail", "x1", "alpha", "info", "beta-2", "Gamma", "item"];
const TAKEN: [&str; 11] = [
    "password",
    "dbPassword",
    "old_password",
    "PIN",
    "token",
    "accessToken",
    "x-auth-token",
    "api_key",
    "API-KEY",
    "user_id",
    "userName",
];
const WORDS: [&str; 10] =
    ["order", "accepted", "from", "queue", "password", "größer", "Привет", "retry", "世界", "(done)"];

fn document(random: &mut Random, depth: usize) -> Json {
    let mut members: Vec<(String, Json)> = Vec::new();
    for _ in 0..random.between(1, 6) {
        let key = match random.below(20) {
            0 => value::email(random),
            1..=5 => random.pick(&TAKEN).to_owned(),
            _ => random.pick(&NEUTRAL).to_owned(),
        };
        if !members.iter().any(|(other, _)| other.eq_ignore_ascii_case(&key)) {
            // What stands inside a field that is taken whole is plain: of two fields the innermost decides, which the
            // reference does not look for.
            let value = if TAKEN.contains(&key.as_str()) { plain(random) } else { member(random, depth) };
            members.push((key, value));
        }
    }
    Json::Object(members)
}

fn plain(random: &mut Random) -> Json {
    match random.below(10) {
        8 => Json::Array(vec![raw(random.below(9999)), raw(random.below(9999))]),
        9 => generate::object([("alpha", raw(random.below(9999)))]),
        _ => leaf(random),
    }
}

fn member(random: &mut Random, depth: usize) -> Json {
    match random.below(if depth > 2 { 8 } else { 12 }) {
        8 => text(document(random, depth + 1).write(Style::default())),
        9 => Json::Array((0..random.below(4)).map(|_| member(random, depth + 1)).collect()),
        10 | 11 => document(random, depth + 1),
        _ => leaf(random),
    }
}

fn leaf(random: &mut Random) -> Json {
    match random.below(8) {
        0 => raw(random.pick(&["true", "false", "null", "{}", "[]", "\"\""])),
        1 => raw(random.between(0, 999_999)),
        2 => raw(match random.below(3) {
            0 => value::card(random).replace([' ', '-'], ""),
            1 => value::no_card(random),
            _ => format!("17{}", random.between(10_000_000_000, 99_999_999_999)),
        }),
        _ => text(sentence(random)),
    }
}

/// Words and values by turns: two numbers side by side could be one.
fn sentence(random: &mut Random) -> String {
    if random.chance(15) {
        return token(random);
    }
    let mut out = random.pick(&WORDS).to_owned();
    for _ in 0..random.below(4) {
        let token = token(random);
        let token = match random.below(5) {
            0 => format!("<{token}>"),
            1 => format!("\"{token}\","),
            2 => format!("({token})"),
            _ => token,
        };
        out = format!("{out} {token} {}", random.pick(&WORDS));
    }
    out
}

fn token(random: &mut Random) -> String {
    match random.below(18) {
        0 | 1 => value::email(random),
        2 => value::card(random),
        3 | 4 => value::ipv4(random),
        5 => value::jwt(random),
        6 => format!("Bearer {}", value::opaque_token(random)),
        7 => format!("bearer {}", value::jwt(random)),
        8 => format!("password={}", value::password(random)),
        9 => format!("api_key={}", value::email(random)),
        10 => format!("user_id={}", value::email(random)),
        11 => format!("username=u-{}", random.between(10, 9999)),
        12 => value::no_card(random),
        13 => value::private_ipv4(random),
        14 => value::uuid(random),
        15 => value::hex(random, 40),
        16 => format!("2.{}.{}", random.below(40), random.below(40)),
        _ => "@handle".to_owned(),
    }
}

/// Where two documents say something else. JSON in strings is compared by what it says.
fn difference(ours: &Value, theirs: &Value) -> Option<String> {
    let inner =
        |text: &str| serde_json::from_str::<Value>(text).ok().filter(|v| v.is_object() || v.is_array());
    match (ours, theirs) {
        _ if ours == theirs => None,
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().find_map(|(key, value)| Some(format!("{key} > {}", difference(value, &b[key])?)))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).find_map(|(a, b)| difference(a, b))
        }
        (Value::String(a), Value::String(b)) if inner(a).is_some() && inner(b).is_some() => {
            difference(&inner(a)?, &inner(b)?)
        }
        _ => Some(format!("\n  engine    {ours}\n  reference {theirs}")),
    }
}

#[test]
fn invariant_14_a_naive_reference_agrees_on_20_000_records() {
    let ring = ring();
    let reference = Reference::new(&ring, FIELDS, TEXTS);
    let mut redactor = redactor(&policy(POLICY));
    let mut changed = 0;
    for seed in 0..20_000 {
        let mut random = Random::new(seed);
        let document = document(&mut random, 0);
        let style = Style {
            spaces: random.chance(30),
            ascii: random.chance(30),
            escape_every: if random.chance(20) { random.between(1, 4) } else { 0 },
            slashes: random.chance(20),
        };
        let line = document.write(style);
        let out = redact(&mut redactor, line.as_bytes());
        let ours: Value = serde_json::from_slice(&out).unwrap();
        let before: Value = serde_json::from_str(&line).unwrap();
        changed += usize::from(ours != before);
        if let Some(difference) = difference(&ours, &reference.value(before)) {
            panic!("seed {seed}: {difference}\n  record    {line}");
        }
    }
    assert!(changed > 12_000, "{changed} records had anything in them");
}

#[test]
fn invariant_14_the_portable_path_agrees_byte_for_byte() {
    let mut random = Random::new(14);
    let (mut fast, mut portable) = (redactor(&default_policy()), redactor(&default_policy()));
    portable.set_portable(true);
    for _ in 0..1500 {
        let line = generate::any(&mut random).line;
        let (fast, portable) = (redact(&mut fast, line.as_bytes()), redact(&mut portable, line.as_bytes()));
        assert_eq!(String::from_utf8_lossy(&fast), String::from_utf8_lossy(&portable), "{line}");
    }
}

#[test]
fn the_reference_reads_keys_as_policies_do() {
    for key in TAKEN {
        assert!(FIELDS.iter().any(|rule| rule.takes(key)), "{key}");
    }
    for key in NEUTRAL.into_iter().chain(["token_count", "passwords", "pin_no", "user", "key", "apikeys"]) {
        assert!(!FIELDS.iter().any(|rule| rule.takes(key)), "{key}");
    }
}
