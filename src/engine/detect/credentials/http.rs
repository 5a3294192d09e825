//! Credentials behind an HTTP scheme word, wherever it stands: `Bearer …`, `Basic …`. The word stays.

use super::super::check::alphabet::{Alphabet, B64, OPAQUE};
use super::super::check::base64::decode_start;
use super::super::check::entropy::Makeup;
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::edges::{before, begins, mentions, rest};
use super::tokens::is_mask;

pub(super) const BEARER: Detector = Detector {
    name: "bearer",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(&["Bearer ", "bearer ", "BEARER ", "Bearer%20", "Bearer:"])],
    check: bearer,
    samples: &[
        Sample { field: "", text: "Authorization: Bearer 7Zq0-not_real.Tok3n", hit: "7Zq0-not_real.Tok3n" },
        Sample { field: "", text: "sent 'bearer 00ff11ee22dd33cc44bb'", hit: "00ff11ee22dd33cc44bb" },
        Sample { field: "", text: "-H \"Authorization: Bearer sha256~n0tReal\" url", hit: "sha256~n0tReal" },
        Sample { field: "", text: "auth=Bearer%20n0tReal-n0tReal-99 x", hit: "n0tReal-n0tReal-99" },
        Sample {
            field: "",
            text: "BEARER   MadeUpTokenWithOnlyLettersQwErTy",
            hit: "MadeUpTokenWithOnlyLettersQwErTy",
        },
        Sample { field: "", text: "Bearer a1b2c3d4e5f6==, retry", hit: "a1b2c3d4e5f6==" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "the bearer of news" },
        NearMiss { field: "", text: "Bearer authentication failed" },
        NearMiss { field: "", text: "Bearer token expired" },
        NearMiss { field: "", text: "Bearer ${ACCESS_TOKEN}" },
        NearMiss { field: "", text: "Authorization: Bearer <Some API token>" },
        NearMiss { field: "", text: "Bearer $(gcloud auth print-access-token)" },
        NearMiss { field: "", text: "Bearer xxxxxxxxxxxxxxxx" },
        NearMiss { field: "", text: "Bearer realm=\"api\", error=\"invalid_token\"" },
    ],
};

pub(super) const BASIC_AUTH: Detector = Detector {
    name: "basic_auth",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(&["Basic ", "basic ", "BASIC ", "Basic%20"])],
    check: basic,
    samples: &[
        Sample { field: "", text: "Authorization: Basic bm9ib2R5Om5vdC1yZWFs", hit: "bm9ib2R5Om5vdC1yZWFs" },
        Sample { field: "", text: "got 'basic bm9ib2R5Om5vdC1yZWFsMQ=='", hit: "bm9ib2R5Om5vdC1yZWFsMQ==" },
        Sample { field: "", text: "Basic Om5vdC1yZWFs", hit: "Om5vdC1yZWFs" },
        Sample { field: "", text: "h=Basic%20bm9ib2R5Om5vdC1yZWFs&x", hit: "bm9ib2R5Om5vdC1yZWFs" },
        Sample { field: "", text: "proxy-authorization: BASIC bm9ib2R5OnB3", hit: "bm9ib2R5OnB3" },
        Sample { field: "", text: "Authorization: Basic q83vASNFZ4mrze8=", hit: "q83vASNFZ4mrze8=" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "basic auth required" },
        NearMiss { field: "", text: "Basic information about the request" },
        NearMiss { field: "", text: "Basic realm=\"files\"" },
        NearMiss { field: "", text: "Authorization: Basic ..." },
        NearMiss { field: "", text: "Authorization: Basic ${CREDENTIALS}" },
        NearMiss { field: "", text: "Visual Basic 6" },
        NearMiss { field: "", text: "BASIC PROGRAMMING" },
    ],
};

const BEARER_CHARS: Alphabet = OPAQUE.and(b"~:|%!");

/// Where the credential after the scheme word begins.
fn credential<'a>(site: &Site<'a>) -> (usize, &'a [u8]) {
    let text = rest(site, site.at);
    let word = text.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(text.len());
    let gap = match &text[word..] {
        [b'%', b'2', b'0', ..] => 3,
        gap => gap.iter().take(8).take_while(|b| matches!(b, b' ' | b':' | b'\t')).count(),
    };
    let start = site.at + word + gap;
    (start, rest(site, start))
}

fn bearer(site: &Site<'_>) -> Check {
    if !begins(site, site.at) {
        return Check::Miss(Why::Boundary);
    }
    let (start, text) = credential(site);
    let mut length = BEARER_CHARS.run(text, text.len());
    while length > 0 && matches!(text[length - 1], b'.' | b':' | b'!') {
        length -= 1;
    }
    let token = &text[..length];
    if is_mask(token) {
        return Check::Miss(Why::Placeholder);
    }
    let made = Makeup::of(token);
    match () {
        () if length < 8 => Check::No,
        () if made.digits > 0 || made.looks_drawn() => Check::Hit { start, end: start + length },
        () => Check::Miss(Why::LowEntropy),
    }
}

fn basic(site: &Site<'_>) -> Check {
    if !begins(site, site.at) {
        return Check::Miss(Why::Boundary);
    }
    let (start, text) = credential(site);
    let length = B64.run(text, text.len());
    if length < 8 {
        return Check::No;
    }
    let token = &text[..length];
    let mut out = [0u8; 96];
    let n = decode_start(token, &mut out);
    let pair = out[..n].contains(&b':')
        && std::str::from_utf8(&out[..n - n.min(3)]).is_ok_and(|s| !s.contains(char::is_control));
    let header = mentions(before(site, site.at, 24), "authorization");
    if pair || (header && Makeup::of(token).looks_drawn()) {
        Check::Hit { start, end: start + length }
    } else {
        Check::Miss(Why::LowEntropy)
    }
}
