//! Detectors: named ways to find one kind of value. Each is an *anchor* (how candidates are found cheaply) and a
//! *check over bytes* (whether a candidate is one, and how far it reaches). How anchors are found can change without
//! touching a detector. Adding a detector is one entry in the table of its family, with samples and near misses.

mod account;
mod announced;
mod check;
mod contact;
mod credentials;
mod device;
mod find;
mod government;
mod groups;
mod hints;
mod keyword;
mod network;
mod payment;
mod person;
mod whole;

use std::sync::LazyLock;

pub use find::find;
pub use hints::Hints;
pub use whole::kind_of_whole;

/// One entry of the table.
#[derive(Debug)]
pub struct Detector {
    /// The name policies use (`email`, `credit_card`).
    pub name: &'static str,
    /// What its values are: the kind of their correlation IDs (`email`, `card`, `ip`). Several detectors may share one.
    pub kind: &'static str,
    /// For documentation and grouping.
    pub family: Family,
    /// Where candidates begin; more than one where a value can begin in several ways.
    pub anchors: &'static [Anchor],
    /// Looks at one candidate.
    pub check: fn(&Site<'_>) -> Check,
    /// Texts in which it must hit.
    pub samples: &'static [Sample],
    /// Texts in which it must not.
    pub near_misses: &'static [NearMiss],
}

/// Groups of detectors, in the order of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Passwords, tokens, keys.
    Credentials,
    /// Cards, bank accounts.
    Payment,
    /// E-mail, phone.
    Contact,
    /// National and tax ids.
    Government,
    /// Addresses of machines.
    Network,
    /// Names of accounts.
    Account,
    /// Telephones.
    Device,
    /// When somebody was born, and where somebody is.
    Person,
}

impl Family {
    /// All of them.
    pub const ALL: [Family; 8] = [
        Family::Credentials,
        Family::Payment,
        Family::Contact,
        Family::Government,
        Family::Network,
        Family::Account,
        Family::Device,
        Family::Person,
    ];
}

/// How candidates of a detector are found. A *word* is a maximal run of ASCII letters and digits.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// Each occurrence of one byte; `Site::at` is the byte.
    Byte(u8),
    /// Each word that begins with `min..=max` digits (20 stands for 20 or more), after which something of `next` stands;
    /// `Site::at` is the first digit.
    Digits {
        /// Fewest leading digits.
        min: u8,
        /// Most leading digits.
        max: u8,
        /// What may stand after the digits. Most digits of a log are told apart by that alone.
        next: Next,
    },
    /// Each word of at least `word` (at most 26) bytes that begins with `min..=max` (at most 7) letters followed by a
    /// digit; `Site::at` is the first letter.
    Letters {
        /// Fewest leading letters.
        min: u8,
        /// Most leading letters.
        max: u8,
        /// Shortest word.
        word: u8,
        /// Longest word; 26 stands for any.
        longest: u8,
    },
    /// Each sign (`:` or `-`) after which four more stand, three bytes apart: the first of six octets or more.
    Octets,
    /// Each dot after which another one stands, five bytes apart: the first of three groups of four.
    Triples,
    /// Each occurrence of one of the literals (case-sensitive, ≥ 3 bytes); `Site::at` is its first byte.
    Literal(&'static [&'static str]),
    /// Each `key=value` or `key: value` in text, and each string value of a document under its key; `Site::at` is the
    /// first byte of the value, `Site::part` ends where the value ends, `Site::key` is the key.
    ///
    /// The function says of a key, with what its path says, whether the detector can find anything under it at all: keys
    /// repeat, so the answer is kept, and the check is called for those keys only.
    Pair(fn(&[u8], Hints) -> bool),
}

/// What stands after the leading digits of a word: a set, or a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next(u16);

impl Next {
    /// A letter: the word goes on, for fewer than seven characters.
    pub const LETTER: Next = Next(1);
    /// A letter: the word goes on, for 7 to 17 characters.
    pub const LONG: Next = Next(1 << 1);
    /// A letter: the word goes on, for 18 characters or more.
    pub const HUGE: Next = Next(1 << 10);
    /// A dot and digits, and again a dot or dash.
    pub const DOT: Next = Next(1 << 2);
    /// A dot and digits, and no dot or dash after these: a number with decimals.
    pub const DECIMAL: Next = Next(1 << 3);
    /// A dash and a letter or digit.
    pub const DASH: Next = Next(1 << 4);
    /// A space and a digit.
    pub const SPACE: Next = Next(1 << 5);
    /// A slash and a digit.
    pub const SLASH: Next = Next(1 << 6);
    /// A colon and a digit.
    pub const COLON: Next = Next(1 << 7);
    /// A parenthesis, perhaps after a space, or a byte that is not ASCII.
    pub const OTHER: Next = Next(1 << 8);
    /// Anything else, or nothing: the number ends.
    pub const END: Next = Next(1 << 9);
    /// How many there are.
    pub const COUNT: usize = 11;
    /// What joins groups of digits.
    pub const JOINT: Next = Next::DOT.or(Next::DASH).or(Next::SPACE).or(Next::SLASH).or(Next::OTHER);
    /// The digits are a whole number or its first group.
    pub const NUMBER: Next = Next::JOINT.or(Next::COLON).or(Next::END);

