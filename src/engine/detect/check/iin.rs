//! Which first digits card issuers use (issuer identification numbers, ISO/IEC 7812) and how long their numbers are.

/// How well a number fits an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// A range in wide use, at its usual length.
    Known,
    /// A range or length so wide or rare that chance is likely: needs a word that says card.
    Doubtful,
}

/// The issuer of a number with these digits (values 0-9), by its first six digits and its length.
pub fn issuer(digits: &[u8]) -> Option<Issuer> {
    let first = digits.get(..6)?.iter().fold(0, |n, d| n * 10 + u32::from(*d));
    let length = 1_u32.checked_shl(u32::try_from(digits.len()).ok()?)?;
    let mut best = None;
    for range in RANGES.iter().filter(|range| (range.from..=range.to).contains(&first)) {
        if range.known & length != 0 {
            return Some(Issuer::Known);
        }
        if range.doubtful & length != 0 {
            best = Some(Issuer::Doubtful);
        }
    }
    best
}

/// A range of first six digits, with one bit for each length.
struct Range {
    from: u32,
    to: u32,
    known: u32,
    doubtful: u32,
}

const fn range(from: u32, to: u32, known: &[u8], doubtful: &[u8]) -> Range {
    Range { from, to, known: bits(known), doubtful: bits(doubtful) }
}

const fn bits(lengths: &[u8]) -> u32 {
    let (mut bits, mut i) = (0, 0);
    while i < lengths.len() {
        bits |= 1 << lengths[i];
        i += 1;
    }
    bits
}

/// Lengths that Maestro allows; only a few are in use.
const MAESTRO_RARE: &[u8] = &[12, 13, 14, 15, 17];

const RANGES: &[Range] = &[
    // UATP (air travel): one digit says nothing.
    range(100_000, 199_999, &[], &[15]),
    // Mir
    range(220_000, 220_499, &[16], &[17, 18, 19]),
    // Mastercard
    range(222_100, 272_099, &[16], &[]),
    range(510_000, 559_999, &[16], &[]),
    // Diners Club
    range(300_000, 305_999, &[14], &[16]),
    range(309_500, 309_599, &[14], &[16]),
    range(360_000, 369_999, &[14], &[16]),
    range(380_000, 399_999, &[14], &[16]),
    // American Express
    range(340_000, 349_999, &[15], &[]),
    range(370_000, 379_999, &[15], &[]),
    // JCB
    range(352_800, 358_999, &[16], &[17, 18, 19]),
    // Visa
    range(400_000, 499_999, &[13, 16, 19], &[]),
    // Maestro, Dankort, Verve, Elo, RuPay, Bankcard
    range(500_000, 509_999, &[16, 18, 19], MAESTRO_RARE),
    range(560_000, 589_999, &[16, 18, 19], MAESTRO_RARE),
    range(630_400, 630_499, &[16, 18, 19], MAESTRO_RARE),
    range(639_000, 639_099, &[16, 18, 19], MAESTRO_RARE),
    range(670_000, 679_999, &[16, 18, 19], MAESTRO_RARE),
    // Hipercard, RuPay, Elo
    range(606_282, 606_282, &[16], &[]),
    range(607_000, 608_999, &[16], &[]),
    range(627_780, 627_780, &[16], &[]),
    range(636_297, 636_368, &[16], &[]),
    // InterPayment, InstaPayment
    range(636_000, 639_999, &[], &[16]),
    // Discover
    range(601_100, 601_199, &[16], &[17, 18, 19]),
    range(644_000, 659_999, &[16], &[17, 18, 19]),
    // UnionPay
    range(620_000, 629_999, &[16, 17, 18, 19], &[]),
    range(810_000, 817_199, &[16], &[17, 18, 19]),
    // Uzcard, Troy, Humo
    range(860_000, 860_099, &[16], &[]),
    range(979_200, 979_289, &[16], &[]),
    range(986_000, 986_099, &[16], &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Issuer> {
        let digits: Vec<u8> = text.bytes().map(|b| b - b'0').collect();
        issuer(&digits)
    }

    #[test]
    fn borders_of_ranges_count() {
        let known = Some(Issuer::Known);
        assert_eq!(of("4000000000000"), known);
        assert_eq!(of("40000000000000"), None);
        assert_eq!(of("2221000000000000"), known);
        assert_eq!(of("2720990000000000"), known);
        assert_eq!(of("2721000000000000"), None);
        assert_eq!(of("2220990000000000"), None);
        assert_eq!(of("5500000000000000"), known);
        assert_eq!(of("370000000000000"), known);
        assert_eq!(of("3700000000000000"), None);
        assert_eq!(of("35280000000000000"), Some(Issuer::Doubtful));
        assert_eq!(of("670000000000"), Some(Issuer::Doubtful));
        assert_eq!(of("1700000000000000"), None);
        assert_eq!(of("9999990000000000"), None);
        assert_eq!(of("41"), None);
    }
}
