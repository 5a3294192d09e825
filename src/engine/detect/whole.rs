//! What kind of identifier a whole value is.

use std::net::IpAddr;
use std::sync::LazyLock;

use super::{Anchor, Check, Detector, Hints, Site, all, by_name};
use crate::engine::scan::map::{begins_octets, begins_triples};
use crate::engine::scan::stamp::is_uuid;

/// Longer values are no identifiers; an e-mail address has at most 254 bytes.
const VALUE_BYTES_MAX: usize = 256;

/// Tried in this order: the first that accepts the value decides.
static TRIED: LazyLock<Vec<&'static Detector>> = LazyLock::new(|| {
    let names = [
        "mac",
        "credit_card",
        "iban",
        "us_ssn",
        "us_itin",
        "phone",
        "crypto_wallet",
        "us_bank_routing",
        "national_id",
    ];
    names.into_iter().filter_map(by_name).map(|index| all()[usize::from(index)]).collect()
});
static EMAIL: LazyLock<Option<&'static Detector>> =
    LazyLock::new(|| by_name("email").map(|index| all()[usize::from(index)]));

/// The kind of the detector that accepts the whole trimmed value, `uuid` for a UUID, or none. It gives the correlation ID
/// of a field's value its kind, so that `{"user": "ann@corp.example"}` and the same address in a text have one ID.
/// `hints` are those of the field: under a phone field a number counts that would not elsewhere. Ranges of addresses that
/// are kept in text (private, loopback) count here: that a field rule takes the value is decided already.
pub fn kind_of_whole(value: &[u8], hints: Hints) -> Option<&'static str> {
    let value = value.trim_ascii();
    if value.is_empty() || value.len() > VALUE_BYTES_MAX {
        return None;
    }
    if memchr::memchr(b'@', value).is_some() || value.windows(3).any(|at| at == "＠".as_bytes()) {
        return EMAIL.filter(|email| accepts(email, value, hints)).map(|email| email.kind);
    }
    if is_uuid(value) {
        return Some("uuid");
    }
    if is_address(value) {
        return Some("ip");
    }
    let digits = value.iter().filter(|b| b.is_ascii_digit() || **b >= 0x80).count();
    let sign = value.iter().any(|b| matches!(b, b':' | b'-' | b'.'));
    if digits < NUMBER_DIGITS_MIN && value.len() < WALLET_BYTES_MIN && !(sign || hints.any(Hints::MAC)) {
        return None;
    }
    TRIED.iter().find(|detector| accepts(detector, value, hints)).map(|detector| detector.kind)
}

/// Fewer digits have no numbers of persons (`AB123456C` has six) or accounts.
const NUMBER_DIGITS_MIN: usize = 5;
/// Shorter words are no addresses of wallets.
const WALLET_BYTES_MIN: usize = 26;

/// Whether the detector hits all of `value`. Such a hit begins at one of the first anchors, so only these are tried.
fn accepts(detector: &Detector, value: &[u8], hints: Hints) -> bool {
    let site = |at: usize| Site { text: value, part: 0..value.len(), floor: 0, at, key: b"", hints };
    let first = |what: fn(&u8) -> bool| value.iter().position(what);
    let whole = |at: usize| (detector.check)(&site(at)) == Check::Hit { start: 0, end: value.len() };
    detector.anchors.iter().any(|anchor| match anchor {
        Anchor::Byte(byte) => memchr::memchr(*byte, value).is_some_and(whole),
        Anchor::Octets => (0..value.len().min(4)).any(|at| begins_octets(value, at) && whole(at)),
        Anchor::Triples => (0..value.len().min(8)).any(|at| begins_triples(value, at) && whole(at)),
        Anchor::Digits { .. } => first(u8::is_ascii_digit).is_some_and(whole),
        Anchor::Letters { .. } | Anchor::Pair(_) => first(u8::is_ascii_alphanumeric).is_some_and(whole),
        Anchor::Literal(all) => all.iter().any(|literal| value.starts_with(literal.as_bytes())) && whole(0),
    })
}

/// An address of either family, with a zone perhaps.
fn is_address(value: &[u8]) -> bool {
    let address = value.split(|b| *b == b'%').next().unwrap_or_default();
    let zone = address.len() < value.len();
    let parsed = std::str::from_utf8(address).ok().and_then(|text| text.parse::<IpAddr>().ok());
    parsed.is_some_and(|address| !zone || address.is_ipv6())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_have_kinds() {
        let rows: &[(&str, Hints, Option<&str>)] = &[
            (" ann@corp.example ", Hints::NONE, Some("email")),
            ("Ann <ann@corp.example>", Hints::NONE, None),
            ("+49 30 901820", Hints::NONE, Some("phone")),
            ("(212) 555-0142", Hints::NONE, Some("phone")),
            ("2125550142", Hints::PHONE, Some("phone")),
            ("2125550142", Hints::NONE, None),
            ("10.1.2.3", Hints::NONE, Some("ip")),
            ("127.0.0.1", Hints::NONE, Some("ip")),
            ("8.8.4.4", Hints::NONE, Some("ip")),
            ("8.8.4.4:80", Hints::NONE, None),
            ("2001:db8::9", Hints::NONE, Some("ip")),
            ("fe80::1%eth0", Hints::NONE, Some("ip")),
            ("4111 1111 1111 1111", Hints::NONE, Some("card")),
            ("DE75 5121 0800 1245 1261 99", Hints::NONE, Some("iban")),
            ("219-09-9999", Hints::NONE, Some("us_ssn")),
            ("219099999", Hints::NONE, None),
            ("219099999", Hints::NATIONAL_ID, Some("us_ssn")),
            ("00:1b:44:11:3a:b7", Hints::NONE, Some("mac")),
            ("001b44113ab7", Hints::MAC, Some("mac")),
            ("8f14e45f-ceea-467f-a0e6-5b0f1d2c3b4a", Hints::NONE, Some("uuid")),
            ("AB123456C", Hints::NONE, Some("national_id")),
            ("1700000000000", Hints::NONE, None),
            ("root", Hints::NONE, None),
            ("", Hints::NONE, None),
        ];
        for (value, hints, kind) in rows {
            assert_eq!(kind_of_whole(value.as_bytes(), *hints), *kind, "{value}");
        }
    }
}
