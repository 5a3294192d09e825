//! Numbers of payment cards.

use super::super::check::iin::{Issuer, issuer};
use super::super::check::luhn::luhn;
use super::super::find::leading;
use super::super::groups::{Number, Sign, number};
use super::super::keyword::{Labels, label, labels, words_before};
use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Next, Sample, Site, Why};

pub(super) const DETECTOR: Detector = Detector {
    name: "credit_card",
    kind: "card",
    family: Family::Payment,
    anchors: &[
        Anchor::Digits { min: 4, max: 8, next: Next::JOINT },
        Anchor::Digits { min: 12, max: 19, next: Next::NUMBER },
        Anchor::Letters { min: 1, max: 1, word: 13, longest: 20 },
        Anchor::Literal(&["０", "１", "２", "３", "４", "５", "６", "７", "８", "９"]),
    ],
    check: card,
    samples: &[
        Sample { field: "", text: "paid with 4111111111111111.", hit: "4111111111111111" },
        Sample { field: "", text: "pan=5500 0055 5555 5559;", hit: "5500 0055 5555 5559" },
        Sample { field: "", text: "3714-496353-98431 ok", hit: "3714-496353-98431" },
        Sample {
            field: "",
            text: "4111\u{a0}1111\u{a0}1111\u{a0}1111!",
            hit: "4111\u{a0}1111\u{a0}1111\u{a0}1111",
        },
        Sample {
            field: "",
            text: "4111\u{2011}1111\u{2011}1111\u{2011}1111",
            hit: "4111\u{2011}1111\u{2011}1111\u{2011}1111",
        },
        Sample {
            field: "",
            text: "４１１１１１１１１１１１１１１１",
            hit: "４１１１１１１１１１１１１１１１",
        },
        Sample {
            field: "",
            text: "track ;4111111111111111=29121010000000000000? read",
            hit: "4111111111111111=29121010000000000000?",
        },
        Sample {
            field: "",
            text: "%B4111111111111111^LEE/ANN^29121010000000000000?",
            hit: "4111111111111111^LEE/ANN^29121010000000000000?",
        },
        Sample {
            field: "",
            text: "4111\u{200b}1111\u{200b}1111\u{200b}1111 x",
            hit: "4111\u{200b}1111\u{200b}1111\u{200b}1111",
        },
        Sample { field: "", text: "short 4222222222222, ok", hit: "4222222222222" },
        Sample { field: "", text: "6212345678901000002", hit: "6212345678901000002" },
        Sample { field: "", text: "4111 1111 1111 1111 123 12/27", hit: "4111 1111 1111 1111" },
        Sample { field: "", text: "card 5500000000000000 declined", hit: "5500000000000000" },
        Sample { field: "card_number", text: "1234567890123456", hit: "1234567890123456" },
        Sample { field: "", text: "number=4111-1111-1111-1111&exp=1227", hit: "4111-1111-1111-1111" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "block blk_-4111111111111111 and x-4111111111111111" },
        NearMiss { field: "", text: "at 1700000000000, 1700000000000000 and 1700000000000000000" },
        NearMiss { field: "", text: "harmless 4111111111111112" },
        NearMiss { field: "", text: "commit 72eceb362cc658914a5a73d3 order 4111111111111112" },
        NearMiss { field: "", text: "0.4111111111111111 and 4111111111111111.5" },
        NearMiss { field: "", text: "0x4111111111111111 4111111111111111a a4111111111111111" },
        NearMiss { field: "elapsed_ns", text: "4111111111111111" },
        NearMiss { field: "trace_id", text: "4111111111111111" },
        NearMiss { field: "", text: "id 8f14e45f-4111-4111-1111-111111111111" },
        NearMiss { field: "", text: "4111-1111-1111-1111-1111-1111" },
        NearMiss { field: "", text: "card updated at 2026-03-14 09:26:53 rows 20260314" },
        NearMiss { field: "", text: "41111111111111111111111" },
        NearMiss { field: "card_updated_ts", text: "1700000000000" },
    ],
};

/// Digits of the shortest and the longest number.
const DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

fn card(site: &Site<'_>) -> Check {
    match site.rest(site.at) {
        // The format code of a magnetic stripe is glued to the number.
        [b'B' | b'b', digits @ ..] if site.before(site.at) == Some(b'%') => {
            let number = leading(&digits[..digits.len().min(20)], u8::is_ascii_digit);
            let whole = DIGITS.contains(&number) && luhn(&values(&digits[..number]));
            let start = site.at + 1;
            match track(&digits[number..]) {
                rest @ 1.. if whole => Check::Hit { start, end: start + number + rest },
                _ => Check::No,
            }
        }
        [b, ..] if b.is_ascii_alphabetic() => Check::No,
        rest => in_digits(site, rest),
    }
}

/// The values of ASCII digits.
fn values(digits: &[u8]) -> Vec<u8> {
    digits.iter().map(|b| b - b'0').collect()
}

