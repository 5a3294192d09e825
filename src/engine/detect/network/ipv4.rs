//! IPv4 addresses, and what looks like one: versions, networks, masks.

use super::super::find::leading;
use super::super::keyword::words_before;
use super::super::{Anchor, Check, Detector, Family, Hints, NearMiss, Next, Sample, Site, Why};

pub(super) const DETECTOR: Detector = Detector {
    name: "ipv4",
    kind: "ip",
    family: Family::Network,
    anchors: &[Anchor::Digits { min: 1, max: 3, next: Next::DOT }],
    check: ipv4,
    samples: &[
        Sample { field: "", text: "Failed password for root from 8.8.4.4 port 4711", hit: "8.8.4.4" },
        Sample { field: "", text: "rhost=9.9.9.9 user=x", hit: "9.9.9.9" },
        Sample { field: "", text: "from /1.1.1.1:57707 to", hit: "1.1.1.1" },
        Sample { field: "", text: "[8.8.4.4] failed", hit: "8.8.4.4" },
        Sample { field: "", text: "id=8.8.4.4Name", hit: "8.8.4.4" },
        Sample { field: "", text: "only 8.8.4.4.", hit: "8.8.4.4" },
        Sample { field: "", text: "inet 8.8.4.4/32 dev", hit: "8.8.4.4/32" },
        Sample { field: "", text: "user/8.8.4.4:1194 TLS", hit: "8.8.4.4" },
        Sample { field: "client_ip", text: "10.1.2.3", hit: "10.1.2.3" },
        Sample { field: "", text: "clientIp=192.168.7.9 ok", hit: "192.168.7.9" },
        Sample { field: "client_ip", text: "203.0.113.9", hit: "203.0.113.9" },
        Sample { field: "", text: "GET http://x/y - HIER_DIRECT/8.8.4.4 text/html", hit: "8.8.4.4" },
        Sample { field: "", text: "8.8.4.4.dsl.example.net", hit: "8.8.4.4" },
    ],
    near_misses: &[
        NearMiss { field: "", text: "from 10.1.2.3, 172.16.0.9, 192.168.0.1 and 100.64.9.9" },
        NearMiss { field: "", text: "on 127.0.0.1:80, 0.0.0.0, 169.254.1.1, 224.0.0.1 and 255.255.255.0" },
        NearMiss { field: "", text: "documented 192.0.2.1 198.51.100.7 203.0.113.200" },
        NearMiss { field: "", text: "Mozilla/5.0 Chrome/124.0.0.0 Safari/537.36" },
        NearMiss { field: "", text: "amd64~~6.1.1.0, oid 1.3.6.1.4.1, rc 1.2.3.4-5" },
        NearMiss { field: "", text: "dll version 9.0.0.6 called; upgraded to 4.4.2.1 (amd64)" },
        NearMiss { field: "", text: "v8.8.4.4 and 256.1.1.1 and 1.2.3 and 1.2.3.4.5" },
        NearMiss { field: "", text: "route 8.8.4.0/24 via eth0; on network 8.8.4.0 as well" },
        NearMiss { field: "client_ip", text: "127.0.0.1" },
        NearMiss { field: "app_version", text: "8.8.4.4" },
        NearMiss { field: "user_agent", text: "App 8.8.4.4" },
    ],
};

