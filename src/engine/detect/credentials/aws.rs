//! Secret access keys of AWS: forty characters of base64 under a key that says so, or next to an access key id.

use super::super::check::alphabet::{ALNUM, B64};
use super::super::check::entropy::{Makeup, normalised};
use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Sample, Site, Why};
use super::edges::{before, mentions, rest};

pub(super) const AWS_SECRET_KEY: Detector = Detector {
    name: "aws_secret_key",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Pair(names_aws), Anchor::Literal(&["AKIA", "ASIA"])],
    check: |site| if site.key.is_empty() { beside(site) } else { keyed(site) },
    samples: &[
        Sample {
            field: "",
            text: "aws_secret_access_key=n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "AWS_SECRET=n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "SecretAccessKey",
            text: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "\"awsSecretKey\":\"n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ\"",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "aws_access_key=\"n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ\"",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "in s3 config: secretKey=n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "AKIAN0TREALN0TREALN0,n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "keys AKIAN0TREALN0TREALN0:n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "ASIAN0TREALN0TREALN0 n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ.",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "('AKIAN0TREALN0TREALN0', 'n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ')",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "id AKIAN0TREALN0TREALN0 key n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
        Sample {
            field: "",
            text: "AKIAN0TREALN0TREALN0\nn0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ\n",
            hit: "n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "aws_secret_access_key=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
        NearMiss { field: "", text: "aws_secret_access_key=${AWS_SECRET}" },
        NearMiss { field: "", text: "aws_commit=9f86d081884c7d659a2feaa0c55ad0159f86d081" },
        NearMiss { field: "", text: "aws_region=eu-west-1" },
        NearMiss { field: "", text: "secret=short" },
        NearMiss { field: "", text: "digest=n0tR/ealKey+n0tR/ealKey+n0tR/ealKey+9xyZ" },
        NearMiss { field: "", text: "AKIAN0TREALN0TREALN0 was rotated" },
        NearMiss { field: "", text: "AKIAN0TREALN0TREALN0 9f86d081884c7d659a2feaa0c55ad0159f86d081" },
        NearMiss { field: "", text: "ASIA/Tokyo" },
        NearMiss { field: "", text: "AKIAN0TREALN0TREALN0,short" },
        NearMiss { field: "", text: "AKIA" },
        NearMiss { field: "", text: "AKIAN0TREALN0TREALN0 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
    ],
};

const SECRET_CHARS: usize = 40;
/// How far after an access key id its secret is looked for.
const PAIR_REACH: usize = 96;

/// Forty characters that are neither one word nor a digest.
fn is_secret(value: &[u8]) -> bool {
    let made = Makeup::of(value);
    B64.run(value, SECRET_CHARS + 1) == SECRET_CHARS
        && value.len() == SECRET_CHARS
        && made.beyond_hex > 0
        && made.upper > 0
        && made.lower > 0
        && normalised(value) > 0.55
}

fn names_aws(key: &[u8], _: Hints) -> bool {
    mentions(key, "secret") || mentions(key, "aws") || mentions(key, "access")
}

fn keyed(site: &Site<'_>) -> Check {
    let value = site.text[site.at.min(site.part.end)..site.part.end].trim_ascii();
    let secret = names_aws(site.key, Hints::NONE);
    let aws = || {
        mentions(site.key, "aws")
            || mentions(site.key, "secretaccess")
            || ["aws", "s3", "amazon", "AKIA"].iter().any(|w| mentions(before(site, site.at, PAIR_REACH), w))
    };
    match () {
        () if value.len() < SECRET_CHARS || !secret || !aws() => Check::No,
        () if !is_secret(value) => Check::Miss(Why::LowEntropy),
        () => Check::Hit { start: site.at, end: site.at + SECRET_CHARS },
    }
}

fn beside(site: &Site<'_>) -> Check {
    let text = rest(site, site.at);
    let id = ALNUM.run(text, 21);
    if id != 20 {
        return Check::No;
    }
    let mut at = id;
    while at < text.len().min(PAIR_REACH) {
        let run = B64.run(&text[at..], SECRET_CHARS + 1);
        if run == SECRET_CHARS && is_secret(&text[at..at + run]) {
            return Check::Hit { start: site.at + at, end: site.at + at + run };
        }
        at += run.max(1);
    }
    Check::No
}
