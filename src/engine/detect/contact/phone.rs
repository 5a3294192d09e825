//! Phone numbers. Candidates are found here by their writing; whether one is a number of its country is asked of the
//! tables of libphonenumber, which others keep current.

use super::super::find::leading;
use super::super::groups::{Sign, digit, sign};
use super::super::keyword::{Labels, labels, labels_within};
use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Next, Sample, Site, Why};
use crate::engine::numbering::is_number;

pub(super) const DETECTOR: Detector = Detector {
    name: "phone",
    kind: "phone",
    family: Family::Contact,
    anchors: &[
        Anchor::Digits { min: 1, max: 6, next: Next::JOINT },
        Anchor::Digits { min: 7, max: 15, next: Next::NUMBER },
    ],
    check: phone,
    samples: &[
        Sample {
            field: "",
            text: "contact somebody.of.the.house+shop@corp.example or 485.960.3979. then",
            hit: "485.960.3979",
        },
        Sample { field: "", text: "or +1 466 389 8302. upstream", hit: "+1 466 389 8302" },
        Sample { field: "", text: "sms sent to +4915112345678.", hit: "+4915112345678" },
        Sample { field: "", text: "caller=+49 (0)30 901820-0 busy", hit: "+49 (0)30 901820-0" },
        Sample { field: "", text: "+1 (212) 555-0142 x12 rang", hit: "+1 (212) 555-0142 x12" },
        Sample { field: "", text: "St Helena +290 51234", hit: "+290 51234" },
        Sample { field: "", text: "call (212) 555-0142 now", hit: "(212) 555-0142" },
        Sample { field: "", text: "or 212-555-0142, ext. 7", hit: "212-555-0142, ext. 7" },
        Sample { field: "", text: "or 1-212-555-0142", hit: "1-212-555-0142" },
        Sample { field: "", text: "tel: 2125550142", hit: "2125550142" },
        Sample { field: "", text: "phone= 12125550142&id=7", hit: "12125550142" },
        Sample { field: "", text: "Telefon 030/901820", hit: "030/901820" },
        Sample { field: "", text: "fax 212.555.0142.", hit: "212.555.0142" },
        Sample { field: "", text: "mobile: (+44) (555)123-1234.", hit: "(+44) (555)123-1234" },
        Sample { field: "phone", text: "555-0142", hit: "555-0142" },
        Sample {
            field: "",
            text: "phone +1\u{a0}212\u{a0}555\u{2011}0142",
            hit: "+1\u{a0}212\u{a0}555\u{2011}0142",
        },
        Sample { field: "", text: "called 0532 123 45 67", hit: "0532 123 45 67" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "grew by +1 234 and +12.345.678" },
        NearMiss { field: "", text: "2026-03-14T09:26:53+0200 and 2026-03-14 09:26:53,589 +0000" },
        NearMiss { field: "", text: "ts=1700000000 ms=1700000000000 2005-06-03-16.56.55.309974" },
        NearMiss { field: "", text: "id 8f14e45f-4155-4671-2125-5b0f1d2c3b4a" },
        NearMiss { field: "", text: "GET /x 200 512 4096 and 404 512 2048" },
        NearMiss { field: "", text: "took +1234567 ns, 2125550142 bytes" },
        NearMiss { field: "", text: "version 212.555.0142 of part 2125550142" },
        NearMiss { field: "", text: "PhoneStatusBar: setVisibility oldVal=40000500" },
        NearMiss { field: "", text: "phone app 10.20.30.40 since 2026-03-14" },
        NearMiss { field: "duration_ns", text: "2125550142" },
        NearMiss { field: "", text: "ZIP+4 98000-0100, order 000-12-3456" },
        NearMiss { field: "", text: "x=aGVsbG8+4915112345678/ 212-555-0142-77" },
    ],
};

/// More digits than a number has anywhere, with a country code and a trunk zero.
const DIGITS_MAX: usize = 16;

