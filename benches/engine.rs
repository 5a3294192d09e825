//! How fast the engine is per class of line, beside the straightforward program: serde_json, a table of field names, a
//! `RegexSet`. Both run over the same made-up lines, one thread, in memory; shown is input per second. Rates depend on the
//! machine and on what else runs on it: only how the two compare means something.
//!
//! `cargo bench --bench engine` measures, `-- --bytes-format decimal` in MB, and `-- --test` runs everything once, to see
//! that it runs.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/it/generate.rs"]
#[allow(dead_code)]
mod generate;
#[path = "../tests/it/reference.rs"]
#[allow(dead_code)]
mod reference;

use std::fmt;
use std::sync::Arc;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use generate::{Class, Random};
use redactd::{Keyring, Policy, Redacted, Redactor};
use reference::{Do, FieldRule, Reference, TextRule};

fn main() {
    divan::main();
}

/// Lines of one class, or of all in their usual shares.
#[derive(Clone, Copy)]
struct Lines(&'static str, Option<Class>);

const LINES: [Lines; 7] = [
    Lines("clean HTTP JSON", Some(Class::CleanHttp)),
    Lines("PII-heavy JSON", Some(Class::Personal)),
    Lines("escaped JSON", Some(Class::Escaped)),
    Lines("large lines", Some(Class::Large)),
    Lines("plain text", Some(Class::Plain)),
    Lines("embedded JSON", Some(Class::Embedded)),
    Lines("whole mix", None),
];

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Lines {
    fn corpus(self) -> Vec<u8> {
        const CORPUS_BYTES: usize = 1 << 20;
        let mut random = Random::new(0xbe4c);
        let mut corpus = Vec::with_capacity(CORPUS_BYTES + (64 << 10));
        while corpus.len() < CORPUS_BYTES {
            let record = match self.1 {
                Some(class) => generate::record(class, &mut random),
                None => generate::any(&mut random),
            };
            corpus.extend_from_slice(record.line.as_bytes());
            corpus.push(b'\n');
        }
        corpus
    }
}

#[divan::bench(args = LINES, sample_count = 20)]
fn redactd(bencher: Bencher<'_, '_>, lines: Lines) {
    let corpus = lines.corpus();
    let ring = Arc::new(Keyring::ephemeral(&[7; 64]));
    let mut redactor = Redactor::new(Arc::new(Policy::default_policy()), ring);
    let mut out = Redacted::with_capacity(2 * corpus.len());
    bencher.counter(BytesCount::of_slice(&corpus)).bench_local(|| {
        out.clear();
        redactor.redact(black_box(&corpus), &mut out)
    });
}

#[divan::bench(args = LINES, sample_count = 5)]
fn reference(bencher: Bencher<'_, '_>, lines: Lines) {
    let corpus = String::from_utf8(lines.corpus()).unwrap();
    let ring = Keyring::ephemeral(&[7; 64]);
    let reference = Reference::new(&ring, FIELDS, TEXTS);
    bencher.counter(BytesCount::of_str(&corpus)).bench_local(|| {
        for line in black_box(&corpus).lines() {
            black_box(match serde_json::from_str(line) {
                Ok(document) => reference.value(document).to_string(),
                Err(_) => reference.text(line),
            });
        }
    });
}

/// What such a program usually knows: some fifty names and forty patterns.
const FIELDS: &[FieldRule] = &[
    FieldRule {
        id: "secret",
        names: &[
            "password",
            "passwd",
            "pwd",
            "secret",
            "token",
            "apikey",
            "privatekey",
            "clientsecret",
            "authorization",
            "proxyauthorization",
            "xapikey",
            "cookie",
            "setcookie",
            "sessionid",
            "csrf",
            "otp",
            "pin",
            "cvv",
            "credentials",
        ],
        last_words: &["password", "secret", "token"],
        action: Do::Mask,
        kind: "",
        all_types: true,
    },
    FieldRule {
        id: "person",
        names: &[
            "email",
            "phone",
            "mobile",
            "user",
            "username",
            "login",
            "userid",
            "customerid",
            "accountid",
            "firstname",
            "lastname",
            "fullname",
            "clientip",
            "remoteaddr",
            "xforwardedfor",
            "cardnumber",
            "pan",
            "iban",
            "accountnumber",
            "ssn",
            "passport",
            "taxid",
            "mrn",
            "imei",
            "deviceid",
        ],
        last_words: &["email", "phone"],
        action: Do::Correlate,
        kind: "opaque",
        all_types: false,
    },
    FieldRule {
        id: "private",
        names: &[
            "street",
            "city",
            "zip",
            "dateofbirth",
            "dob",
            "diagnosis",
            "lat",
            "lon",
            "requestbody",
            "responsebody",
        ],
        last_words: &[],
        action: Do::Mask,
        kind: "",
        all_types: true,
    },
];

const fn id(kind: &'static str, pattern: &'static str) -> TextRule {
    TextRule { id: kind, pattern, check: |_| true, action: Do::Correlate, kind }
}

const fn secret(id: &'static str, pattern: &'static str) -> TextRule {
    TextRule { id, pattern, check: |_| true, action: Do::Mask, kind: "" }
}

const TEXTS: &[TextRule] = &[
    id("email", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"),
    TextRule {
        id: "card",
        pattern: r"\b\d(?:[ -]?\d){12,18}\b",
        check: reference::is_card,
        action: Do::Correlate,
        kind: "card",
    },
    id("us_ssn", r"\b\d{3}-\d{2}-\d{4}\b"),
    id("phone", r"\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}\b"),
    id("phone", r"\b\(?[2-9]\d{2}\)?[ .-][2-9]\d{2}[ .-]\d{4}\b"),
    id("ip", r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
    id("ip", r"(?i)\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b"),
    id("ip", r"(?i)\b(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4}\b"),
    id("mac", r"(?i)\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b"),
    id("iban", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
    secret("jwt", r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"),
    secret("bearer", r"(?i)\bbearer +([A-Za-z0-9._~+/-]{8,}=*)"),
    secret("basic", r"(?i)\bbasic +([A-Za-z0-9+/]{8,}={0,2})"),
    secret("userinfo", r"\b[a-z][a-z0-9+.-]*://[^\s/@:]*:([^\s/@]+)@"),
    secret(
        "signed",
        r"(?i)[?&](?:sig|signature|x-amz-signature|x-goog-signature|x-amz-security-token)=([^&\s]+)",
    ),
    secret("pem", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)"),
    secret("aws", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    secret("aws-secret", r"(?i)aws.{0,20}secret.{0,20}\b([A-Za-z0-9/+]{40})\b"),
    secret("github", r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    secret("github", r"\bgithub_pat_[A-Za-z0-9_]{82}\b"),
    secret("gitlab", r"\bgl(?:pat|dt|rt|cbt|ptt|ft|agent)-[A-Za-z0-9_-]{20,}"),
    secret("slack", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    secret("slack", r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]+"),
    secret("stripe", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    secret("google", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    secret("google", r"\bya29\.[A-Za-z0-9_-]{20,}"),
    secret("npm", r"\bnpm_[A-Za-z0-9]{36}\b"),
    secret("pypi", r"\bpypi-[A-Za-z0-9_-]{50,}"),
    secret("sendgrid", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b"),
    secret("twilio", r"\bSK[0-9a-f]{32}\b"),
    secret("mailgun", r"\bkey-[0-9a-f]{32}\b"),
    secret("shopify", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    secret("square", r"\bsq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}"),
    secret("telegram", r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    secret("digitalocean", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    secret("vault", r"\bhv[sb]\.[A-Za-z0-9_-]{24,}"),
    secret("databricks", r"\bdapi[0-9a-f]{32}\b"),
    secret("openai", r"\bsk-(?:proj-)?[A-Za-z0-9_-]{20,}"),
    secret("age", r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b"),
    secret("hash", r"\$2[aby]\$\d{2}\$[./A-Za-z0-9]{53}"),
    secret("azure", r"(?i)AccountKey=([A-Za-z0-9+/]{86}==)"),
    secret(
        "assigned",
        r#"(?i)\b[\w.-]*(?:password|passwd|pwd|secret|token|api_?key)["']?\s*[=:]\s*["']?([^\s"'&,;]{6,})"#,
    ),
];
