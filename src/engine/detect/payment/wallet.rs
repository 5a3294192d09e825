//! Addresses of cryptocurrencies: Bitcoin and its kin, Ethereum, Monero.

use super::super::check::base58::{address_version, is_base58};
use super::super::check::bech32::bech32;
use super::super::find::leading;
use super::super::keyword::{Labels, labels};
use super::super::{Anchor, Check, Detector, Family, NearMiss, Next, Sample, Site, Why};

pub(super) const DETECTOR: Detector = Detector {
    name: "crypto_wallet",
    kind: "crypto_wallet",
    family: Family::Payment,
    anchors: &[
        Anchor::Digits { min: 1, max: 7, next: Next::HUGE },
        Anchor::Letters { min: 1, max: 7, word: 26, longest: 26 },
    ],
    check: wallet,
    samples: &[
        Sample {
            field: "",
            text: "to 1BoatSLRHtKNngkdXEeobR76b53LETtpyT.",
            hit: "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        },
        Sample {
            field: "",
            text: "to=3EktnHQD7RiAE6uzMj2ZifT9YgRrkSgzQX;",
            hit: "3EktnHQD7RiAE6uzMj2ZifT9YgRrkSgzQX",
        },
        Sample {
            field: "",
            text: "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4 ok",
            hit: "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        },
        Sample {
            field: "",
            text: "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
            hit: "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
        },
        Sample {
            field: "",
            text: "wallet 1BoatSLRHtKNngkdXEeobR76b53LETtpyU",
            hit: "1BoatSLRHtKNngkdXEeobR76b53LETtpyU",
        },
        Sample {
            field: "",
            text: "from 0x52908400098527886E0F7030069857D2E4169Ee7",
            hit: "0x52908400098527886E0F7030069857D2E4169Ee7",
        },
        Sample {
            field: "",
            text: "wallet=0xde709f2102306220921060314715629080e2fb77&x",
            hit: "0xde709f2102306220921060314715629080e2fb77",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "1BoatSLRHtKNngkdXEeobR76b53LETtpyU" },
        NearMiss { field: "", text: "digest 0xde709f2102306220921060314715629080e2fb77" },
        NearMiss { field: "", text: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5" },
        NearMiss { field: "", text: "x1BoatSLRHtKNngkdXEeobR76b53LETtpyT" },
        NearMiss { field: "", text: "wallet 0xde709f2102306220921060314715629080e2fb7" },
        NearMiss { field: "", text: "1a2b3c4d5e6f7a8b9c1a2b3c4d5e6f7a8b" },
    ],
};

fn wallet(site: &Site<'_>) -> Check {
    let rest = site.rest(site.at);
    // No address is shorter; nearly all words of a log are.
    let goes_on = |i: usize| rest.get(i).is_some_and(u8::is_ascii_alphanumeric);
    if !(goes_on(25) && goes_on(4) && goes_on(8) && goes_on(12) && goes_on(16) && goes_on(20)) {
        return Check::No;
    }
    let written = match rest {
        [b'0', b'x', ..] => return ethereum(site, rest),
        [b'b' | b'B', b'c' | b'C', b'1', ..]
        | [b't' | b'T', b'b' | b'B', b'1', ..]
        | [b'l' | b'L', b't' | b'T', b'c' | b'C', b'1', ..]
        | [b'b', b'c', b'r', b't', b'1', ..] => {
            let word = leading(&rest[..rest.len().min(91)], u8::is_ascii_alphanumeric);
            (word > 25 && bech32(&rest[..word])).then_some(word)
        }
        // Bitcoin 1 and 3, its test network m, n and 2, Litecoin L and M, Dogecoin D.
        [b'1' | b'2' | b'3' | b'm' | b'n' | b'L' | b'M' | b'D', ..] => {
            let word = leading(&rest[..rest.len().min(36)], is_base58);
            let version = (26..=35).contains(&word).then(|| address_version(&rest[..word])).flatten();
            let known = version.is_some_and(|version| matches!(version, 0 | 5 | 30 | 48 | 50 | 111 | 196));
            (known || is_announced(site, &rest[..word])).then_some(word)
        }
        // Monero: 95 or, with a payment id, 106 characters. Only length and alphabet are looked at; nothing else has both.
        [b'4' | b'8', ..] => {
            let word = leading(&rest[..rest.len().min(107)], is_base58);
            matches!(word, 95 | 106).then_some(word)
        }
        _ => None,
    };
    match written {
        Some(length) if !joined(rest.get(length)) => Check::Hit { start: site.at, end: site.at + length },
        Some(_) => Check::Miss(Why::Boundary),
        None => Check::No,
    }
}

/// With a word that says so a wrong checksum does not save what is written like an address.
fn is_announced(site: &Site<'_>, word: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| word.iter().any(class);
    let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    (26..=35).contains(&word.len()) && mixed && labels(site).any(Labels::WALLET)
}

/// `0x` and forty hex digits. Letters in both cases are a checksum of their own (EIP-55), which no hash has; in one case a
/// word must say what it is.
fn ethereum(site: &Site<'_>, rest: &[u8]) -> Check {
    let hex = leading(&rest[2..rest.len().min(43)], u8::is_ascii_hexdigit);
    if hex != 40 {
        return Check::No;
    }
    if joined(rest.get(42)) {
        return Check::Miss(Why::Boundary);
    }
    let hex = &rest[2..42];
    let mixed = hex.iter().any(u8::is_ascii_uppercase) && hex.iter().any(u8::is_ascii_lowercase);
    if mixed || labels(site).any(Labels::WALLET) {
        Check::Hit { start: site.at, end: site.at + 42 }
    } else {
        Check::Miss(Why::NoKeyword)
    }
}

fn joined(after: Option<&u8>) -> bool {
    after.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
}
