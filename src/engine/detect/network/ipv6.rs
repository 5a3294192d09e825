//! IPv6 addresses: short and long, with an IPv4 address at the end, in brackets, with zone or prefix.

use super::super::find::leading;
use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Sample, Site, Why};
use super::ipv4::{quad, v4_kept};

pub(super) const DETECTOR: Detector = Detector {
    name: "ipv6",
    kind: "ip",
    family: Family::Network,
    anchors: &[Anchor::Byte(b':')],
    check: ipv6,
    samples: &[
        Sample { field: "", text: "from 2a02:8071:b5::17 port 22", hit: "2a02:8071:b5::17" },
        Sample { field: "", text: "[2a02:8071:b5::17]:8443 refused", hit: "2a02:8071:b5::17" },
        Sample { field: "", text: "peer:2A02:8071:B5:0:0:0:0:17.", hit: "2A02:8071:B5:0:0:0:0:17" },
        Sample { field: "", text: "::ffff:8.8.4.4 connected", hit: "::ffff:8.8.4.4" },
        Sample { field: "", text: "64:ff9b::8.8.4.4", hit: "64:ff9b::8.8.4.4" },
        Sample { field: "", text: "fe80::1c2d:3eff%eth0 up", hit: "fe80::1c2d:3eff%eth0" },
        Sample { field: "", text: "inet6 2a02:8071:b5::17/64 scope", hit: "2a02:8071:b5::17" },
        Sample { field: "", text: "inet6 2a02:8071:b5::17/128", hit: "2a02:8071:b5::17/128" },
        Sample { field: "client_ip", text: "fd12:3456::9", hit: "fd12:3456::9" },
        Sample { field: "client_ip", text: "2001:db8::9", hit: "2001:db8::9" },
        Sample { field: "", text: "a099::9c0:876a:130b, down", hit: "a099::9c0:876a:130b" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "std::vec, foo::1, Abc::Bad, Foo::Bar::baz and ::" },
        NearMiss { field: "", text: "::1 ::ffff:127.0.0.1 fe80::1 fd12::9 ff02::1 2001:db8::1" },
        NearMiss { field: "", text: "at 12:34:56 and 12:34:56:789" },
        NearMiss { field: "", text: "route 2a02:8071::/32 via fe80::1" },
        NearMiss { field: "", text: "wwn 50:06:01:60:3b:20:1c:74" },
        NearMiss { field: "", text: "sha 12:34:56:78:9a:bc:de:f0:12:34:56:78:9a:bc:de:f0" },
        NearMiss { field: "", text: "2001::25de::cade 12345:db8::1 fe80::1text" },
        NearMiss { field: "client_ip", text: "::1" },
        NearMiss { field: "client_ip", text: "0:0:0:0:0:0:0:0" },
    ],
};

