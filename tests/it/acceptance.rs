//! Failures that users of other tools reported, one test each, under the letter that the research gave it. Each must not
//! happen here, with the default pack and nothing configured.

use redactd::{Redacted, Redactor};

use crate::generate::{self, Random, base64, percent, value};
use crate::given::{by_default, default_policy, leaks, policy, redact, redactor, ring_file, ring_of};
use crate::harness::{Scratch, redactd, run, run_command};

/// The correlation ID in a text that has one.
fn id_in(text: &str) -> String {
    let mut ids = redactd::engine::correlate::find_ids(text.as_bytes());
    let (start, end) = ids.next().unwrap_or_else(|| panic!("no ID in {text}"));
    assert_eq!(ids.next(), None, "one ID in {text}");
    text[start..end].to_owned()
}

/// The last 28 characters of an ID: who it is, whatever the label says.
fn tail_of(text: &str) -> String {
    let id = id_in(text);
    id[id.len() - 28..].to_owned()
}

#[test]
fn a_a_field_is_found_at_any_depth_and_in_arrays() {
    for (line, expected) in [
        (r#"{"a":[{"b":[{"token":"x"}]}]}"#, r#"{"a":[{"b":[{"token":"[redacted:token]"}]}]}"#),
        (r#"[{"password":"x"}]"#, r#"[{"password":"[redacted:password]"}]"#),
        (
            r#"[[{"password":"x"},1],[{"pin":7}]]"#,
            r#"[[{"password":"[redacted:password]"},1],[{"pin":"[redacted:pin]"}]]"#,
        ),
        (r#"{"users":[{"email":"x"}],"n":[1,2]}"#, ""),
    ] {
        let out = by_default(line);
        assert!(expected.is_empty() || out == expected, "{line} became {out}");
        assert!(!out.contains("\"x\""), "{line} became {out}");
    }
}

#[test]
fn b_a_sensitive_key_hides_values_of_every_type() {
    for value in
        ["12345", "-1.5e3", "true", "false", r#"{"a":"x"}"#, r#"["x","y"]"#, r#"[[1,2],{"a":[]}]"#, r#""x""#]
    {
        let out = by_default(&format!(r#"{{"password":{value},"n":1}}"#));
        assert_eq!(out, r#"{"password":"[redacted:password]","n":1}"#, "{value}");
    }
    // What says nothing stays, so that a missing password can be told from one that was there.
    for value in ["null", r#""""#, "{}", "[]", "[ ]"] {
        let line = format!(r#"{{"password":{value},"n":1}}"#);
        assert_eq!(by_default(&line), line);
    }
}

#[test]
fn c_a_key_that_is_an_identifier_is_rewritten() {
    let out = by_default(r#"{"alice@corp.example":{"n":1},"8.8.4.4":2,"4111111111111111":[3],"name":4}"#);
    assert_eq!(leaks(out.as_bytes(), &["alice".into(), "8.8.4.4".into(), "4111".into()]), [""; 0], "{out}");
    let read: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&out).unwrap();
    assert_eq!(read.len(), 4);
    for (start, value) in [("email_", "{\"n\":1}"), ("ip_", "2"), ("card_", "[3]"), ("name", "4")] {
        let member = read.iter().find(|(key, _)| key.starts_with(start));
        assert_eq!(member.map(|(_, value)| value.to_string()).as_deref(), Some(value), "{start} in {out}");
    }
    // Two keys that become one text are told apart, so that no reader loses one of them.
    let out = by_default(r#"{"Bob@corp.example":1,"bob@corp.example":2,"bob@corp.example":3}"#);
    let id = &out[2..out.find("\":").unwrap()];
    assert_eq!(out, format!(r#"{{"{id}":1,"{id}~2":2,"{id}~3":3}}"#));
}

#[test]
fn d_values_inside_encodings_are_found() {
    let json = r#"{"password":"hunter2x","to":"alice@corp.example"}"#;
    let once = serde_json::to_string(json).unwrap();
    let twice = serde_json::to_string(&format!(r#"{{"log":{once}}}"#)).unwrap();
    let basic = base64("alice:hunter2x");
    for line in [
        format!(r#"{{"msg":{once}}}"#),
        format!(r#"{{"msg":{twice}}}"#),
        format!(r#"{{"msg":"got {} there"}}"#, json.replace('"', "\\\"")),
        format!("got {json} there"),
        format!("GET /cb?password=hunter2x&to={} HTTP/1.1", percent("alice@corp.example")),
        format!("GET /cb?to={} HTTP/1.1", percent(&percent("alice@corp.example"))),
        format!(r#"{{"query":"to={}&page=2"}}"#, percent("alice@corp.example")),
        format!(r#"{{"url":"/cb?state={}"}}"#, percent(json)),
        format!(r#"{{"form":"state={}"}}"#, percent(&percent(json))),
        format!("Authorization: Basic {basic}"),
        format!(r#"{{"headers":{{"authorization":"Basic {basic}"}}}}"#),
        format!(r#"{{"msg":"curl -H 'Authorization: Basic {basic}' https://api.example/"}}"#),
        r#"{"m":"\u0061lice\u0040corp.example \"hunter\"","password":"\u0068unter2x"}"#.to_owned(),
    ] {
        let out = by_default(&line);
        let planted = ["hunter2x".to_owned(), "alice@corp.example".to_owned(), basic.clone()];
        assert_eq!(leaks(out.as_bytes(), &planted), [""; 0], "{line} became {out}");
        if line.starts_with('{') {
            serde_json::from_str::<serde_json::Value>(&out).unwrap();
        }
    }
    // What was JSON inside stays JSON inside, and what was a parameter stays one.
    let out = by_default(&format!(r#"{{"msg":{twice}}}"#));
    let outer: serde_json::Value = serde_json::from_str(&out).unwrap();
    let middle: serde_json::Value = serde_json::from_str(outer["msg"].as_str().unwrap()).unwrap();
    let inner: serde_json::Value = serde_json::from_str(middle["log"].as_str().unwrap()).unwrap();
    assert_eq!(inner["password"], "[redacted:password]");
    assert!(
        by_default("GET /cb?password=hunter2x&page=2 HTTP/1.1").contains("?password=REDACTED&page=2 HTTP")
    );
}

#[test]
fn f_a_key_is_known_in_every_spelling() {
    for key in
        ["apiKey", "API-KEY", "api_key", "Api Key", "APIKEY", "api.key", "x-api-key", "ApiKey", "my_api_key"]
    {
        let out = by_default(&format!(r#"{{"{key}":"x"}}"#));
        assert_eq!(out, format!(r#"{{"{key}":"[redacted:api-key]"}}"#));
    }
    for key in ["apiKey", "API-KEY", "api_key", "X-Api-Key"] {
        for text in
            [format!("sent {key}=Zr4tq2 ok"), format!("sent {key}: Zr4tq2"), format!("/p?{key}=Zr4tq2")]
        {
            let out = by_default(&text);
            assert!(out.contains(key) && !out.contains("Zr4tq2"), "{text} became {out}");
        }
    }
}

#[test]
fn g_allowed_text_beside_a_card_does_not_save_the_card() {
    let policy = policy(
        "version: 1\nname: shop\nrules:\n  - {id: note, in: [shop_note], do: mask}\nexcept:\n  \
         - {find: email, values: [\"noreply@shop.example\"], loosens: [default/email]}\n",
    );
    let mut redactor = redactor(&policy);
    for (line, kept) in [
        ("noreply@shop.example 4111111111111111", "noreply@shop.example card_"),
        ("4111111111111111 noreply@shop.example", " noreply@shop.example"),
        ("from noreply@shop.example:4111-1111-1111-1111", "from noreply@shop.example:card_"),
        (
            r#"{"msg":"noreply@shop.example charged 4111 1111 1111 1111"}"#,
            r#""noreply@shop.example charged card_"#,
        ),
        (
            "id 3f2b0c3e-5d41-4a8e-9c6f-0d2a1b3c4e5f card 4111111111111111",
            "id 3f2b0c3e-5d41-4a8e-9c6f-0d2a1b3c4e5f card ",
        ),
    ] {
        let out = String::from_utf8(redact(&mut redactor, line.as_bytes())).unwrap();
        assert!(out.contains(kept) && !out.contains("1111"), "{line} became {out}");
    }
    // A value that only contains an allowed one is another value.
    let out = redact(&mut redactor, b"to xnoreply@shop.example and noreply@shop.example.org");
    assert!(!String::from_utf8(out).unwrap().contains("noreply"));
}

#[test]
fn h_ids_of_machines_are_never_redacted() {
    let mut random = Random::new(0x4833);
    let mut values: Vec<String> = [
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "507f1f77bcf86cd799439011",
        "1764000000123",
        "1764000000",
        "1764000000.123",
        "1764000000123456789",
        "2.14.0",
        "1.2.3-rc.4+build.5",
        "v10.4.2",
        "10.4.2.1",
        "2026.11.24",
        "2026-11-24T10:11:12.123+00:00",
        "24/Nov/2026:10:11:12 +0000",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "i-0abcd1234ef567890",
        "arn:aws:s3:::logs-bucket/2026/11/24",
        "req_8fJ2kLm9",
    ]
    .map(str::to_owned)
    .to_vec();
    for _ in 0..300 {
        values.push(value::uuid(&mut random));
        values.push(value::hex(&mut random, 40));
        values.push(value::hex(&mut random, 32));
        values.push(value::hex(&mut random, 16));
        values.push(format!("17{}", random.between(10_000_000_000, 99_999_999_999)));
    }
    let mut redactor = redactor(&default_policy());
    for value in &values {
        for line in [
            format!(r#"{{"id":"{value}","request_id":"{value}","msg":"started {value} ok"}}"#),
            format!("started {value} ok"),
            format!("trace_id={value} level=info"),
            format!("[{value}] GET /v1/jobs/{value} 200"),
        ] {
            let out = redact(&mut redactor, line.as_bytes());
            assert_eq!(String::from_utf8_lossy(&out), line);
        }
    }
    for number in
        ["1764000000123", "1764000000", "9007199254740993", "4111", "20261124101112", "0.1234567890123"]
    {
        let line = format!(r#"{{"ts":{number},"offset":{number},"duration_ns":{number}}}"#);
        assert_eq!(by_default(&line), line);
    }
}

#[test]
fn i_every_ssn_serial_is_found() {
    let mut redactor = redactor(&default_policy());
    let mut input = String::new();
    for serial in 1..=9999 {
        input
            .push_str(&format!("{{\"ssn\":\"219-09-{serial:04}\",\"msg\":\"ssn 219-09-{serial:04} ok\"}}\n"));
    }
    let out = String::from_utf8(redact(&mut redactor, input.as_bytes())).unwrap();
    let mut seen = std::collections::HashSet::new();
    for (line, serial) in out.lines().zip(1..) {
        assert!(!line.contains("219-09"), "{serial}: {line}");
        let read: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = read["ssn"].as_str().unwrap();
        assert_eq!(read["msg"], format!("ssn {field} ok"), "one ID for a number, {serial}");
        assert!(seen.insert(field.to_owned()), "another ID for another number, {serial}");
    }
    assert_eq!(seen.len(), 9999);
}

#[test]
fn j_redacting_twice_changes_nothing() {
    let scratch = Scratch::new();
    let args = ["--key-file", &ring_file(&scratch, &[("k7m2", 7)])];

    let mut random = Random::new(0x4a);
    let mut input = String::new();
    let mut planted = Vec::new();
    for _ in 0..300 {
        let record = generate::any(&mut random);
        planted.extend(record.planted);
        input.push_str(&record.line);
        input.push('\n');
    }
    let once = run(&args, input.as_bytes());
    let twice = run(&args, &once.stdout);
    assert_eq!((once.code, twice.code), (0, 0));
    assert_eq!(once.stdout.iter().filter(|b| **b == b'\n').count(), 300);
    assert_eq!(leaks(&once.stdout, &planted), [""; 0]);
    for (first, second) in once.stdout.split(|b| *b == b'\n').zip(twice.stdout.split(|b| *b == b'\n')) {
        assert_eq!(String::from_utf8_lossy(first), String::from_utf8_lossy(second));
    }
    assert_eq!(once.stdout, twice.stdout);
    // The library with the same ring agrees with the program.
    assert_eq!(redact(&mut redactor(&default_policy()), input.as_bytes()), once.stdout);
}

#[test]
fn l_overlapping_rules_give_the_same_output_1000_times() {
    let text = "version: 1\nname: overlap\nrules:\n  \
        - {id: digits, find: {regex: '\\d{4}[- ]\\d{4}'}, do: mask}\n  \
        - {id: tail, find: {regex: '[0-9-]{6}\\b'}, do: {replace: gone}}\n  \
        - {id: host, find: {regex: '[a-z]+\\.example'}, do: mask}\n  \
        - {id: shop, find: {regex: 'shop[a-z.]*'}, do: shape}\n  \
        - {id: note, in: [note, \"*_note\"], do: correlate}\n  \
        - {id: user-note, in: [user.note], find: email, do: mask}\n";
    let lines = [
        "card 4111-1111-1111-1111 by ann@shop.example from 8.8.4.4",
        r#"{"user":{"note":"ann@shop.example 4111 1111 1111 1111"},"note":"shop.example"}"#,
        r#"{"msg":"{\"note\":\"ann@shop.example\"}","ann@shop.example":"4111-1111"}"#,
        "https://ann:pw-4111-1111@shop.example/?email=ann%40shop.example&note=4111-1111",
    ];
    let mut first: Option<Vec<Vec<u8>>> = None;
    for _ in 0..5 {
        let policy = policy(text);
        for _ in 0..10 {
            let mut redactor = redactor(&policy);
            for _ in 0..20 {
                let outs: Vec<_> = lines.iter().map(|line| redact(&mut redactor, line.as_bytes())).collect();
                assert_eq!(&outs, first.get_or_insert_with(|| outs.clone()));
            }
        }
    }
    for out in first.unwrap() {
        assert_eq!(leaks(&out, &["ann@".into(), "4111".into(), "8.8.4.4".into()]), [""; 0]);
    }
}

#[cfg(debug_assertions)]
#[test]
fn n_a_panic_never_shows_the_record() {
    let mut redactor = redactor(&default_policy());
    redactor.panic_on(b"boom");
    let lines = [
        (
            r#"{"msg":"boom","email":"alice@corp.example"}"#,
            r#"{"redactd":{"withheld":"internal","bytes":43}}"#,
        ),
        ("  [\"boom\"]", r#"{"redactd":{"withheld":"internal","bytes":10}}"#),
        ("boom alice@corp.example", "[withheld:internal]"),
    ];
    for (line, stub) in lines {
        let mut out = Redacted::new();
        let outcome = redactor.redact(format!("first\n{line}\nlast\n").as_bytes(), &mut out);
        assert_eq!(String::from_utf8_lossy(out.as_bytes()), format!("first\n{stub}\nlast\n"));
        assert_eq!((outcome.records, outcome.withheld), (3, 1));
    }
    // The redactor works on as before.
    let after = redact(&mut redactor, b"mail to alice@corp.example");
    assert_eq!(after, redact(&mut crate::given::redactor(&default_policy()), b"mail to alice@corp.example"));
}

#[cfg(debug_assertions)]
#[test]
fn n_a_panic_of_the_program_names_a_place_and_nothing_else() {
    let line = r#"{"msg":"boom","email":"alice@corp.example","password":"hunter2x"}"#;
    let input = format!("one\n{line}\nboom bob@corp.example\ntwo\n");
    for backtrace in ["0", "1", "full"] {
        let mut command = redactd(&["--stats"]);
        command.env("REDACTD_PANIC_ON", "boom").env("RUST_BACKTRACE", backtrace);
        let ran = run_command(command, input.as_bytes());
        let stub = format!(r#"{{"redactd":{{"withheld":"internal","bytes":{}}}}}"#, line.len());
        assert_eq!(String::from_utf8_lossy(&ran.stdout), format!("one\n{stub}\n[withheld:internal]\ntwo\n"));
        for value in ["boom", "alice", "bob", "hunter", "corp.example", "failpoint"] {
            assert!(!ran.stderr.contains(value), "{value} in {}", ran.stderr);
        }
        assert!(ran.stderr.contains("src/engine/redact/"), "the place of the panic is named: {}", ran.stderr);
        assert_eq!(ran.code, 0);
    }
}

#[test]
fn o_what_is_not_replaced_is_not_touched() {
    for line in [
        r#"{"n":9007199254740993,"m":18446744073709551616,"f":1.10,"e":1E+400,"z":-0,"p":0.1234567890123456789}"#,
        r#"{"z":1,"a":2,"m":3,"a":4,"z":5}"#,
        r#"{ "a" :	1 ,"b":[ 1,2 , 3 ] , "c":{ } }"#,
        r#"{"a":"\/ \b \f \u00e9 \uD83D\uDE00 \ud800 é 😀","b":"tab\tend"}"#,
        r#"{"a":"\q \x41 \u12","b":1}"#,
        r#"{"a":1,}"#,
        r#"{"a":1} trailing {"b":2}"#,
        "\u{feff}{\"a\":1}",
        "[1,2,3",
        "\"just a string\"",
        "12345",
        "level=info  msg=\"two  blanks\"\t# tab \r",
        "",
        "   ",
    ] {
        assert_eq!(by_default(line), line);
        let with_secret = format!("{line}\n{{\"pin\":1}}\n{line}\r\n");
        assert_eq!(by_default(&with_secret), format!("{line}\n{{\"pin\":\"[redacted:pin]\"}}\n{line}\r\n"));
    }
    let line = r#"{"n":9007199254740993, "email":"x" ,"f":1.10,"f":1.10,"e":"\/\u00e9\q","z":-0.0}"#;
    let out = by_default(line);
    let id = id_in(&out);
    assert_eq!(
        out,
        format!(r#"{{"n":9007199254740993, "email":"{id}" ,"f":1.10,"f":1.10,"e":"\/\u00e9\q","z":-0.0}}"#)
    );
}

#[test]
fn p_the_word_password_hides_nothing() {
    for line in [
        "password changed",
        "Invalid username or password",
        "the password must not be empty",
        "forgot password? reset your password here",
        "password: must contain 8 characters",
        "user asked for a new password and a new token",
        "token expired, password rotation is due",
        r#"{"msg":"wrong password","reason":"bad_password","field":"password","password_policy":"strong"}"#,
        r#"{"error":"password is required","code":"PASSWORD_TOO_SHORT"}"#,
        "GET /password/reset 200",
        "level=warn msg=\"password check failed\" reason=password_mismatch",
    ] {
        assert_eq!(by_default(line), line);
    }
}

#[test]
fn q_a_signed_url_keeps_its_keys() {
    let sig = "Jx4v9Qm2Rk7Tz1Lw8Np5Yc3Hb6Gd0FsA";
    for (key, line) in [
        (
            "sig=",
            format!(
                "PUT https://acct.blob.example/c/f.bin?sv=2024-11-04&sp=rw&sig={sig}%3D&se=2026-11-25 done"
            ),
        ),
        (
            "X-Amz-Signature=",
            format!(r#"{{"url":"https://b.s3.example/k?X-Amz-Date=20261124&X-Amz-Signature={sig}"}}"#),
        ),
        (
            "Signature=",
            format!("https://cdn.example/a.mp4?Expires=1764000000&Signature={sig}&Key-Pair-Id=K1"),
        ),
    ] {
        let out = by_default(&line);
        assert!(out.contains(&format!("{key}REDACTED")) && !out.contains(sig), "{line} became {out}");
        // Nothing but the parameter's value changed.
        let at = line.find(key).unwrap() + key.len();
        assert_eq!(out[..at], line[..at]);
        let rest = &line[at..];
        assert!(
            out.ends_with(&rest[rest.find(['&', '"', ' ']).unwrap_or(rest.len())..]),
            "{line} became {out}"
        );
    }
}

#[test]
fn r_offsets_are_right_after_text_of_many_bytes() {
    let id = id_in(&by_default("alice@corp.example"));
    for before in ["é", "日本語 ", "🙂🙃 ", "ß\u{301}", "\u{200b}", "Привет, ", "𝔘𝔫𝔦 "]
    {
        for repeat in [1, 7, 40] {
            let before = before.repeat(repeat);
            let out = by_default(&format!("{before} <alice@corp.example> {before}"));
            assert_eq!(out, format!("{before} <{id}> {before}"));
            let out =
                by_default(&format!(r#"{{"k":"{before}","m":"{before} <alice@corp.example>","pin":1}}"#));
            assert_eq!(out, format!(r#"{{"k":"{before}","m":"{before} <{id}>","pin":"[redacted:pin]"}}"#));
            // The same, written in escapes: those around the value stay as they are.
            let escaped: String = before.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let out = by_default(&format!(r#"{{"m":"{escaped} <alice\u0040corp.example> {escaped}"}}"#));
            assert_eq!(out, format!(r#"{{"m":"{escaped} <{id}> {escaped}"}}"#));
        }
    }
    assert_eq!(tail_of(&by_default(r#"{"email":"alice@corp.example"}"#)), id[id.len() - 28..]);
    let mut other = Redactor::new(default_policy(), ring_of(&[("m3n4", 9)]));
    assert!(!redact(&mut other, b"alice@corp.example").ends_with(id.as_bytes()), "another key, another ID");
}
