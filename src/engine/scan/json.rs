//! A pull lexer for one JSON document that hands out byte ranges and never allocates. It follows the grammar of RFC 8259
//! (numbers may be of any size, strings are not checked for UTF-8: bytes pass through), reports the first error with its
//! place, and lets the caller keep what came before: logs are full of documents that were cut off while being written.

use super::classify::{Classes, string_end};
use super::map::Map;
use crate::limits::JSON_DEPTH_MAX;

/// A byte range of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// What the lexer saw next. Ranges of keys and strings exclude the quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `{`, at this byte.
    ObjectStart(usize),
    /// `}`, at this byte.
    ObjectEnd(usize),
    /// `[`, at this byte.
    ArrayStart(usize),
    /// `]`, at this byte.
    ArrayEnd(usize),
    /// A member's key; its value follows.
    Key {
        /// Between the quotes.
        range: Range,
        /// Whether there are backslashes in it.
        escaped: bool,
    },
    /// A string value. `open` if the text ended before the closing quote.
    String {
        /// Between the quotes.
        range: Range,
        /// Whether there are backslashes in it.
        escaped: bool,
        /// Whether the closing quote is missing.
        open: bool,
    },
    /// A number, as written.
    Number(Range),
    /// `true`, `false` or `null`.
    Literal(Range),
    /// A container nested deeper than [`JSON_DEPTH_MAX`], skipped whole.
    TooDeep(Range),
    /// The document is complete; trailing white space excluded, at this byte.
    End(usize),
    /// Not JSON from this byte on.
    Error(usize),
}

/// The value of a plain member, see [`Lexer::member`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string without escapes, without its quotes.
    String(Range),
    /// A number, `true`, `false` or `null`.
    Bare(Range),
    /// Anything else, beginning at this byte.
    Other(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
    Nothing,
}

/// Lexes one document.
pub struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    expect: Expect,
    depth: usize,
    /// One bit per level, lowest is innermost: 1 for an object.
    objects: u64,
    /// The map of `bytes`, if there is one.
    map: Option<&'a Map>,
}

impl<'a> Lexer<'a> {
    /// A lexer for the document that begins at `from`.
    pub fn new(bytes: &'a [u8], from: usize) -> Lexer<'a> {
        Lexer { bytes, at: from, expect: Expect::Value, depth: 0, objects: 0, map: None }
    }

    /// With the map of `bytes`: the same events, found faster.
    pub fn with_map(bytes: &'a [u8], from: usize, map: &'a Map) -> Lexer<'a> {
        Lexer { map: Some(map), ..Lexer::new(bytes, from) }
    }

    /// Where the string that begins at `from` ends and whether there are backslashes in it; `None` if it holds what JSON
    /// forbids.
    #[inline]
    fn string_end(&self, from: usize) -> Option<(usize, bool)> {
        if let Some(map) = self.map {
            let end = map.next_stop(from);
            if self.bytes.get(end) == Some(&b'"') {
                return Some((end, false));
            }
        }
        let (end, classes) = string_end(self.bytes, from);
        (!classes.any(Classes::CONTROL)).then(|| (end, classes.any(Classes::BACKSLASH)))
    }

