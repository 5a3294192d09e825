//! `key=value`, `key: value` and `"key": "value"` in text: logfmt, headers, forms, queries, configuration, pieces of JSON.

/// A key and its value, as byte ranges of the text, without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// First byte of the key.
    pub key_start: usize,
    /// One past the key.
    pub key_end: usize,
    /// First byte of the value.
    pub start: usize,
    /// One past the value.
    pub end: usize,
    /// How they are joined.
    pub join: Join,
    /// Where an unquoted value was cut off, or 0: for one inside it, the same.
    pub reach: usize,
}

/// How sure the shape of a pair is. `error: token: expected name` has the shape of pairs and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// `key=value` without spaces, or a quoted key: nothing else looks like this.
    Tight,
    /// In a query or form: after `?` or `&`, and values are percent-encoded.
    Query,
    /// Spaces around the sign or a colon, but the value is quoted.
    Quoted,
    /// `key: value`, `key = value`, `key := value`.
    Loose,
}

impl Pair {
    /// Where the value ends if it does not end before `least`, because a document or an earlier replacement reaches so far.
    pub fn end_after(&self, text: &[u8], least: usize) -> usize {
        let before = &text[..self.start];
        match before.last() {
            _ if self.join == Join::Query => query_end(text, least),
            Some(&quote @ (b'"' | b'\'' | b'`')) => {
                let escapes = before[..self.start - 1].iter().rev().take_while(|&&b| b == b'\\').count();
                quoted_end(text, self.start, least, quote, escapes)
            }
            _ => bare_end_after(text, self.start, least),
        }
    }
}

const KEY_BYTES_MAX: usize = 64;
/// Bytes on either side of a `=` that may belong to it (`===`, `:=`). A line of `====` is looked through once.
const OPERATOR_BYTES_MAX: usize = 4;
/// Values from which on pairs inside them share their end.
pub const LONG_VALUE_BYTES: usize = 256;

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$') || byte >= 0x80
}

/// The pair whose `=` or `:` stands at `sign`, if there is one. Looks no further back than `floor`. `known` is
/// [`Pair::reach`] of an earlier pair, or 0: the end of a long value is not looked for again from each sign inside it.
pub fn pair_at(text: &[u8], sign: usize, floor: usize, known: usize) -> Option<Pair> {
    let equals = text[sign] == b'=';
    let next = text.get(sign + 1).copied();
    if !equals && sign > floor && text[sign - 1].is_ascii_digit() && next.is_some_and(|b| b.is_ascii_digit())
    {
        return None; // 12:30, 10.0.0.1:8080
    }
    // Left of the sign: the rest of `:=`, `==`, `!=`, then spaces, then perhaps a quote or bracket that closes the key.
    let mut left = sign;
    if equals {
        let longest = sign.saturating_sub(OPERATOR_BYTES_MAX).max(floor);
        while left > longest && matches!(text[left - 1], b':' | b'!' | b'=' | b'+' | b'~') {
            left -= 1;
        }
    } else if matches!(next, Some(b':' | b'=')) || (next == Some(b'/') && text.get(sign + 2) == Some(&b'/')) {
        // `::` joins names, `:=` is seen at its `=`, `://` begins a URL's host.
        return None;
    }
    let signs = left;
    while left > floor && signs - left < 3 && text[left - 1] == b' ' {
        left -= 1;
    }
    let spaced = left < signs;
    let mut quoted_key = false;
    if left > floor && matches!(text[left - 1], b'"' | b'\'' | b'`' | b']') {
        left -= 1;
        quoted_key = true;
        if left > floor && matches!(text[left - 1], b'\\' | b'"' | b'\'') {
            left -= 1;
        }
    }
    let key_end = left;
    let longest = left.saturating_sub(KEY_BYTES_MAX).max(floor);
    while left > longest && is_key(text[left - 1]) {
        left -= 1;
    }
    let mut key_start = left;
    if !quoted_key && longest > floor && left == longest && is_key(text[left - 1]) {
        return None; // longer than any key we know: base64, a path
    }
    while key_start < key_end && matches!(text[key_start], b'-' | b'.' | b'$') {
        key_start += 1;
    }
    if key_start == key_end
        || !(text[key_start].is_ascii_alphabetic() || text[key_start] == b'_' || text[key_start] >= 0x80)
    {
        return None;
    }
    if quoted_key && !(key_start > floor && matches!(text[key_start - 1], b'"' | b'\'' | b'`' | b'[')) {
        // `it's a "word": x` closes a quote that does not open at the key: a phrase, of which the last word is taken.
        quoted_key = false;
    }
    // Right of the sign: the rest of `=>`, `==`; spaces; a quote.
    let mut right = sign + 1;
    if equals {
        while right - sign <= OPERATOR_BYTES_MAX && matches!(text.get(right), Some(b'=' | b'>' | b'~')) {
            right += 1;
        }
    }
    let after_sign = right;
    while right < text.len() && right - after_sign < 8 && matches!(text[right], b' ' | b'\t') {
        right += 1;
    }
    let spaced_right = right > after_sign;
    if !equals
        && !spaced_right
        && !quoted_key
        && !matches!(text.get(right), Some(b'"' | b'\'' | b'`' | b'\\'))
    {
        // `key:value` without a space: only after letters, and not `12:30` or `host:8080`.
        if !matches!(text.get(right), Some(b) if b.is_ascii_alphanumeric() || matches!(b, b'$' | b'*' | b'<' | b'{' | b'['))
        {
            return None;
        }
    }
    let before = key_start.checked_sub(1).filter(|&at| at >= floor).map(|at| text[at]);
    if let Some((start, end)) = quoted(text, right) {
        let join =
            if !quoted_key && (spaced || spaced_right || !equals) { Join::Quoted } else { Join::Tight };
        return Some(Pair { key_start, key_end, start, end, join, reach: 0 });
    }
    let query = equals && !spaced && !spaced_right && matches!(before, Some(b'?' | b'&'));
    let end = match known {
        known if known > right + LONG_VALUE_BYTES => known,
        _ if query => query_end(text, right),
        _ => bare_end(text, right),
    };
    if end == right && !query {
        return None;
    }
    let join = match () {
        () if query => Join::Query,
        () if quoted_key || (equals && !spaced && !spaced_right) => Join::Tight,
        () => Join::Loose,
    };
    Some(Pair { key_start, key_end, start: right, end, join, reach: end })
}

