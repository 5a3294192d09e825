//! What the tests of this directory start from: rings, policies, redactors, and ways to look at what came out.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redactd::engine::policy::LayerSource;
use redactd::{Keyring, Policy, Redacted, Redactor};

use crate::harness::Scratch;

static DEFAULT: LazyLock<Arc<Policy>> = LazyLock::new(|| Arc::new(Policy::default_policy()));
static RING: LazyLock<Arc<Keyring>> = LazyLock::new(|| ring_of(&[("k7m2", 7)]));

/// The pack that is in force when nothing is configured.
pub fn default_policy() -> Arc<Policy> {
    DEFAULT.clone()
}

/// A policy in YAML.
pub fn policy(text: &str) -> Arc<Policy> {
    let compiled = Policy::compile(&[LayerSource::new("test.yaml", text)]);
    Arc::new(compiled.unwrap_or_else(|errors| panic!("{errors:?}")))
}

/// A policy that uses every action, in fields and in text, with rules that overlap.
pub fn every_action() -> Arc<Policy> {
    static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| policy(EVERY_ACTION));
    POLICY.clone()
}

/// The same but for the pattern that asks what stands around a word: what it finds changes with the replacements.
pub fn every_action_but_borders() -> Arc<Policy> {
    static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
        policy(
            &EVERY_ACTION.lines().filter(|line| !line.contains("short-word")).collect::<Vec<_>>().join("\n"),
        )
    });
    POLICY.clone()
}

const EVERY_ACTION: &str = r#"
version: 1
name: actions
extends: []
rules:
  - {id: gone, in: [note, "*_gone", level], types: all, do: drop}
  - {id: hidden, in: [password, secret, pin], types: all, do: mask}
  - {id: fixed, in: [comment, path], do: {replace: '-removed "here"-'}}
  - {id: outline, in: [body, headers, tags], types: all, do: shape}
  - {id: who, in: [user, payment], types: all, do: correlate}
  - {id: mail, find: email, do: {partial: {keep: domain}}}
  - {id: card-tail, find: credit_card, do: {partial: {keep_last: 4}}}
  - {id: address, find: [ipv4, ipv6], do: correlate}
  - {id: long-number, find: {regex: '\d{5,}'}, do: mask}
  - {id: short-word, find: {regex: '\b[a-z]{3}\b'}, do: shape}
  - {id: sentence, find: {regex: '(?i)mail to \S+'}, do: {replace: "(mail)"}}
"#;

/// A ring with one key.
pub fn ring() -> Arc<Keyring> {
    RING.clone()
}

/// A ring file of keys without bounds, made from one byte each; the last one is the newest.
pub fn ring_text(keys: &[(&str, u8)]) -> String {
    let line = |(kid, byte): &(&str, u8)| format!("{kid} - - {}\n", STANDARD.encode([*byte; 64]));
    keys.iter().map(line).collect()
}

pub fn ring_of(keys: &[(&str, u8)]) -> Arc<Keyring> {
    let mut ring = Keyring::parse(ring_text(keys).as_bytes()).unwrap();
    ring.select(1_764_000_000);
    Arc::new(ring)
}

/// A redactor for a policy, with the ring of [`ring`].
pub fn redactor(policy: &Arc<Policy>) -> Redactor {
    Redactor::new(policy.clone(), ring())
}

pub fn redact(redactor: &mut Redactor, chunk: &[u8]) -> Vec<u8> {
    let mut out = Redacted::new();
    redactor.redact(chunk, &mut out);
    out.as_bytes().to_vec()
}

/// One line, or several, under the default pack. Redactors are dear to make: each thread keeps one.
pub fn by_default(line: &str) -> String {
    thread_local! {
        static REDACTOR: RefCell<Redactor> = RefCell::new(redactor(&DEFAULT));
    }
    let out = REDACTOR.with_borrow_mut(|redactor| redact(redactor, line.as_bytes()));
    String::from_utf8(out).unwrap()
}

/// `out` as it stands and with JSON escapes and percent-encoding undone, up to four times over: where a value can hide.
pub fn readings(out: &[u8]) -> Vec<Vec<u8>> {
    let mut all = BTreeSet::from([out.to_vec()]);
    let mut last: Vec<Vec<u8>> = vec![out.to_vec()];
    for _ in 0..4 {
        let next = last.iter().flat_map(|text| [undo_backslashes(text), undo_percent(text)]);
        last = next.filter(|text| all.insert(text.clone())).collect();
    }
    all.into_iter().collect()
}

/// The planted values that can be read in `out`.
pub fn leaks(out: &[u8], planted: &[String]) -> Vec<String> {
    let readings = readings(out);
    let shows =
        |value: &&String| readings.iter().any(|text| memchr::memmem::find(text, value.as_bytes()).is_some());
    planted.iter().filter(shows).cloned().collect()
}

fn undo_backslashes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    let unit = |at: usize| {
        let hex = std::str::from_utf8(text.get(at + 2..at + 6)?).ok()?;
        (text[at] == b'\\' && text[at + 1] == b'u').then(|| u16::from_str_radix(hex, 16).ok())?
    };
    while at < text.len() {
        if let Some(first) = unit(at) {
            let pair = [first, unit(at + 6).unwrap_or(0)];
            let c = char::decode_utf16(pair).next().and_then(Result::ok).unwrap_or('\u{fffd}');
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            at += 6 * c.len_utf16();
        } else if text[at] == b'\\' && at + 1 < text.len() {
            out.push(match text[at + 1] {
                b'n' => b'\n',
                b't' => b'\t',
                other => other,
            });
            at += 2;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

fn undo_percent(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if text[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

/// A ring file with these keys; its path as an argument.
pub fn ring_file(scratch: &Scratch, keys: &[(&str, u8)]) -> String {
    let path = scratch.path(keys.last().unwrap().0);
    redactd::keys::write_new(&path, &ring_text(keys)).unwrap();
    path.to_str().unwrap().to_owned()
}
