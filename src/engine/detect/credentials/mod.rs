//! Passwords, tokens, keys. Most are data: tables of what gives a token away (`table`), of what keys say (`key`), of which
//! words name a vendor (`vendors`). Shapes with a grammar have a file each.

mod aws;
mod azure;
mod cli;
mod edges;
mod generic;
mod http;
mod jwt;
mod key;
mod mnemonic;
mod otp;
mod password_hash;
mod pem;
mod prose;
mod signed;
mod table;
mod tokens;
mod unprefixed;
mod userinfo;
mod value;
mod vendor;
mod vendors;

use super::Detector;

/// The detectors of the family.
pub(super) const DETECTORS: &[Detector] = &[
    vendor::AWS_ACCESS_KEY,
    aws::AWS_SECRET_KEY,
    azure::AZURE_SECRET,
    vendor::GITHUB_TOKEN,
    vendor::GITLAB_TOKEN,
    vendor::SLACK_TOKEN,
    vendor::STRIPE_KEY,
    vendor::GOOGLE_KEY,
    vendor::AI_API_KEY,
    vendor::REGISTRY_TOKEN,
    vendor::MESSAGING_TOKEN,
    vendor::VENDOR_TOKEN,
    jwt::JWT,
    pem::PRIVATE_KEY,
    http::BEARER,
    http::BASIC_AUTH,
    userinfo::URL_USERINFO,
    userinfo::URL_USER,
    signed::SIGNED_URL,
    cli::CLI_SECRET,
    otp::OTP_SECRET,
    mnemonic::MNEMONIC,
    password_hash::PASSWORD_HASH,
    generic::VENDOR_TOKEN_CONTEXT,
    generic::GENERIC_SECRET,
];

#[cfg(test)]
mod tests {
    use super::super::{Anchor, Check, Hints, Site};
    use super::*;

    /// Wherever structure cuts a text, no check leaves its part or panics.
    #[test]
    fn hits_stay_in_their_part() {
        let texts = || {
            DETECTORS
                .iter()
                .flat_map(|d| d.samples.iter().map(|s| s.text).chain(d.near_misses.iter().map(|m| m.text)))
        };
        for detector in DETECTORS {
            for text in texts().map(str::as_bytes) {
                for at in sites(detector, text) {
                    for (before, after) in [(0, 400), (0, 12), (3, 5), (9, 30), (40, 1)] {
                        let part = at.saturating_sub(before)..text.len().min(at + after);
                        let key: &[u8] = if detector.anchors.iter().any(|a| matches!(a, Anchor::Pair(_))) {
                            b"api_key"
                        } else {
                            b""
                        };
                        for key in [key, b""] {
                            let site =
                                Site { text, part: part.clone(), floor: 0, at, key, hints: Hints::NONE };
                            if let Check::Hit { start, end } = (detector.check)(&site) {
                                assert!(
                                    part.start <= start && start < end && end <= part.end,
                                    "{} {at} {part:?}",
                                    detector.name
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    /// Where the detector's literals occur, and for other anchors every fourth byte.
    fn sites(detector: &Detector, text: &[u8]) -> Vec<usize> {
        let literal = |at: usize| {
            detector.anchors.iter().any(|anchor| match anchor {
                Anchor::Literal(all) => all.iter().any(|l| text[at..].starts_with(l.as_bytes())),
                _ => at.is_multiple_of(4),
            })
        };
        (0..text.len()).filter(|&at| literal(at)).collect()
    }
}
