//! JSON web tokens: two or more base64url parts joined by dots, the first of them a JSON object. Unsigned ones and those
//! wrapped once more in base64 too.

use super::super::check::alphabet::{B64, B64URL};
use super::super::check::base64::decode_start;
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::edges::{begins, ends, rest};

pub(super) const JWT: Detector = Detector {
    name: "jwt",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(&["eyJ", "ZXlK"])],
    check,
    samples: &[
        Sample {
            field: "",
            text: "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJlLW9mLW5vYm9keQ, thanks",
            hit: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJlLW9mLW5vYm9keQ",
        },
        Sample {
            field: "",
            text: "jwt=eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.",
            hit: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.",
        },
        Sample {
            field: "",
            text: "\"eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ\"",
            hit: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ",
        },
        Sample {
            field: "",
            text: "/cb?t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.ZmFrZS1mYWtlLWZha2U&x=1",
            hit: "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.ZmFrZS1mYWtlLWZha2U",
        },
        Sample {
            field: "",
            text: "five parts eyJlbmMiOiJBMTI4R0NNIiwiYWxnIjoiZGlyIn0..bm90LXJlYWwtaXY.bm90LXJlYWwtYm9keQ.bm90LXJlYWwtdGFn",
            hit: "eyJlbmMiOiJBMTI4R0NNIiwiYWxnIjoiZGlyIn0..bm90LXJlYWwtaXY.bm90LXJlYWwtYm9keQ.bm90LXJlYWwtdGFn",
        },
        Sample {
            field: "",
            text: "wrapped ZXlKaGJHY2lPaUp1YjI1bEluMC5leUp6ZFdJaU9pSnViMkp2WkhraWZRLg== end",
            hit: "ZXlKaGJHY2lPaUp1YjI1bEluMC5leUp6ZFdJaU9pSnViMkp2WkhraWZRLg==",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "eyJBB.eyJCC.eyJDDDD" },
        NearMiss { field: "", text: "cursor eyJpZCI6MTIzNDU2Nzg5MCwiZGlyIjoibmV4dCJ9" },
        NearMiss { field: "", text: "file eyJhbGciOiJub25lIn0 has no second part" },
        NearMiss { field: "", text: "keyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ" },
        NearMiss { field: "", text: "ZXlKdmIyNWxJam9pWVdKakluMGdibTkwSUdFZ2FuZDA=" },
        NearMiss { field: "", text: "eyJ" },
        NearMiss { field: "", text: "the jwt is missing" },
    ],
};

/// Shortest first part: `{"alg":""}` makes 14 characters.
const HEADER_CHARS_MIN: usize = 12;
/// Shortest second part that counts.
const CLAIMS_CHARS_MIN: usize = 8;
/// Parts of an encrypted token.
const PARTS_MAX: usize = 5;

fn check(site: &Site<'_>) -> Check {
    let text = rest(site, site.at);
    let length = if text.starts_with(b"ZXlK") { wrapped(text) } else { compact(text) };
    match length {
        0 => Check::No,
        _ if !begins(site, site.at) => Check::Miss(Why::Boundary),
        n if !ends(site, site.at + n) => Check::Miss(Why::Boundary),
        n => Check::Hit { start: site.at, end: site.at + n },
    }
}

/// The length of the token that begins the text, 0 if none does.
fn compact(text: &[u8]) -> usize {
    let header = B64URL.run(text, text.len());
    if header < HEADER_CHARS_MIN || text.get(header) != Some(&b'.') {
        return 0;
    }
    let mut end = header;
    let mut parts = 1;
    let mut longest = 0;
    let mut second_is_object = false;
    while parts < PARTS_MAX && text.get(end) == Some(&b'.') {
        let part = &text[end + 1..];
        let length = B64URL.run(part, part.len());
        second_is_object |= parts == 1 && part.starts_with(b"eyJ");
        // A dot with nothing behind it is an empty signature (or key), or a full stop.
        if length == 0 && !(parts == 1 || (parts == 2 && second_is_object)) {
            break;
        }
        longest = longest.max(length);
        parts += 1;
        end += 1 + length;
    }
    // Vendors also print things that only look like tokens; a secret they are all the same.
    let plausible = second_is_object || is_header(&text[..header]) || longest >= 2 * CLAIMS_CHARS_MIN;
    if parts >= 2 && longest >= CLAIMS_CHARS_MIN && plausible { end } else { 0 }
}

/// Whether the base64 decodes to the beginning of a JSON object with a name in it.
fn is_header(base64: &[u8]) -> bool {
    let mut out = [0u8; 48];
    let n = decode_start(base64, &mut out);
    out[..n].starts_with(b"{\"") && out[..n].iter().all(|b| (0x20..0x7f).contains(b))
}

/// A token wrapped once more: decodes to base64url, a dot, and more base64url.
fn wrapped(text: &[u8]) -> usize {
    let length = B64.with(B64URL).run(text, text.len());
    let mut out = [0u8; 512];
    let n = decode_start(&text[..length], &mut out);
    let inner = &out[..n];
    if n < out.len() && compact(inner) == 0 {
        return 0;
    }
    let header = B64URL.run(inner, n);
    if header >= HEADER_CHARS_MIN && (header == n || inner[header] == b'.') && n >= 24 { length } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_over_short_and_odd_texts() {
        for text in [
            "eyJ",
            "eyJ.",
            "eyJ..",
            "eyJhbGciOiJub25lIn0.",
            "eyJhbGciOiJub25lIn0..",
            "ZXlK",
            "ZXlKZXlK",
            "eyJ\u{e9}.",
        ] {
            assert_eq!(compact(text.as_bytes()), 0, "{text}");
            assert_eq!(wrapped(text.as_bytes()), 0, "{text}");
        }
    }
}
