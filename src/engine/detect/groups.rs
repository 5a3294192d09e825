//! Numbers written in groups: `4111 1111 1111 1111`, `123-45-6789`; also with no-break spaces, the hyphens of Unicode and
//! full-width digits.

/// More digits than any number that is looked for.
pub const DIGITS_MAX: usize = 20;
/// More groups than any number that is looked for.
pub const GROUPS_MAX: usize = 7;

/// What stands between two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Dash,
    Dot,
    Slash,
    Space,
}

/// The sign at the beginning of `text`, and its length.
pub fn sign(text: &[u8]) -> Option<(Sign, usize)> {
    Some(match text {
        [b' ', ..] => (Sign::Space, 1),
        [b'-', ..] => (Sign::Dash, 1),
        [b'.', ..] => (Sign::Dot, 1),
        [b'/', ..] => (Sign::Slash, 1),
        // No-break, thin, figure, narrow and ideographic spaces.
        [0xc2, 0xa0, ..] => (Sign::Space, 2),
        [0xe2, 0x80, 0x87 | 0x89 | 0xaf, ..] | [0xe3, 0x80, 0x80, ..] => (Sign::Space, 3),
        // What has no width: space, non-joiner, joiner, word joiner, byte order mark.
        [0xe2, 0x80, 0x8b..=0x8d, ..] | [0xe2, 0x81, 0xa0, ..] | [0xef, 0xbb, 0xbf, ..] => (Sign::Space, 3),
        // Hyphens and dashes, the minus sign, the full-width hyphen.
        [0xe2, 0x80, 0x90..=0x95, ..] | [0xe2, 0x88, 0x92, ..] | [0xef, 0xbc, 0x8d, ..] => (Sign::Dash, 3),
        _ => return None,
    })
}

/// The value of the digit at the beginning of `text`, and its length.
pub fn digit(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [digit @ b'0'..=b'9', ..] => Some((digit - b'0', 1)),
        [0xef, 0xbc, digit @ 0x90..=0x99, ..] => Some((digit - 0x90, 3)),
        _ => None,
    }
}

/// A number in groups.
#[derive(Clone, Copy, Debug, Default)]
pub struct Number {
    digits: [u8; DIGITS_MAX],
    count: usize,
    groups: [Group; GROUPS_MAX],
    group_count: usize,
    /// Between the groups, if there are two or more.
    pub sign: Option<Sign>,
}

/// One group: where it ends in the text, and how many digits there are up to its end.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    end: usize,
    digits: usize,
}

impl Number {
    /// Values of the digits.
    pub fn digits(&self) -> &[u8] {
        &self.digits[..self.count]
    }

    /// Lengths of the groups, in digits.
    pub fn lengths(&self) -> impl Iterator<Item = usize> {
        let mut before = 0;
        self.groups[..self.group_count]
            .iter()
            .map(move |group| group.digits - std::mem::replace(&mut before, group.digits))
    }

    /// Whether the groups have these lengths.
    pub fn is_grouped(&self, lengths: &[usize]) -> bool {
        self.group_count == lengths.len() && self.lengths().eq(lengths.iter().copied())
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.group_count
    }

    /// Where the number ends, from where it begins.
    pub fn end(&self) -> usize {
        self.groups[..self.group_count].last().map_or(0, |group| group.end)
    }

    /// Its first `groups` groups.
    #[must_use]
    pub fn take(&self, groups: usize) -> Number {
        let mut first = *self;
        first.group_count = groups.min(self.group_count);
        first.count = first.groups[..first.group_count].last().map_or(0, |group| group.digits);
        if first.group_count < 2 {
            first.sign = None;
        }
        first
    }
}

/// The number at the beginning of `text`: groups with one and the same sign between them, as many as fit. `None` if there
/// is no group or the first has too many digits.
pub fn number(text: &[u8]) -> Option<Number> {
    let mut number = Number::default();
    let mut at = 0;
    while number.group_count < GROUPS_MAX {
        let first = number.group_count == 0;
        while let Some((digit, length)) = digit(&text[at..]) {
            match number.digits.get_mut(number.count) {
                Some(place) => *place = digit,
                None if first => return None,
                None => return Some(number.take(number.group_count)),
            }
            number.count += 1;
            at += length;
        }
        number.groups[number.group_count] = Group { end: at, digits: number.count };
        number.group_count += 1;
        match sign(&text[at..]) {
            Some((sign, length))
                if number.sign.is_none_or(|s| s == sign) && digit(&text[at + length..]).is_some() =>
            {
                number.sign = Some(sign);
                at += length;
            }
            _ => break,
        }
    }
    (number.count > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_up_to_another_sign() {
        let read = |text: &str| {
            let number = number(text.as_bytes()).unwrap();
            (number.lengths().collect::<Vec<_>>(), number.end(), number.sign)
        };
        assert_eq!(read("4111 1111-22"), (vec![4, 4], 9, Some(Sign::Space)));
        assert_eq!(read("4111\u{a0}1111\u{a0}22 x"), (vec![4, 4, 2], 14, Some(Sign::Space)));
        assert_eq!(read("12\u{2011}3"), (vec![2, 1], 6, Some(Sign::Dash)));
        assert_eq!(read("１２ ３"), (vec![2, 1], 10, Some(Sign::Space)));
        assert_eq!(read("123. "), (vec![3], 3, None));
        assert!(number(b"123456789012345678901").is_none());
        assert_eq!(read("1-2-3-4-5-6-7-8").0, [1; 7]);
        assert_eq!(read("12345678901 1234567890").0, [11]);
        assert!(number(b"x").is_none());
        let number = number(b"12-345-6").unwrap().take(2);
        assert_eq!((number.digits(), number.end()), (&[1, 2, 3, 4, 5][..], 6));
        assert!(number.is_grouped(&[2, 3]) && !number.is_grouped(&[2]));
    }
}
