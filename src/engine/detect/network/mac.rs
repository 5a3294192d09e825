//! Hardware addresses: colons, dashes, dotted triples; bare under a field of that name.

use super::super::find::leading;
use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Sample, Site, Why};

pub(super) const DETECTOR: Detector = Detector {
    name: "mac",
    kind: "mac",
    family: Family::Network,
    anchors: &[Anchor::Octets, Anchor::Triples, Anchor::Pair(|_, hints| hints.any(Hints::MAC))],
    check: mac,
    samples: &[
        Sample { field: "", text: "DHCPDISCOVER from 00:1b:44:11:3a:b7 via eth1", hit: "00:1b:44:11:3a:b7" },
        Sample { field: "", text: "BSSID=AC:DE:48:00:11:22, ok", hit: "AC:DE:48:00:11:22" },
        Sample { field: "", text: "Physical 00-1B-44-11-3A-B7.", hit: "00-1B-44-11-3A-B7" },
        Sample { field: "", text: "vlan 12 001b.4411.3ab7 DYNAMIC", hit: "001b.4411.3ab7" },
        Sample { field: "", text: "uid 01:00:1b:44:11:3a:b7", hit: "01:00:1b:44:11:3a:b7" },
        Sample { field: "mac", text: "001B44113AB7", hit: "001B44113AB7" },
        Sample { field: "", text: "eui 00:1b:44:ff:fe:11:3a:b7", hit: "00:1b:44:ff:fe:11:3a:b7" },
        Sample { field: "", text: "ether:ac:de:48:00:11:22", hit: "ac:de:48:00:11:22" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "to ff:ff:ff:ff:ff:ff and 00:00:00:00:00:00" },
        NearMiss { field: "", text: "serial 04:1b:44:11:3a:b7:90:12:ac" },
        NearMiss {
            field: "",
            text: "SHA1 Fingerprint=AC:DE:48:00:11:22:33:44:55:66:77:88:99:00:AA:BB:CC:DD:EE:FF",
        },
        NearMiss { field: "", text: "mixed 10:2F:33-AC-29-C3" },
        NearMiss { field: "", text: "dump-17-07-06-14-15-59.log" },
        NearMiss { field: "", text: "id 8f14e45f-ceea-467f-a0e6-5b0f1d2c3b4a at 12:30:45:12:30" },
        NearMiss { field: "", text: "001B44113AB7" },
        NearMiss { field: "", text: "1234.5678.9012.3456 and 0012.3456" },
    ],
};

fn mac(site: &Site<'_>) -> Check {
    match site.text[site.at] {
        sign @ (b':' | b'-') => octets(site, sign),
        b'.' => triples(site),
        _ => bare(site),
    }
}

/// `00:1b:44:11:3a:b7`, from its first sign.
fn octets(site: &Site<'_>, sign: u8) -> Check {
    if site.get(site.at + 3) != Some(sign) {
        return Check::No;
    }
    let start = site.at.saturating_sub(2);
    let rest = site.rest(start);
    let is_octet = |octet: &[u8]| octet.len() == 2 && octet.iter().all(u8::is_ascii_hexdigit);
    if start < site.part.start || !rest.get(..2).is_some_and(is_octet) || !begins(site, start, sign) {
        return Check::No;
    }
    let mut count = 1;
    while rest.get(count * 3 - 1) == Some(&sign) && rest.get(count * 3..count * 3 + 2).is_some_and(is_octet) {
        count += 1;
    }
    let length = count * 3 - 1;
    let client_id = count == 7 && rest.starts_with(b"01");
    let eui64 = count == 8 && rest[9..14].eq_ignore_ascii_case(&[b'f', b'f', sign, b'f', b'e']);
    if count < 6 || !(count == 6 || client_id || eui64) {
        return if count < 6 { Check::No } else { Check::Miss(Why::Boundary) };
    }
    match rest.get(length) {
        Some(b) if b.is_ascii_alphanumeric() || *b == b'_' || *b == sign => {
            return Check::Miss(Why::Boundary);
        }
        _ => {}
    }
    judge(site, start, start + length)
}

/// Whether nothing that continues an address stands before `start`; a key and its colon may (`ether:ac:de:…`).
fn begins(site: &Site<'_>, start: usize, sign: u8) -> bool {
    match site.before(start) {
        Some(b) if b == sign => {
            let word = site.upto(start - 1);
            let hex = word.iter().rev().take_while(|b| b.is_ascii_hexdigit()).count();
            sign == b':' && (hex > 2 || word.iter().rev().nth(hex).is_some_and(u8::is_ascii_alphabetic))
        }
        Some(b) => !b.is_ascii_alphanumeric() && b != b'_',
        None => true,
    }
}

/// `001b.4411.3ab7`, from its first dot.
fn triples(site: &Site<'_>) -> Check {
    match site.at.checked_sub(4) {
        Some(start) if start >= site.part.start => groups(site, start, &[4, 4, 4]),
        _ => Check::No,
    }
}

/// `001b44113ab7`, the first word of that shape in the value of a field of that name.
fn bare(site: &Site<'_>) -> Check {
    let mut miss = Check::No;
    let mut at = site.at;
    while at < site.part.end {
        let word = leading(site.rest(at), u8::is_ascii_alphanumeric);
        if word == 12 {
            match groups(site, at, &[12]) {
                hit @ Check::Hit { .. } => return hit,
                other => miss = other,
            }
        }
        at += word.max(1);
    }
    miss
}

/// Groups of so many hex digits with dots between, from `start`.
fn groups(site: &Site<'_>, start: usize, lengths: &[usize]) -> Check {
    let rest = site.rest(start);
    let mut at = 0;
    for (index, length) in lengths.iter().enumerate() {
        if index > 0 {
            if rest.get(at) != Some(&b'.') {
                return Check::No;
            }
            at += 1;
        }
        if !rest.get(at..at + length).is_some_and(|group| group.iter().all(u8::is_ascii_hexdigit)) {
            return Check::No;
        }
        at += length;
    }
    let end = start + at;
    let clean = |b: Option<u8>| !b.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    let dot =
        |i: usize| site.get(i) == Some(b'.') && site.get(i + 1).is_some_and(|b| b.is_ascii_alphanumeric());
    if !clean(site.before(start)) || site.before(start) == Some(b'.') || !clean(site.get(end)) || dot(end) {
        return Check::Miss(Why::Boundary);
    }
    judge(site, start, end)
}

fn judge(site: &Site<'_>, start: usize, end: usize) -> Check {
    let written = &site.text[start..end];
    let all =
        |digit: u8| written.iter().all(|b| !b.is_ascii_alphanumeric() || b.eq_ignore_ascii_case(&digit));
    if all(b'0') || all(b'f') {
        return Check::Miss(Why::Kept("no hardware's address"));
    }
    if written.contains(&b'-') && is_date(written) {
        return Check::Miss(Why::Kept("date and time"));
    }
    Check::Hit { start, end }
}

/// `17-07-06-14-15-59`: year, month, day, hour, minute, second.
fn is_date(written: &[u8]) -> bool {
    let mut limits = [99, 12, 31, 23, 59, 59].into_iter();
    written.split(|b| *b == b'-').all(|pair| {
        let decimal = leading(pair, u8::is_ascii_digit) == 2;
        let limit = limits.next().unwrap_or(0);
        decimal && (pair[0] - b'0') * 10 + (pair[1] - b'0') <= limit
    })
}
