//! Keywords near a candidate: what the words before a value say it is.

use super::Site;

/// How far before a candidate a keyword may begin, in bytes.
const NEAR_BYTES: usize = 40;

/// Whether one of `words` (lower case, letters only) stands within 40 bytes before `Site::at`, as a whole word.
pub fn is_near(site: &Site<'_>, words: &[&str]) -> bool {
    words_before(site, NEAR_BYTES).any(|word| words.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes())))
}

/// The words (runs of letters, cut at camel humps) in the `bytes` before `Site::at`, nearest first. A word cut by the
/// window is left out.
pub fn words_before<'a>(site: &Site<'a>, bytes: usize) -> impl Iterator<Item = &'a [u8]> {
    let from = site.at.saturating_sub(bytes).max(site.floor.min(site.at));
    let mut rest = site.text.get(from..site.at).unwrap_or_default();
    let whole = from == site.floor || !site.text[from - 1].is_ascii_alphabetic();
    std::iter::from_fn(move || {
        let end = rest.iter().rposition(u8::is_ascii_alphabetic)? + 1;
        let mut start = end - 1;
        while start > 0
            && rest[start - 1].is_ascii_alphabetic()
            && !(rest[start].is_ascii_uppercase() && rest[start - 1].is_ascii_lowercase())
        {
            start -= 1;
        }
        let word = &rest[start..end];
        rest = &rest[..start];
        (start > 0 || whole).then_some(word)
    })
}
