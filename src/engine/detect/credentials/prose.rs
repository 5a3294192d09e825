//! Secrets in sentences, flags, calls and source lines, where no pair of key and value is seen: `the password is "x"`,
//! `--token x`, `login bob password x`, `setProperty("API_KEY", "x")`, `<Token>x</Token>`, `if ("x" == passwd)`.

use super::super::check::alphabet::{Alphabet, WORD};
use super::super::{Check, Site, Why};
use super::edges::before;
use super::generic::vendor_before;
use super::key::{self, Class, Words};
use super::value::objection;

/// Words that announce a secret. The key around one is read before it counts.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "password", "Password", "PassWord", "PASSWORD", "passwd", "Passwd", "PASSWD", "passphrase", "Passphrase",
    "_pass", "_PASS", "token", "Token", "TOKEN", "secret", "Secret", "SECRET", "apikey", "apiKey", "APIKEY",
    "api_key", "api-key", "_key", "_KEY", "Key", "KEY", "creds", "credential", "Credential", "pwd", "PWD",
    " pw ",
];

const KEY_CHARS: Alphabet = WORD.and(b"-.");
const KEY_BYTES_MAX: usize = 64;

/// How key and value are joined, from the surest to the weakest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// `=`, `:=`, `=>`, `==`, `:`, `",` of an argument list, `>` of an element, `is "`.
    Sign,
    /// A space after a flag (`--token x`) or in `login x password y`.
    Flag,
    /// Only a space, a dash or a bar: the value itself must convince.
    Space,
}

pub(super) fn check(site: &Site<'_>) -> Check {
    let part = &site.text[..site.part.end];
    // The key around the anchor.
    let anchor = site.at + usize::from(part[site.at] == b' ');
    let back = KEY_CHARS.run_back(&part[site.part.start..anchor], KEY_BYTES_MAX);
    let ahead = KEY_CHARS.run(&part[anchor..], KEY_BYTES_MAX);
    if back == KEY_BYTES_MAX || ahead == KEY_BYTES_MAX {
        return Check::No;
    }
    let (key_start, key_end) = (anchor - back, anchor + ahead);
    let key = part[key_start..key_end].trim_ascii();
    let flag = key.starts_with(b"-");
    let words = Words::of(key);
    let class = key::noun(&words);
    if class == Class::None {
        return Check::No;
    }
    let Some((join, start, quote)) = joined(part, key_end, flag || after_login(site, key_start)) else {
        return compared(site, key_start, class);
    };
    let end = value_end(part, start, quote);
    let value = &part[start..end];
    let vendored = class == Class::Key && (key::names_vendor(&words) || vendor_before(site, key_start));
    let class = match join {
        // Prose: whatever the key, only what looks drawn.
        Join::Space if class == Class::Key && !vendored => return Check::Miss(Why::NoKeyword),
        Join::Space => Class::Vendor,
        _ if vendored => Class::Vendor,
        _ => class,
    };
    match objection(value, class, quote.is_some()) {
        None => Check::Hit { start, end },
        Some(why) => Check::Miss(why),
    }
}

/// What joins key and value, where the value begins, and the quote it stands in.
fn joined(text: &[u8], key_end: usize, flag: bool) -> Option<(Join, usize, Option<u8>)> {
    let mut at = key_end;
    let closed = skip(text, &mut at, |b| matches!(b, b'"' | b'\'' | b'`' | b'\\' | b']' | b')'), 3) > 0;
    let spaces = skip(text, &mut at, |b| matches!(b, b' ' | b'\t'), 12);
    let sign = skip(text, &mut at, |b| matches!(b, b'=' | b':' | b'!' | b'>'), 4);
    let mut join = Join::Space;
    if sign > 0 {
        join = Join::Sign;
        if text[at - 1] == b'>' || text[at - 1] == b':' {
            skip(text, &mut at, |b| b.is_ascii_whitespace(), 40);
        }
    } else if closed && text.get(at) == Some(&b',') {
        at += 1;
        join = Join::Sign;
    } else if text[at..].starts_with(b"is ") || text[at..].starts_with(b"is: ") {
        at += 3;
        join = Join::Flag; // only before a quote, see below
    } else if matches!(text.get(at), Some(b'-' | b'|')) && spaces > 0 {
        at += 1;
    } else if spaces == 0 && !closed {
        return None;
    } else if flag {
        join = Join::Flag;
    }
    let is = join == Join::Flag && !flag;
    skip(text, &mut at, |b| matches!(b, b' ' | b'\t'), 12);
    let escapes = skip(text, &mut at, |b| b == b'\\', 4);
    let quote = text.get(at).copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
    if is && quote.is_none() {
        join = Join::Space;
    }
    if closed && join == Join::Space && quote.is_none() {
        return None; // a quoted word in a sentence
    }
    let start = if quote.is_some() { at + 1 } else { at - escapes };
    (start < text.len()).then_some((join, start, quote))
}

fn skip(text: &[u8], at: &mut usize, what: impl Fn(u8) -> bool, limit: usize) -> usize {
    let n = text[*at..].iter().take(limit).take_while(|&&b| what(b)).count();
    *at += n;
    n
}

/// The end of the value that begins at `start`.
fn value_end(text: &[u8], start: usize, quote: Option<u8>) -> usize {
    let rest = &text[start..];
    let line = rest.iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(rest.len());
    let mut length = match quote {
        Some(quote) => rest[..line].iter().position(|&b| b == quote).unwrap_or(line),
        None => rest[..line]
            .iter()
            .position(|&b| {
                b.is_ascii_whitespace()
                    || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b',' | b';' | b')')
            })
            .unwrap_or(line),
    };
    while length > 0 && rest[length - 1] == b'\\' {
        length -= 1;
    }
    if quote.is_none() && length > 0 && matches!(rest[length - 1], b'.' | b':') {
        length -= 1;
    }
    start + length
}

/// `login bob password …`, `-u bob -p …`: a name before the key makes the next word its password.
fn after_login(site: &Site<'_>, key_start: usize) -> bool {
    let mut words = before(site, key_start, 96).rsplit(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty());
    let _name = words.next();
    words.next().is_some_and(|w| {
        [&b"login"[..], b"username", b"user", b"account"].iter().any(|l| w.eq_ignore_ascii_case(l))
    })
}

/// `"value" == key`: the literal on the other side.
fn compared(site: &Site<'_>, key_start: usize, class: Class) -> Check {
    let text = &site.text[site.part.start..key_start];
    let trimmed = text.trim_ascii_end();
    let signs = trimmed.iter().rev().take(4).take_while(|b| matches!(b, b'=' | b'!')).count();
    if signs < 2 {
        return Check::No;
    }
    let left = trimmed[..trimmed.len() - signs].trim_ascii_end();
    let Some((&quote, literal)) = left.split_last() else { return Check::No };
    if !matches!(quote, b'"' | b'\'') {
        return Check::No;
    }
    let Some(open) = memchr::memrchr(quote, literal) else { return Check::No };
    match objection(&literal[open + 1..], class, true) {
        None => Check::Hit { start: site.part.start + open + 1, end: site.part.start + literal.len() },
        Some(why) => Check::Miss(why),
    }
}
