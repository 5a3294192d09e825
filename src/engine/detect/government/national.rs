//! National and tax ids of many countries behind one detector: a candidate is read once, the words before it say which
//! schemes are meant, and only those are tried. An id without such a word counts only where chance can hardly have
//! written it.

use std::sync::LazyLock;

use super::super::find::leading;
use super::super::groups::{Sign, sign};
use super::super::keyword::{Labels, labels, labels_within};
use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Next, Sample, Site, word_length};
use super::scheme::{Alone, Scheme, Values};
use super::{americas, asia_pacific, europe};

pub(super) const DETECTOR: Detector = Detector {
    name: "national_id",
    kind: "national_id",
    family: Family::Government,
    anchors: &[
        Anchor::Digits { min: 1, max: 1, next: Next::LETTER },
        Anchor::Digits { min: 1, max: 5, next: Next::JOINT.or(Next::LONG) },
        Anchor::Digits { min: 4, max: 4, next: Next::COLON },
        Anchor::Digits { min: 6, max: 7, next: Next::JOINT.or(Next::LONG).or(Next::LETTER) },
        Anchor::Digits { min: 8, max: 18, next: Next::NUMBER.or(Next::LONG).or(Next::LETTER) },
        Anchor::Letters { min: 1, max: 6, word: 7, longest: 18 },
    ],
    check: national_id,
    samples: &[
        Sample { field: "", text: "NINO: AB 12 34 56 C on file", hit: "AB 12 34 56 C" },
        Sample { field: "", text: "holder QQ...; AB123456C.", hit: "AB123456C" },
        Sample { field: "", text: "polish pesel 44051401359;", hit: "44051401359" },
        Sample { field: "", text: "cpf=111.444.777-35", hit: "111.444.777-35" },
        Sample { field: "", text: "document 111.444.777-35 ok", hit: "111.444.777-35" },
        Sample { field: "", text: "ahv 756.9217.0769.85", hit: "756.9217.0769.85" },
        Sample { field: "", text: "codice RSSMRA85T10A562S", hit: "RSSMRA85T10A562S" },
        Sample { field: "tax_id", text: "12345678903", hit: "12345678903" },
        Sample { field: "", text: "Passport no. C01X00T47", hit: "C01X00T47" },
        Sample { field: "", text: "pesel: 44051401358", hit: "44051401358" },
        Sample { field: "", text: "aadhaar 2341 2341 2346", hit: "2341 2341 2346" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "44051401359 1234567881 123456789" },
        NearMiss { field: "", text: "polish register 44051401358" },
        NearMiss { field: "", text: "polish market grew to 44051401359" },
        NearMiss { field: "", text: "id 8f14e45f-ceea-467f-a0e6-5b0f1d2c3b4a" },
        NearMiss { field: "", text: "id number at 2026-03-14 09:26:53, 10.20.30.40" },
        NearMiss { field: "", text: "document 111.444.777-36 ok" },
        NearMiss { field: "", text: "BG123456C ab123456c AB123456E xAB123456C" },
        NearMiss { field: "tax_amount", text: "12345678903" },
        NearMiss { field: "", text: "driver log 15.246620, tax 7 of order 123456789, pass 12345678" },
        NearMiss { field: "", text: "trace 4bf92f3577b34da6a3ce929d0e0e4736" },
    ],
};

/// Fewest and most characters of an id, separators aside.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=18;
const GROUPS_MAX: usize = 8;

/// Passports: every country has its own layout; none has a check digit outside of the machine-readable lines.
const PASSPORT: Scheme = Scheme {
    name: "passport",
    labels: Labels::PASSPORT,
    layouts: &[
        "A9999999",
        "A99999999",
        "AA9999999",
        "AA999999",
        "AAA999999",
        "AAXXXXXX9",
        "999999999",
        "99999999",
    ],
    check: None,
    alone: Alone::Never,
    sample: "AB1234567",
};

fn schemes() -> impl Iterator<Item = &'static Scheme> {
    europe::SCHEMES.iter().chain(americas::SCHEMES).chain(asia_pacific::SCHEMES).chain([&PASSPORT])
}

/// A layout as sets of places, one bit each, so that one comparison of masks tells most candidates from most schemes.
struct Layout {
    letters: u32,
    digits: u32,
    scheme: &'static Scheme,
}