fn phone(site: &Site<'_>) -> Check {
    let before = site.before(site.at);
    match before {
        Some(b'.' | b'_' | b'-' | b'/' | b'@' | b'$' | b',') => return Check::No,
        Some(b':') if site.at >= 2 && site.upto(site.at - 1).last().is_some_and(u8::is_ascii_digit) => {
            return Check::No;
        }
        _ => {}
    }
    let rest = site.rest(site.at);
    let run = leading(&rest[..rest.len().min(DIGITS_MAX)], u8::is_ascii_digit);
    if before == Some(b'+') {
        return international(site, run);
    }
    let field = site.hints.any(Hints::PHONE);
    // This decides nearly all digits of a log: too few of them and no second group, a number with decimals, a date.
    let after = rest.get(run..).unwrap_or_default();
    if run < 7 && !field && !begins_group(after) {
        return Check::No;
    }
    match after {
        [b'.', after @ ..] if run < 7 => {
            let second = leading(after, u8::is_ascii_digit);
            if second > 4 || !matches!(after[second..], [b'.' | b'-' | b' ', b'0'..=b'9', ..]) {
                return Check::No;
            }
        }
        [b'-', ..] if run == 4 && matches!(rest, [b'1', b'9', ..] | [b'2', b'0', ..]) => return Check::No,
        _ => {}
    }
    let paren = before == Some(b'(');
    // A run of ten or thirteen that begins with 1 is a time.
    if !field && (run > 11 || run > 6 && run != 11 && rest[0] == b'1') {
        return Check::No;
    }
    let Some(written) = Written::read(rest, paren) else { return Check::No };
    if written.count() < 7 || written.is_date() || written.is_quad() {
        return Check::No;
    }
    let end = site.at + written.end();
    if !ends_cleanly(site.rest(end)) {
        return Check::Miss(Why::Boundary);
    }
    if site.hints.any(Hints::NUMBER.with(Hints::HASH).with(Hints::VERSION)) {
        return Check::Miss(Why::FieldKept);
    }
    if field
        || written.north_american(paren).is_some_and(|digits| is_number(&digits))
        || is_announced(site, &written)
    {
        let start = if paren && written.closes { site.at - 1 } else { site.at };
        return Check::Hit { start, end: extension_end(site, end) };
    }
    Check::Miss(Why::NoKeyword)
}

/// `+49 30 901820`, from its first digit.
fn international(site: &Site<'_>, run: usize) -> Check {
    let rest = site.rest(site.at);
    if rest[0] == b'0' || run > 15 {
        return Check::No;
    }
    let plus = site.at - 1;
    let open = site.before(plus) == Some(b'(');
    if site.before(plus).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'_')) {
        return Check::No;
    }
    let Some(written) = Written::read(rest, open) else { return Check::No };
    if written.count() < 7 {
        return Check::No;
    }
    if site.hints.any(Hints::NUMBER.with(Hints::HASH)) {
        return Check::Miss(Why::FieldKept);
    }
    let hit = |written: &Written| {
        let start = if open && written.closes { plus - 1 } else { plus };
        let end = site.at + written.end();
        let end = if ends_cleanly(site.rest(end)) { extension_end(site, end) } else { end };
        Check::Hit { start, end }
    };
    // A number may be followed by others; the longest valid one counts.
    for groups in (1..=written.groups).rev() {
        let written = written.take(groups);
        if written.count() < 7 {
            break;
        }
        let whole = ends_cleanly(site.rest(site.at + written.end())) || groups < written.groups;
        if whole && is_number(written.digits()) {
            return hit(&written);
        }
    }
    if !ends_cleanly(site.rest(site.at + written.end())) {
        return Check::Miss(Why::Boundary);
    }
    let called = Labels::PHONE.with(Labels::CALL).with(Labels::REACH);
    // Plans grow: what has a plus and is grouped like a number of a country is one, whether or not its area exists.
    let grouped = written.groups >= 3 && written.count() >= 10 && !written.is_quad();
    if written.count() <= 15 && (grouped || site.hints.any(Hints::PHONE) || labels(site).any(called)) {
        return hit(&written);
    }
    Check::Miss(Why::Range)
}

