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
    /// `:`, `-` and `.`, which join octets of addresses; in a map only where they do.
    pub const JOINT: Classes = Classes(1 << 8);
    /// The first byte of a literal; known to maps only.
    pub const LITERAL: Classes = Classes(1 << 9);
    /// `0x00..=0x1f`, which JSON forbids inside strings.
    pub const CONTROL: Classes = Classes(1 << 10);

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
            b':' => Classes::COLON.0 | Classes::JOINT.0,
            b'=' => Classes::EQUALS.0,
            b'%' => Classes::PERCENT.0,
            b'\\' => Classes::BACKSLASH.0,
            b'"' => Classes::QUOTE.0,
            b'{' | b'[' => Classes::OPEN.0,
            b'-' | b'.' => Classes::JOINT.0,
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

/// How many bytes at the beginning of `text` are of the class.
pub fn leading(text: &[u8], class: impl Fn(&u8) -> bool) -> usize {
    text.iter().position(|b| !class(b)).unwrap_or(text.len())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_name_what_is_there() {
        assert_eq!(classes(b"plain words"), Classes::NONE);
        assert!(classes(b"a@b").any(Classes::AT));
        assert!(!classes(b"a@b").any(Classes::DIGIT));
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
}
