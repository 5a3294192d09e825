//! Which kinds of bytes a text holds: the first of the two phases. A text whose classes hold no anchor of any detector is
//! never looked at again, and most texts are like that. This is the seam behind which vector code may come.

/// A set of byte classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes(u16);

impl Classes {
    /// No class.
    pub const NONE: Classes = Classes(0);
    /// `0-9`.
    pub const DIGIT: Classes = Classes(1);
    /// `@`.
    pub const AT: Classes = Classes(1 << 1);
    /// `:`.
    pub const COLON: Classes = Classes(1 << 2);
    /// `=`.
    pub const EQUALS: Classes = Classes(1 << 3);
    /// `%`.
    pub const PERCENT: Classes = Classes(1 << 4);
    /// `\`.
    pub const BACKSLASH: Classes = Classes(1 << 5);
    /// `"`.
    pub const QUOTE: Classes = Classes(1 << 6);
    /// `{` or `[`.
    pub const OPEN: Classes = Classes(1 << 7);
    /// `-`.
    pub const DASH: Classes = Classes(1 << 8);
    /// `0x80..=0xff`.
    pub const HIGH: Classes = Classes(1 << 9);
    /// `0x00..=0x1f`, which JSON forbids inside strings.
    pub const CONTROL: Classes = Classes(1 << 10);
    /// `_`.
    pub const UNDERSCORE: Classes = Classes(1 << 11);
    /// `&`, which separates parameters and begins HTML entities.
    pub const AMPERSAND: Classes = Classes(1 << 12);

    /// Whether one of `other`'s classes is present.
    pub fn any(self, other: Classes) -> bool {
        self.0 & other.0 != 0
    }

    /// The classes of both.
    #[must_use]
    pub const fn with(self, other: Classes) -> Classes {
        Classes(self.0 | other.0)
    }
}

const TABLE: [u16; 256] = {
    let mut table = [0u16; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => Classes::DIGIT.0,
            b'@' => Classes::AT.0,
            b':' => Classes::COLON.0,
            b'=' => Classes::EQUALS.0,
            b'%' => Classes::PERCENT.0,
            b'\\' => Classes::BACKSLASH.0,
            b'"' => Classes::QUOTE.0,
            b'{' | b'[' => Classes::OPEN.0,
            b'-' => Classes::DASH.0,
            b'_' => Classes::UNDERSCORE.0,
            b'&' => Classes::AMPERSAND.0,
            0x80..=0xff => Classes::HIGH.0,
            0x00..=0x1f => Classes::CONTROL.0,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// The class of one byte.
pub fn class_of(byte: u8) -> Classes {
    Classes(TABLE[byte as usize])
}

/// The classes of a whole text.
pub fn classes(text: &[u8]) -> Classes {
    Classes(text.iter().fold(0, |all, &byte| all | TABLE[byte as usize]))
}

/// Scans the inside of a JSON string from `from` (just after its opening quote): the position of the closing quote, or the
/// length of `bytes` if it never closes, and the classes of what lies between.
pub fn string_end(bytes: &[u8], from: usize) -> (usize, Classes) {
    const STOP: u16 = Classes::QUOTE.0 | Classes::BACKSLASH.0;
    let mut all = 0u16;
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        let class = TABLE[byte as usize];
        if class & STOP != 0 {
            if byte == b'"' {
                return (at, Classes(all));
            }
            // The escaped byte belongs to the escape: `\"` does not close, `\\` does not escape what follows.
            all |= class;
            at += 2;
            continue;
        }
        all |= class;
        at += 1;
    }
    (bytes.len(), Classes(all))
}

/// What matters about 64 bytes: bit `i` stands for byte `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Block {
    /// Quotes and backslashes, where a string may end, and control characters, which it may not hold.
    stops: u64,
    /// Bytes of any class but [`Classes::DIGIT`].
    special: u64,
    /// Digits that begin a word (a maximal run of ASCII letters and digits).
    digits: u64,
    /// Digits right after letters that begin a word.
    after_letters: u64,
}

