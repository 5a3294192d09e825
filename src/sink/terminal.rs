//! Redacted text for a terminal: control sequences shown instead of obeyed, replacements highlighted.
//!
//! A log line may hold what moves the cursor, renames the window or answers for the user. Pipes and files get such bytes
//! unchanged; a terminal gets them spelled out. Colours (SGR) are harmless and stay.

use std::ops::Range;

use crate::engine::correlate::find_ids;

/// What is done for a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Spell out control characters and sequences other than colours.
    pub escape: bool,
    /// Highlight placeholders and correlation IDs.
    pub highlight: bool,
}

impl Style {
    /// Whether bytes go out as they are.
    pub fn is_plain(self) -> bool {
        !self.escape && !self.highlight
    }
}

/// Bold cyan.
const ON: &[u8] = b"\x1b[1;36m";
/// Not bold, default colour: leaves other attributes of the line alone.
const OFF: &[u8] = b"\x1b[22;39m";

/// Longest placeholder that is highlighted; the longest that the engine makes holds a rule id of 64 bytes.
const PLACEHOLDER_BYTES_MAX: usize = 96;

/// Appends `text`, whole lines of it, in `style`.
pub fn paint(text: &[u8], style: Style, out: &mut Vec<u8>) {
    let mut at = 0;
    if style.highlight {
        for span in replacements(text) {
            plain(&text[at..span.start], style.escape, out);
            out.extend_from_slice(ON);
            plain(&text[span.clone()], style.escape, out);
            out.extend_from_slice(OFF);
            at = span.end;
        }
    }
    plain(&text[at..], style.escape, out);
}

/// Placeholders and IDs, in order and disjoint. They are recognised by their grammar: an application
/// that logs the same text gets it highlighted too.
fn replacements(text: &[u8]) -> Vec<Range<usize>> {
    let placeholders =
        memchr::memchr_iter(b'[', text).filter_map(|start| Some(start..start + placeholder(&text[start..])?));
    let mut spans: Vec<_> = find_ids(text).map(|(start, end)| start..end).chain(placeholders).collect();
    spans.sort_unstable_by_key(|span| span.start);
    let mut end = 0;
    spans.retain(|span| {
        let free = span.start >= end;
        end = end.max(span.end);
        free
    });
    spans
}

/// Length of the placeholder at the start of `text`.
fn placeholder(text: &[u8]) -> Option<usize> {
    let name = ["redacted:", "shape:", "withheld:"]
        .into_iter()
        .find(|name| text[1..].starts_with(name.as_bytes()))?;
    let body = &text[..text.len().min(PLACEHOLDER_BYTES_MAX)];
    let end = body.iter().position(|&byte| byte == b']')?;
    let inert = |byte: &u8| !byte.is_ascii_control() && !matches!(byte, b'[' | b'"' | b'\\');
    body[1 + name.len()..end].iter().all(inert).then_some(end + 1)
}

fn plain(text: &[u8], escape: bool, out: &mut Vec<u8>) {
    if !escape {
        out.extend_from_slice(text);
        return;
    }
    let mut rest = text;
    for chunk in text.utf8_chunks() {
        for (offset, character) in chunk.valid().char_indices() {
            let here = &rest[offset..];
            if character == '\x1b' && colour(here).is_some() {
                out.push(b'\x1b');
            } else if is_inert(character) || (character == '\r' && here.get(1) == Some(&b'\n')) {
                out.extend_from_slice(&here[..character.len_utf8()]);
            } else if character.is_ascii() {
                out.extend_from_slice(format!("\\x{:02x}", u32::from(character)).as_bytes());
            } else {
                out.extend_from_slice(format!("\\u{{{:x}}}", u32::from(character)).as_bytes());
            }
        }
        for byte in chunk.invalid() {
            // Some terminals take single bytes from 0x80 to 0x9f for control characters.
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
        rest = &rest[chunk.valid().len() + chunk.invalid().len()..];
    }
}

/// Whether a terminal only prints it: no control character, nothing that changes the direction of text or is invisible.
fn is_inert(character: char) -> bool {
    match character {
        '\n' | '\t' => true,
        // Marks, embeddings, overrides and isolates of direction; zero-width characters.
        '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => false,
        _ => !character.is_control(),
    }
}

/// Length of the SGR sequence (`ESC [ digits ; : m`) at the start of `text`.
fn colour(text: &[u8]) -> Option<usize> {
    let parameters = text.strip_prefix(b"\x1b[")?;
    let end = parameters.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'))?;
    (parameters[end] == b'm').then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(text: &[u8], escape: bool, highlight: bool) -> String {
        let mut out = Vec::new();
        paint(text, Style { escape, highlight }, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn colours_survive_and_other_sequences_are_spelled_out() {
        for (given, expected) in [
            ("a\x1b[31mred\x1b[0m\n", "a\x1b[31mred\x1b[0m\n"),
            ("\x1b[38:5:1mx\x1b[m", "\x1b[38:5:1mx\x1b[m"),
            ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
            ("\x1b[31", "\\x1b[31"),
            ("tab\tcr\r\nlone\rcr", "tab\tcr\r\nlone\\x0dcr"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("\u{202e}evil\u{200b}", "\\u{202e}evil\\u{200b}"),
            ("naïve 東京", "naïve 東京"),
        ] {
            assert_eq!(painted(given.as_bytes(), true, false), expected);
        }
        assert_eq!(painted(b"8 bit \x9b2J \xff", true, false), "8 bit \\x9b2J \\xff");
    }

    #[test]
    fn correlation_ids_are_highlighted() {
        let id = "email_k7q2z9pcvw4ht3n8rm5xjd6y0s1b";
        let text = format!("to {id}, {id}x");
        assert_eq!(painted(text.as_bytes(), true, true), format!("to \x1b[1;36m{id}\x1b[22;39m, {id}x"));
    }

    #[test]
    fn placeholders_are_highlighted() {
        assert_eq!(
            painted(b"a [redacted:api-key] b [shape:string \xe2\x89\xa464 B]", false, true),
            "a \x1b[1;36m[redacted:api-key]\x1b[22;39m b \x1b[1;36m[shape:string ≤64 B]\x1b[22;39m"
        );
        for plain in ["[redacted]", "[redacted:\n]", "[redacted:", "[", "[other:x]"] {
            assert_eq!(painted(plain.as_bytes(), false, true), plain);
        }
    }
}
