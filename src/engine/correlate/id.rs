//! The grammar of correlation IDs: `LABEL_` and 28 characters of Crockford's base 32 in lower case
//! (<https://www.crockford.com/base32.html>: digits and letters without i, l, o, u): 4 for the key id, 20 for the
//! identifier (100 bits), 4 for the check (20 bits). Nothing in it is special to JSON, URLs, logfmt or the tokenizers of
//! search engines, and a double click selects it whole.
//!
//! Whether an ID of that grammar is genuine is for [`Keyring::recognise`](super::Keyring::recognise) to say.

use std::fmt;

/// Characters of the key id.
pub(super) const KID_CHARS: usize = 4;
/// Characters of the identifier: 100 bits.
pub(super) const ID_CHARS: usize = 20;
/// Characters of the check: 20 bits.
pub(super) const CHECK_CHARS: usize = 4;
/// What follows `LABEL_`, in bytes.
pub const TAIL_BYTES: usize = KID_CHARS + ID_CHARS + CHECK_CHARS;
/// The longest label.
pub const LABEL_BYTES_MAX: usize = 24;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Whether a byte is one of the 32 symbols.
const SYMBOL: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < ALPHABET.len() {
        table[ALPHABET[i] as usize] = true;
        i += 1;
    }
    table
};

/// The id of a key, written into each of its IDs. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid([u8; KID_CHARS]);

impl Kid {
    /// Reads four symbols.
    pub fn parse(text: &[u8]) -> Option<Kid> {
        let kid: [u8; KID_CHARS] = text.try_into().ok()?;
        kid.iter().all(|&b| SYMBOL[b as usize]).then_some(Kid(kid))
    }

    /// A kid of a lasting key: the first 20 bits among the 4-byte groups of `random` that do not begin with `t`, the
    /// mark of ephemeral keys.
    pub(super) fn lasting(random: &[u8]) -> Kid {
        let mut kid = [0; KID_CHARS];
        for group in random.chunks_exact(4) {
            encode(group, &mut kid);
            if kid[0] != b't' {
                return Kid(kid);
            }
        }
        // One chance in 32 per group: callers pass eight.
        kid[0] = b's';
        Kid(kid)
    }

    /// A kid of an ephemeral key: `t` and 15 bits of `random`.
    pub(super) fn ephemeral(random: &[u8; 2]) -> Kid {
        let mut kid = [b't'; KID_CHARS];
        encode(random, &mut kid[1..]);
        Kid(kid)
    }

    /// Whether it names a key that lives as long as its process.
    pub fn is_ephemeral(self) -> bool {
        self.0[0] == b't'
    }

    /// Its four characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(super) fn as_bytes(&self) -> &[u8; KID_CHARS] {
        &self.0
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Fills `out` with the leading bits of `bytes`, five per symbol, most significant first.
pub(super) fn encode(bytes: &[u8], out: &mut [u8]) {
    debug_assert!(bytes.len() * 8 >= out.len() * 5);
    let (mut bits, mut held) = (0u32, 0u32);
    let mut bytes = bytes.iter();
    for symbol in out {
        if held < 5 {
            bits = (bits << 8) | u32::from(*bytes.next().unwrap_or(&0));
            held += 8;
        }
        held -= 5;
        *symbol = ALPHABET[(bits >> held) as usize & 31];
    }
}

/// Whether `label` may stand before the `_` of an ID: `[a-z][a-z0-9_]{0,23}`.
pub fn is_label(label: &[u8]) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label[0].is_ascii_lowercase()
        && label.iter().all(|&b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The parts of one token that is an ID by its grammar.
pub(super) struct Parts<'t> {
    pub(super) kid: Kid,
    /// kid and identifier: what the check is computed over.
    pub(super) checked: &'t [u8],
    pub(super) check: &'t [u8],
}

/// Takes a token apart at its last `_`.
pub(super) fn split(token: &[u8]) -> Option<Parts<'_>> {
    let label_end = token.len().checked_sub(TAIL_BYTES + 1)?;
    let (label, tail) = (&token[..label_end], &token[label_end + 1..]);
    if token[label_end] != b'_' || !is_label(label) || !tail.iter().all(|&b| SYMBOL[b as usize]) {
        return None;
    }
    let (checked, check) = tail.split_at(KID_CHARS + ID_CHARS);
    Some(Parts { kid: Kid::parse(&checked[..KID_CHARS])?, checked, check })
}

/// 64 of the random bits of an ID, the whole of a token as [`find_ids`] finds it: equal for equal identities.
pub fn random_bits(token: &[u8]) -> u64 {
    let id = token.len().saturating_sub(TAIL_BYTES) + KID_CHARS;
    let symbols = token.get(id..id + 13).unwrap_or_default();
    let value = |&symbol: &u8| memchr::memchr(symbol, &ALPHABET[..]).unwrap_or(0) as u64;
    symbols.iter().map(value).fold(0, |bits, value| bits << 5 | value)
}

/// Every stretch of `text` that has the grammar of an ID and stands alone: no ASCII letter, digit or `_` touches it.
/// Yields `(start, end)` in order, never overlapping. Linear in `text` whatever it holds: an underscore costs at most
/// one look at the 28 bytes after it and the 25 before it.
pub fn find_ids(text: &[u8]) -> FindIds<'_> {
    FindIds { text, underscores: memchr::memchr_iter(b'_', text) }
}

