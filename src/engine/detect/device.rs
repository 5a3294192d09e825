//! Numbers of telephones and of the cards in them. They have too little form to be told from other numbers alone.

use super::announced::value;
use super::check::luhn::luhn;
use super::{Anchor, Check, Detector, Family, Hints, NearMiss, Sample, Site, Why};

pub(super) static DETECTORS: &[Detector] = &[DETECTOR];

const DETECTOR: Detector = Detector {
    name: "device_id",
    kind: "device",
    family: Family::Device,
    anchors: &[Anchor::Literal(WORDS)],
    check,
    samples: &[
        sample("imei 490154203237518 registered", "490154203237518"),
        sample("IMEI number is 49-015420-323751-8", "49-015420-323751-8"),
        sample("new IMEISV 4901542032375101", "4901542032375101"),
        sample("iccid 8988303000000614227 active", "8988303000000614227"),
        sample("attach of imsi (310150123456789)", "310150123456789"),
        sample("meid A0000000002329", "A0000000002329"),
        sample("EID 89049032004008882600022536526530", "89049032004008882600022536526530"),
    ],
    near_misses: &[
        miss("imei 490154203237519 has a wrong check digit"),
        miss("imei lookup took 490154203237518 ns, or did it"),
        miss("iccid 1234567890123456789"),
        miss("imsi attach 310150123456789"),
        miss("EID 12"),
        miss("timeid 490154203237518"),
        miss("meid cafe"),
    ],
};

const fn sample(text: &'static str, hit: &'static str) -> Sample {
    Sample { field: "", text, hit }
}

const fn miss(text: &'static str) -> NearMiss {
    NearMiss { field: "", text }
}

const WORDS: &[&str] =
    &["imei", "IMEI", "Imei", "imeisv", "IMEISV", "imsi", "IMSI", "iccid", "ICCID", "meid", "MEID", "EID"];

fn check(site: &Site<'_>) -> Check {
    let Some(start) = value(site, WORDS) else { return Check::No };
    if site.hints.any(Hints::NUMBER) {
        return Check::Miss(Why::FieldKept);
    }
    let mut end = start;
    let mut digits = Vec::new();
    while let Some(byte) = site.get(end) {
        match byte {
            b'0'..=b'9' => digits.push(byte - b'0'),
            b'A'..=b'F' => digits.push(byte - b'A' + 10),
            b'-' | b' ' if site.get(end + 1).is_some_and(|b| b.is_ascii_digit()) && digits.len() < 15 => {}
            _ => break,
        }
        end += 1;
        if digits.len() > 32 {
            return Check::No;
        }
    }
    if site.get(end).is_some_and(|b| b.is_ascii_alphanumeric()) {
        return Check::Miss(Why::Boundary);
    }
    let decimal = digits.iter().all(|digit| *digit < 10);
    let word = site.rest(site.at)[..2].to_ascii_lowercase();
    // 3GPP TS 23.003; ITU-T E.118; GSMA SGP.02 for the last.
    let fits = match (&word[..], digits.len()) {
        (b"im", 15) if site.rest(site.at)[2].eq_ignore_ascii_case(&b'e') => decimal && luhn(&digits),
        (b"im", 14..=16) => decimal,
        (b"ic", 18..=22) => decimal && digits.starts_with(&[8, 9]),
        (b"me", 14 | 18) => digits[0] >= 10 || decimal,
        (b"ei", 32) => decimal && digits.starts_with(&[8, 9]),
        _ => return Check::No,
    };
    if fits { Check::Hit { start, end } } else { Check::Miss(Why::Checksum) }
}
