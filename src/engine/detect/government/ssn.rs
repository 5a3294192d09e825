//! US social security numbers, and the taxpayer numbers that are written the same way.

use super::super::groups::{Number, Sign, number};
use super::super::keyword::{Labels, labels, words_before};
use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Next, Sample, Site, Why};

const ANCHORS: &[Anchor] = &[
    Anchor::Digits { min: 3, max: 3, next: Next::JOINT },
    Anchor::Digits { min: 9, max: 9, next: Next::NUMBER },
];

pub(super) const SSN: Detector = Detector {
    name: "us_ssn",
    kind: "us_ssn",
    family: Family::Government,
    anchors: ANCHORS,
    check: ssn,
    samples: &[
        Sample { field: "", text: "applicant 219-09-9999.", hit: "219-09-9999" },
        Sample { field: "", text: "ssn: 219 09 9999", hit: "219 09 9999" },
        Sample { field: "", text: "ssn=219.09.9999;", hit: "219.09.9999" },
        Sample { field: "", text: "SSN 219099999", hit: "219099999" },
        Sample { field: "ssn", text: "219099999", hit: "219099999" },
        Sample { field: "", text: "social security number is 666-12-3456", hit: "666-12-3456" },
        Sample { field: "", text: "219\u{2011}09\u{2011}9999", hit: "219\u{2011}09\u{2011}9999" },
        Sample { field: "", text: "SSN 900-12-3456", hit: "900-12-3456" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "000-12-3456 666-12-3456 123-00-4567 123-45-0000" },
        NearMiss { field: "", text: "219099999 219 09 9999 219.09.9999" },
        NearMiss { field: "", text: "order 219-09-9999, part no. 219-09-9999" },
        NearMiss { field: "", text: "1219-09-9999 219-09-99991 219-09-9999-1 a219-09-9999" },
        NearMiss { field: "", text: "ssn: XXX-XX-XXXX" },
        NearMiss { field: "row_count", text: "219099999" },
        NearMiss { field: "", text: "212-555-0142" },
    ],
};

pub(super) const ITIN: Detector = Detector {
    name: "us_itin",
    kind: "us_itin",
    family: Family::Government,
    anchors: ANCHORS,
    check: itin,
    samples: &[
        Sample { field: "", text: "filed by 912-70-1234.", hit: "912-70-1234" },
        Sample { field: "", text: "ITIN 999 88 1234", hit: "999 88 1234" },
        Sample { field: "", text: "itin=912701234", hit: "912701234" },
        Sample { field: "", text: "taxpayer 912-53-1234", hit: "912-53-1234" },
        Sample { field: "itin", text: "912701234", hit: "912701234" },
        Sample { field: "", text: "(900-94-1234)", hit: "900-94-1234" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "912-89-1234 912-93-1234 912-49-1234" },
        NearMiss { field: "", text: "219-09-9999" },
        NearMiss { field: "", text: "912701234 and 912 70 1234" },
        NearMiss { field: "", text: "invoice 912-70-1234" },
        NearMiss { field: "", text: "912-70-1234-5 x912-70-1234" },
        NearMiss { field: "offset", text: "912701234" },
    ],
};

fn ssn(site: &Site<'_>) -> Check {
    let Some(number) = nine_digits(site) else { return Check::No };
    let (area, group, serial) = parts(&number);
    let assigned = area != 0 && area != 666 && area < 900 && group != 0 && serial != 0;
    judge(site, &number, assigned, Labels::SSN)
}

fn itin(site: &Site<'_>) -> Check {
    let Some(number) = nine_digits(site) else { return Check::No };
    let (area, group, _) = parts(&number);
    if area < 900 || !matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99) {
        return Check::No;
    }
    judge(site, &number, true, Labels::ITIN)
}

/// `123-45-6789` or `123456789` at the site.
fn nine_digits(site: &Site<'_>) -> Option<Number> {
    let rest = site.rest(site.at);
    let number = match rest.get(3)? {
        // Most words of three digits end here.
        b'0'..=b'9' => number(rest),
        b'-' | b'.' | b' ' if rest.get(6) == rest.get(3) => number(rest),
        0xc2 | 0xe2 => number(rest),
        _ => None,
    }?;
    let number = if number.groups() == 1 { number } else { number.take(3) };
    (number.digits().len() == 9 && (number.groups() == 1 || number.is_grouped(&[3, 2, 4]))).then_some(number)
}

/// Area, group and serial number.
fn parts(number: &Number) -> (u32, u32, u32) {
    let value = |digits: &[u8]| digits.iter().fold(0, |n, d| n * 10 + u32::from(*d));
    let digits = number.digits();
    (value(&digits[..3]), value(&digits[3..5]), value(&digits[5..]))
}

/// Dashes speak for themselves if the number can be assigned; everything else needs a word or a field.
fn judge(site: &Site<'_>, number: &Number, assigned: bool, label: Labels) -> Check {
    let end = site.at + number.end();
    let joined = match site.rest(end) {
        [b, ..] if b.is_ascii_alphanumeric() || *b == b'_' => true,
        [b'-' | b'.' | b'/', b, ..] => b.is_ascii_alphanumeric(),
        _ => false,
    };
    if joined || matches!(site.before(site.at), Some(b'-' | b'.' | b'/' | b'_' | b'+')) {
        return Check::Miss(Why::Boundary);
    }
    if site.hints.any(Hints::NUMBER.with(Hints::HASH).with(Hints::VERSION)) {
        return Check::Miss(Why::FieldKept);
    }
    if site.hints.any(Hints::NATIONAL_ID) || labels(site).any(label) {
        return Check::Hit { start: site.at, end };
    }
    let numbered = |word: &[u8]| NUMBERED.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    match number.sign {
        Some(Sign::Dash) if !assigned => Check::Miss(Why::Range),
        Some(Sign::Dash) if words_before(site, 20).take(2).any(numbered) => {
            Check::Miss(Why::Kept("order or part number"))
        }
        Some(Sign::Dash) => Check::Hit { start: site.at, end },
        _ => Check::Miss(Why::NoKeyword),
    }
}

/// What else is numbered in this shape.
const NUMBERED: &[&str] = &[
    "article",
    "case",
    "invoice",
    "item",
    "model",
    "order",
    "part",
    "ref",
    "reference",
    "serial",
    "sku",
    "ticket",
];
