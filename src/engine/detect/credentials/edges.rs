//! Where a token may begin and end.

use super::super::Site;

/// Whether a token may begin at `at`: the byte before is no letter or digit, or is only the tail of an escape (`\n`,
/// `%3D`, `\u0022`) that was not decoded.
pub(super) fn begins(site: &Site<'_>, at: usize) -> bool {
    let before = &site.text[site.part.start.min(at)..at];
    match before {
        [] => true,
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] => true,
        [.., b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => true,
        [.., b'\\', b'u', b'0', b'0', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => true,
        [.., last] => !last.is_ascii_alphanumeric(),
    }
}

/// Whether a token may end at `end`: what follows is no letter or digit.
pub(super) fn ends(site: &Site<'_>, end: usize) -> bool {
    end >= site.part.end || !site.text[end].is_ascii_alphanumeric()
}

/// The part of the text from `at` on.
pub(super) fn rest<'a>(site: &Site<'a>, at: usize) -> &'a [u8] {
    &site.text[at.min(site.part.end)..site.part.end]
}

/// Up to `reach` bytes before `at`, down to the floor: where keywords may stand.
pub(super) fn before<'a>(site: &Site<'a>, at: usize, reach: usize) -> &'a [u8] {
    &site.text[at.saturating_sub(reach).max(site.floor).min(at)..at]
}

/// Whether `needle` (lower case) occurs in `hay`, in either case.
pub(super) fn mentions(hay: &[u8], needle: &str) -> bool {
    hay.windows(needle.len()).any(|w| w.eq_ignore_ascii_case(needle.as_bytes()))
}