/// The inside of the quoted value that begins at `at`, escaped quotes (`\"…\"`) included. An open quote runs to the end.
fn quoted(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let escapes = text[at..].iter().take_while(|&&b| b == b'\\').count();
    let quote = *text.get(at + escapes).filter(|b| matches!(b, b'"' | b'\'' | b'`'))?;
    let start = at + escapes + 1;
    Some((start, quoted_end(text, start, start, quote, escapes)))
}

/// The end of the value that begins at `start` after `escapes` backslashes and `quote`, and does not end before `from`.
fn quoted_end(text: &[u8], start: usize, from: usize, quote: u8, escapes: usize) -> usize {
    let mut end = from;
    loop {
        let Some(found) = memchr::memchr(quote, &text[end..]) else {
            return line_end(text, from);
        };
        let closing = end + found;
        let mut slashes = closing;
        while slashes > start && text[slashes - 1] == b'\\' {
            slashes -= 1;
        }
        // `"a\"b"`: more backslashes than the opening quote has mean that the quote is part of the value.
        // `'ab'cd'`: nor does one close that a letter or digit follows at once, if a better one comes.
        let glued = closing - start < 512
            && text.get(closing + 1).is_some_and(u8::is_ascii_alphanumeric)
            && memchr::memchr(quote, &text[closing + 1..text.len().min(closing + 512)]).is_some();
        if closing - slashes <= escapes && !glued {
            return slashes.max(from);
        }
        end = closing + 1;
    }
}

fn line_end(text: &[u8], from: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &text[from..]).map_or(text.len(), |at| from + at)
}

fn query_end(text: &[u8], from: usize) -> usize {
    let stop = |b: &u8| {
        matches!(
            b,
            b'&' | b'#'
                | b' '
                | b'\t'
                | b'\r'
                | b'\n'
                | b'"'
                | b'\''
                | b'<'
                | b'>'
                | b'`'
                | b'\\'
                | b'|'
                | b'^'
        )
    };
    text[from..].iter().position(stop).map_or(text.len(), |at| from + at)
}

/// The end of an unquoted value: white space or a quote ends it always; `,` `;` `&` and closing brackets where the text goes
/// on as a list would.
fn bare_end(text: &[u8], from: usize) -> usize {
    bare_end_after(text, from, from)
}

