//! Inputs for properties, from harmless to hostile, all from a fixed seed: arbitrary bytes, fragments of what the engine
//! looks for in any order, realistic records with a few bytes changed, deep nesting.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::generate::{self, Class, Random};

/// The seed is fixed, so that a run says the same everywhere; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` change it. What
/// failed once is kept in [`REGRESSIONS`], by its bytes.
pub fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(0x7265_6461);
    }
    config
}

/// Inputs that broke something once. Every property that takes lines runs over them too.
pub const REGRESSIONS: &[&[u8]] = &[
    b"",
    b"\r",
    b"{",
    b"\"",
    b"\\",
    b"%",
    b"@",
    b"[redacted:",
    b"\x00",
    b"\xff\xfe{\x00",
    br#"alice@corp.example%2540\u"password":"password":["note":https://svc:pw@h.example/p?sig=abc&email={{{"stringValue":"stringValue":{nulleyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg://password={1alice@corp.example{"email":{{"#,
    br#"{"api_key=abc":"x","4111111111111111":"5500000000000000"}"#,
    br#"{"4111111111111111":{"4111111111111112":"5500000000000000"}}"#,
    br#"password={"a":1}le x"#,
    br#"user="{"a":1}{"b":2} x" y"#,
    br#"?user={"a":1}le&b=1"#,
    br#"{\"user\":{\"a\":1},\\":\"m"#,
    b"x 2a02:26f7::AKIAQ3EGRTVWXYZ23456 4111 1111 1111 1111AKIAQ3EGRTVWXYZ23456 4111111111111111-AKIAQ3EGRTVWXYZ23456",
    b"-----BEGIN PRIVATE KEY-----MIIEvQIBADANBgkqhkiG9w0BAQEFAASC-----END PRIVATE KEY-----4111111111111111",
];

/// What the engine looks for, whole, in halves, and what surrounds it.
const FRAGMENTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    " ",
    "\\",
    "\\\"",
    "\\\\",
    "\\n",
    "\\u0040",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\/",
    "%",
    "%40",
    "%2540",
    "%22",
    "%7B",
    "%7D",
    "%3A",
    "=",
    "&",
    "?",
    "/",
    "://",
    "@",
    ".",
    "-",
    "_",
    "+",
    ";",
    "'",
    "<",
    ">",
    "\t",
    "\r",
    "\0",
    "\u{7f}",
    "é",
    "日",
    "🙂",
    "\u{200b}",
    "＠",
    "null",
    "true",
    "1e400",
    "-0",
    "0",
    "1",
    "42",
    "\"password\":",
    "\"token\":",
    "\"email\":",
    "\"user\":",
    "\"note\":",
    "\"body\":",
    "\"headers\":",
    "\"msg\":",
    "\"a\":",
    "\"name\":",
    "\"value\":",
    "\"key\":",
    "\"stringValue\":",
    "\"x_gone\":",
    "\"level\":",
    "\"comment\":",
    "\"user\":{",
    "password=",
    "password: ",
    "token=",
    "email=",
    "api_key=",
    "Authorization: ",
    "Bearer ",
    "Basic ",
    "Cookie: ",
    "ssn ",
    "card ",
    "phone ",
    "secret = ",
    "alice@corp.example",
    "bob@mail.example.org",
    "8.8.4.4",
    "10.0.0.1",
    "2a02:26f7::1",
    "4111111111111111",
    "4111 1111 1111 1111",
    "5555-5555-5555-4444",
    "219-09-9999",
    "+1 415 555 0132",
    "GB82WEST12345698765432",
    "3c:22:fb:01:02:03",
    "AKIAQ3EGRTVWXYZ23456",
    "https://svc:pw@h.example/p?sig=abc&email=",
    "postgres://a:b@c/d",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
    "dXNlcjpwYXNzd29yZA==",
    "-----BEGIN PRIVATE KEY-----",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    "-----END PRIVATE KEY-----",
    "[redacted:email]",
    "[redacted:password]",
    "[redacted:",
    "[shape:string ≤16 B]",
    "[shape:",
    "[withheld:depth]",
    "REDACTED",
    "email_",
    "~2",
    "email_k7m2",
    "ip_0123456789abcdefghjkmnpqrstv",
    "{\"redactd\":{\"withheld\":\"internal\",\"bytes\":3}}",
    "secretive",
];

fn fragments() -> impl Strategy<Value = Vec<u8>> {
    vec(prop::sample::select(FRAGMENTS), 0..40).prop_map(|parts| parts.concat().into_bytes())
}

/// A realistic record.
pub fn record() -> impl Strategy<Value = String> {
    any::<u64>().prop_map(|seed| generate::any(&mut Random::new(seed)).line)
}

