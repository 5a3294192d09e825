//! How random a text looks: what its characters are, and how evenly they are used.

/// What a text is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Makeup {
    /// Bytes in all.
    pub len: usize,
    /// `0-9`.
    pub digits: usize,
    /// `a-z`.
    pub lower: usize,
    /// `A-Z`.
    pub upper: usize,
    /// White space.
    pub spaces: usize,
    /// Bytes outside printable ASCII, white space aside.
    pub foreign: usize,
    /// Letters between `g` and `z`: what hexadecimal has not.
    pub beyond_hex: usize,
    /// Different bytes, at most 128.
    pub distinct: u32,
    /// Places where a letter or digit follows one of another class (lower, upper, digit).
    pub turns: usize,
}

impl Makeup {
    /// Reads the bytes once.
    pub fn of(bytes: &[u8]) -> Makeup {
        let mut made = Makeup { len: bytes.len(), ..Makeup::default() };
        let mut seen = 0u128;
        let mut last = 0u8;
        for &byte in bytes {
            let class = match byte {
                b'0'..=b'9' => {
                    made.digits += 1;
                    1
                }
                b'a'..=b'z' => {
                    made.lower += 1;
                    2
                }
                b'A'..=b'Z' => {
                    made.upper += 1;
                    3
                }
                b' ' | b'\t' | b'\r' | b'\n' => {
                    made.spaces += 1;
                    0
                }
                0x21..=0x7e => 0,
                _ => {
                    made.foreign += 1;
                    0
                }
            };
            made.beyond_hex += usize::from(byte.is_ascii_alphabetic() && !byte.is_ascii_hexdigit());
            // A capital at the start of a word (`Ab`) is how people write: only the change back counts once.
            made.turns += usize::from(class != 0 && last != 0 && class != last && !(last == 3 && class == 2));
            seen |= 1u128 << (byte & 0x7f);
            last = class;
        }
        made.distinct = seen.count_ones();
        made
    }

    /// Letters of both cases.
    pub fn letters(&self) -> usize {
        self.lower + self.upper
    }

    /// Printable ASCII that is neither letter nor digit.
    pub fn marks(&self) -> usize {
        self.len - self.letters() - self.digits - self.spaces - self.foreign
    }

    /// Nothing but hexadecimal digits, in one case.
    pub fn is_hex(&self) -> bool {
        self.beyond_hex == 0
            && self.letters() + self.digits == self.len
            && (self.lower == 0 || self.upper == 0)
    }

    /// Whether it looks drawn rather than written: digits among letters, or capitals where no word has them.
    pub fn looks_drawn(&self) -> bool {
        if self.letters() == 0 {
            return self.digits >= 8;
        }
        self.digits >= 2 || (self.digits >= 1 && self.turns >= 2) || self.turns * 6 >= self.len.max(6)
    }
}

/// Shannon entropy of the bytes, divided by the most that a text of that length and alphabet can have: 0 for one repeated
/// character, about 0.9 and more for random ones. The alphabet is guessed as hexadecimal or base 64.
pub fn normalised(bytes: &[u8]) -> f32 {
    if bytes.len() < 2 {
        return 0.0;
    }
    let mut counts = [0u16; 256];
    for &byte in bytes {
        counts[byte as usize] = counts[byte as usize].saturating_add(1);
    }
    let total = bytes.len() as f32;
    let entropy: f32 = counts
        .iter()
        .filter(|&&n| n > 0)
        .map(|&n| {
            let share = f32::from(n) / total;
            -share * share.log2()
        })
        .sum();
    let symbols: f32 = if bytes.iter().all(u8::is_ascii_hexdigit) { 16.0 } else { 64.0 };
    entropy / total.min(symbols).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_text_is_above_what_people_write() {
        for drawn in ["9f86d081884c7d659a2feaa0c55ad015", "kQ7vR2mXw9LpZ4sT", "zWq8-Kp3_Lm0xYt5Rn7b"] {
            assert!(normalised(drawn.as_bytes()) > 0.8, "{drawn}");
            assert!(Makeup::of(drawn.as_bytes()).looks_drawn(), "{drawn}");
        }
        for written in ["aaaaaaaaaaaaaaaa", "0000000000000001", "xxxxxxxxxxxxxxxxxxxx"] {
            assert!(normalised(written.as_bytes()) < 0.4, "{written}");
        }
        for written in ["getConfigController", "some-plain-words-here", "Kerberos", "README"] {
            assert!(!Makeup::of(written.as_bytes()).looks_drawn(), "{written}");
        }
        assert_eq!(normalised(b""), 0.0);
        assert_eq!(normalised(b"a"), 0.0);
    }

    #[test]
    fn makeup_counts() {
        let made = Makeup::of(b"aB3 -\xc3");
        assert_eq!(
            (made.len, made.digits, made.lower, made.upper, made.spaces, made.foreign),
            (6, 1, 1, 1, 1, 1)
        );
        assert_eq!(made.marks(), 1);
        assert!(
            Makeup::of(b"00ff").is_hex() && !Makeup::of(b"00fF").is_hex() && !Makeup::of(b"00fg").is_hex()
        );
    }
}
