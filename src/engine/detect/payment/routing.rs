//! Routing numbers of US banks. Nine digits with a weak check: only with a word that says so.

use super::super::check::weighted::mod10_complement;
use super::super::groups::number;
use super::super::keyword::{Labels, labels};
use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Next, Sample, Site, Why};

pub(super) const DETECTOR: Detector = Detector {
    name: "us_bank_routing",
    kind: "us_bank_routing",
    family: Family::Payment,
    anchors: &[
        Anchor::Digits { min: 9, max: 9, next: Next::NUMBER },
        Anchor::Digits { min: 4, max: 4, next: Next::DASH },
    ],
    check: routing,
    samples: &[
        Sample { field: "", text: "ABA routing number: 011000015", hit: "011000015" },
        Sample { field: "", text: "rtn 0210-0002-1", hit: "0210-0002-1" },
        Sample { field: "routing_number", text: "122105155", hit: "122105155" },
        Sample { field: "", text: "routing=322271627;", hit: "322271627" },
        Sample { field: "", text: "transit no. 091000022", hit: "091000022" },
        Sample { field: "", text: "\"routingNumber\": \"121042882\"", hit: "121042882" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "order 011000015" },
        NearMiss { field: "", text: "routing 011000016" },
        NearMiss { field: "", text: "routing 991000015" },
        NearMiss { field: "", text: "routing 011000015-7 and 1011000015" },
        NearMiss { field: "", text: "routing table has 0210 rows" },
        NearMiss { field: "routing_size", text: "011000015" },
    ],
};

fn routing(site: &Site<'_>) -> Check {
    let rest = site.rest(site.at);
    if rest.get(4) == Some(&b'-') && rest.get(9) != Some(&b'-') {
        return Check::No;
    }
    let Some(number) = number(rest) else { return Check::No };
    let digits = number.digits();
    if digits.len() != 9 || !(number.groups() == 1 || number.is_grouped(&[4, 4, 1])) {
        return Check::No;
    }
    let district = digits[0] * 10 + digits[1];
    if !matches!(district, 1..=12 | 21..=32 | 61..=72 | 80)
        || !mod10_complement(digits, &[3, 7, 1, 3, 7, 1, 3, 7])
    {
        return Check::No;
    }
    let end = site.at + number.end();
    let joined =
        matches!(site.rest(end), [b'-' | b'.', b'0'..=b'9', ..] | [b'a'..=b'z' | b'A'..=b'Z' | b'_', ..]);
    if joined || matches!(site.before(site.at), Some(b'-' | b'.' | b'_' | b'+')) {
        return Check::Miss(Why::Boundary);
    }
    if site.hints.any(Hints::NUMBER.with(Hints::HASH)) {
        return Check::Miss(Why::FieldKept);
    }
    let field = site.hints.any(Hints::BANK);
    if field || labels(site).any(Labels::ROUTING) {
        Check::Hit { start: site.at, end }
    } else {
        Check::Miss(Why::NoKeyword)
    }
}
