//! Sets of ASCII characters, for tokens whose alphabet is known.

/// A set of ASCII characters. Bytes from 0x80 on are in none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alphabet(u128);

/// `0-9`
pub const DIGIT: Alphabet = Alphabet::range(b'0', b'9');
/// `a-z`
pub const LOWER: Alphabet = Alphabet::range(b'a', b'z');
/// `A-Z`
pub const UPPER: Alphabet = Alphabet::range(b'A', b'Z');
/// `a-z0-9`
pub const LOWNUM: Alphabet = LOWER.with(DIGIT);
/// `A-Z0-9`
pub const UPNUM: Alphabet = UPPER.with(DIGIT);
/// `A-Za-z0-9`
pub const ALNUM: Alphabet = LOWNUM.with(UPPER);
/// Hexadecimal digits in either case.
pub const HEX: Alphabet = DIGIT.with(Alphabet::range(b'a', b'f')).with(Alphabet::range(b'A', b'F'));
/// `A-Za-z0-9_`
pub const WORD: Alphabet = ALNUM.and(b"_");
/// `A-Za-z0-9_-`: base64url without padding.
pub const B64URL: Alphabet = ALNUM.and(b"_-");
/// `A-Za-z0-9+/=`: base64 with padding.
pub const B64: Alphabet = ALNUM.and(b"+/=");
/// Both forms of base64, padding, and the `.` that joins parts.
pub const OPAQUE: Alphabet = ALNUM.and(b"_-+/=.");
/// No character.
pub const NONE: Alphabet = Alphabet(0);

impl Alphabet {
    const fn range(first: u8, last: u8) -> Alphabet {
        let mut set = 0u128;
        let mut byte = first;
        while byte <= last {
            set |= 1 << byte;
            byte += 1;
        }
        Alphabet(set)
    }

    /// The characters of both.
    pub const fn with(self, other: Alphabet) -> Alphabet {
        Alphabet(self.0 | other.0)
    }

    /// This set and the given characters (ASCII).
    pub const fn and(self, more: &[u8]) -> Alphabet {
        let mut set = self.0;
        let mut at = 0;
        while at < more.len() {
            set |= 1 << more[at];
            at += 1;
        }
        Alphabet(set)
    }

    /// Whether the byte is one of them.
    pub const fn has(self, byte: u8) -> bool {
        byte < 128 && (self.0 >> byte) & 1 != 0
    }

    /// How many of the first `limit` bytes belong to the set before the first that does not.
    pub fn run(self, bytes: &[u8], limit: usize) -> usize {
        bytes.iter().take(limit).take_while(|&&b| self.has(b)).count()
    }

    /// The same from the end backwards.
    pub fn run_back(self, bytes: &[u8], limit: usize) -> usize {
        bytes.iter().rev().take(limit).take_while(|&&b| self.has(b)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_they_say() {
        for byte in 0..=255u8 {
            assert_eq!(ALNUM.has(byte), byte.is_ascii_alphanumeric(), "{byte}");
            assert_eq!(HEX.has(byte), byte.is_ascii_hexdigit(), "{byte}");
        }
        assert!(B64.has(b'/') && !B64URL.has(b'/') && B64URL.has(b'-') && !WORD.has(b'-'));
    }

    #[test]
    fn runs_stop_at_the_limit_and_at_strangers() {
        assert_eq!(HEX.run(b"abcxyz", 9), 3);
        assert_eq!(HEX.run(b"abcdef", 2), 2);
        assert_eq!(HEX.run_back(b"xyzabc", 9), 3);
        assert_eq!(NONE.run(b"abc", 9), 0);
    }
}
