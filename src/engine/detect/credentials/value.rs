//! Whether a value can be a secret: what placeholders, code and ordinary words look like, and what does not.

use super::super::Why;
use super::super::check::alphabet::{ALNUM, B64, OPAQUE};
use super::super::check::entropy::{Makeup, normalised};
use super::key::Class;
use super::tokens::is_mask;
use crate::engine::scan::stamp::is_uuid;

/// Longest value that is looked at; longer ones are documents.
const VALUE_BYTES_MAX: usize = 8192;

/// Words that stand where a value is missing, or that say what became of it. Lower case, sorted.
#[rustfmt::skip]
const STOCK: &[&str] = &[
    "****", "-", "--", "...", "[filtered]", "[redacted]", "a", "absent", "accepted", "an", "and", "anonymous",
    "any", "are", "authentication", "bad", "basic", "bearer", "been", "blank", "boolean", "bytes", "can",
    "cannot", "changed", "char", "check", "checking", "correct", "created", "default", "denied", "deprecated",
    "digest", "disabled", "does", "empty", "enabled", "encrypted", "error", "errors", "exists", "expired",
    "failed", "failure", "false", "field", "filtered", "for", "format", "found", "from", "has", "hidden",
    "ignored", "in", "incorrect", "int", "integer", "invalid", "is", "it", "length", "loaded", "lookup",
    "malformed", "masked", "may", "method", "mismatch", "missing", "must", "n/a", "na", "need", "needed",
    "negotiate", "new", "nil", "no", "none", "not", "ntlm", "null", "number", "object", "of", "off", "ok",
    "omitted", "on", "optional", "or", "parameter", "passwd", "password", "pending", "private", "prompt",
    "provided", "public", "read", "received", "redacted", "refresh", "refused", "rejected", "removed",
    "renewed", "required", "reset", "revoked", "rotated", "scrubbed", "secret", "see", "sent", "set",
    "should", "str", "string", "success", "text", "that", "the", "this", "to", "token", "too", "true", "type",
    "unauthorized", "undefined", "unknown", "unset", "unused", "updated", "use", "used", "user", "username",
    "using", "valid", "value", "varchar", "void", "was", "when", "will", "with", "wrong", "yes", "you",
    "your",
];

/// Whether the value stands for a secret instead of being one: `${X}`, `<x>`, `****`, `[redacted:…]`, `{{ x }}`, `%s`.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    match value {
        [] => true,
        [b'$', b'{' | b'(' | b'[', ..] | [b'#', b'{', ..] | [b'{', b'{', ..] | [b'<', b'%', ..] => true,
        [b'<', .., b'>'] | [b'[', .., b']'] | [b'{', .., b'}'] | [b'(', .., b')'] => value.len() < 80,
        // `$NAME`, `%NAME%`, `%s`, `:name`, `@name`, `?`
        [b'$', name @ ..] => is_name(name),
        [b'%', name @ .., b'%'] => is_name(name),
        [b'%', b's' | b'd' | b'v' | b'q' | b'r' | b'@'] | [b'%', b'(', ..] | [b'?'] => true,
        _ if is_mask(value) => true,
        _ if value.len() >= 3 && value.iter().all(|&b| b == value[0]) => true,
        [b'[' | b'<', word @ ..] if stands_in(word) => true,
        _ => value.eq_ignore_ascii_case(b"redacted") || begs(value),
    }
}

/// `redacted:…`, `filtered`, `hidden` after a bracket that a cut left open.
fn stands_in(word: &[u8]) -> bool {
    let starts = |w: &[u8]| word.len() >= w.len() && word[..w.len()].eq_ignore_ascii_case(w);
    starts(b"redacted") || starts(b"filtered") || starts(b"hidden") || starts(b"masked") || starts(b"removed")
}

/// `your_api_key_here`, `<insert…`, `YOUR-TOKEN`
fn begs(value: &[u8]) -> bool {
    let starts =
        |word: &str| value.len() >= word.len() && value[..word.len()].eq_ignore_ascii_case(word.as_bytes());
    (starts("your") || starts("insert") || starts("enter") || starts("my_") || starts("put_")) && {
        let made = Makeup::of(value);
        made.digits == 0 && (made.lower == 0 || made.upper == 0) && made.marks() > 0
    }
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name.iter().all(|&b| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'[' | b']' | b'\'' | b'"' | b'>' | b'-')
        })
}

fn is_stock(value: &[u8]) -> bool {
    let mut lower = [0u8; 16];
    let Some(lower) = lower.get_mut(..value.len()) else { return false };
    lower.copy_from_slice(value);
    lower.make_ascii_lowercase();
    STOCK.binary_search_by(|word| word.as_bytes().cmp(lower)).is_ok()
}

