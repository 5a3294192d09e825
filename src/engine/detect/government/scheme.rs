//! One row per kind of national or tax id, and what the rows share.

use super::super::keyword::Labels;

/// How one kind of id is written and checked.
pub struct Scheme {
    /// What it is called, for tests and for reading.
    #[cfg_attr(not(test), allow(dead_code))]
    pub name: &'static str,
    /// What has to be announced nearby.
    pub labels: Labels,
    /// Without separators: `9` a digit, `A` a letter, `X` either.
    pub layouts: &'static [&'static str],
    /// Whether the id may be one: check digits, dates, ranges. Some kinds have nothing to check.
    pub check: Option<fn(&Values) -> bool>,
    /// Where an id needs no keyword.
    pub alone: Alone,
    /// A valid one, made up.
    #[cfg_attr(not(test), allow(dead_code))]
    pub sample: &'static str,
}

/// Where an id needs no keyword, because chance hardly ever writes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alone {
    /// Always needs one.
    Never,
    /// In capitals and without separators or with the usual ones.
    Capitals,
    /// If it is written with exactly these separators, where `9` stands for any character of the id.
    Written(&'static str),
}

/// The characters of an id: digits count 0-9, letters 10-35.
pub type Values = [u8];

/// The value of a letter.
pub const fn letter(letter: u8) -> u8 {
    letter - b'A' + 10
}

/// Whether the value is one of these letters or digits.
pub fn is_one_of(value: u8, list: &str) -> bool {
    list.bytes().any(|b| if b.is_ascii_digit() { b - b'0' == value } else { letter(b) == value })
}

/// The value as a character of `alphabet`.
pub fn is_char(value: u8, alphabet: &[u8], index: u64) -> bool {
    alphabet.get(index as usize).is_some_and(|b| {
        let expected = if b.is_ascii_digit() { b - b'0' } else { letter(*b) };
        expected == value
    })
}

/// The digits as one number.
pub fn number(values: &Values) -> u64 {
    values.iter().fold(0, |n, v| n * 10 + u64::from(*v))
}

/// Whether month and day are possible.
pub fn is_date(month: &Values, day: &Values) -> bool {
    (1..=12).contains(&number(month)) && (1..=31).contains(&number(day))
}

/// Whether all values are the same, as in made-up numbers that pass many checks.
pub fn is_repeated(values: &Values) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}
