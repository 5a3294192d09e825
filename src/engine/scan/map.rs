//! The candidates of a whole record, found in one pass without a branch per byte: where strings end, which texts hold
//! nothing but letters, digits and spaces, where the words are that begin like a number.

use super::classify::Classes;
use super::literals::LiteralHit;
use super::vector;

/// Which of 64 bytes are of a class: bit `i` stands for byte `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// Quotes and backslashes, where a string may end, and control characters, which it may not hold.
    pub stops: u64,
    pub backslash: u64,
    pub at: u64,
    pub colon: u64,
    pub equals: u64,
    pub percent: u64,
    /// `{` and `[`.
    pub open: u64,
    pub dash: u64,
    pub dot: u64,
    pub digit: u64,
    pub letter: u64,
    /// Digits and letters.
    pub word: u64,
}

/// What matters about 64 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Block {
    masks: Masks,
    /// Digits that begin a word (a maximal run of ASCII letters and digits).
    digits: u64,
    /// Digits right after letters that begin a word.
    after_letters: u64,
    /// Signs that begin octets or triples, see [`begins_octets`] and [`begins_triples`].
    joints: u64,
    /// First bytes of literals.
    literals: u64,
}

/// The map of one text.
#[derive(Debug, Default)]
pub struct Map {
    blocks: Vec<Block>,
    /// Of each block, what any detector or structure may begin with.
    busy: Vec<u64>,
    length: usize,
}

/// A place that [`Map::each`] lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `@`.
    At,
    /// `:`.
    Colon,
    /// A digit that begins a word.
    Digits,
    /// The first digit of a word that begins with letters.
    AfterLetters,
    /// A sign that begins octets or triples.
    Joint,
}

impl Map {
    /// Maps `text`, forgetting what was mapped before.
    pub fn fill(&mut self, text: &[u8]) {
        self.blocks.clear();
        self.length = text.len();
        vector::blocks(text, Sink { blocks: &mut self.blocks, word: 0, letters: 0 });
        self.join();
    }

    /// Notes where literals begin.
    pub fn note_literals(&mut self, hits: &[LiteralHit]) {
        for hit in hits {
            self.blocks[hit.at / 64].literals |= 1 << (hit.at % 64);
            self.busy[hit.at / 64] |= 1 << (hit.at % 64);
        }
    }

    /// How many digits there are from `at` on, which is a digit.
    pub fn digits_from(&self, at: usize) -> usize {
        run_from(at, |index| self.blocks.get(index).map_or(0, |block| block.masks.digit))
    }

    /// How many letters and digits there are from `at` on, which is one.
    pub fn word_from(&self, at: usize) -> usize {
        run_from(at, |index| self.blocks.get(index).map_or(0, |block| block.masks.word))
    }

    /// How many letters there are before `at`.
    pub fn letters_before(&self, at: usize) -> usize {
        let mut count = 0;
        let (mut index, mut bits) = (at / 64, at % 64);
        loop {
            if bits > 0 {
                let run =
                    ((self.blocks[index].masks.letter << (64 - bits)).leading_ones() as usize).min(bits);
                count += run;
                if run < bits {
                    return count;
                }
            }
            let Some(before) = index.checked_sub(1) else { return count };
            (index, bits) = (before, 64);
        }
    }

    /// Finds the joints, for which a block must know the next one, and with them all that may begin something.
    fn join(&mut self) {
        self.busy.clear();
        for index in 0..self.blocks.len() {
            let Block { masks, digits, after_letters, .. } = self.blocks[index];
            let Masks { at, colon, equals, percent, backslash, .. } = masks;
            self.busy.push(at | colon | equals | percent | backslash | digits | after_letters);
            if masks.colon | masks.dash | masks.dot == 0 {
                continue;
            }
            let next = self.blocks.get(index + 1).map_or_else(Masks::default, |block| block.masks);
            let wide = |low: u64, high: u64| u128::from(low) | u128::from(high) << 64;
            let signs = wide(masks.colon | masks.dash, next.colon | next.dash);
            let pairs = signs & signs >> 3;
            let octets = pairs & pairs >> 6 & signs >> 12;
            let dots = wide(masks.dot, next.dot);
            let joints = (octets | dots & dots >> 5) as u64;
            self.blocks[index].joints = joints;
            self.busy[index] |= joints;
        }
    }