/// The same of a value that begins at `from` and does not end before `least`.
fn bare_end_after(text: &[u8], from: usize, least: usize) -> usize {
    let mut at = least;
    let mut opened = 0usize;
    while let Some(&byte) = text.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'`' | 0 => break,
            b'\'' if at > from => break,
            // Inside `<password=x>` it ends the value; in `password=<x>` it belongs to it.
            b'<' | b'>' if at > from && text[from] != b'<' => break,
            b'\\' if matches!(text.get(at + 1), Some(b'n' | b'r' | b't')) => break,
            b'\\' if is_escaped_quote(&text[at..]) => break,
            b'(' | b'[' | b'{' => opened += 1,
            b')' | b']' | b'}' => match opened.checked_sub(1) {
                Some(less) => opened = less,
                None => break,
            },
            b',' | b';' | b'&' | b'|' if ends_item(&text[at + 1..]) => break,
            _ => {}
        }
        at += 1;
    }
    while at > least && matches!(text[at - 1], b'.' | b'!' | b'?' | b':' | b',' | b';') {
        at -= 1;
    }
    at
}

/// Whether the text begins with a quote that was escaped once or more.
fn is_escaped_quote(text: &[u8]) -> bool {
    let after = text.iter().find(|b| **b != b'\\');
    matches!(after, Some(b'"' | b'\''))
}

/// Whether what follows a separator looks like the next item of a list, or the end.
fn ends_item(rest: &[u8]) -> bool {
    let rest = match rest.iter().position(|b| !matches!(b, b' ' | b'\t')) {
        None => return true,
        Some(0) => rest,
        Some(_) => return true,
    };
    if matches!(rest[0], b'\r' | b'\n' | b'"' | b'\'' | b'}' | b']' | b')') {
        return true;
    }
    let word = rest.iter().take_while(|&&b| is_key(b)).count();
    word > 0 && matches!(rest.get(word), Some(b'=' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(&str, &str, Join)> {
        let bytes = text.as_bytes();
        (0..bytes.len())
            .filter(|&at| matches!(bytes[at], b'=' | b':'))
            .filter_map(|at| pair_at(bytes, at, 0, 0))
            .map(|p| (&text[p.key_start..p.key_end], &text[p.start..p.end], p.join))
            .collect()
    }

    #[test]
    fn pairs_of_all_kinds() {
        use Join::*;
        for (text, expected) in [
            ("user=bob level=info", vec![("user", "bob", Tight), ("level", "info", Tight)]),
            (r#"msg="two words" x=1"#, vec![("msg", "two words", Tight), ("x", "1", Tight)]),
            ("password = hunter2, next", vec![("password", "hunter2", Loose)]),
            (r#"password = "a b c""#, vec![("password", "a b c", Quoted)]),
            ("Authorization: Bearer abc", vec![("Authorization", "Bearer", Loose)]),
            (r#"{"password":"x y"}"#, vec![("password", "x y", Tight)]),
            (r#"{'password': 'x y'}"#, vec![("password", "x y", Tight)]),
            (r#"\"password\":\"x\\\"y\""#, vec![("password", r#"x\\\"y"#, Tight)]),
            ("/cb?a=1&b=x,y z", vec![("a", "1", Query), ("b", "x,y", Query)]),
            ("a=1,b=2;c=3", vec![("a", "1", Tight), ("b", "2", Tight), ("c", "3", Tight)]),
            ("pw=a,b!c next", vec![("pw", "a,b!c", Tight)]),
            ("secret := \"v\"", vec![("secret", "v", Quoted)]),
            ("if (pass != 'v')", vec![("pass", "v", Quoted)]),
            ("12:30:45", vec![]),
            ("Foo::Bar::baz", vec![]),
            ("http://host/x", vec![]),
            ("(key=value)", vec![("key", "value", Tight)]),
            ("token=<redacted> x", vec![("token", "<redacted>", Tight)]),
            ("token=<b>x</b> y", vec![("token", "<b>x</b>", Tight)]),
            ("<token=x>", vec![("token", "x", Tight)]),
            ("f(x=[1,2])", vec![("x", "[1,2]", Tight)]),
            ("--token=abc", vec![("token", "abc", Tight)]),
            ("data[password]=abc", vec![("password", "abc", Tight)]),
            ("k=\"open", vec![("k", "open", Tight)]),
            (r#"{\"k\":a\b,\\":\"l\":1}"#, vec![("k", r"a\b", Tight), ("l", "1", Tight)]),
            ("=x", vec![]),
        ] {
            assert_eq!(all(text), expected, "{text}");
        }
    }
}