    /// Containers that are open.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The next event. After `End` or `Error` there is none: the same event comes again.
    #[allow(clippy::should_implement_trait)] // never ends with None, so it is no iterator
    pub fn next(&mut self) -> Event {
        loop {
            let Some(&byte) = self.bytes.get(self.at) else {
                return if self.expect == Expect::Nothing {
                    Event::End(self.at)
                } else {
                    Event::Error(self.at)
                };
            };
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                self.at += 1;
                continue;
            }
            match (self.expect, byte) {
                (Expect::Value | Expect::ValueOrEnd, b'"') => return self.string(),
                (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => return self.open(byte),
                (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => return self.close(byte),
                (Expect::Value | Expect::ValueOrEnd, _) => return self.scalar(byte),
                (Expect::Key | Expect::KeyOrEnd, b'"') => return self.key(),
                (Expect::CommaOrEnd, b',') => {
                    self.at += 1;
                    self.expect = if self.objects & 1 == 1 { Expect::Key } else { Expect::Value };
                }
                (Expect::CommaOrEnd, b'}' | b']') => return self.close(byte),
                (Expect::Nothing, _) => return Event::End(self.at),
                _ => return Event::Error(self.at),
            }
        }
    }

    /// Key and value of the next member of an object, if the key has no escapes and no white space but one blank after the
    /// colon is between them. Nothing is consumed before [`Lexer::take_member`] or [`Lexer::take_key`].
    #[inline]
    pub fn member(&self, map: &Map) -> Option<(Range, Value)> {
        let at = match self.expect {
            Expect::KeyOrEnd | Expect::Key => self.at,
            Expect::CommaOrEnd if self.bytes.get(self.at) == Some(&b',') => self.at + 1,
            _ => return None,
        };
        if self.bytes.get(at) != Some(&b'"') {
            return None;
        }
        let end = map.next_stop(at + 1);
        let key = Range { start: at + 1, end };
        let [b'"', b':', after @ ..] = self.bytes.get(end..)? else { return None };
        let start = end + 2 + usize::from(after.first() == Some(&b' '));
        let rest = self.bytes.get(start..)?;
        let bare = |length: usize| Value::Bare(Range { start, end: start + length });
        let value = match rest.first()? {
            b'"' => match map.next_stop(start + 1) {
                end if self.bytes.get(end) == Some(&b'"') => Value::String(Range { start: start + 1, end }),
                _ => Value::Other(start),
            },
            b'0'..=b'9' | b'-' => bare(number_length(rest)?),
            _ => word_length(rest).map_or(Value::Other(start), bare),
        };
        Some((key, value))
    }

    /// Goes on behind a member that [`Lexer::member`] gave and that ends at `end`.
    pub fn take_member(&mut self, end: usize) {
        self.at = end;
        self.expect = Expect::CommaOrEnd;
    }

    /// Goes on with the value of a member that [`Lexer::member`] gave and that begins at `start`.
    pub fn take_key(&mut self, start: usize) {
        self.at = start;
        self.expect = Expect::Value;
    }

    fn after_value(&mut self) {
        self.expect = if self.depth == 0 { Expect::Nothing } else { Expect::CommaOrEnd };
    }

    fn string(&mut self) -> Event {
        let start = self.at + 1;
        let Some((end, escaped)) = self.string_end(start) else { return Event::Error(self.at) };
        let open = end == self.bytes.len();
        self.at = end + usize::from(!open);
        if open {
            // What is left is an error (the text ended), but the value was seen.
            self.expect = Expect::Value;
        } else {
            self.after_value();
        }
        Event::String { range: Range { start, end }, escaped, open }
    }

    fn key(&mut self) -> Event {
        let quote = self.at;
        let Some((end, escaped)) = self.string_end(quote + 1) else { return Event::Error(quote) };
        let mut colon = end + 1;
        while matches!(self.bytes.get(colon), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            colon += 1;
        }
        if self.bytes.get(colon) != Some(&b':') {
            return Event::Error(quote);
        }
        self.at = colon + 1;
        self.expect = Expect::Value;
        Event::Key { range: Range { start: quote + 1, end }, escaped }
    }

    fn open(&mut self, byte: u8) -> Event {
        let start = self.at;
        if self.depth == JSON_DEPTH_MAX {
            self.at = skip_container(self.bytes, start);
            self.after_value();
            return Event::TooDeep(Range { start, end: self.at });
        }
        self.at += 1;
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(byte == b'{');
        if byte == b'{' {
            self.expect = Expect::KeyOrEnd;
            Event::ObjectStart(start)
        } else {
            self.expect = Expect::ValueOrEnd;
            Event::ArrayStart(start)
        }
    }

    fn close(&mut self, byte: u8) -> Event {
        let object = self.objects & 1 == 1;
        if self.depth == 0 || object != (byte == b'}') {
            return Event::Error(self.at);
        }
        let at = self.at;
        self.at += 1;
        self.depth -= 1;
        self.objects >>= 1;
        self.after_value();
        if object { Event::ObjectEnd(at) } else { Event::ArrayEnd(at) }
    }

    fn scalar(&mut self, byte: u8) -> Event {
        let start = self.at;
        let rest = &self.bytes[start..];
        if matches!(byte, b'-' | b'0'..=b'9') {
            let Some(length) = number_length(rest) else { return Event::Error(start) };
            self.at += length;
            self.after_value();
            return Event::Number(Range { start, end: self.at });
        }
        let Some(length) = word_length(rest) else { return Event::Error(start) };
        self.at += length;
        self.after_value();
        Event::Literal(Range { start, end: self.at })
    }
}

/// Length of `true`, `false` or `null` at the beginning of `text`.
fn word_length(text: &[u8]) -> Option<usize> {
    match text {
        [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => Some(4),
        [b'f', b'a', b'l', b's', b'e', ..] => Some(5),
        _ => None,
    }
}

/// Length of the number that `text` begins with (RFC 8259, section 6), if what follows can follow a number.
pub fn number_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from.min(text.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text[at] == b'0') {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    match text.get(at) {
        None | Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b'}' | b']') => Some(at),
        Some(_) => None,
    }
}

/// The end of the container that begins at `start`: brackets are counted, strings are skipped, nothing else is checked.
fn skip_container(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0usize;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = (string_end(bytes, at).0 + 1).min(bytes.len()),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    // The carriage return at the end of a line that was cut off belongs to the line.
    bytes.len() - usize::from(bytes.ends_with(b"\r"))
}

/// The end of the document that begins at `start`, if it is complete JSON.
pub fn document_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut lexer = Lexer::new(bytes, start);
    loop {
        match lexer.next() {
            Event::Error(_) | Event::String { open: true, .. } => return None,
            _ if lexer.depth == 0 => return Some(lexer.at),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> String {
        let mut lexer = Lexer::new(text.as_bytes(), 0);
        let mut out = String::new();
        loop {
            let event = lexer.next();
            out.push(match event {
                Event::ObjectStart(_) => '{',
                Event::ObjectEnd(_) => '}',
                Event::ArrayStart(_) => '[',
                Event::ArrayEnd(_) => ']',
                Event::Key { .. } => 'k',
                Event::String { open, .. } => {
                    if open {
                        'o'
                    } else {
                        's'
                    }
                }
                Event::Number(_) => 'n',
                Event::Literal(_) => 'l',
                Event::TooDeep(_) => 'D',
                Event::End(_) => '.',
                Event::Error(_) => '!',
            });
            if matches!(event, Event::End(_) | Event::Error(_)) {
                return out;
            }
        }
    }

    #[test]
    fn documents_and_errors() {
        for (text, expected) in [
            (r#"{"a":1,"b":[true,null,"x"]}"#, "{knk[lls]}."),
            (r#"{}"#, "{}."),
            (r#"[]"#, "[]."),
            (r#" [ 1 , 2 ] "#, "[nn]."),
            (r#""s""#, "s."),
            ("12", "n."),
            ("1e400", "n."),
            ("-0.5E+10", "n."),
            ("01", "!"),
            ("1.", "!"),
            ("-", "!"),
            ("2026-01-02", "!"),
            ("NaN", "!"),
            (r#"{"a":1,}"#, "{kn!"),
            (r#"[1,]"#, "[n!"),
            (r#"{"a" 1}"#, "{!"),
            (r#"{"a":"cut"#, "{ko!"),
            (r#"{"a":1} trailing"#, "{kn}."),
            (r#"{"a":]"#, "{k!"),
            (r#"[1}"#, "[n!"),
            ("{\"a\":\"raw\ncontrol\"}", "{k!"),
            ("", "!"),
        ] {
            assert_eq!(kinds(text), expected, "{text}");
        }
    }

    #[test]
    fn nesting_beyond_the_limit_is_one_event_and_siblings_stay() {
        let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(!kinds(&deep(JSON_DEPTH_MAX)).contains('D'));
        let text = format!("[{},2]", deep(JSON_DEPTH_MAX));
        assert!(kinds(&text).contains('D') && kinds(&text).ends_with("n]."));
        assert!(kinds(&deep(100_000)).contains('D'));
    }

    #[test]
    fn what_is_too_deep_and_cut_off_ends_before_the_carriage_return() {
        let text = format!("{}\"a\r", "[".repeat(JSON_DEPTH_MAX + 1));
        let mut lexer = Lexer::new(text.as_bytes(), 0);
        let deep = std::iter::repeat_with(|| lexer.next()).find(|event| matches!(event, Event::TooDeep(_)));
        assert_eq!(deep, Some(Event::TooDeep(Range { start: JSON_DEPTH_MAX, end: text.len() - 1 })));
    }

    #[test]
    fn a_document_ends_where_its_root_closes() {
        assert_eq!(document_end(br#"x {"a":{}} y"#, 2), Some(10));
        assert_eq!(document_end(br#"{"a":"#, 0), None);
    }
}
