//! Secrets that only their key gives away: `key=value`, `key: value` and the fields of a document.

use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Sample, Site, Why};
use super::edges::before;
use super::key::{self, Class, Words};
use super::prose;
use super::value::objection;

pub(super) const GENERIC_SECRET: Detector = Detector {
    name: "generic_secret",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Pair(names_secret), Anchor::Literal(prose::WORDS)],
    check: |site| if site.key.is_empty() { prose::check(site) } else { keyed(site) },
    samples: &[
        Sample { field: "", text: "db_password=hunter2", hit: "hunter2" },
        Sample { field: "", text: "api_key: Zk94Hg7f6KB2qq", hit: "Zk94Hg7f6KB2qq" },
        Sample {
            field: "",
            text: "session_token = \"0b7d1c52-7f0e-4b1c-9a51-0d5c1f0e8a77\"",
            hit: "0b7d1c52-7f0e-4b1c-9a51-0d5c1f0e8a77",
        },
        Sample { field: "clientSecret", text: "n0t-real~n0t-real", hit: "n0t-real~n0t-real" },
        Sample { field: "", text: "mysql_pwd=x9#kk;", hit: "x9#kk" },
        Sample { field: "", text: "password = \"has spaces in it\"", hit: "has spaces in it" },
        Sample { field: "", text: "key=kQ7vR2mXw9LpZ4sTb6Nd", hit: "kQ7vR2mXw9LpZ4sTb6Nd" },
        Sample { field: "", text: "Server=db;Uid=app;Pwd=n0tReal;", hit: "n0tReal" },
        Sample {
            field: "",
            text: "Unseal Key 2: n0tR/ealn0tR+ealn0tRealn0tReal99",
            hit: "n0tR/ealn0tR+ealn0tRealn0tReal99",
        },
        Sample {
            field: "",
            text: "use this password to go on:\n\n9f86d081884c7d659a2feaa0c55ad015\n\nsee",
            hit: "9f86d081884c7d659a2feaa0c55ad015",
        },
        Sample { field: "", text: "CREATE USER bob WITH PASSWORD 'n0tReal'", hit: "n0tReal" },
        Sample {
            field: "",
            text: "const toyToken string = \"n0tReal-n0tReal-99\"",
            hit: "n0tReal-n0tReal-99",
        },
        Sample { field: "", text: "tool -user bob@a.example -password N0tReal!", hit: "N0tReal!" },
        Sample { field: "", text: "make sure the password is \"hunter2\" and retry", hit: "hunter2" },
        Sample { field: "", text: "tool --api-key Zk94Hg7f6KB2qq --verbose", hit: "Zk94Hg7f6KB2qq" },
        Sample { field: "", text: "machine a.example login bob password n0tReal", hit: "n0tReal" },
        Sample {
            field: "",
            text: "System.setProperty(\"TOY_TOKEN\", \"n0tRealn0tReal\")",
            hit: "n0tRealn0tReal",
        },
        Sample { field: "", text: "<toyToken>\n  n0tRealn0tReal99\n</toyToken>", hit: "n0tRealn0tReal99" },
        Sample { field: "", text: "if (\"n0t{real}\" == passwd) {", hit: "n0t{real}" },
        Sample {
            field: "",
            text: "toy SECRET_KEY 9f86d081884c7d659a2feaa0c55ad015",
            hit: "9f86d081884c7d659a2feaa0c55ad015",
        },
        Sample { field: "", text: "toy token - '9f86d081884c7d65'", hit: "9f86d081884c7d65" },
        Sample { field: "", text: "Connect -User bob -Password N0tReal!", hit: "N0tReal!" },
        Sample {
            field: "",
            text: "the sendgrid API Key 9f86d081884c7d659a2feaa0c55ad015",
            hit: "9f86d081884c7d659a2feaa0c55ad015",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "password: ${DB_PASS}" },
        NearMiss { field: "", text: "token=<redacted>" },
        NearMiss { field: "", text: "password=[redacted:password]" },
        NearMiss { field: "", text: "token_count=1500 max_tokens=4096" },
        NearMiss { field: "", text: "key_vault_name=web21prod4711" },
        NearMiss { field: "", text: "author=someone1234567" },
        NearMiss { field: "", text: "password = os.environ[\"DB_PASS\"]" },
        NearMiss { field: "", text: "token = getToken()" },
        NearMiss { field: "", text: "apiUrl=api.example.org" },
        NearMiss { field: "", text: "cache key=user:42:profile" },
        NearMiss { field: "", text: "token: expired" },
        NearMiss { field: "", text: "secret=true" },
        NearMiss { field: "", text: "password: required" },
        NearMiss { field: "", text: "monkey=a1b2c3d4e5f6a7b8c9d0" },
        NearMiss { field: "", text: "keys=3" },
        NearMiss { field: "trace_id", text: "9f86d081884c7d659a2feaa0c55ad015" },
        NearMiss { field: "", text: "curl -u <user:password> https://a.example" },
        NearMiss { field: "", text: "wtoken = AppToken{9f4ef63" },
        NearMiss { field: "", text: "password authentication failed for user bob" },
        NearMiss { field: "", text: "Failed password for root from 192.0.2.7" },
        NearMiss { field: "", text: "unexpected token < in JSON" },
        NearMiss { field: "", text: "Executing with tokens:" },
        NearMiss { field: "", text: "the secret ingredient is love" },
        NearMiss { field: "", text: "registry key '{bf1a281b-ad7b-4476-ac95-f47682990ce7}' opened" },
        NearMiss { field: "", text: "--token ${TOKEN}" },
        NearMiss { field: "", text: "password \"\"" },
        NearMiss { field: "", text: "Key 3 of 5 was read" },
        NearMiss { field: "", text: "tokenizer 9f86d081884c7d659a2feaa0c55ad015" },
    ],
};