/// The candidates of a whole record, found in one pass without a branch per byte: where strings end, which texts hold
/// nothing but letters, digits and spaces, where the words are that begin like a number. The pass is written for the
/// compiler to vectorise; intrinsics can take its place behind the same functions.
#[derive(Debug, Default)]
pub struct Map {
    blocks: Vec<Block>,
    length: usize,
}

impl Map {
    /// Maps `text`, forgetting what was mapped before.
    pub fn fill(&mut self, text: &[u8]) {
        self.blocks.clear();
        self.length = text.len();
        let mut carry = Carry::default();
        let mut chunks = text.chunks_exact(64);
        for chunk in &mut chunks {
            if let Ok(bytes) = <&[u8; 64]>::try_from(chunk) {
                self.blocks.push(block(bytes, &mut carry));
            }
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut bytes = [b' '; 64];
            bytes[..rest.len()].copy_from_slice(rest);
            self.blocks.push(block(&bytes, &mut carry));
        }
    }

    /// The first quote, backslash or control character at or after `from`, or the length of the text.
    pub fn next_stop(&self, from: usize) -> usize {
        let mut index = from / 64;
        let Some(first) = self.blocks.get(index) else { return self.length };
        let mut bits = first.stops & (u64::MAX << (from % 64));
        while bits == 0 {
            index += 1;
            match self.blocks.get(index) {
                Some(block) => bits = block.stops,
                None => return self.length,
            }
        }
        index * 64 + bits.trailing_zeros() as usize
    }

    /// The classes of a range, for which `text` is the mapped text.
    pub fn classes(&self, text: &[u8], start: usize, end: usize) -> Classes {
        let (mut special, mut digits) = (0, 0);
        self.each_block(start, end, |block, bits| {
            special |= block.special & bits;
            digits |= (block.digits | block.after_letters) & bits;
        });
        if special != 0 {
            classes(&text[start..end])
        } else if digits != 0 {
            Classes::DIGIT
        } else {
            Classes::NONE
        }
    }

    /// Calls `digits` with each word-initial digit and `after_letters` with each digit after word-initial letters of a range,
    /// in order of place.
    pub fn words(&self, start: usize, end: usize, mut look: impl FnMut(usize, bool)) {
        let mut index = start / 64;
        while index * 64 < end {
            let block = &self.blocks[index];
            let mut bits = (block.digits | block.after_letters) & range_bits(index * 64, start, end);
            while bits != 0 {
                let bit = bits.trailing_zeros();
                bits &= bits - 1;
                look(index * 64 + bit as usize, block.digits >> bit & 1 == 1);
            }
            index += 1;
        }
    }

    fn each_block(&self, start: usize, end: usize, mut look: impl FnMut(&Block, u64)) {
        let mut index = start / 64;
        while index * 64 < end {
            look(&self.blocks[index], range_bits(index * 64, start, end));
            index += 1;
        }
    }
}

/// The bits of `start..end` in the block that begins at `base`.
fn range_bits(base: usize, start: usize, end: usize) -> u64 {
    let low = if start > base { u64::MAX << (start - base) } else { u64::MAX };
    let high = if end - base >= 64 { u64::MAX } else { !(u64::MAX << (end - base)) };
    low & high
}

/// What one block tells the next.
#[derive(Default)]
struct Carry {
    /// The last byte was a letter or digit.
    word: u64,
    /// Word-initial letters reached the end of the block.
    letters: u64,
}

