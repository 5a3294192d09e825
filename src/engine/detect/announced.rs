//! Values that a word announces in a sentence (`imei 49…`, `born 3 Feb 1990`): no form of their own would give them away.

use super::Site;

/// Words that may stand between the announcing word and its value.
const BETWEEN: &[&str] =
    &["number", "Number", "no.", "no", "No", "nr", "is", "was", "of", "code", "on", "in", "id", "ID"];
/// Farthest that a value stands from the word.
const REACH_BYTES: usize = 24;

/// Where the value begins that one of `words` at the site's anchor announces; `None` if the word is a part of a longer one.
pub(super) fn value(site: &Site<'_>, words: &[&str]) -> Option<usize> {
    let rest = site.rest(site.at);
    let word = words.iter().filter(|word| rest.starts_with(word.as_bytes())).map(|word| word.len()).max()?;
    let inside = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80);
    if inside(site.before(site.at)) || inside(site.get(site.at + word)) {
        return None;
    }
    let mut at = site.at + word;
    let last = at + REACH_BYTES;
    loop {
        let rest = site.rest(at);
        let word = BETWEEN.iter().find(|word| {
            rest.starts_with(word.as_bytes()) && !rest.get(word.len()).is_some_and(u8::is_ascii_alphanumeric)
        });
        match (word, rest.first()) {
            _ if at > last => return None,
            (Some(word), _) => at += word.len(),
            (None, Some(b' ' | b'\t' | b':' | b'=' | b'#' | b'"' | b'\'' | b'(' | b'[')) => at += 1,
            (None, Some(_)) => return Some(at),
            (None, None) => return None,
        }
    }
}
