//! Dates, times and UUIDs as logs write them: found at a glance, because every line has some and none is anybody's number.

use super::classify::leading;

/// Length of the UUID or of the date and time that a word, which begins with so many digits, begins: nothing in them is
/// anybody's number.
pub fn opaque(text: &[u8], digits: usize) -> usize {
    match text.get(..9) {
        Some([b'1', b'9', ..] | [b'2', b'0', ..]) if digits == 4 && is_date(text) => 10,
        Some([.., b'-']) if text.get(13) == Some(&b'-') && begins_uuid(text) => 36,
        _ => 0,
    }
}

/// `2026-11-24`, and nothing that goes on with digits (RFC 3339).
fn is_date(text: &[u8]) -> bool {
    let Some(&[_, _, _, _, b'-', m, n, b'-', d, e]) = text.first_chunk::<10>() else { return false };
    matches!((m, n), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'))
        && matches!((d, e), (b'0'..=b'2', b'0'..=b'9') | (b'3', b'0' | b'1'))
        && !matches!(text.get(10), Some(b'0'..=b'9' | b'-'))
}

/// Nine decimals and an offset.
const TIMESTAMP_BYTES_MAX: usize = 35;

/// `2026-11-24T09:26:53.123Z` and nothing else (RFC 3339, a comma or a space allowed).
pub fn is_timestamp(text: &[u8]) -> bool {
    let Some((date, time)) = text.split_at_checked(11) else { return false };
    let two = |at: usize| time.get(at..at + 2).is_some_and(|pair| pair.iter().all(u8::is_ascii_digit));
    let clock = time.get(2) == Some(&b':') && time.get(5) == Some(&b':') && two(0) && two(3) && two(6);
    let year = date[..4].iter().all(u8::is_ascii_digit);
    let joined = matches!(date[10], b'T' | b't' | b' ') && text.len() <= TIMESTAMP_BYTES_MAX;
    if !(clock && year && joined && is_date(text)) {
        return false;
    }
    let rest = &time[8..];
    let fraction = match rest {
        [b'.' | b',', digits @ ..] => 1 + leading(digits, u8::is_ascii_digit),
        _ => 0,
    };
    match &rest[fraction..] {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].into_iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Whether the whole value is a UUID.
pub fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36 && begins_uuid(value)
}

/// Eight, four, four, four and twelve hex digits (RFC 9562).
pub fn begins_uuid(text: &[u8]) -> bool {
    let Some(uuid) = text.first_chunk::<36>() else { return false };
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    uuid.iter().enumerate().all(fits)
        && !text.get(36).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_whole() {
        for text in [
            "2026-11-24T09:26:53Z",
            "2026-11-24 09:26:53.123456789+01:00",
            "2026-11-24t09:26:53,5z",
            "1999-12-31T23:59:59",
        ] {
            assert!(is_timestamp(text.as_bytes()), "{text}");
        }
        for text in [
            "2026-11-24",
            "2026-13-24T09:26:53Z",
            "2026-11-24T09:26:53Z x",
            "2026-11-24T09:26:53+0100",
            "abcd-11-24T09:26:53Z",
            "2026-11-24T09:26",
        ] {
            assert!(!is_timestamp(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn dates_and_uuids_are_passed_over_whole() {
        assert_eq!(opaque(b"2026-11-24T09", 4), 10);
        assert_eq!(opaque(b"2026-11-2456", 4), 0);
        assert_eq!(opaque(b"2026-11-24-1234", 4), 0);
        assert_eq!(opaque(b"8f14e45f-ceea-467f-a0e6-5b0f1d2c3b4a, x", 1), 36);
        assert_eq!(opaque(b"8f14e45f-ceea-467f-a0e6-5b0f1d2c3b4a0", 1), 0);
    }
}
