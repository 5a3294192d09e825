//! What is told of a person in a sentence: when somebody was born, and where somebody is.

use super::announced::value;
use super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};

pub(super) static DETECTORS: &[Detector] = &[BIRTH_DATE, GEO_URI];

const fn sample(text: &'static str, hit: &'static str) -> Sample {
    Sample { field: "", text, hit }
}

const fn miss(text: &'static str) -> NearMiss {
    NearMiss { field: "", text }
}

const BIRTH_DATE: Detector = Detector {
    name: "birth_date",
    kind: "opaque",
    family: Family::Person,
    anchors: &[Anchor::Literal(BORN)],
    check: birth_date,
    samples: &[
        sample("DOB 1990-02-03, verified", "1990-02-03"),
        sample("date of birth: 03/02/1990", "03/02/1990"),
        sample("patient born on 3 Feb 1990 in", "3 Feb 1990"),
        sample("Date of birth is 03.02.90", "03.02.90"),
        sample("born February 3, 1990", "February 3, 1990"),
        sample("birthdate 19900203;", "19900203"),
        sample("dob=1990/2/3&x", "1990/2/3"),
    ],
    near_misses: &[
        miss("dob required, dob missing"),
        miss("born from 1990 failures"),
        miss("reborn 1990-02-03"),
        miss("process born at 12:30:01"),
        miss("date of birth not given on 1990-02-03 form"),
        miss("adob 1990-02-03"),
    ],
};

const BORN: &[&str] = &[
    "born",
    "Born",
    "dob",
    "DOB",
    "D.O.B.",
    "date of birth",
    "Date of birth",
    "Date of Birth",
    "DATE OF BIRTH",
    "birthdate",
    "birth date",
    "Birth date",
    "birthday",
    "geboren am",
    "né le",
    "née le",
    "fecha de nacimiento",
];

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A date: three numbers with the same sign between, eight digits, or a month in letters with a day and a year.
fn birth_date(site: &Site<'_>) -> Check {
    let Some(start) = value(site, BORN) else { return Check::No };
    let text = site.rest(start);
    let text = &text[..text.len().min(32)];
    let mut numbers = Vec::new();
    let mut month = false;
    let (mut at, mut end) = (0, 0);
    while numbers.len() + usize::from(month) < 3 && at < text.len() {
        let digits = text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let letters = text[at..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        if digits > 0 {
            numbers.push(digits);
            at += digits;
        } else if letters >= 3
            && !month
            && MONTHS.iter().any(|m| text[at..at + 3].eq_ignore_ascii_case(m.as_bytes()))
        {
            month = true;
            at += letters;
        } else {
            break;
        }
        end = at;
        at += text[at..].iter().take(2).take_while(|b| matches!(b, b'-' | b'/' | b'.' | b' ' | b',')).count();
    }
    let fits = match numbers[..] {
        [8] if !month => matches!(text[..2], [b'1', b'9'] | [b'2', b'0']),
        [1 | 2, 4] | [4, 1 | 2] | [1 | 2, 2] => month,
        [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 2 | 4] => !month,
        _ => false,
    };
    let ends = !text.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b':');
    if fits && ends { Check::Hit { start, end: start + end } } else { Check::No }
}

const GEO_URI: Detector = Detector {
    name: "geo_uri",
    kind: "opaque",
    family: Family::Person,
    anchors: &[Anchor::Literal(&["geo:"])],
    check: geo_uri,
    samples: &[
        sample("at geo:52.516275,13.377704;u=35", "52.516275,13.377704"),
        sample("geo:-33.86,151.2", "-33.86,151.2"),
        sample("<geo:52.5163,13.3777,34>", "52.5163,13.3777,34"),
        sample("geo:37.786971,-122.399677 seen", "37.786971,-122.399677"),
        sample("open geo:0.5,-0.25?z=3", "0.5,-0.25"),
        sample("link=geo:48.2010,16.3695,183", "48.2010,16.3695,183"),
    ],
    near_misses: &[
        miss("geo:eu-west-1"),
        miss("geo:52"),
        miss("geo: 52 shards, 13 nodes"),
        miss("geo:152.5,13.3"),
        miss("ageo:52.5,13.3x"),
        miss("geo:52,13"),
    ],
};

/// Latitude and longitude with decimals, RFC 5870.
fn geo_uri(site: &Site<'_>) -> Check {
    if site.before(site.at).is_some_and(|b| b.is_ascii_alphanumeric()) {
        return Check::No;
    }
    let start = site.at + "geo:".len();
    let text = site.rest(start);
    let length =
        text.iter().take(64).take_while(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b',')).count();
    let part = std::str::from_utf8(&text[..length]).unwrap_or_default();
    let numbers: Vec<f64> = part.split(',').map_while(|number| number.parse().ok()).collect();
    match numbers[..] {
        [lat, lon] | [lat, lon, _] if part.contains('.') && lat.abs() <= 90.0 && lon.abs() <= 180.0 => {
            Check::Hit { start, end: start + length }
        }
        _ => Check::Miss(Why::Range),
    }
}