/// Iterator of [`find_ids`].
pub struct FindIds<'t> {
    text: &'t [u8],
    underscores: memchr::Memchr<'t>,
}

impl Iterator for FindIds<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let text = self.text;
        self.underscores.by_ref().find_map(|at| id_around(text, at))
    }
}

/// The start of the ID that ends exactly at `end`, if one does (as [`find_ids`] sees it).
pub fn id_ending_at(text: &[u8], end: usize) -> Option<usize> {
    let underscore = end.checked_sub(TAIL_BYTES + 1)?;
    (*text.get(underscore)? == b'_').then(|| id_around(text, underscore))?.map(|(start, _)| start)
}

/// The ID whose last `_` is at `underscore`.
fn id_around(text: &[u8], underscore: usize) -> Option<(usize, usize)> {
    let end = underscore + 1 + TAIL_BYTES;
    let tail = text.get(underscore + 1..end)?;
    if !tail.iter().all(|&b| SYMBOL[b as usize]) || text.get(end).is_some_and(|&b| is_word(b)) {
        return None;
    }
    let floor = underscore.saturating_sub(LABEL_BYTES_MAX + 1);
    let before = &text[floor..underscore];
    let label = before.iter().rev().take_while(|&&b| is_word(b)).count();
    let start = underscore - label;
    is_label(&text[start..underscore]).then_some((start, end))
}

/// Bytes that join an ID with what touches it. Bytes of multi-byte characters do not: an ID between typographic quotes
/// is one.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "v8m2r5k9c0q3w7x1j6n4h8t2d5gz";

    #[test]
    fn encodes_bits_from_the_top() {
        let mut out = [0; 4];
        encode(&[0xff, 0xff, 0xff], &mut out);
        assert_eq!(&out, b"zzzz");
        // 00001 00010 00011 00100
        encode(&[0b0000_1000, 0b1000_0110, 0b0100_0000], &mut out);
        assert_eq!(&out, b"1234");
        let mut twenty = [0; 20];
        encode(&[0u8; 13], &mut twenty);
        assert_eq!(&twenty, b"00000000000000000000");
    }

    #[test]
    fn alphabet_is_crockfords() {
        let ours: String = (0..=255u8).filter(|&b| SYMBOL[b as usize]).map(char::from).collect();
        assert_eq!(ours, "0123456789abcdefghjkmnpqrstvwxyz");
    }

    #[test]
    fn labels() {
        for good in ["a", "email", "us_ssn", "a1", "a_", "abcdefghijklmnopqrstuvwx"] {
            assert!(is_label(good.as_bytes()), "{good}");
        }
        for bad in ["", "_a", "1a", "A", "e-mail", "é", "abcdefghijklmnopqrstuvwxy"] {
            assert!(!is_label(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn splits_at_the_last_underscore() {
        let token = format!("us_ssn_{TAIL}");
        let parts = split(token.as_bytes()).unwrap();
        assert_eq!(parts.kid.as_str(), "v8m2");
        assert_eq!(parts.checked, &TAIL.as_bytes()[..24]);
        assert_eq!(parts.check, b"d5gz");
        for bad in ["", "_", TAIL, &format!("_{TAIL}"), &format!("email-{TAIL}"), &format!("email_{TAIL}0")] {
            assert!(split(bad.as_bytes()).is_none(), "{bad}");
        }
        let (upper, other) = (TAIL.to_uppercase(), TAIL.replace('v', "u"));
        assert!(split(format!("email_{upper}").as_bytes()).is_none());
        assert!(split(format!("email_{other}").as_bytes()).is_none());
    }

    #[test]
    fn finds_ids_at_word_boundaries() {
        let cases: &[(&str, &[&str])] = &[
            ("email_TAIL", &["email_TAIL"]),
            ("to=email_TAIL, by us_ssn_TAIL.", &["email_TAIL", "us_ssn_TAIL"]),
            ("“email_TAIL”", &["email_TAIL"]),
            ("x-email_TAIL-y/ip_TAIL", &["email_TAIL", "ip_TAIL"]),
            ("Xemail_TAIL", &[]),
            ("email_TAILx", &[]),
            ("email_TAIL_", &[]),
            ("email_TAIL_TAIL", &[]), // `email_TAIL` is too long for a label
            ("__email_TAIL", &[]),
            ("9email_TAIL", &[]),
            ("_TAIL", &[]),
            ("TAIL", &[]),
            ("email_", &[]),
            ("abcdefghijklmnopqrstuvwx_TAIL", &["abcdefghijklmnopqrstuvwx_TAIL"]),
            ("abcdefghijklmnopqrstuvwxy_TAIL", &[]),
        ];
        for (text, expected) in cases {
            let text = text.replace("TAIL", TAIL);
            let found: Vec<&str> = find_ids(text.as_bytes()).map(|(s, e)| &text[s..e]).collect();
            let expected: Vec<String> = expected.iter().map(|e| e.replace("TAIL", TAIL)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn id_ending_at_agrees_with_find_ids() {
        let text = format!("a email_{TAIL} b_{TAIL}\u{e9} c");
        let ids: Vec<_> = find_ids(text.as_bytes()).collect();
        assert_eq!(ids.len(), 2);
        for end in 0..=text.len() + 1 {
            let expected = ids.iter().find(|id| id.1 == end).map(|id| id.0);
            assert_eq!(id_ending_at(text.as_bytes(), end), expected);
        }
    }
}
