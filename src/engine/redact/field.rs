//! Values whose parts matter: a header's scheme stays, a cookie's names stay.

use std::ops::Range;

/// How a value under a key is built. A rule that takes such a field takes its secret parts and leaves the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Layout {
    /// One piece.
    #[default]
    Whole,
    /// `scheme credentials` (RFC 9110, section 11.4).
    Authorization,
    /// `name=value; name=value` (RFC 6265, section 4.2).
    Cookie,
    /// `name=value; Attribute=…` (RFC 6265, section 4.1).
    SetCookie,
}

impl Layout {
    /// By the last segment of the path, in lower case without separators.
    pub fn of_key(segment: &str) -> Layout {
        match segment {
            "authorization" | "proxyauthorization" | "xauthorization" | "xforwardedauthorization" => {
                Layout::Authorization
            }
            "cookie" | "cookies" | "cookie2" => Layout::Cookie,
            "setcookie" | "setcookie2" => Layout::SetCookie,
            _ => Layout::Whole,
        }
    }

    /// The parts that a rule takes: ranges of `value`.
    #[allow(clippy::single_range_in_vec_init)] // one range is what is meant
    pub fn parts(self, value: &[u8]) -> Vec<Range<usize>> {
        match self {
            Layout::Whole => vec![0..value.len()],
            Layout::Authorization => vec![after_scheme(value)..value.len()],
            Layout::Cookie => cookie_values(value, usize::MAX),
            Layout::SetCookie => cookie_values(value, 1),
        }
    }
}

/// Where the credentials begin: after a word and white space. A value of one word is all credentials.
pub(super) fn after_scheme(value: &[u8]) -> usize {
    let blank = value.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let word =
        value[blank..].iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
    let after = blank + word;
    let gap = value[after..].iter().take_while(|b| matches!(b, b' ' | b'\t' | b'+')).count();
    if (2..=24).contains(&word) && gap > 0 && after + gap < value.len() && value[blank].is_ascii_alphabetic()
    {
        after + gap
    } else {
        blank.min(value.len())
    }
}

/// The values of the first `pairs` cookies. A piece without `=` is taken whole: what it is nobody knows.
fn cookie_values(value: &[u8], pairs: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for piece in value.split(|&b| b == b';').take(pairs) {
        let end = start + piece.len();
        let from = memchr::memchr(b'=', piece).map_or(start, |at| start + at + 1);
        let blank = value[from..end].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let mut range = from + blank..end;
        while range.end > range.start && value[range.end - 1].is_ascii_whitespace() {
            range.end -= 1;
        }
        if range.len() >= 2 && value[range.start] == b'"' && value[range.end - 1] == b'"' {
            range = range.start + 1..range.end - 1;
        }
        if !range.is_empty() {
            parts.push(range);
        }
        start = end + 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(layout: Layout, value: &str) -> Vec<&str> {
        layout.parts(value.as_bytes()).into_iter().map(|r| &value[r]).collect()
    }

    #[test]
    fn schemes_and_cookie_names_stay() {
        assert_eq!(parts(Layout::Authorization, "Bearer abc.def"), ["abc.def"]);
        assert_eq!(parts(Layout::Authorization, "abc.def"), ["abc.def"]);
        assert_eq!(parts(Layout::Authorization, "Digest username=\"x\", y=1"), ["username=\"x\", y=1"]);
        assert_eq!(parts(Layout::Cookie, "sid=abc; theme=dark"), ["abc", "dark"]);
        assert_eq!(parts(Layout::Cookie, "opaque"), ["opaque"]);
        assert_eq!(parts(Layout::SetCookie, "sid=\"abc\"; Path=/; HttpOnly"), ["abc"]);
        assert_eq!(parts(Layout::SetCookie, "sid=; Path=/"), [""; 0]);
    }
}