fn ipv6(site: &Site<'_>) -> Check {
    // Decides nearly every colon of a log: `key: value`, `://`, `host:80`.
    let Some(next) = site.get(site.at + 1) else { return Check::No };
    let before = site.before(site.at);
    if next != b':' && !(next.is_ascii_hexdigit() && before.is_some_and(|b| b.is_ascii_hexdigit())) {
        return Check::No;
    }
    // So does this for times: too few colons, and no two in a row.
    let mut colons = 0;
    for pair in site.rest(site.at).windows(2).take(40) {
        match pair {
            b"::" => {
                colons = 7;
                break;
            }
            [b':', _] => colons += 1,
            [b, _] if b.is_ascii_hexdigit() => {}
            _ => break,
        }
    }
    if colons < 6 {
        return Check::No;
    }
    let Some(start) = first_group(site, next) else { return Check::No };
    let Some((groups, length)) = parse(site.rest(start)) else { return Check::No };
    let mut end = start + length;
    match site.rest(end) {
        [b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_', ..] => return Check::Miss(Why::Boundary),
        [b':', b, ..] if b.is_ascii_hexdigit() || *b == b':' => return Check::Miss(Why::Boundary),
        _ => {}
    }
    let mut exact = false;
    if let [b'%', zone @ ..] = site.rest(end) {
        let zone = leading(zone, |b| b.is_ascii_alphanumeric() || b"._-".contains(b));
        if zone > 0 {
            end += 1 + zone;
            exact = true;
        }
    }
    let address = groups.iter().fold(0_u128, |address, group| address << 16 | u128::from(*group));
    if let [b'/', bits @ ..] = site.rest(end) {
        let digits = leading(bits, u8::is_ascii_digit);
        let prefix = bits[..digits]
            .iter()
            .fold(0_u32, |n, b| n.saturating_mul(10).saturating_add(u32::from(b - b'0')));
        if prefix == 128 {
            end += 1 + digits;
            exact = true;
        } else if digits > 0 && !exact && (prefix == 0 || prefix < 128 && address << prefix == 0) {
            return Check::Miss(Why::Kept("network"));
        }
    }
    let written = &site.text[start..start + length];
    match v6_kept(address, written, exact || site.hints.any(Hints::IP)) {
        Some(why) => Check::Miss(Why::Kept(why)),
        None => Check::Hit { start, end },
    }
}

/// Where an address begins whose first colon is `Site::at`.
fn first_group(site: &Site<'_>, next: u8) -> Option<usize> {
    let hex_before =
        |i: usize| site.upto(i).iter().rev().take(5).take_while(|b| b.is_ascii_hexdigit()).count();
    let digits = hex_before(site.at);
    let start = site.at - digits;
    if digits > 4 || digits == 0 && next != b':' {
        return None;
    }
    match site.before(start) {
        Some(b'.' | b'_' | b'$' | b')' | b'>') => None,
        Some(b) if b.is_ascii_alphanumeric() || b >= 0x80 => None,
        // After a colon this is a later group, unless the colon ends a key (`peer:2a02::1`).
        Some(b':') => {
            let key = hex_before(start - 1);
            let letter = site.before(start - 1 - key).is_some_and(|b| b.is_ascii_alphabetic());
            (digits > 0 && letter).then_some(start)
        }
        _ => Some(start),
    }
}

/// The address at the beginning of `text`, and its length.
fn parse(text: &[u8]) -> Option<([u16; 8], usize)> {
    let mut groups = [0_u16; 8];
    let (mut count, mut gap, mut at) = (0, None, 0);
    if text.starts_with(b"::") {
        gap = Some(0);
        at = 2;
    }
    while count < 8 {
        let digits = leading(&text[at..text.len().min(at + 5)], u8::is_ascii_hexdigit);
        if digits == 0 {
            break;
        }
        if digits > 4 {
            return None;
        }
        if text.get(at + digits) == Some(&b'.')
            && let Some(([a, b, c, d], length)) = quad(&text[at..])
        {
            if count > 6 {
                return None;
            }
            groups[count] = u16::from_be_bytes([a, b]);
            groups[count + 1] = u16::from_be_bytes([c, d]);
            count += 2;
            at += length;
            break;
        }
        let group = std::str::from_utf8(&text[at..at + digits]).ok()?;
        groups[count] = u16::from_str_radix(group, 16).ok()?;
        count += 1;
        at += digits;
        match text.get(at..) {
            Some([b':', b':', ..]) if gap.is_some() => return None,
            Some([b':', b':', ..]) => {
                gap = Some(count);
                at += 2;
            }
            Some([b':', next, ..]) if next.is_ascii_hexdigit() && count < 8 => at += 1,
            _ => break,
        }
    }
    match gap {
        Some(gap) if count < 8 => {
            groups.copy_within(gap..count, 8 - (count - gap));
            groups[gap..8 - (count - gap)].fill(0);
            Some((groups, at))
        }
        None if count == 8 => Some((groups, at)),
        _ => None,
    }
}

/// Why an address of this range is kept. `personal`: a field or a zone says that it is a host.
fn v6_kept(address: u128, written: &[u8], personal: bool) -> Option<&'static str> {
    let top = (address >> 112) as u16;
    let v4 = (address as u32).to_be_bytes();
    match address {
        0 => return Some("unspecified"),
        1 => return Some("loopback"),
        // Mapped, translated and compatible addresses are IPv4 addresses.
        _ if address >> 32 == 0xffff
            || address >> 32 == 0xffff_0000
            || address >> 32 == 0x0064_ff9b << 64 =>
        {
            return v4_kept(v4, personal);
        }
        _ if address >> 32 == 0 && written.contains(&b'.') => return v4_kept(v4, personal),
        _ if personal => return None,
        _ => {}
    }
    match top {
        0xfe80..=0xfebf => return Some("link-local"),
        0xfc00..=0xfdff => return Some("private address"),
        0xff00..=0xffff => return Some("multicast"),
        0x2001 if (address >> 96) as u16 == 0xdb8 => return Some("documentation range"),
        0x3fff if (address >> 108) & 0xf == 0 => return Some("documentation range"),
        0x2000..=0x3fff => return None,
        _ => {}
    }
    // Not assigned to anybody: an address only if it is written like nothing else.
    let groups = || written.split(|b| *b == b':').filter(|group| !group.is_empty());
    let digit = written.iter().any(u8::is_ascii_digit);
    let octets = groups().all(|group| group.len() <= 2);
    let long = groups().any(|group| group.len() > 2);
    if !digit || groups().count() < 3 || (octets && groups().count() == 8) || (!long && groups().count() < 4)
    {
        return Some("not an assigned range");
    }
    None
}
