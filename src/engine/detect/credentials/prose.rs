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
    "password", "Password", "PassWord", "PASSWORD", "passwd", "Passwd", "PASSWD", "passphrase", "Passphrase", "_pass", "_PASS",
    "token", "Token", "TOKEN", "secret", "Secret", "SECRET", "apikey", "APIKEY", "key", "Key", "KEY", "creds", "credential",
    "Credential", "pwd", "PWD", " pw ",
];

const KEY_CHARS: Alphabet = WORD.and(b"-.");
const KEY_BYTES_MAX: usize = 64;

/// How key and value are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// `=`, `:=`, `=>`, `==`, `:`, `",` of an argument list, `>` of an element.
    Sign,
    /// `is`: sure before a quote.
    Is,
    /// A space, dash or bar: sure after a flag (`--token x`) and in `login x password y`.
    Space,
    /// Words and a colon, then a line of its own.
    Words,
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
    let (mut key_start, key_end) = (anchor - back, anchor + ahead);
    let flag = part[key_start..].starts_with(b"-");
    let mut words = Words::of(&part[key_start..key_end]);
    let mut class = key::noun(&words);
    if class == Class::Key && words.len() == 1 && key_start > site.part.start && part[key_start - 1] == b' ' {
        // `API key`, `Unseal Key`: the word before belongs to it.
        key_start -= 1 + WORD.run_back(&part[site.part.start..key_start - 1], KEY_BYTES_MAX);
        words = Words::of(&part[key_start..key_end]);
        class = key::noun(&words);
    }
    if class == Class::None {
        return Check::No;
    }
    let opened = key_start > site.part.start && part[key_start - 1] == b'<';
    let Some((join, start, quote)) = joined(part, key_end, opened, class) else {
        return compared(site, key_start, class);
    };
    let end = value_end(part, start, quote);
    let value = &part[start..end];
    let vendored = class == Class::Key && (key::names_vendor(&words) || vendor_before(site, key_start));
    let sure = match join {
        Join::Sign => true,
        Join::Is => quote.is_some(),
        Join::Space => flag || after_login(site, key_start),
        Join::Words => false,
    };
    let class = match class {
        Class::Key if !sure && !vendored => return Check::Miss(Why::NoKeyword),
        Class::Key if vendored => Class::Vendor,
        class if sure => class,
        // In prose, whatever the key, only what looks drawn.
        _ => Class::Vendor,
    };
    match objection(value, class, quote.is_some()) {
        None => Check::Hit { start, end },
        Some(why) => Check::Miss(why),
    }
}

/// What joins key and value, where the value begins, and the quote it stands in. `opened` says that a `<` stands before the
/// key.
fn joined(text: &[u8], key_end: usize, opened: bool, class: Class) -> Option<(Join, usize, Option<u8>)> {
    let mut at = key_end;
    let closed = skip(text, &mut at, |b| matches!(b, b'"' | b'\'' | b'`' | b'\\' | b']' | b')'), 3) > 0;
    let spaces = skip(text, &mut at, is_blank, 12);
    at = declared(text, at).unwrap_or(at);
    if class != Class::Password && spaces == 1 {
        // `Unseal Key 2:`
        let number = skip(text, &mut at, |b| b.is_ascii_digit(), 2);
        if text.get(at) != Some(&b':') {
            at -= number;
        }
    }
    let signs = skip(text, &mut at, |b| matches!(b, b'=' | b':' | b'!' | b'>'), 4);
    let join = match (signs, &text[at..]) {
        (1, _) if text[at - 1] == b'>' && !opened => return None,
        (1.., _) => {
            if matches!(text[at - 1], b'>' | b':') {
                skip(text, &mut at, |b| b.is_ascii_whitespace(), 40);
            }
            Join::Sign
        }
        (0, [b',', ..]) if closed => {
            at += 1;
            Join::Sign
        }
        (0, [b'i', b's', b' ' | b':', ..]) => {
            at += 3;
            Join::Is
        }
        (0, [b'-' | b'|', ..]) if spaces > 0 => {
            at += 1;
            Join::Space
        }
        _ if spaces == 0 => return None,
        (0, rest) => match announced(rest).filter(|_| class == Class::Password) {
            Some(length) => {
                at += length;
                Join::Words
            }
            None => Join::Space,
        },
    };
    skip(text, &mut at, is_blank, 12);
    let escapes = skip(text, &mut at, |b| b == b'\\', 4);
    let quote = text.get(at).copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
    if closed && join == Join::Space && quote.is_none() {
        return None; // a quoted word in a sentence
    }
    let start = if quote.is_some() { at + 1 } else { at - escapes };
    (start < text.len()).then_some((join, start, quote))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `apiKey string = …`, `password: str = …`: where the sign after the type stands.
fn declared(text: &[u8], at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix(b":").unwrap_or(&text[at..]).trim_ascii_start();
    let kind = [&b"string"[..], b"String", b"str", b"&str", b"text"]
        .into_iter()
        .find(|kind| rest.starts_with(kind))?;
    let sign = text.len() - rest.len() + kind.len();
    let sign = sign + text[sign..].iter().take(8).take_while(|&&b| is_blank(b)).count();
    (text.get(sign) == Some(&b'=')).then_some(sign)
}

/// `password to go on with the setup:` and a line of its own: how long the words and the white space are.
fn announced(rest: &[u8]) -> Option<usize> {
    let words = rest.iter().take(60).take_while(|b| b.is_ascii_alphabetic() || **b == b' ').count();
    let colon = rest[words..].strip_prefix(b":")?;
    let gap = colon.iter().take(8).take_while(|b| b.is_ascii_whitespace()).count();
    colon[..gap].contains(&b'\n').then_some(words + 1 + gap)
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

/// `login bob password …`, `ALTER ROLE bob PASSWORD '…'`, `WITH PASSWORD '…'`: what stands before makes the next word a
/// password.
fn after_login(site: &Site<'_>, key_start: usize) -> bool {
    let among = |word: &[u8], list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    let mut words =
        before(site, key_start, 96).rsplit(|b| b.is_ascii_whitespace()).filter(|word| !word.is_empty());
    words.next().is_some_and(|word| among(word, &["with", "encrypted", "unencrypted"]))
        || words.next().is_some_and(|word| among(word, &["login", "username", "user", "account", "role"]))
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
