//! Seeds of one-time codes: `otpauth://totp/…?secret=BASE32`.

use super::super::check::alphabet::{Alphabet, UPPER};
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::edges::rest;
use super::tokens::is_mask;

pub(super) const OTP_SECRET: Detector = Detector {
    name: "otp_secret",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[
        Anchor::Literal(&["otpauth://", "otpauth-migration://"]),
        Anchor::Pair(|key, _| key.eq_ignore_ascii_case(b"data")),
    ],
    check,
    samples: &[
        Sample {
            field: "",
            text: "otpauth://totp/Toy:a?secret=NOTAREALSEED2345&issuer=Toy",
            hit: "NOTAREALSEED2345",
        },
        Sample {
            field: "",
            text: "otpauth://hotp/a?counter=1&secret=notarealseed2345",
            hit: "notarealseed2345",
        },
        Sample {
            field: "",
            text: "scan 'otpauth://totp/x?digits=6&secret=NOTAREALSEED2345==='",
            hit: "NOTAREALSEED2345===",
        },
        Sample {
            field: "",
            text: "otpauth://totp/x?secret%3DNOTAREALSEED2345%26issuer",
            hit: "NOTAREALSEED2345",
        },
        Sample {
            field: "",
            text: "otpauth-migration://offline?data=CjEKCk5vdFJlYWw%3D",
            hit: "CjEKCk5vdFJlYWw%3D",
        },
        Sample { field: "", text: "<otpauth://totp/x?secret=NOTAREALSEED2345>", hit: "NOTAREALSEED2345" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "otpauth://totp/x?issuer=Toy" },
        NearMiss { field: "", text: "otpauth://totp/x?secret=" },
        NearMiss { field: "", text: "otpauth://totp/x?secret=${SEED}" },
        NearMiss { field: "", text: "otpauth://totp/x?secret=XXXXXXXXXXXXXXXX" },
        NearMiss { field: "", text: "otpauth:// is the scheme, secret=something elsewhere" },
        NearMiss { field: "", text: "no otpauth here" },
    ],
};

const BASE32: Alphabet = UPPER.and(b"abcdefghijklmnopqrstuvwxyz234567=");

/// The parameters of a URL are parts of their own; that of an export is told by what stands before it.
fn exported(site: &Site<'_>) -> Check {
    let before = &site.text[..site.at];
    let (start, end) = (site.at, site.part.end);
    match before.strip_suffix(b"data=").and_then(|url| url.strip_suffix(b"?")) {
        Some(url) if url.ends_with(b"otpauth-migration://offline") && end - start >= 8 => {
            Check::Hit { start, end }
        }
        _ => Check::No,
    }
}

fn check(site: &Site<'_>) -> Check {
    if !site.key.is_empty() {
        return exported(site);
    }
    let text = rest(site, site.at);
    let url = &text[..text
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'<' | b'>'))
        .unwrap_or(text.len())];
    let migration = url.starts_with(b"otpauth-m");
    let name: &[u8] = if migration { b"data" } else { b"secret" };
    let Some(found) = memchr::memmem::find(url, name) else { return Check::No };
    let start = found + name.len();
    let start = match &url[start..] {
        [b'=', ..] => start + 1,
        [b'%', b'3', b'D' | b'd', ..] => start + 3,
        _ => return Check::No,
    };
    let alphabet = if migration { super::super::check::alphabet::B64.and(b"%-_") } else { BASE32 };
    let length = alphabet.run(&url[start..], url.len());
    match length {
        0..8 => Check::No,
        _ if is_mask(&url[start..start + length]) => Check::Miss(Why::Placeholder),
        _ => Check::Hit { start: site.at + start, end: site.at + start + length },
    }
}