/// Whether the value is an expression that fetches a secret instead of being one: `getToken()`, `os.environ["X"]`,
/// `process.env.X`, `config.password`, `&secret`.
fn is_code(value: &[u8]) -> bool {
    let call = value.iter().position(|&b| b == b'(').filter(|&at| at > 0);
    if let Some(at) = call
        && value[..at].iter().all(|&b| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'$' | b'>' | b'-' | b'@')
        })
    {
        return true;
    }
    // `Token{9f4ef63`, `Proxy@2bd79ce`: how objects print themselves.
    let shown = value.iter().position(|&b| matches!(b, b'{' | b'@')).filter(|&at| at > 2);
    if let Some(at) = shown
        && value[0].is_ascii_alphabetic()
        && value[..at].iter().any(u8::is_ascii_uppercase)
        && value[..at].iter().all(|&b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'$'))
        && value[at + 1..].iter().all(|&b| b.is_ascii_hexdigit() || b == b'}')
    {
        return true;
    }
    let index = value.iter().position(|&b| b == b'[').filter(|&at| at > 0);
    if let Some(at) = index
        && value[..at].iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$'))
        && value.len() < 64
    {
        return true;
    }
    // `a.b.c`, `A::B`, `a->b`: names joined, no digits to speak of.
    let joined = value
        .windows(2)
        .any(|w| (w[0] == b'.' && w[1].is_ascii_alphabetic()) || w == b"::" || w == b"->" || w == b"?.");
    joined && {
        let made = Makeup::of(value);
        made.digits <= 2
            && value[0].is_ascii_alphabetic()
            && value
                .iter()
                .all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-' | b'>' | b'?'))
            && made.turns * 6 < made.len
    }
}

