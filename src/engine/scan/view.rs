//! Texts inside texts. A [`View`] is a text that stands somewhere in a record, perhaps decoded, and knows for each of its
//! byte ranges which bytes of the record it came from and how a replacement must be written there.

/// How many bytes of decoded text came from how many bytes of the text around it.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where the piece begins in the decoded text.
    at: u32,
    /// Where it begins in the outer text.
    outer: u32,
    /// Whether its bytes are the same on both sides. If not, it is one escape: all or nothing.
    same: bool,
}

/// A decoded text with its way back. Reused: [`Decoded::clear`] forgets everything.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The decoded bytes.
    pub text: Vec<u8>,
    pieces: Vec<Piece>,
    outer_end: u32,
}

impl Decoded {
    /// Forgets text and map, keeps the allocations.
    pub fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
        self.outer_end = 0;
    }

    fn same(&mut self, outer: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.pieces.push(Piece { at: self.text.len() as u32, outer: outer as u32, same: true });
        self.text.extend_from_slice(bytes);
    }

    fn escape(&mut self, outer: usize, bytes: &[u8]) {
        self.pieces.push(Piece { at: self.text.len() as u32, outer: outer as u32, same: false });
        self.text.extend_from_slice(bytes);
    }

    fn piece(&self, at: usize) -> Option<(usize, Piece)> {
        let index = self.pieces.partition_point(|p| p.at as usize <= at).checked_sub(1)?;
        Some((index, self.pieces[index]))
    }

    /// The outer range that the decoded range came from, whole escapes included.
    pub fn outer(&self, start: usize, end: usize) -> (usize, usize) {
        let from = match self.piece(start) {
            _ if start >= self.text.len() => self.outer_end as usize,
            Some((_, p)) if p.same => p.outer as usize + (start - p.at as usize),
            Some((_, p)) => p.outer as usize,
            None => 0,
        };
        if end <= start {
            return (from, from);
        }
        let to = match self.piece(end - 1) {
            Some((_, p)) if p.same => p.outer as usize + (end - p.at as usize),
            Some((index, _)) => self.pieces.get(index + 1).map_or(self.outer_end, |next| next.outer) as usize,
            None => from,
        };
        (from, to)
    }
}

/// How text was written where a view came from, innermost last: what a replacement must be written in again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoding(u32);

/// One level of an [`Encoding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Inside a JSON string, or text with backslash escapes.
    Json = 1,
    /// Percent-encoded.
    Percent = 2,
}

impl Encoding {
    /// As it stands.
    pub const PLAIN: Encoding = Encoding(0);

    /// One level more.
    #[must_use]
    pub fn inside(self, level: Level) -> Encoding {
        Encoding(self.0 << 2 | level as u32)
    }

    /// Levels, for comparing which of two is further out.
    pub fn levels(self) -> u32 {
        (32 - self.0.leading_zeros()).div_ceil(2)
    }

    /// Levels from the innermost to the outermost.
    pub fn iter(self) -> impl Iterator<Item = Level> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let level = match rest & 3 {
                1 => Level::Json,
                2 => Level::Percent,
                _ => return None,
            };
            rest >>= 2;
            Some(level)
        })
    }
}

/// A text and where it stands.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The text.
    pub text: &'a [u8],
    /// How replacements in it are written.
    pub encoding: Encoding,
    /// How many decodings lie between it and the record.
    pub depth: usize,
    back: Back<'a>,
}

#[derive(Clone, Copy)]
enum Back<'a> {
    /// The text is a slice of the record, from this byte on.
    Record(usize),
    /// The text is a slice of the text of another view, from this byte on.
    Slice(&'a View<'a>, usize),
    /// The text was decoded from a slice of another view's text that begins at this byte.
    Decoded(&'a View<'a>, usize, &'a Decoded),
}

