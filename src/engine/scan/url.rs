//! URLs in text (RFC 3986), as far as redaction needs them: where one begins and ends, and where its parts meet.

/// A URL with an authority, as byte offsets of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url {
    /// First byte of the scheme.
    pub start: usize,
    /// First byte after `://`.
    pub authority: usize,
    /// The `@` that ends the user information, if there is one.
    pub at_sign: Option<usize>,
    /// One past the authority.
    pub authority_end: usize,
    /// One past the URL.
    pub end: usize,
    /// Where the characters of URLs end: for a URL inside this one, the same.
    pub reach: usize,
}

/// Longest user information with a `/`, `?` or `#` in it.
const USER_BYTES_MAX: usize = 1024;

fn ends_url(byte: u8) -> bool {
    byte <= b' '
        || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b'|' | b'^' | b'{' | b'}' | 0x7f)
}

/// The URL whose `://` begins at `colon`. `known` is [`Url::reach`] of the one before, or 0.
pub fn url_at(text: &[u8], colon: usize, floor: usize, known: usize) -> Option<Url> {
    let mut start = colon;
    while start > floor
        && colon - start < 32
        && (text[start - 1].is_ascii_alphanumeric() || matches!(text[start - 1], b'+' | b'-' | b'.'))
    {
        start -= 1;
    }
    if start == colon {
        return None;
    }
    let authority = colon + 3;
    let reach = match known {
        known if known >= authority => known,
        _ => text[authority..].iter().position(|&b| ends_url(b)).map_or(text.len(), |at| authority + at),
    };
    let mut end = reach;
    // Passwords hold almost anything, `/`, `?` and `#` too: the user information ends at the last `@` before the first `/`,
    // or, where what stands there cannot be a host, at the last `@` before white space.
    let slash = text[authority..end]
        .iter()
        .position(|b| matches!(b, b'/' | b'?' | b'#'))
        .map_or(end, |at| authority + at);
    let mut at_sign = memchr::memrchr(b'@', &text[authority..slash]).map(|at| authority + at);
    let mut authority_end = slash;
    if at_sign.is_none()
        && let Some(found) = memchr::memchr(b'@', &text[authority..end.min(authority + USER_BYTES_MAX)])
        && !is_host(&text[authority..slash])
    {
        let sign = authority + found;
        at_sign = Some(sign);
        authority_end =
            text[sign..end].iter().position(|b| matches!(b, b'/' | b'?' | b'#')).map_or(end, |at| sign + at);
    }
    while end > authority_end
        && matches!(text[end - 1], b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b']')
    {
        if text[end - 1] == b')' && text[authority..end].contains(&b'(') {
            break;
        }
        end -= 1;
    }
    let authority_end = authority_end.min(end);
    Some(Url { start, authority, at_sign, authority_end, end, reach })
}

/// Whether the bytes can be `host` or `host:port`.
fn is_host(text: &[u8]) -> bool {
    let (host, port) = match memchr::memrchr(b':', text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &text[..0]),
    };
    !host.is_empty()
        && port.len() <= 5
        && port.iter().all(u8::is_ascii_digit)
        && host
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'[' | b']' | b':' | b'%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_meet_where_they_should() {
        for (text, user, url) in [
            ("see https://host/x?y=1, then", "", "https://host/x?y=1"),
            ("https://svc:pass@db.example.com:5432/x", "svc:pass", "https://svc:pass@db.example.com:5432/x"),
            ("mongodb+srv://u:p@ss@host/db", "u:p@ss", "mongodb+srv://u:p@ss@host/db"),
            ("amqp://u:p/q#r@host:1/v", "u:p/q#r", "amqp://u:p/q#r@host:1/v"),
            ("http://host/@scope/pkg", "", "http://host/@scope/pkg"),
            ("(http://a.b/c)", "", "http://a.b/c"),
        ] {
            let colon = text.find("://").unwrap();
            let found = url_at(text.as_bytes(), colon, 0, 0).unwrap();
            assert_eq!(&text[found.start..found.end], url, "{text}");
            let got = found.at_sign.map_or("", |at| &text[found.authority..at]);
            assert_eq!(got, user, "{text}");
        }
        assert_eq!(url_at(b"://x", 0, 0, 0), None);
    }
}