fn block(bytes: &[u8; 64], carry: &mut Carry) -> Block {
    let stops = bits(bytes, |b| b == b'"' || b == b'\\' || b < 0x20);
    let special = bits(bytes, |b| {
        !(0x20..0x80).contains(&b)
            || (b == b'"' || b == b'\\' || b == b'@' || b == b':' || b == b'=' || b == b'%')
            || (b == b'{' || b == b'[' || b == b'-' || b == b'&' || b == b'_')
    });
    let digit = bits(bytes, |b| b.wrapping_sub(b'0') < 10);
    let letter = bits(bytes, |b| (b | 0x20).wrapping_sub(b'a') < 26);
    let word = digit | letter;
    let begins = !(word << 1 | carry.word);
    // Adding the first letters of words to all letters ripples through each such run and leaves a bit just after it.
    let first = letter & begins;
    let (sum, over) = letter.overflowing_add(first);
    let (sum, over_again) = sum.overflowing_add(carry.letters);
    let after_letters = sum & !letter & digit;
    carry.letters = u64::from(over || over_again);
    carry.word = word >> 63;
    Block { stops, special, digits: digit & begins, after_letters }
}

/// One bit per byte. Eight bytes of 0 or 1 become eight bits by one multiplication: byte `i` times the bit `7 * (8 - i)`
/// of the factor is bit `56 + i` of the product, and no two terms meet.
#[inline(always)]
fn bits(bytes: &[u8; 64], class: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0u8; 64];
    for (flag, &byte) in flags.iter_mut().zip(bytes) {
        *flag = u8::from(class(byte));
    }
    let mut out = 0;
    for (index, eight) in flags.chunks_exact(8).enumerate() {
        let mut word = [0u8; 8];
        word.copy_from_slice(eight);
        out |= (u64::from_le_bytes(word).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (index * 8);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_name_what_is_there() {
        assert_eq!(classes(b"plain words"), Classes::NONE);
        assert!(classes(b"a@b").any(Classes::AT));
        assert!(!classes(b"a@b").any(Classes::DIGIT));
        assert!(classes("caf\u{e9}".as_bytes()).any(Classes::HIGH));
        assert!(classes(b"\0").any(Classes::CONTROL));
    }

    #[test]
    fn a_string_ends_at_its_first_unescaped_quote() {
        let text = br#"a\"b\\" rest"#;
        let (end, classes) = string_end(text, 0);
        assert_eq!(&text[..end], br#"a\"b\\"#);
        assert!(classes.any(Classes::BACKSLASH) && !classes.any(Classes::QUOTE));
        assert_eq!(string_end(b"open", 0).0, 4);
        assert_eq!(string_end(b"open\\", 0).0, 5);
        assert_eq!(string_end(b"", 0).0, 0);
    }

    /// The plain way, byte by byte.
    fn words_one_by_one(text: &[u8]) -> Vec<(usize, bool)> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < text.len() {
            if !text[at].is_ascii_alphanumeric() {
                at += 1;
                continue;
            }
            let start = at;
            let end = start + text[start..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
            let letters = text[start..end].iter().take_while(|b| b.is_ascii_alphabetic()).count();
            if start + letters < end {
                out.push((start + letters, letters == 0));
            }
            at = end;
        }
        out
    }

    #[test]
    fn the_map_agrees_with_the_plain_way() {
        let mut seed = 7u64;
        let mut map = Map::default();
        for round in 0..2000 {
            let alphabet: &[u8] = if round % 2 == 0 { b"ab01 -\"\\:" } else { b"abcdefgh0123456789 " };
            let length = (round * 7) % 400;
            let text: Vec<u8> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    alphabet[(seed >> 33) as usize % alphabet.len()]
                })
                .collect();
            map.fill(&text);
            let mut words = Vec::new();
            map.words(0, text.len(), |at, digit| words.push((at, digit)));
            assert_eq!(words, words_one_by_one(&text), "{}", String::from_utf8_lossy(&text));
            for from in 0..text.len() {
                let stop = |b: &u8| matches!(b, b'"' | b'\\' | 0..0x20);
                let plain = text[from..].iter().position(stop).map_or(text.len(), |at| from + at);
                assert_eq!(map.next_stop(from), plain);
            }
            let (start, end) = (length / 3, length / 3 * 2);
            let mine = map.classes(&text, start, end);
            let plain = classes(&text[start..end]);
            assert!(mine == plain || !plain.any(Classes::AT.with(Classes::COLON).with(Classes::QUOTE)));
        }
    }
}