/// By length.
static LAYOUTS: LazyLock<[Vec<Layout>; *LENGTH.end() + 1]> = LazyLock::new(|| {
    let mut layouts = std::array::from_fn(|_| Vec::new());
    for scheme in schemes() {
        for layout in scheme.layouts {
            let places =
                |class| layout.bytes().enumerate().fold(0, |set, (i, b)| set | u32::from(b == class) << i);
            layouts[layout.len()].push(Layout { letters: places(b'A'), digits: places(b'9'), scheme });
        }
    }
    layouts
});

fn national_id(site: &Site<'_>) -> Check {
    // These decide nearly all words of a log: a part of something longer, a short one alone, a number with decimals, a date.
    let kept = site.hints.any(Hints::NUMBER.with(Hints::HASH).with(Hints::VERSION));
    if kept || !begins_cleanly(site, site.at) {
        return Check::No;
    }
    let rest = site.rest(site.at);
    let word = word_length(rest, *LENGTH.end() + 1);
    if word > *LENGTH.end() || word < *LENGTH.start() && !goes_on(&rest[word..]) {
        return Check::No;
    }
    let passed_over = match rest[word..] {
        [b'.', b'0'..=b'9', ..] => {
            let second = leading(&rest[word + 1..], u8::is_ascii_digit);
            !matches!(rest[word + 1 + second..], [b'.' | b'-', b'0'..=b'9', ..])
        }
        [b'-', ..] if word == 4 => rest.starts_with(b"20") || rest.starts_with(b"19"),
        [b'-', ..] if word == 8 => rest.get(13) == Some(&b'-') && rest.get(18) == Some(&b'-'),
        _ => false,
    };
    if passed_over {
        return Check::No;
    }
    // Letters in a group of their own come first: `AB 12 34 56 C`.
    match letters_before(site).map(|start| at_start(site, start)) {
        Some(hit @ Check::Hit { .. }) => hit,
        _ => at_start(site, site.at),
    }
}

/// Whether nothing stands before `start` that makes it the middle of something longer; a key and its colon may.
fn begins_cleanly(site: &Site<'_>, start: usize) -> bool {
    let word_before = |class: fn(&u8) -> bool| start > 0 && site.before(start - 1).is_some_and(|b| class(&b));
    match site.before(start) {
        Some(b'-' | b'.' | b'_' | b'/' | b'+' | b'@') => {
            !word_before(u8::is_ascii_alphanumeric) || site.hints.any(Hints::NATIONAL_ID)
        }
        Some(b':') => !word_before(u8::is_ascii_digit) || site.hints.any(Hints::NATIONAL_ID),
        _ => true,
    }
}