/// How far back a keyword counts for a number in the usual form.
const FAR_BYTES: usize = 96;

/// Whether keywords make a national number of what chance may have written.
fn is_announced(site: &Site<'_>, written: &Written) -> bool {
    // `phone lookup took=1234567`: a key of its own says what the value is.
    let assigned =
        matches!(site.before(site.at), Some(b'=')) || matches!(site.upto(site.at), [.., b'=', b'"' | b'\'']);
    let labels = if assigned { last_label(site) } else { labels(site) };
    if labels.any(Labels::PHONE) {
        return true;
    }
    let trunk = written.digits()[0] == b'0' && written.count() >= 9;
    let american = match written.digits() {
        [b'1', digits @ ..] | digits => digits.len() == 10 && digits[0] > b'1' && digits[3] > b'1',
    };
    let likely = american || trunk || written.count() == 11;
    // `contact ann@… or 415.555.0132`: what is written like a number of ten digits is announced from farther away.
    let usual = american && written.lengths()[..written.groups].ends_with(&[3, 3, 4]);
    if usual && !assigned && labels_within(site, FAR_BYTES).any(Labels::REACH.with(Labels::CALL)) {
        return true;
    }
    labels.any(Labels::CALL) && likely
        || labels.any(Labels::REACH) && written.groups > 1 && (american || written.digits()[0] == b'0')
}

/// What the nearest word announces.
fn last_label(site: &Site<'_>) -> Labels {
    // No label is looked for further back; a line may be one long word.
    const KEY_BYTES_MAX: usize = 64;
    let at = site.at;
    let from = at.saturating_sub(KEY_BYTES_MAX).max(site.part.start);
    let key = site.text[from..at].iter().rposition(|b| *b == b' ').map_or(from, |i| from + i + 1);
    labels(&Site {
        text: site.text,
        part: site.part.clone(),
        floor: key.max(site.floor),
        at,
        key: site.key,
        hints: site.hints,
    })
}

/// A number as it is written, without its `+`.
#[derive(Clone, Copy)]
struct Written {
    digits: [u8; DIGITS_MAX],
    /// For each group where it ends in the text and how many digits there are up to there.
    ends: [(usize, usize); GROUPS_MAX],
    groups: usize,
    /// The first sign between groups.
    sign: Option<Sign>,
    /// A parenthesis opened before the first digit is closed.
    closes: bool,
}

const GROUPS_MAX: usize = 7;

impl Written {
    fn read(text: &[u8], open: bool) -> Option<Written> {
        let mut written = Written {
            digits: [0; DIGITS_MAX],
            ends: [(0, 0); GROUPS_MAX],
            groups: 0,
            sign: None,
            closes: false,
        };
        let (mut at, mut count, mut open) = (0, 0, open);
        loop {
            while let Some(digit @ b'0'..=b'9') = text.get(at) {
                *written.digits.get_mut(count)? = *digit;
                count += 1;
                at += 1;
            }
            *written.ends.get_mut(written.groups)? = (at, count);
            written.groups += 1;
            let mut next = at;
            if open && text.get(next) == Some(&b')') {
                next += 1;
                written.closes = true;
                open = false;
            }
            if let Some((sign, length)) = sign(&text[next..]) {
                next += length;
                written.sign.get_or_insert(sign);
            }
            if !open && text.get(next) == Some(&b'(') {
                next += 1;
                open = true;
            }
            if next == at || !text.get(next).is_some_and(u8::is_ascii_digit) {
                return Some(written);
            }
            at = next;
        }
    }

    fn take(&self, groups: usize) -> Written {
        Written { groups, ..*self }
    }