/// A path, a URL or the name of a file.
fn is_place(value: &[u8]) -> bool {
    const ENDS: &[&str] = &[
        ".pem", ".key", ".crt", ".cer", ".p12", ".pfx", ".jks", ".json", ".yml", ".yaml", ".txt", ".conf",
        ".toml", ".xml", ".html", ".php", ".js", ".png", ".com", ".net", ".org", ".local",
    ];
    let path = matches!(value, [b'/', b, ..] if b.is_ascii_alphabetic() || matches!(b, b'.' | b'_'))
        || matches!(value, [b'.', b'/' | b'.', ..] | [b'~', b'/', ..] | [b'\\', b'\\', ..])
        || matches!(value, [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    let slashes = value.iter().filter(|&&b| b == b'/').count();
    (path && (slashes >= 2 || value.len() < 24))
        || memchr::memmem::find(value, b"://").is_some()
        || ENDS.iter().any(|end| value.ends_with(end.as_bytes()))
}

/// A date or time, a version, a quantity with its unit.
fn is_measure(value: &[u8], made: &Makeup) -> bool {
    made.digits > 0
        && made.letters() <= 3
        && value.iter().all(|&b| {
            b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-' | b'+' | b',' | b'/' | b'_' | b' ')
        })
        && made.len < 32
}

/// What speaks against the value being a secret under a key of this class; `None` if nothing does. `quoted` values are
/// literals; bare ones may be words of a sentence.
pub(super) fn objection(value: &[u8], class: Class, quoted: bool) -> Option<Why> {
    if value.len() > VALUE_BYTES_MAX || value.len() < 3 {
        return Some(Why::LowEntropy);
    }
    if is_placeholder(value) {
        return Some(Why::Placeholder);
    }
    if is_stock(value) {
        return Some(Why::Kept("ordinary word"));
    }
    let made = Makeup::of(value);
    if made.foreign > made.len / 2 {
        return Some(Why::LowEntropy);
    }
    let code = is_code(value) && !(quoted && class == Class::Password && made.digits > 0);
    if code {
        return Some(Why::Kept("expression"));
    }
    match class {
        Class::Password => password(value, &made, quoted),
        Class::Secret => secret(value, &made, quoted),
        Class::Token => token(value, &made),
        Class::Key => key(value, &made),
        Class::Vendor => vendor(value, &made),
        Class::None => Some(Why::NoKeyword),
    }
}

/// People choose passwords: almost anything goes.
fn password(value: &[u8], made: &Makeup, quoted: bool) -> Option<Why> {
    if made.spaces > 0 && !quoted {
        return Some(Why::Kept("prose"));
    }
    if made.letters() + made.digits == 0 {
        return Some(Why::LowEntropy);
    }
    if made.letters() == 0 && made.marks() == 0 && made.len < 4 {
        return Some(Why::Kept("number"));
    }
    if matches!(value, [b'/', ..]) && is_place(value) {
        return Some(Why::Kept("path"));
    }
    None
}

fn secret(value: &[u8], made: &Makeup, quoted: bool) -> Option<Why> {
    if is_place(value) {
        return Some(Why::Kept("path or URL"));
    }
    if made.spaces > 0 && !quoted || made.spaces > 2 {
        return Some(Why::Kept("prose"));
    }
    if made.letters() == 0 && made.digits < 8 {
        return Some(Why::Kept("number"));
    }
    let marked = made.marks() > 0
        && !value.iter().all(|&b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.'));
    if made.digits > 0 || made.looks_drawn() || (quoted && marked && made.len >= 6) {
        return if made.len >= 6 { None } else { Some(Why::LowEntropy) };
    }
    Some(Why::LowEntropy)
}

fn token(value: &[u8], made: &Makeup) -> Option<Why> {
    if made.spaces > 0 {
        return Some(Why::Kept("prose"));
    }
    if is_place(value) {
        return Some(Why::Kept("path or URL"));
    }
    if made.letters() == 0 {
        return if made.digits >= 12 && made.digits == made.len { None } else { Some(Why::Kept("number")) };
    }
    if made.len < 8 || is_measure(value, made) {
        return Some(Why::LowEntropy);
    }
    let drawn = if made.len >= 20 { made.looks_drawn() } else { made.digits >= 1 || made.turns >= 3 };
    if drawn && normalised(value) > 0.5 { None } else { Some(Why::LowEntropy) }
}

/// Under a bare `key`, which is mostly the key of a map, only what can hardly be anything but a secret.
fn key(value: &[u8], made: &Makeup) -> Option<Why> {
    if is_uuid(value) || made.is_hex() {
        return Some(Why::Kept("identifier or digest"));
    }
    if made.len < 20
        || OPAQUE.run(value, made.len) < made.len
        || made.digits < 3
        || made.letters() < 8
        || is_place(value)
    {
        return Some(Why::LowEntropy);
    }
    let words = value.iter().filter(|&&b| matches!(b, b'-' | b'_' | b'.' | b'/')).count();
    if words * 8 > made.len || normalised(value) < 0.75 || made.turns * 5 < made.len {
        return Some(Why::LowEntropy);
    }
    None
}

/// Next to the name of a vendor: one opaque word.
fn vendor(value: &[u8], made: &Makeup) -> Option<Why> {
    let solid = ALNUM.run(value, made.len) == made.len;
    let opaque = B64.and(b"_-.:~!%").run(value, made.len) == made.len;
    if made.len < 16 || !opaque || is_place(value) {
        return Some(Why::LowEntropy);
    }
    if is_measure(value, made) || made.digits < 2 || made.letters() < 4 {
        return Some(Why::LowEntropy);
    }
    if !solid && !is_uuid(value) && made.turns * 6 < made.len {
        return Some(Why::LowEntropy);
    }
    if normalised(value) < 0.6 { Some(Why::LowEntropy) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stock_is_sorted() {
        let mut last = "";
        for &word in STOCK {
            assert!(last < word, "{word}");
            assert!(word.len() <= 16, "{word}");
            last = word;
        }
    }

    #[test]
    fn placeholders() {
        for value in [
            "",
            "${X}",
            "$(X)",
            "<x>",
            "****",
            "xxxx",
            "[redacted:password]",
            "{{ token }}",
            "%s",
            "$PASS",
            "%NAME%",
            "REDACTED",
            "your_api_key_here",
            "aaaaaaaa",
            "<%= x %>",
            "{PASS}",
            "...",
            "$_GET['x']",
            "#{x}",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in ["hunter2", "super$ecret", "pa{ss}word", "xxY7xx", "$ecr3t!", "yours2Keep"] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn passwords_are_almost_anything() {
        for value in ["hunter2", "correcthorse", "p@ss w0rd", "12345", "MyDog", "a.b!c", "x9"] {
            let quoted = value.contains(' ');
            assert_eq!(
                objection(value.as_bytes(), Class::Password, quoted).is_none(),
                value.len() > 2,
                "{value}"
            );
        }
        for value in [
            "null",
            "False",
            "required",
            "0",
            "getPassword()",
            "os.environ[\"PW\"]",
            "request.form",
            "/etc/secret",
            "self.password",
        ] {
            assert!(objection(value.as_bytes(), Class::Password, false).is_some(), "{value}");
        }
    }

    #[test]
    fn tokens_look_drawn() {
        for value in [
            "Zk94Hg7f6KB",
            "9f86d081884c7d65",
            "0b7d1c52-7f0e-4b1c-9a51-0d5c1f0e8a77",
            "abc123def456",
            "123456789012345",
        ] {
            assert!(objection(value.as_bytes(), Class::Token, false).is_none(), "{value}");
        }
        for value in [
            "expired",
            "3",
            "1500",
            "bearer",
            "2024-01-01T00:00:00Z",
            "https://a.example/x",
            "refresh_token",
            "v1.2.3",
            "/var/run/x",
        ] {
            assert!(objection(value.as_bytes(), Class::Token, false).is_some(), "{value}");
        }
    }

    #[test]
    fn a_bare_key_needs_more() {
        assert!(objection(b"kQ7vR2mXw9LpZ4sTb6Nd", Class::Key, false).is_none());
        for value in [
            "9f86d081884c7d659a2feaa0c55ad015",
            "user:12345:profile",
            "reports/2024/01/summary-final",
            "SalesResults-1.2",
        ] {
            assert!(objection(value.as_bytes(), Class::Key, false).is_some(), "{value}");
        }
    }
}
