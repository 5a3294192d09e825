//! What signs a URL: whoever has the parameters has the access. The key decides, the value goes, the rest of the URL stays.
//! Links that are mailed have the secret in their path instead, after a segment that says so.

use super::super::check::alphabet::B64URL;
use super::super::check::entropy::Makeup;
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::value::is_placeholder;

pub(super) const SIGNED_URL: Detector = Detector {
    name: "signed_url",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[
        Anchor::Pair(|key, _| is_named(key, SURE) || is_named(key, LIKELY)),
        Anchor::Literal(SEGMENTS),
    ],
    check,
    samples: &[
        Sample {
            field: "",
            text: "GET /b/o?X-Amz-Signature=9f86d081884c7d659a2feaa0c55ad015&x=1",
            hit: "9f86d081884c7d659a2feaa0c55ad015",
        },
        Sample { field: "", text: "/c?sv=2024&sig=n0tReal%2Bn0tReal%3D", hit: "n0tReal%2Bn0tReal%3D" },
        Sample {
            field: "",
            text: "/b?AWSAccessKeyId=N0TREALN0TREALN0TREA&Expires=1",
            hit: "N0TREALN0TREALN0TREA",
        },
        Sample {
            field: "",
            text: "/b?Expires=1&Signature=n0tRealn0tRealn0tReal9~&Key-Pair-Id=K1",
            hit: "n0tRealn0tRealn0tReal9~",
        },
        Sample {
            field: "",
            text: "/b?X-Goog-Signature=9f86d081884c7d659a2feaa0c55ad015",
            hit: "9f86d081884c7d659a2feaa0c55ad015",
        },
        Sample {
            field: "",
            text: "/b?X-Amz-Credential=N0TREAL9%2F20240101%2Feu-west-1&y",
            hit: "N0TREAL9%2F20240101%2Feu-west-1",
        },
        Sample {
            field: "X-Amz-Security-Token",
            text: "n0tRealn0tRealn0tReal99",
            hit: "n0tRealn0tRealn0tReal99",
        },
        Sample {
            field: "",
            text: "GET /reset-password/n0tRealn0tRealn0tReal99?x=1",
            hit: "n0tRealn0tRealn0tReal99",
        },
        Sample {
            field: "",
            text: "PUT https://x.example/token/n0tRealn0tRealn0tReal99/end",
            hit: "n0tRealn0tRealn0tReal99",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "GET /token/introspection-endpoint" },
        NearMiss { field: "", text: "GET /oauth/token/ and /invite/list" },
        NearMiss { field: "", text: "GET /verify/123456789012345678" },
        NearMiss { field: "", text: "signature=valid" },
        NearMiss { field: "", text: "/b?X-Amz-Date=20240101T000000Z&X-Amz-Expires=60" },
        NearMiss { field: "", text: "sig=11 terminated" },
        NearMiss { field: "", text: "signature: method_missing(name, *args)" },
        NearMiss { field: "", text: "/c?sig=REDACTED&x=1" },
        NearMiss { field: "", text: "/c?design=9f86d081884c7d659a2feaa0c55ad015" },
    ],
};

/// Names that mean nothing else.
#[rustfmt::skip]
const SURE: &[&str] = &[
    "x-amz-signature", "x-amz-security-token", "x-amz-credential", "x-goog-signature", "x-goog-credential",
    "awsaccesskeyid", "x-oss-signature", "x-oss-credential", "ossaccesskeyid", "x-cos-security-token",
    "q-signature", "x-obs-signature", "x-tos-signature", "x-ms-signature", "sharedaccesssignature",
];
/// Names that other things have too: only with a value that looks signed.
#[rustfmt::skip]
const LIKELY: &[&str] = &[
    "sig", "signature", "hmac", "x-signature", "policy", "x-hub-signature", "x-hub-signature-256", "hdnea",
    "hdnts", "url_signature",
];

fn is_named(key: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| key.eq_ignore_ascii_case(name.as_bytes()))
}

/// Segments of a path after which the secret of a link stands.
#[rustfmt::skip]
const SEGMENTS: &[&str] = &[
    "/token/", "/tokens/", "/reset/", "/reset-password/", "/password-reset/", "/password_reset/", "/invite/", "/invitation/",
    "/magic-link/", "/magic/", "/verify/", "/verify-email/", "/confirm/", "/activate/", "/unsubscribe/",
];

/// The segment after the one that the anchor found.
fn in_path(site: &Site<'_>) -> Check {
    let rest = site.rest(site.at);
    let Some(segment) = SEGMENTS.iter().find(|segment| rest.starts_with(segment.as_bytes())) else {
        return Check::No;
    };
    let start = site.at + segment.len();
    let rest = &rest[segment.len()..];
    let length = B64URL.and(b".~=").run(rest, rest.len());
    let made = Makeup::of(&rest[..length]);
    if length >= 16 && made.digits > 0 && made.letters() > 0 && made.looks_drawn() {
        Check::Hit { start, end: start + length }
    } else {
        Check::Miss(Why::LowEntropy)
    }
}

fn check(site: &Site<'_>) -> Check {
    if site.key.is_empty() {
        return in_path(site);
    }
    let sure = is_named(site.key, SURE);
    if !sure && !is_named(site.key, LIKELY) {
        return Check::No;
    }
    let (start, end) = (site.at.min(site.part.end), site.part.end);
    let value = &site.text[start..end];
    if is_placeholder(value) {
        return Check::Miss(Why::Placeholder);
    }
    let made = Makeup::of(value);
    let signed =
        B64URL.and(b"%+/=~.").run(value, made.len) == made.len && made.len >= 16 && made.looks_drawn();
    match () {
        () if sure && made.len >= 8 && made.spaces == 0 => Check::Hit { start, end },
        () if signed => Check::Hit { start, end },
        () => Check::Miss(Why::LowEntropy),
    }
}