impl<'a> View<'a> {
    /// The record itself, or a slice of it that begins at `base`.
    pub fn of_record(text: &'a [u8], base: usize, encoding: Encoding) -> View<'a> {
        View { text, encoding, depth: 0, back: Back::Record(base) }
    }

    /// A slice of this view's text, perhaps written in one level more.
    pub fn slice(&'a self, start: usize, end: usize) -> View<'a> {
        let back = match self.back {
            Back::Record(base) => Back::Record(base + start),
            _ => Back::Slice(self, start),
        };
        View { text: &self.text[start..end], encoding: self.encoding, depth: self.depth, back }
    }

    /// The same text, written in one level more (the inside of a JSON string without escapes).
    #[must_use]
    pub fn inside(self, level: Level) -> View<'a> {
        View { encoding: self.encoding.inside(level), ..self }
    }

    /// What was decoded from the slice of this view's text that begins at `start`.
    pub fn decoded(&'a self, start: usize, decoded: &'a Decoded, level: Level) -> View<'a> {
        View {
            text: &decoded.text,
            encoding: self.encoding.inside(level),
            depth: self.depth + 1,
            back: Back::Decoded(self, start, decoded),
        }
    }

    /// Offset in the record at which the text begins, if it is a plain slice of the record.
    pub fn base(&self) -> Option<usize> {
        match self.back {
            Back::Record(base) => Some(base),
            _ => None,
        }
    }

    /// Whether the text is the record from its first byte on.
    pub fn is_record(&self) -> bool {
        matches!(self.back, Back::Record(0))
    }

    /// The record's bytes that a range of the text came from.
    pub fn in_record(&self, start: usize, end: usize) -> (usize, usize) {
        match self.back {
            Back::Record(base) => (base + start, base + end),
            Back::Slice(outer, base) => outer.in_record(base + start, base + end),
            Back::Decoded(outer, base, decoded) => {
                let (start, end) = decoded.outer(start, end);
                outer.in_record(base + start, base + end)
            }
        }
    }
}

/// Decodes the escapes of RFC 8259, section 7, into `out`. What is no valid escape stays as it is; a lone surrogate stays as
/// it was written. `\xHH`, which other writers use, is decoded too.
pub fn unescape(text: &[u8], out: &mut Decoded) {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &text[at..]) {
        let start = at + found;
        out.same(at, &text[at..start]);
        let (length, mut decoded) = (2, [0u8; 4]);
        let simple = |byte: u8| -> Option<u8> {
            Some(match byte {
                b'"' | b'\\' | b'/' | b'\'' => byte,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => return None,
            })
        };
        match text.get(start + 1) {
            Some(b'u') => {
                if let Some((ch, length)) = unicode_escape(&text[start..]) {
                    out.escape(start, ch.encode_utf8(&mut decoded).as_bytes());
                    at = start + length;
                } else {
                    out.same(start, &text[start..start + 2]);
                    at = start + 2;
                }
            }
            Some(b'x') if hex(text, start + 2, 2).is_some() => {
                out.escape(start, &[hex(text, start + 2, 2).unwrap_or(0) as u8]);
                at = start + 4;
            }
            Some(&byte) => {
                match simple(byte) {
                    Some(plain) => out.escape(start, &[plain]),
                    None => out.same(start, &text[start..start + 2]),
                }
                at = start + length;
            }
            None => {
                out.same(start, &text[start..]);
                at = text.len();
            }
        }
    }
    out.same(at, &text[at..]);
    out.outer_end = text.len() as u32;
}

fn hex(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    let mut value = 0;
    for &byte in text.get(at..at + digits)? {
        value = value << 4 | (byte as char).to_digit(16)?;
    }
    Some(value)
}

/// The character of the `\uXXXX` or surrogate pair that `text` begins with, and how many bytes it takes.
fn unicode_escape(text: &[u8]) -> Option<(char, usize)> {
    let high = hex(text, 2, 4)?;
    if let Some(ch) = char::from_u32(high) {
        return Some((ch, 6));
    }
    if !(0xd800..0xdc00).contains(&high) || text.get(6..8) != Some(b"\\u") {
        return None;
    }
    let low = hex(text, 8, 4).filter(|low| (0xdc00..0xe000).contains(low))?;
    char::from_u32(0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00))).map(|ch| (ch, 12))
}