    /// The first quote, backslash or control character at or after `from`, or the length of the text.
    pub fn next_stop(&self, from: usize) -> usize {
        let mut index = from / 64;
        let Some(first) = self.blocks.get(index) else { return self.length };
        let mut bits = first.masks.stops & (u64::MAX << (from % 64));
        while bits == 0 {
            index += 1;
            match self.blocks.get(index) {
                Some(block) => bits = block.masks.stops,
                None => return self.length,
            }
        }
        index * 64 + bits.trailing_zeros() as usize
    }

    /// Whether nothing in a range may begin anything: no detector and no structure has to look there.
    #[inline]
    pub fn is_quiet(&self, start: usize, end: usize) -> bool {
        let (first, last) = (start / 64, end / 64);
        let from = u64::MAX << (start % 64);
        let to = !(u64::MAX << (end % 64));
        let busy = |index: usize| self.busy.get(index).copied().unwrap_or(0);
        if first == last {
            return busy(first) & from & to == 0;
        }
        busy(first) & from == 0 && busy(last) & to == 0 && (first + 1..last).all(|index| busy(index) == 0)
    }

    /// The classes of a range that matter to what looks into texts: digits count only where they are [`Mark::Digits`] or
    /// [`Mark::AfterLetters`].
    pub fn classes(&self, start: usize, end: usize) -> Classes {
        let mut all = Classes::NONE;
        let mut index = start / 64;
        while index * 64 < end {
            let (block, bits) = (&self.blocks[index], range_bits(index * 64, start, end));
            let Masks { at, colon, equals, percent, open, backslash, stops, .. } = block.masks;
            for (mask, class) in [
                (block.digits | block.after_letters, Classes::DIGIT),
                (at, Classes::AT),
                (colon, Classes::COLON),
                (equals, Classes::EQUALS),
                (percent, Classes::PERCENT),
                (open, Classes::OPEN),
                (backslash, Classes::BACKSLASH),
                (stops & !backslash, Classes::QUOTE),
                (block.joints, Classes::JOINT),
                (block.literals, Classes::LITERAL),
            ] {
                if mask & bits != 0 {
                    all = all.with(class);
                }
            }
            index += 1;
        }
        all
    }

    /// Calls `look` with each of the marks in a range, in order of place.
    pub fn each(&self, start: usize, end: usize, mut look: impl FnMut(usize, Mark)) {
        let mut index = start / 64;
        while index * 64 < end {
            let block = &self.blocks[index];
            let Masks { at, colon, .. } = block.masks;
            let all = at | colon | block.digits | block.after_letters | block.joints;
            let mut bits = all & range_bits(index * 64, start, end);
            while bits != 0 {
                let bit = bits & bits.wrapping_neg();
                let place = index * 64 + bits.trailing_zeros() as usize;
                bits ^= bit;
                if block.joints & bit != 0 {
                    look(place, Mark::Joint);
                }
                if block.digits & bit != 0 {
                    look(place, Mark::Digits);
                } else if block.after_letters & bit != 0 {
                    look(place, Mark::AfterLetters);
                } else if colon & bit != 0 {
                    look(place, Mark::Colon);
                } else if at & bit != 0 {
                    look(place, Mark::At);
                }
            }
            index += 1;
        }
    }
}

/// Length of the run of ones that begins at bit `at` of the masks.
fn run_from(at: usize, mask: impl Fn(usize) -> u64) -> usize {
    let mut end = at;
    loop {
        let left = 64 - end % 64;
        let run = ((mask(end / 64) >> (end % 64)).trailing_ones() as usize).min(left);
        end += run;
        if run < left {
            return end - at;
        }
    }
}

/// Whether the sign at `at` is followed by four more, each three bytes after the one before: six octets or more.
pub fn begins_octets(text: &[u8], at: usize) -> bool {
    (0..5).all(|n| matches!(text.get(at + n * 3), Some(b':' | b'-')))
}

/// Whether the byte at `at` is a dot with another one five bytes after it: three groups of four.
pub fn begins_triples(text: &[u8], at: usize) -> bool {
    text.get(at) == Some(&b'.') && text.get(at + 5) == Some(&b'.')
}