    fn end(&self) -> usize {
        self.ends[self.groups - 1].0
    }

    fn count(&self) -> usize {
        self.ends[self.groups - 1].1
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.count()]
    }

    fn lengths(&self) -> [usize; GROUPS_MAX] {
        let mut lengths = [0; GROUPS_MAX];
        let mut before = 0;
        for (length, (_, digits)) in lengths.iter_mut().zip(&self.ends[..self.groups]) {
            *length = digits - before;
            before = *digits;
        }
        lengths
    }

    fn is_date(&self) -> bool {
        let digits = self.digits();
        let century = |at: usize| matches!(digits.get(at..at + 2), Some([b'1', b'9'] | [b'2', b'0']));
        match self.lengths() {
            [4, 1..=2, 1..=2, ..] => century(0),
            [day @ 1..=2, month @ 1..=2, 4, ..] => century(day + month),
            _ => false,
        }
    }

    /// Three dots and short groups: an address or a version. Two groups with a dot: a number with decimals.
    fn is_quad(&self) -> bool {
        let short = self.lengths().iter().all(|length| *length <= 3);
        self.sign == Some(Sign::Dot) && (self.groups == 2 || self.groups >= 4 && short)
    }

    /// `212-555-0142`, `(212) 555-0142`, `1-212-555-0142`: a writing that little else has, with its country code. With dots or spaces it needs a
    /// keyword: columns and versions look like that.
    fn north_american(&self, paren: bool) -> Option<[u8; 11]> {
        let lengths = self.lengths();
        let digits = match (&lengths[..self.groups], self.digits()) {
            ([3, 3, 4], digits) => digits,
            ([1, 3, 3, 4], [b'1', digits @ ..]) => digits,
            _ => return None,
        };
        let dashes = self.sign == Some(Sign::Dash) || paren && self.closes || lengths[0] == 1 && self.closes;
        if !dashes || digits[0] <= b'1' || digits[3] <= b'1' || digits[1..3] == *b"11" {
            return None;
        }
        let mut whole = [b'1'; 11];
        whole[1..].copy_from_slice(digits);
        Some(whole)
    }
}

/// Whether another group of digits follows.
fn begins_group(after: &[u8]) -> bool {
    let after = match after {
        [b')', after @ ..] => after,
        _ => after,
    };
    let after = sign(after).map_or(after, |(_, length)| &after[length..]);
    let after = match after {
        [b'(', after @ ..] => after,
        _ => after,
    };
    digit(after).is_some()
}

/// Whether nothing follows that makes the digits part of something longer.
fn ends_cleanly(after: &[u8]) -> bool {
    match after {
        [b, ..] if b.is_ascii_alphanumeric() || *b == b'_' => false,
        [b'-', b, ..] => !b.is_ascii_alphanumeric(),
        [b'.' | b'/' | b':' | b',', b, ..] => !b.is_ascii_digit(),
        _ => true,
    }
}

/// Where an extension after the number ends: `x12`, `ext. 12`, `#12`.
fn extension_end(site: &Site<'_>, end: usize) -> usize {
    let rest = site.rest(end);
    let mut at = leading(&rest[..rest.len().min(2)], |b| matches!(b, b' ' | b',' | b';'));
    let word = leading(&rest[at..rest.len().min(at + 9)], u8::is_ascii_alphabetic);
    let word_is = |name: &str| rest[at..at + word].eq_ignore_ascii_case(name.as_bytes());
    if rest.get(at) == Some(&b'#') {
        at += 1;
    } else if word_is("x") || word_is("ext") || word_is("extn") || word_is("extension") {
        at += word;
        at += leading(&rest[at..rest.len().min(at + 2)], |b| matches!(b, b'.' | b' ' | b':'));
    } else {
        return end;
    }
    let digits = leading(&rest[at..], u8::is_ascii_digit);
    if (1..=6).contains(&digits) { end + at + digits } else { end }
}