pub(super) const VENDOR_TOKEN_CONTEXT: Detector = Detector {
    name: "vendor_token_context",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Pair(may_name_vendor)],
    check: vendor,
    samples: &[
        Sample {
            field: "",
            text: "datadog=9f86d081884c7d659a2feaa0c55ad015",
            hit: "9f86d081884c7d659a2feaa0c55ad015",
        },
        Sample {
            field: "",
            text: "algolia_key=9f86d081884c7d659a2feaa0c55ad015",
            hit: "9f86d081884c7d659a2feaa0c55ad015",
        },
        Sample {
            field: "",
            text: "to the rollbar API, Key=9f86d081884c7d659a2feaa0c55ad015",
            hit: "9f86d081884c7d659a2feaa0c55ad015",
        },
        Sample { field: "", text: "new_relic: \"kQ7vR2mXw9LpZ4sT\"", hit: "kQ7vR2mXw9LpZ4sT" },
        Sample {
            field: "HerokuKey",
            text: "0b7d1c52-7f0e-4b1c-9a51-0d5c1f0e8a77",
            hit: "0b7d1c52-7f0e-4b1c-9a51-0d5c1f0e8a77",
        },
        Sample { field: "sendgrid", text: "kQ7vR2mXw9LpZ4sTb6Nd", hit: "kQ7vR2mXw9LpZ4sTb6Nd" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "datadog=enabled" },
        NearMiss { field: "", text: "datadog=9f86d0" },
        NearMiss { field: "", text: "github=https://github.example/x/0123456789abcdef" },
        NearMiss { field: "", text: "sentry_release=9f86d081884c7d659a2feaa0c55ad015" },
        NearMiss { field: "", text: "discord=00000000000000000000000000000000" },
        NearMiss { field: "", text: "ReactNativeCameraKit: 9f86d081884c7d659a2feaa0c55ad015c0ffee00" },
        NearMiss { field: "", text: "grafana: v10.2.3-20240101120000" },
        NearMiss { field: "", text: "heroku_id=0b7d1c52-7f0e-4b1c-9a51-0d5c1f0e8a77" },
    ],
};

/// How far before a bare `key` the vendor's name may stand.
const VENDOR_REACH: usize = 64;

/// The value without what belongs to the text around it, and whether it was quoted.
fn value(site: &Site<'_>) -> (usize, usize, bool) {
    let (mut start, mut end) = (site.at.min(site.part.end), site.part.end);
    let quotes = |b: u8| matches!(b, b'"' | b'\'' | b'`' | b'\\');
    // A document's string is all of its text.
    let mut quoted = start == 0 && end == site.text.len();
    quoted |= start > site.floor && quotes(site.text[start - 1]);
    while start < end && (quotes(site.text[start]) || site.text[start].is_ascii_whitespace()) {
        quoted |= quotes(site.text[start]);
        start += 1;
    }
    while start < end && (quotes(site.text[end - 1]) || site.text[end - 1].is_ascii_whitespace()) {
        end -= 1;
    }
    while !quoted && start < end && matches!(site.text[end - 1], b';' | b',') {
        end -= 1;
    }
    (start, end, quoted)
}

fn names_secret(key: &[u8], hints: Hints) -> bool {
    let words = Words::of(key);
    key::noun(&words) != Class::None || (hints.any(Hints::SECRET) && key::is_form(&words))
}

fn may_name_vendor(key: &[u8], _: Hints) -> bool {
    let words = Words::of(key);
    match key::noun(&words) {
        Class::Key => true,
        Class::None => words.len() <= 2 && key::names_vendor(&words) && key::noun_free(&words),
        _ => false,
    }
}

fn keyed(site: &Site<'_>) -> Check {
    let words = Words::of(site.key);
    let mut class = key::noun(&words);
    if class == Class::None {
        // `{"token": {"value": …}}`: the key above says it.
        if !site.hints.any(Hints::SECRET) || !key::is_form(&words) {
            return Check::No;
        }
        class = Class::Token;
    }
    if matches!(class, Class::Token | Class::Key)
        && site.hints.any(Hints::HASH.with(Hints::NUMBER).with(Hints::VERSION))
    {
        return Check::Miss(Why::FieldKept);
    }
    let (start, end, quoted) = value(site);
    match objection(&site.text[start..end], class, quoted) {
        None => Check::Hit { start, end },
        Some(why) => Check::Miss(why),
    }
}

fn vendor(site: &Site<'_>) -> Check {
    let words = Words::of(site.key);
    let near = match key::noun(&words) {
        Class::Key => key::names_vendor(&words) || vendor_before(site, site.at),
        Class::None => key::names_vendor(&words) && words.len() <= 2 && key::noun_free(&words),
        _ => return Check::No, // the generic detector's
    };
    if !near {
        return Check::No;
    }
    let (start, end, _) = value(site);
    match objection(&site.text[start..end], Class::Vendor, true) {
        None => Check::Hit { start, end },
        Some(why) => Check::Miss(why),
    }
}

/// Whether a vendor is named shortly before `at`.
pub(super) fn vendor_before(site: &Site<'_>, at: usize) -> bool {
    key::names_vendor(&Words::of(before(site, at, VENDOR_REACH)))
}