fn in_digits(site: &Site<'_>, rest: &[u8]) -> Check {
    let run = leading(&rest[..rest.len().min(20)], u8::is_ascii_digit);
    // Decides nearly all digits of a log: too few without another group of at least four.
    if (4..12).contains(&run) && rest.get(run).is_some_and(u8::is_ascii) {
        let second = rest.get(run + 1..run + 5).unwrap_or_default();
        if second.len() < 4 || !second.iter().all(u8::is_ascii_digit) {
            return Check::No;
        }
    }
    let before = site.before(site.at);
    if run == 0 && matches!(site.upto(site.at), [.., 0xef, 0xbc, 0x90..=0x99]) || matches!(before, Some(b'_'))
    {
        return Check::No;
    }
    let Some(number) = number(rest) else { return Check::No };
    if number.digits().len() < *DIGITS.start() {
        return Check::No;
    }
    let field = site.hints.any(Hints::CARD);
    if is_time(&number) && !field {
        return Check::No;
    }
    let digit_before = |i: usize| site.upto(i).last().is_some_and(u8::is_ascii_digit);
    match before {
        Some(b'-') if !field => return Check::Miss(Why::Boundary),
        Some(b'+') => return Check::Miss(Why::Boundary),
        Some(b'.' | b',' | b':') if digit_before(site.at - 1) => return Check::Miss(Why::Boundary),
        _ => {}
    }
    let mut why = Why::Boundary;
    let shortest = if number.sign == Some(Sign::Space) { 1 } else { number.groups() };
    for groups in (shortest..=number.groups()).rev() {
        let number = number.take(groups);
        let end = site.at + number.end();
        if DIGITS.contains(&number.digits().len()) && ends_cleanly(site.rest(end)) {
            if site.hints.any(Hints::NUMBER.with(Hints::HASH).with(Hints::VERSION)) {
                return Check::Miss(Why::FieldKept);
            }
            match judge(site, &number) {
                None => return Check::Hit { start: site.at, end: end + track(site.rest(end)) },
                Some(reason) => why = reason,
            }
        }
    }
    Check::Miss(why)
}

/// Why this is no card, if it is none.
fn judge(site: &Site<'_>, number: &Number) -> Option<Why> {
    let digits = number.digits();
    let issuer = issuer(digits);
    let luhn = luhn(digits);
    let grouped = GROUPINGS.iter().any(|lengths| number.is_grouped(lengths));
    if luhn && issuer == Some(Issuer::Known) && (number.groups() == 1 || grouped) {
        return None;
    }
    if site.hints.any(Hints::CARD) {
        return None;
    }
    if !labels(site).any(Labels::CARD) {
        return Some(if luhn { Why::Range } else { Why::Checksum });
    }
    // With a card word nearby a wrong digit does not save a number that is written like one.
    let next_to = || words_before(site, 20).take(2).any(|word| label(word).any(Labels::CARD));
    let like = issuer.is_some() || luhn || grouped || next_to();
    if like && (number.groups() == 1 || number.lengths().all(|length| length > 1)) {
        None
    } else {
        Some(Why::Checksum)
    }
}

/// Length of the rest of a magnetic stripe after the number: name, expiry, service code and check values (ISO/IEC 7813).
/// None of it may be kept after a payment.
fn track(after: &[u8]) -> usize {
    let digits = |text: &[u8]| leading(&text[..text.len().min(40)], u8::is_ascii_digit);
    let data = match after {
        [b'=' | b'D' | b'd', rest @ ..] => 1..1 + digits(rest),
        [b'^', rest @ ..] => {
            let name =
                leading(&rest[..rest.len().min(27)], |b| b.is_ascii_alphanumeric() || b" /.-'".contains(b));
            match &rest[name..] {
                [b'^', rest @ ..] => name + 2..name + 2 + digits(rest),
                _ => return 0,
            }
        }
        _ => return 0,
    };
    // Expiry and service code at least.
    if data.len() < 7 { 0 } else { data.end + usize::from(after.get(data.end) == Some(&b'?')) }
}

/// How cards are embossed and typed.
const GROUPINGS: &[&[usize]] = &[
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 1],
    &[4, 4, 4, 3],
    &[4, 4, 4, 2],
    &[4, 4, 6],
    &[8, 8],
    &[6, 13],
];

/// Seconds since 1970 with three, six or nine decimals: 13, 16 or 19 digits that begin with 1.
fn is_time(number: &Number) -> bool {
    number.groups() == 1 && number.digits()[0] == 1 && matches!(number.digits().len(), 13 | 16 | 19)
}

/// Whether nothing follows that makes the digits part of something longer.
fn ends_cleanly(after: &[u8]) -> bool {
    match after {
        [b, ..] if b.is_ascii_alphanumeric() || *b == b'_' => false,
        [b'-' | b'.', b, ..] => !b.is_ascii_alphanumeric(),
        [0xef, 0xbc, 0x90..=0x99, ..] => false,
        _ => true,
    }
}