/// The bits of `start..end` in the block that begins at `base`.
fn range_bits(base: usize, start: usize, end: usize) -> u64 {
    let low = if start > base { u64::MAX << (start - base) } else { u64::MAX };
    let high = if end - base >= 64 { u64::MAX } else { !(u64::MAX << (end - base)) };
    low & high
}

/// Takes the masks of block after block.
pub(super) struct Sink<'m> {
    blocks: &'m mut Vec<Block>,
    /// 1 if the last byte was a letter or digit.
    word: u64,
    /// 1 if word-initial letters reached the end of the block.
    letters: u64,
}

impl Sink<'_> {
    #[inline(always)]
    pub fn take(&mut self, masks: Masks) {
        let Masks { digit, letter, word, .. } = masks;
        let begins = !(word << 1 | self.word);
        // Adding the first letters of words to all letters ripples through each such run and leaves a bit just after it.
        let first = letter & begins;
        let (sum, over) = letter.overflowing_add(first);
        let (sum, over_again) = sum.overflowing_add(self.letters);
        let after_letters = sum & !letter & digit;
        self.letters = u64::from(over || over_again);
        self.word = word >> 63;
        self.blocks.push(Block { masks, digits: digit & begins, after_letters, joints: 0, literals: 0 });
    }
}

#[cfg(test)]
impl Map {
    /// The masks of each block of `text`, as they are found on this machine.
    pub(super) fn masks_of(text: &[u8]) -> Vec<Masks> {
        let mut map = Map::default();
        map.fill(text);
        map.blocks.iter().map(|block| block.masks).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::classify::classes;
    use super::*;

    /// The plain way, byte by byte.
    fn marks_one_by_one(text: &[u8]) -> Vec<(usize, Mark)> {
        let in_word = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let mut out = Vec::new();
        for at in 0..text.len() {
            let letters = text[..at].iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
            let begins = at - letters == 0 || !in_word(at - letters - 1);
            if begins_octets(text, at) || begins_triples(text, at) {
                out.push((at, Mark::Joint));
            }
            match text[at] {
                b'0'..=b'9' if begins && letters == 0 => out.push((at, Mark::Digits)),
                b'0'..=b'9' if begins => out.push((at, Mark::AfterLetters)),
                b':' => out.push((at, Mark::Colon)),
                b'@' => out.push((at, Mark::At)),
                _ => {}
            }
        }
        out
    }

    #[test]
    fn the_map_agrees_with_the_plain_way() {
        let mut seed = 7u64;
        let mut map = Map::default();
        for round in 0..3000 {
            let alphabet: &[u8] = match round % 3 {
                0 => b"ab01 -\"\\:",
                1 => b"abcdefgh0123456789 @",
                _ => b"a:-.1",
            };
            let length = (round * 7) % 400;
            let text: Vec<u8> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    alphabet[(seed >> 33) as usize % alphabet.len()]
                })
                .collect();
            map.fill(&text);
            let mut marks = Vec::new();
            map.each(0, text.len(), |at, mark| marks.push((at, mark)));
            assert_eq!(marks, marks_one_by_one(&text), "{}", String::from_utf8_lossy(&text));
            for from in 0..text.len() {
                let stop = |b: &u8| matches!(b, b'"' | b'\\' | 0..0x20);
                let plain = text[from..].iter().position(stop).map_or(text.len(), |at| from + at);
                assert_eq!(map.next_stop(from), plain);
            }
            let (start, end) = (length / 3, length / 3 * 2);
            let (mine, plain) = (map.classes(start, end), classes(&text[start..end]));
            for class in [Classes::AT, Classes::COLON, Classes::QUOTE, Classes::BACKSLASH] {
                assert_eq!(mine.any(class), plain.any(class));
            }
            assert!(!mine.any(Classes::DIGIT) || plain.any(Classes::DIGIT));
            let begins = |&(at, _): &(usize, Mark)| (start..end).contains(&at);
            let quiet = !marks.iter().any(begins) && !text[start..end].contains(&b'\\');
            assert_eq!(map.is_quiet(start, end), quiet);
            assert!(!mine.any(Classes::JOINT) || plain.any(Classes::JOINT));
        }
    }
}