/// All classes of line but the large ones.
const SMALL: &[Class] = &[Class::CleanHttp, Class::Personal, Class::Escaped, Class::Plain, Class::Embedded];

/// A realistic record of reasonable length with up to six changes: bytes lost, doubled, replaced, a fragment put in, an end
/// cut off.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0..6usize, any::<u8>(), prop::sample::select(FRAGMENTS));
    (any::<u64>(), prop::sample::select(SMALL), vec(change, 0..6)).prop_map(|(seed, class, changes)| {
        let mut line = generate::record(class, &mut Random::new(seed)).line.into_bytes();
        for (at, what, byte, fragment) in changes {
            let at = at.index(line.len() + 1);
            let end = line.len().min(at + 1 + usize::from(byte) / 16);
            match what {
                0 => drop(line.drain(at..end)),
                1 => {
                    let copy = line[at..end].to_vec();
                    line.splice(at..at, copy);
                }
                2 if at < line.len() => line[at] = byte,
                3 if byte < 64 => line.truncate(at),
                _ => drop(line.splice(at..at, fragment.bytes())),
            }
        }
        line
    })
}

fn nested() -> impl Strategy<Value = Vec<u8>> {
    let level = prop::sample::select(
        &["[", "{\"a\":", "{\"user\":", "[[", "{\"password\":", "{\"a@b.example\":[", "\"{\\\"a\\\":"][..],
    );
    (level, 1..150usize, prop::sample::select(FRAGMENTS), any::<bool>()).prop_map(
        |(open, depth, inner, close)| {
            let mut line = open.repeat(depth) + inner;
            let ends = |c| match c {
                '{' => Some('}'),
                '[' => Some(']'),
                _ => None,
            };
            if close {
                let end: String = open.chars().rev().filter_map(ends).collect();
                line.push_str(&end.repeat(depth));
            }
            line.into_bytes()
        },
    )
}

/// One line of any bytes, without newlines.
pub fn line() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop_oneof![8 => vec(any::<u8>(), 0..200), 1 => vec(any::<u8>(), 0..2000)];
    prop_oneof![2 => bytes, 4 => fragments(), 5 => mutated(), 1 => nested()]
        .prop_map(|line| line.into_iter().filter(|b| *b != b'\n').collect())
}

/// A chunk of several lines; the last may lack its newline.
pub fn chunk() -> impl Strategy<Value = Vec<u8>> {
    (vec(line(), 1..6), any::<bool>()).prop_map(|(lines, ends)| {
        let mut chunk = lines.join(&b'\n');
        if ends {
            chunk.push(b'\n');
        }
        chunk
    })
}

/// A line that is JSON by the grammar, as far as serde_json knows it.
pub fn json() -> impl Strategy<Value = Vec<u8>> {
    let is_json = |line: &Vec<u8>| serde_json::from_slice::<serde_json::Value>(line).is_ok();
    let mutated = (mutated(), record())
        .prop_map(move |(line, whole)| if is_json(&line) { line } else { whole.into_bytes() });
    prop_oneof![2 => mutated, 1 => document().prop_map(String::into_bytes)].prop_filter("not JSON", is_json)
}

/// A small document whose keys and strings are fragments.
fn document() -> impl Strategy<Value = String> {
    let quoted = vec(prop::sample::select(FRAGMENTS), 0..4)
        .prop_map(|parts| serde_json::Value::String(parts.concat()).to_string());
    let key = prop_oneof![
        3 => prop::sample::select(
            &["password", "token", "email", "user", "note", "body", "headers", "comment", "a", "name", "value", "key", "x_gone", "level"][..]
        ).prop_map(|key| format!("\"{key}\"")),
        1 => quoted.clone(),
    ];
    let number = prop::sample::select(
        &["0", "1.10", "-7", "4111111111111111", "1764000000123", "true", "false", "null"][..],
    );
    let leaf = prop_oneof![3 => quoted, 2 => number.prop_map(str::to_owned)];
    let blank = prop::sample::select(&["", "", "", " ", "\t"][..]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let members = vec((key.clone(), inner.clone(), blank.clone()), 0..5).prop_map(|members| {
            let members: Vec<String> =
                members.iter().map(|(k, v, blank)| format!("{k}{blank}:{blank}{v}{blank}")).collect();
            format!("{{{}}}", members.join(","))
        });
        let items = vec((inner.clone(), blank.clone()), 0..5).prop_map(|items| {
            let items: Vec<String> = items.iter().map(|(v, blank)| format!("{blank}{v}")).collect();
            format!("[{}]", items.join(","))
        });
        let text = inner.prop_map(|document| serde_json::Value::String(document).to_string());
        prop_oneof![4 => members, 2 => items, 1 => text]
    })
}