    /// What stands at the beginning of `after`.
    pub fn of(after: &[u8]) -> Next {
        match after {
            [b'a'..=b'z' | b'A'..=b'Z', ..] => match word_length(after, 18) {
                0..7 => Next::LETTER,
                7..18 => Next::LONG,
                _ => Next::HUGE,
            },
            [b'.', b'0'..=b'9', rest @ ..] => {
                let digits = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
                match rest[digits..] {
                    [b'.' | b'-', b, ..] if b.is_ascii_alphanumeric() => Next::DOT,
                    _ => Next::DECIMAL,
                }
            }
            [b'-', b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z', ..] => Next::DASH,
            [b' ', b'0'..=b'9', ..] => Next::SPACE,
            [b'/', b'0'..=b'9', ..] => Next::SLASH,
            [b':', b'0'..=b'9', ..] => Next::COLON,
            [b'(' | b')' | 0x80..=0xff, ..] | [b' ', b'(', ..] => Next::OTHER,
            _ => Next::END,
        }
    }

    /// The set of both.
    #[must_use]
    pub const fn or(self, other: Next) -> Next {
        Next(self.0 | other.0)
    }

    /// The places (0 to [`Next::COUNT`]) of what is in the set.
    pub fn places(self) -> impl Iterator<Item = usize> {
        (0..Next::COUNT).filter(move |place| self.0 >> place & 1 == 1)
    }

    /// The place of a single one.
    pub fn place(self) -> usize {
        self.0.trailing_zeros() as usize
    }
}

/// A candidate in its surroundings.
#[derive(Debug)]
pub struct Site<'a> {
    /// The whole text: a decoded string value, a key or a line.
    pub text: &'a [u8],
    /// The part of `text` in which a hit must lie: structure (URLs, headers, replacements) cuts a text in parts. A
    /// border of the part counts as a clean boundary. Keywords may be looked for before it, down to `floor`.
    pub part: std::ops::Range<usize>,
    /// How far keywords may be looked for backwards: the end of the last replacement, or 0.
    pub floor: usize,
    /// Where the anchor begins (see [`Anchor`]).
    pub at: usize,
    /// For [`Anchor::Pair`]: the bytes of the key, without quotes.
    pub key: &'a [u8],
    /// What the path of the text (and in `key=value` the key) says.
    pub hints: Hints,
}

impl Site<'_> {
    /// The byte at `i`, if it lies in the part.
    fn get(&self, i: usize) -> Option<u8> {
        if self.part.contains(&i) { self.text.get(i).copied() } else { None }
    }

    /// The byte before `i`, if it lies in the part.
    fn before(&self, i: usize) -> Option<u8> {
        i.checked_sub(1).and_then(|i| self.get(i))
    }

    /// The part from `i` on.
    fn rest(&self, i: usize) -> &[u8] {
        self.text.get(i..self.part.end).unwrap_or_default()
    }

    /// The part up to `i`.
    fn upto(&self, i: usize) -> &[u8] {
        self.text.get(self.part.start..i).unwrap_or_default()
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing like it.
    No,
    /// Almost: worth a line in `explain`.
    Miss(Why),
    /// A value, as byte range of `Site::text` inside `Site::part`.
    Hit {
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
    },
}

/// Why a candidate is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The check digits do not fit.
    Checksum,
    /// It is part of a longer token.
    Boundary,
    /// No such number range, country, prefix.
    Range,
    /// Needs a keyword or field name nearby.
    NoKeyword,
    /// A value of this kind that is kept on purpose; says which (`private address`, `documentation range`, `version`).
    Kept(&'static str),
    /// The field holds times, sizes, offsets, hashes.
    FieldKept,
    /// Too little randomness for a secret.
    LowEntropy,
    /// A placeholder such as `${X}`, `****` or `<redacted>`.
    Placeholder,
}

/// A text in which a detector must hit.
#[derive(Debug)]
pub struct Sample {
    /// The field the text stands in, or "".
    pub field: &'static str,
    /// The text.
    pub text: &'static str,
    /// What must be hit, exactly.
    pub hit: &'static str,
}

/// A text in which a detector must not hit.
#[derive(Debug)]
pub struct NearMiss {
    /// The field the text stands in, or "".
    pub field: &'static str,
    /// The text.
    pub text: &'static str,
}

/// Length of the word (the run of ASCII letters and digits) at the beginning of `text`, at most `most`.
pub fn word_length(text: &[u8], most: usize) -> usize {
    let mut length = 0;
    while length < most && text.get(length).is_some_and(|b| IN_WORD[usize::from(*b)]) {
        length += 1;
    }
    length
}

/// Which bytes are ASCII letters or digits.
const IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// Index of a detector in [`all`].
pub type DetectorIndex = u16;

static ALL: LazyLock<Vec<&'static Detector>> = LazyLock::new(|| {
    let families: [&'static [Detector]; 8] = [
        credentials::DETECTORS,
        payment::DETECTORS,
        contact::DETECTORS,
        government::DETECTORS,
        network::DETECTORS,
        account::DETECTORS,
        device::DETECTORS,
        person::DETECTORS,
    ];
    families.into_iter().flatten().collect()
});

/// Every detector, families in order. The order is part of the policy id.
pub fn all() -> &'static [&'static Detector] {
    &ALL
}

/// The detector of that name.
pub fn by_name(name: &str) -> Option<DetectorIndex> {
    all().iter().position(|d| d.name == name).map(|i| i as DetectorIndex)
}
