//! Canonical forms, version 1: the many ways to write one identifier become one text, and that text is what an ID is
//! computed from. The rule for every doubt: **under-merge**. Two IDs for one person cost a search; one ID for two people
//! is a false statement about both.
//!
//! | kind | form | e.g. |
//! |---|---|---|
//! | `email` | NFC, trimmed, lower case; domain in A-labels; dots and `+tag` stay | `Ann@BÜRO.example` → `ann@xn--bro-hoa.example` |
//! | `phone` | E.164 if it has a `+` or the region is known, else its digits | `+1 (202) 555-0123` → `+12025550123` |
//! | `ip` | RFC 5952; v4-mapped → v4; no zone, no brackets | `2001:DB8:0::1` → `2001:db8::1` |
//! | `mac` | lower-case pairs with colons | `00-1B-63-84-45-E6` → `00:1b:63:84:45:e6` |
//! | `card` | digits | `4111 1111 1111 1111` → `4111111111111111` |
//! | `iban`, `us_ssn`, `us_itin`, `national_id` | letters and digits, upper case | `de89 3704 0044 …` → `DE8937040044…` |
//! | `uuid` | lower case, without braces or `urn:uuid:` | |
//! | all others | trimmed | |
//!
//! What cannot be read as its kind is trimmed and otherwise left alone. All forms are idempotent. Their version enters
//! every ID: a change here that moves any existing form needs a new [`VERSION`].

mod contact;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::engine::scan::stamp::is_uuid;

pub use contact::is_phone_region;

/// Version of the forms.
pub const VERSION: u8 = 1;

/// What a policy may choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CanonicalOptions {
    /// `ann+shop@…` is `ann@…`.
    pub email_plus_strip: bool,
    /// Where phone numbers without `+` belong: an ISO 3166 code in upper case, checked with [`is_phone_region`].
    pub phone_region: Option<String>,
}

/// Appends the canonical form of `value` to `out`. `value` is the decoded text, any bytes.
pub fn canonical(kind: &str, value: &[u8], options: &CanonicalOptions, out: &mut Vec<u8>) {
    let value = trim(value);
    let start = out.len();
    let done = match kind {
        "email" => contact::email(value, options.email_plus_strip, out),
        "phone" => contact::phone(value, options.phone_region.as_deref(), out),
        "ip" => ip(value, out),
        "mac" => mac(value, out),
        "card" => compact(value, out) && out[start..].iter().all(u8::is_ascii_digit),
        "iban" | "national_id" | "us_itin" | "us_ssn" => compact(value, out),
        "uuid" => uuid(value, out),
        _ => false,
    };
    if !done {
        out.truncate(start);
        out.extend_from_slice(value);
    }
}

/// Without white space at the ends: Unicode's where the text is UTF-8.
fn trim(value: &[u8]) -> &[u8] {
    match std::str::from_utf8(value) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => value.trim_ascii(),
    }
}

/// RFC 5952, which the standard library writes. RFC 4291, section 2.5.5.2 is v4-mapped; a zone (RFC 4007) names an
/// interface of the machine that wrote the log, not the peer.
fn ip(value: &[u8], out: &mut Vec<u8>) -> bool {
    let value = value.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(value);
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let address = match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() => address.parse::<Ipv6Addr>().map(IpAddr::V6),
        _ => text.parse::<IpAddr>(),
    };
    let Ok(address) = address else { return false };
    let form = match address.to_canonical() {
        IpAddr::V4(v4) => return write_v4(v4, out),
        IpAddr::V6(v6) => v6.to_string(),
    };
    out.extend_from_slice(form.as_bytes());
    true
}

fn write_v4(address: Ipv4Addr, out: &mut Vec<u8>) -> bool {
    // A `Vec` takes every write.
    std::io::Write::write_fmt(out, format_args!("{address}")).is_ok()
}

/// EUI-48 and EUI-64 in any of the usual forms: pairs with `:` or `-`, groups of four with `.` or `:`, or bare.
fn mac(value: &[u8], out: &mut Vec<u8>) -> bool {
    let separator = value.iter().copied().find(|b| !b.is_ascii_hexdigit());
    let group = match separator {
        None => value.len(),
        Some(b':' | b'-' | b'.') => value.iter().take_while(|b| b.is_ascii_hexdigit()).count(),
        Some(_) => return false,
    };
    let digits = value.iter().filter(|b| b.is_ascii_hexdigit()).count();
    if !matches!(digits, 12 | 16) || !(matches!(group, 2 | 4) || separator.is_none()) {
        return false;
    }
    let regular = value.chunks(group + 1).all(|chunk| {
        chunk[..group.min(chunk.len())].iter().all(u8::is_ascii_hexdigit) && chunk.len() >= group
    }) && value.iter().skip(group).step_by(group + 1).all(|b| Some(*b) == separator)
        && value.last().is_some_and(u8::is_ascii_hexdigit);
    if !regular {
        return false;
    }
    for (i, digit) in value.iter().filter(|b| b.is_ascii_hexdigit()).enumerate() {
        if i > 0 && i % 2 == 0 {
            out.push(b':');
        }
        out.push(digit.to_ascii_lowercase());
    }
    true
}

/// RFC 9562, section 4: lower case on output. The bare 32 digits stay bare: they could be a digest.
fn uuid(value: &[u8], out: &mut Vec<u8>) -> bool {
    let lower = value.to_ascii_lowercase();
    let inner = lower.strip_prefix(b"urn:uuid:").unwrap_or(&lower);
    let inner = inner.strip_prefix(b"{").and_then(|inner| inner.strip_suffix(b"}")).unwrap_or(inner);
    let is_uuid = is_uuid(inner);
    let bare = inner.len() == 32 && inner.iter().all(u8::is_ascii_hexdigit);
    if is_uuid || bare {
        out.extend_from_slice(inner);
    }
    is_uuid || bare
}

/// Letters and digits in upper case, full-width digits as plain ones, separators left out; `false` if anything else is in it, or nothing.
fn compact(value: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let Ok(text) = std::str::from_utf8(value) else { return false };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_uppercase() as u8);
        } else if let '０'..='９' = c {
            out.push(b'0' + (c as u32 - '０' as u32) as u8);
        } else if !is_separator(c) {
            return false;
        }
    }
    out.len() > start
}

/// What people put between groups of digits: blanks, dots, slashes, the dashes that editors make of `-`, and what has no
/// width.
fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '.' | '/' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{2010}'..='\u{2014}' | '\u{2212}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests;