/// Whether a joint and the first character of a group follow a word.
fn goes_on(after: &[u8]) -> bool {
    let group = |width: usize| after.get(width).is_some_and(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    match after {
        [] => false,
        [b'a'..=b'z' | b'A'..=b'Z' | b'"' | b',' | b')' | b']', ..] => false,
        _ => joint(after).is_some_and(|(_, width)| group(width)),
    }
}

fn at_start(site: &Site<'_>, start: usize) -> Check {
    let Some(candidate) = Candidate::read(site.rest(start)) else { return Check::No };
    if candidate.is_date_address_or_decimal() {
        return Check::No;
    }
    let mut announced = None;
    for cut in candidate.cuts() {
        let (count, end) = (usize::from(cut.count), start + usize::from(cut.end));
        if !(cut.open || ends_cleanly(site.rest(end))) {
            continue;
        }
        let values = &candidate.values[..count];
        let letters = candidate.letters & ((1 << count) - 1);
        for layout in &LAYOUTS[count] {
            if layout.letters & !letters != 0 || layout.digits & letters != 0 {
                continue;
            }
            let scheme = layout.scheme;
            let called = if scheme.stands_alone(&site.text[start..end]) {
                Called::Perhaps
            } else {
                announced.get_or_insert_with(|| Announced::read(site)).calls(scheme)
            };
            let fits = match called {
                Called::No => false,
                Called::Perhaps => scheme.passes(values),
                Called::ByName => true,
            };
            if !fits {
                continue;
            }
            return Check::Hit { start, end };
        }
    }
    Check::No
}

/// What words and field say about a candidate.
struct Announced {
    hinted: bool,
    labels: Labels,
}

/// Whether a scheme is meant.
enum Called {
    No,
    /// If the id passes its check.
    Perhaps,
    /// Whether it passes or not: what a label announces goes, mistyped or not.
    ByName,
}

impl Announced {
    fn read(site: &Site<'_>) -> Announced {
        let mut labels = labels(site);
        if !labels.any(Labels::DRIVER) {
            labels = labels.without(Labels::LICENCE);
        }
        // `tax number`, `national id`: of any country, if it stands directly before.
        if labels.any(Labels::TAX) {
            let close = labels_within(site, 24);
            if close.any(Labels::TAX) && close.any(Labels::ID) {
                labels = labels.with(Labels::ANY);
            }
        }
        Announced { hinted: site.hints.any(Hints::NATIONAL_ID), labels }
    }

    fn calls(&self, scheme: &Scheme) -> Called {
        let named = self.labels.any(scheme.labels.only(BY_ITSELF))
            || self.labels.any(scheme.labels) && self.labels.any(Labels::ID);
        if named && self.labels.any(Labels::OWN) {
            Called::ByName
        } else if named || self.hinted || self.labels.any(Labels::ANY) && scheme.check.is_some() {
            Called::Perhaps
        } else {
            Called::No
        }
    }
}

/// Labels that open their schemes without a word for "id".
const BY_ITSELF: Labels = Labels::PASSPORT.with(Labels::LICENCE).with(Labels::HEALTH);

impl Scheme {
    fn passes(&self, values: &Values) -> bool {
        self.check.is_none_or(|check| check(values))
    }

    fn stands_alone(&self, written: &[u8]) -> bool {
        match self.alone {
            Alone::Never => false,
            Alone::Capitals => !written.iter().any(u8::is_ascii_lowercase),
            Alone::Written(pattern) => {
                let same = |(p, b): (u8, &u8)| if p == b'9' { b.is_ascii_alphanumeric() } else { p == *b };
                pattern.len() == written.len() && pattern.bytes().zip(written).all(same)
            }
        }
    }
}

/// Where a group of up to five capitals before the site begins, if a space joins it.
fn letters_before(site: &Site<'_>) -> Option<usize> {
    let before = site.upto(site.at);
    let [letters @ .., b' '] = before else { return None };
    let count = letters.iter().rev().take(6).take_while(|b| b.is_ascii_uppercase()).count();
    let start = site.at - 1 - count;
    let clean = !site.before(start).is_some_and(|b| b.is_ascii_alphanumeric()) && begins_cleanly(site, start);
    ((1..=5).contains(&count) && clean).then_some(start)
}

/// Letters and digits in groups.
struct Candidate {
    values: [u8; *LENGTH.end()],
    /// Which of them are letters, one bit each.
    letters: u32,
    cuts: [Cut; GROUPS_MAX],
    groups: usize,
}

/// A place where an id may end.
#[derive(Clone, Copy, Default)]
struct Cut {
    /// Characters up to here.
    count: u8,
    /// Bytes up to here.
    end: u8,
    /// Between groups that a space parts.
    open: bool,
    /// What joins the next group.
    sign: Option<Sign>,
}

impl Candidate {
    fn read(text: &[u8]) -> Option<Candidate> {
        let mut candidate = Candidate {
            values: [0; *LENGTH.end()],
            letters: 0,
            cuts: [Cut::default(); GROUPS_MAX],
            groups: 0,
        };
        let (mut at, mut count) = (0, 0);
        let mut digits = 0;
        while candidate.groups < GROUPS_MAX {
            let length = word_length(&text[at..], *LENGTH.end() + 1);
            if count + length > *LENGTH.end() {
                break;
            }
            for byte in &text[at..at + length] {
                if byte.is_ascii_digit() {
                    digits += 1;
                    candidate.values[count] = byte - b'0';
                } else {
                    candidate.letters |= 1 << count;
                    candidate.values[count] = byte.to_ascii_uppercase() - b'A' + 10;
                }
                count += 1;
            }
            at += length;
            let cut = &mut candidate.cuts[candidate.groups];
            *cut = Cut { count: count as u8, end: at as u8, open: false, sign: None };
            candidate.groups += 1;
            let colon = text[at..].starts_with(b":") && count == 4 * candidate.groups;
            let joined = joint(&text[at..]).filter(|_| colon || !text[at..].starts_with(b":"));
            let Some((joint, width)) = joined.filter(|(_, width)| is_group(&text[at + width..])) else {
                break;
            };
            cut.open = joint == Sign::Space;
            cut.sign = Some(joint);
            at += width;
        }
        (count >= *LENGTH.start() && digits >= 4).then_some(candidate)
    }

    /// Where it may end, the longest first.
    fn cuts(&self) -> impl Iterator<Item = Cut> {
        let last = self.groups - 1;
        let cut = move |i: usize| self.cuts[i];
        (0..self.groups).rev().map(cut).enumerate().filter_map(move |(from_last, cut)| {
            let ends = from_last == 0 && self.groups - 1 == last || cut.open;
            (ends && LENGTH.contains(&usize::from(cut.count))).then_some(cut)
        })
    }

    /// `2026-03-14 …`, `14.03.2026`, `10.20.30.40`, `15.246620`.
    fn is_date_address_or_decimal(&self) -> bool {
        let counts = |i: usize| usize::from(self.cuts[i].count);
        let dashes = |i: usize| matches!(self.cuts[i].sign, Some(Sign::Dash | Sign::Slash | Sign::Dot));
        let century = |at: usize| matches!(self.values[at..], [1, 9, ..] | [2, 0, ..]);
        let long = self.groups > 2 && dashes(0) && dashes(1);
        let date = counts(0) == 4 && century(0) && counts(1) == 6
            || counts(0) == 2 && counts(1) == 4 && counts(2) == 8 && century(4);
        let quad = self.groups == 4
            && self.cuts[..3].iter().all(|cut| cut.sign == Some(Sign::Dot))
            && (1..4).all(|i| counts(i) - counts(i - 1) <= 3)
            && counts(0) <= 3;
        // Two groups of digits with a dot are a number with decimals.
        let decimal = self.groups == 2
            && self.cuts[0].sign == Some(Sign::Dot)
            && self.values[..counts(1)].iter().all(|value| *value < 10);
        long && date || quad || decimal
    }
}

/// What joins the group before `after` to the next one, and its width.
fn joint(after: &[u8]) -> Option<(Sign, usize)> {
    match after {
        [b'-', b'-', ..] => Some((Sign::Dash, 2)),
        [b':', b'0'..=b'9', ..] => Some((Sign::Dash, 1)),
        _ => sign(after),
    }
}

/// Whether letters and digits follow that can be a group: a number, a mixture, or one or two capitals.
fn is_group(text: &[u8]) -> bool {
    let length = leading(&text[..text.len().min(20)], u8::is_ascii_alphanumeric);
    let group = &text[..length];
    group.iter().any(u8::is_ascii_digit)
        || (1..=2).contains(&length) && group.iter().all(u8::is_ascii_uppercase)
}

/// Whether nothing follows that makes the id part of something longer.
fn ends_cleanly(after: &[u8]) -> bool {
    match after {
        [b, ..] if b.is_ascii_alphanumeric() || *b == b'_' => false,
        [b'-' | b'.' | b'/' | b':' | b'@', b, ..] => !b.is_ascii_alphanumeric(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<u8> {
        text.bytes().map(|b| if b.is_ascii_digit() { b - b'0' } else { b - b'A' + 10 }).collect()
    }

    #[test]
    fn samples_of_the_schemes_pass_and_checks_find_wrong_digits() {
        for scheme in schemes() {
            let valid = values(scheme.sample);
            assert!(scheme.passes(&valid), "{} {}", scheme.name, scheme.sample);
            let (mut tried, mut passed) = (0, 0);
            for place in 0..valid.len() {
                for other in 0..10 {
                    let mut wrong = valid.clone();
                    if valid[place] < 10 && other != valid[place] {
                        wrong[place] = other;
                        tried += 1;
                        passed += usize::from(scheme.passes(&wrong));
                    }
                }
            }
            let checked = scheme.check.is_some() && !UNCHECKED.contains(&scheme.name);
            assert!(!checked || passed * 5 <= tried, "{} passes {passed} of {tried} wrong ones", scheme.name);
        }
    }

    /// Schemes that have no check digit, only ranges.
    const UNCHECKED: &[&str] = &[
        "uk_nino",
        "uk_driver",
        "de_serial",
        "de_doctor",
        "dk_person",
        "us_mbi",
        "mx_rfc",
        "in_pan",
        "kr_person",
    ];

    #[test]
    fn layouts_have_lengths_that_are_read() {
        for scheme in schemes() {
            for layout in scheme.layouts {
                assert!(LENGTH.contains(&layout.len()), "{} {layout}", scheme.name);
                assert!(layout.bytes().all(|b| b"9AX".contains(&b)));
            }
        }
    }
}