/// Decodes `%HH` into `out`; with `form`, `+` is a space. What is no valid escape stays as it is.
pub fn percent_decode(text: &[u8], form: bool, out: &mut Decoded) {
    let mut at = 0;
    let mut from = 0;
    while at < text.len() {
        match text[at] {
            b'%' => {
                if let Some(byte) = hex(text, at + 1, 2) {
                    out.same(from, &text[from..at]);
                    out.escape(at, &[byte as u8]);
                    at += 3;
                    from = at;
                    continue;
                }
            }
            b'+' if form => {
                out.same(from, &text[from..at]);
                out.escape(at, b" ");
                at += 1;
                from = at;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    out.same(from, &text[from..]);
    out.outer_end = text.len() as u32;
}

/// Whether a `%HH` stands somewhere in the text.
pub fn has_percent_escape(text: &[u8]) -> bool {
    memchr::memchr_iter(b'%', text).any(|at| hex(text, at + 1, 2).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(text: &str) -> Decoded {
        let mut out = Decoded::default();
        unescape(text.as_bytes(), &mut out);
        out
    }

    #[test]
    fn escapes_are_decoded_and_odd_ones_kept() {
        for (text, expected) in [
            (r"al\u0069ce\u0040x", "alice@x"),
            (r"\ud83d\ude00!", "\u{1f600}!"),
            (r"a\/b\nc\\d", "a/b\nc\\d"),
            (r"\ud800 half", r"\ud800 half"),
            (r"\ud800\u0041", r"\ud800A"),
            (r"C:\Users", r"C:\Users"),
            (r"\u00", r"\u00"),
            (r"end\", r"end\"),
            (r"\x41", "A"),
        ] {
            assert_eq!(String::from_utf8_lossy(&unescaped(text).text), expected, "{text}");
        }
    }

    #[test]
    fn ranges_map_back_to_whole_escapes() {
        let text = r"caf\u00e9 al\u0069ce\u0040x.org";
        let decoded = unescaped(text);
        let find = |needle: &str| {
            let start = String::from_utf8_lossy(&decoded.text).find(needle).unwrap();
            let (a, b) = decoded.outer(start, start + needle.len());
            &text[a..b]
        };
        assert_eq!(find("alice@x.org"), r"al\u0069ce\u0040x.org");
        assert_eq!(find("\u{e9}"), r"\u00e9");
        assert_eq!(find("@"), r"\u0040");
        assert_eq!(find("i"), r"\u0069");
        assert_eq!(find("caf"), "caf");
        // Half a character takes the whole escape.
        assert_eq!(decoded.outer(3, 4), (3, 9));
        assert_eq!(decoded.outer(4, 5), (3, 9));
        let end = decoded.text.len();
        assert_eq!(decoded.outer(end, end), (text.len(), text.len()));
    }

    #[test]
    fn percent_and_form_decoding() {
        let mut out = Decoded::default();
        percent_decode(b"a%40b+c%zz%2", true, &mut out);
        assert_eq!(out.text, b"a@b c%zz%2");
        assert_eq!(out.outer(0, 3), (0, 5));
        out.clear();
        percent_decode(b"a+b%2540", false, &mut out);
        assert_eq!(out.text, b"a+b%40");
        assert!(has_percent_escape(b"100%25") && !has_percent_escape(b"100% of"));
    }

    #[test]
    fn views_compose() {
        let record = br#"{"m":"x \"al\\u0040b\""}"#;
        let inner = View::of_record(&record[6..22], 6, Encoding::PLAIN.inside(Level::Json));
        let mut first = Decoded::default();
        unescape(inner.text, &mut first);
        let outer = View::of_record(record, 0, Encoding::PLAIN);
        let once = outer.decoded(6, &first, Level::Json);
        assert_eq!(once.text, br#"x "al\u0040b""#);
        let mut second = Decoded::default();
        unescape(&once.text[3..12], &mut second);
        let twice = once.decoded(3, &second, Level::Json);
        assert_eq!(twice.text, b"al@b");
        let (a, b) = twice.in_record(2, 3);
        assert_eq!(&record[a..b], br"\\u0040");
        assert_eq!(twice.encoding.iter().collect::<Vec<_>>(), [Level::Json, Level::Json]);
        assert_eq!(twice.encoding.levels(), 2);
    }
}