fn ipv4(site: &Site<'_>) -> Check {
    let rest = site.rest(site.at);
    // Four steps decide nearly all digits of a log: no dot after them, or one before.
    if !matches!(rest, [_, b'.', ..] | [_, _, b'.', ..] | [_, _, _, b'.', ..]) {
        return Check::No;
    }
    let before = site.before(site.at);
    if before == Some(b'.') {
        return Check::No;
    }
    let Some((octets, length)) = quad(rest) else { return Check::No };
    let end = site.at + length;
    let after = site.rest(end);
    match after {
        [b'.', b'0'..=b'9', ..] => return Check::Miss(Why::Boundary),
        [b'-', b'0'..=b'9', ..] if quad(&after[1..]).is_none() => return Check::Miss(Why::Kept("version")),
        _ => {}
    }
    if is_version(site, after) {
        return Check::Miss(Why::Kept("version"));
    }
    let (mut end, mut exact) = (end, false);
    if let [b'/', bits @ ..] = after {
        let digits = leading(bits, u8::is_ascii_digit);
        let prefix = bits[..digits]
            .iter()
            .fold(0_u32, |n, b| n.saturating_mul(10).saturating_add(u32::from(b - b'0')));
        if (1..=2).contains(&digits) && prefix <= 32 {
            if prefix == 32 {
                end += 1 + digits;
                exact = true;
            } else if u32::from_be_bytes(octets) << prefix == 0 {
                return Check::Miss(Why::Kept("network"));
            }
        }
    }
    if octets[3] == 0 && near_one_of(site, NETWORK_WORDS) {
        return Check::Miss(Why::Kept("network"));
    }
    match v4_kept(octets, exact || site.hints.any(Hints::IP)) {
        Some(why) => Check::Miss(Why::Kept(why)),
        None => Check::Hit { start: site.at, end },
    }
}

/// Four numbers up to 255 with dots between them, and their length.
pub(super) fn quad(text: &[u8]) -> Option<([u8; 4], usize)> {
    let mut octets = [0; 4];
    let mut at = 0;
    for (i, octet) in octets.iter_mut().enumerate() {
        if i > 0 {
            if text.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let first = at;
        let mut value = 0_u32;
        while let Some(digit @ b'0'..=b'9') = text.get(at) {
            value = value * 10 + u32::from(digit - b'0');
            at += 1;
            if at - first > 3 {
                return None;
            }
        }
        if at == first || at - first > 1 && text[first] == b'0' {
            return None;
        }
        *octet = u8::try_from(value).ok()?;
    }
    Some((octets, at))
}

/// Whether the quad at `Site::at`, followed by `after`, is a version of something.
fn is_version(site: &Site<'_>, after: &[u8]) -> bool {
    if site.hints.any(Hints::VERSION.with(Hints::USER_AGENT)) {
        return true;
    }
    let has_port = matches!(after, [b':', b'0'..=b'9', ..]);
    match site.upto(site.at) {
        [.., b'~'] => return true,
        [.., b'a'..=b'z' | b'A'..=b'Z', b'-'] => return true,
        [before @ .., b'a'..=b'z' | b'A'..=b'Z', b'/'] if !has_port && !is_route(before) => return true,
        _ => {}
    }
    near_one_of(site, VERSION_WORDS)
}

/// Whether the word that ends here is in capitals, as proxies write how they came to an address: `HIER_DIRECT/8.8.4.4`.
/// Products are in mixed case, or short.
fn is_route(before: &[u8]) -> bool {
    let capitals = before.iter().rev().take(20).take_while(|b| b.is_ascii_uppercase() || **b == b'_').count();
    capitals >= 4 && !before[..before.len() - capitals].last().is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether one of the two words before is in the list.
fn near_one_of(site: &Site<'_>, list: &[&str]) -> bool {
    let listed = |word: &[u8]| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    words_before(site, 20).take(2).any(listed)
}

const NETWORK_WORDS: &[&str] = &["mask", "net", "netmask", "network", "route", "subnet"];

const VERSION_WORDS: &[&str] = &[
    "build",
    "dll",
    "downgraded",
    "driver",
    "firmware",
    "installed",
    "kernel",
    "package",
    "release",
    "upgraded",
    "v",
    "ver",
    "version",
    "versions",
];

/// Why an address of this range is kept; under a personal field only what can be nobody's is.
pub(super) fn v4_kept([a, b, c, d]: [u8; 4], personal: bool) -> Option<&'static str> {
    match (a, b, c, d) {
        (127, ..) => Some("loopback"),
        (0, ..) => Some("unspecified"),
        _ if personal => None,
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) | (100, 64..=127, ..) => Some("private address"),
        (169, 254, ..) => Some("link-local"),
        (192, 0, 2, _) | (198, 51, 100, _) | (203, 0, 113, _) => Some("documentation range"),
        (198, 18..=19, ..) => Some("benchmark range"),
        (224..=239, ..) => Some("multicast"),
        (240.., ..) => Some("mask or broadcast"),
        _ => None,
    }
}
