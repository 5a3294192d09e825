//! Password hashes: crypt and PHC strings, `{SSHA}` of directories, Django's. Whoever has one can guess the password offline.

use super::super::check::alphabet::{ALNUM, Alphabet, B64, DIGIT};
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::edges::{begins, ends, rest};
use super::tokens::is_mask;

pub(super) const PASSWORD_HASH: Detector = Detector {
    name: "password_hash",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(&[
        "$2a$",
        "$2b$",
        "$2x$",
        "$2y$",
        "$argon2",
        "$scrypt$",
        "$pbkdf2",
        "$1$",
        "$5$",
        "$6$",
        "$7$",
        "$y$",
        "$gy$",
        "$apr1$",
        "{SSHA",
        "{SHA",
        "{SMD5}",
        "{CRYPT}",
        "pbkdf2_sha",
        "SCRAM-SHA-",
    ])],
    check,
    samples: &[
        Sample {
            field: "",
            text: "row $2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234 ok",
            hit: "$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
        },
        Sample {
            field: "",
            text: "h=$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$bm90LWEtcmVhbC1oYXNoLWF0LWFsbA",
            hit: "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$bm90LWEtcmVhbC1oYXNoLWF0LWFsbA",
        },
        Sample {
            field: "",
            text: "root:$6$saltsalt$qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNM0123456789abcdefghijklmnopqrstuvwx:19000:0",
            hit: "$6$saltsalt$qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNM0123456789abcdefghijklmnopqrstuvwx",
        },
        Sample {
            field: "",
            text: "x:$y$j9T$saltsaltsalt$qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJ:1",
            hit: "$y$j9T$saltsaltsalt$qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJ",
        },
        Sample {
            field: "",
            text: "userPassword: {SSHA}bm90LWEtcmVhbC1oYXNoLWF0LWFsbA==",
            hit: "{SSHA}bm90LWEtcmVhbC1oYXNoLWF0LWFsbA==",
        },
        Sample {
            field: "",
            text: "pbkdf2_sha256$600000$saltsaltsalt$bm90LWEtcmVhbC1oYXNoLWF0LWFsbC1yZWFsbHk=",
            hit: "pbkdf2_sha256$600000$saltsaltsalt$bm90LWEtcmVhbC1oYXNoLWF0LWFsbC1yZWFsbHk=",
        },
        Sample {
            field: "",
            text: "'$1$saltsalt$qwertyuiopasdfghjklzxc'",
            hit: "$1$saltsalt$qwertyuiopasdfghjklzxc",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "replace with $1$2 and $5$6" },
        NearMiss { field: "", text: "costs $6$ more" },
        NearMiss { field: "", text: "$2b$12$tooshort" },
        NearMiss { field: "", text: "unknown scheme $argon2id$" },
        NearMiss { field: "", text: "{SSHA} is the default scheme" },
        NearMiss { field: "", text: "algorithm pbkdf2_sha256 with 600000 rounds" },
        NearMiss { field: "", text: "mechanism SCRAM-SHA-256" },
        NearMiss { field: "", text: "$1$saltsalt$xxxxxxxxxxxxxxxxxxxxxx" },
    ],
};

/// Salts and hashes of crypt, and the parameters of PHC strings.
const FIELD: Alphabet = ALNUM.and(b"./+=,-_");

fn check(site: &Site<'_>) -> Check {
    let text = rest(site, site.at);
    let length = match text {
        [b'{', ..] => braced(text),
        [b'$', b'2', ..] => bcrypt(text),
        [b'$', ..] => fields(&text[1..]).map(|n| n + 1),
        [b'S', ..] => scram(text),
        _ => fields(text),
    };
    match length {
        None => Check::No,
        Some(n) if is_mask(&text[n.saturating_sub(16)..n]) => Check::Miss(Why::Placeholder),
        Some(n) if !ends(site, site.at + n) => Check::Miss(Why::Boundary),
        Some(_) if text[0] != b'$' && text[0] != b'{' && !begins(site, site.at) => Check::Miss(Why::Boundary),
        Some(n) => Check::Hit { start: site.at, end: site.at + n },
    }
}

/// `SCRAM-SHA-256$4096:salt$stored:server`
fn scram(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"SCRAM-SHA-")?;
    let bits = DIGIT.run(rest, 3);
    let length = FIELD.and(b":$").run(&rest[bits..], 255);
    (bits == 3 && rest[3..].starts_with(b"$") && length > 48).then_some(10 + bits + length)
}

/// `$2b$12$` and 53 characters.
fn bcrypt(text: &[u8]) -> Option<usize> {
    let hash = text.get(7..)?;
    let cost = DIGIT.run(&text[4..], 2);
    (cost == 2 && text[6] == b'$' && ALNUM.and(b"./").run(hash, 53) == 53).then_some(60)
}

/// `scheme$field$…$hash`: two fields or more, the last one at least 22 characters.
fn fields(text: &[u8]) -> Option<usize> {
    let mut end = ALNUM.and(b"_-").run(text, 24);
    let mut count = 0;
    let mut last = 0;
    while end > 0 && text.get(end) == Some(&b'$') && count < 6 {
        last = FIELD.run(&text[end + 1..], 255);
        if last == 0 {
            break;
        }
        end += 1 + last;
        count += 1;
    }
    (count >= 2 && last >= 22).then_some(end)
}

/// `{SSHA512}base64`
fn braced(text: &[u8]) -> Option<usize> {
    let close = text.iter().take(12).position(|&b| b == b'}')? + 1;
    let hash = B64.and(b"$./").run(&text[close..], 255);
    (hash >= 20).then_some(close + hash)
}
