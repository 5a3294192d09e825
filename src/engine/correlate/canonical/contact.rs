//! Canonical forms of e-mail addresses and phone numbers: the two that need tables which others keep.

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use unicode_normalization::UnicodeNormalization;

use super::is_separator;
use crate::engine::numbering::is_plain;

/// NFC (UAX #15), lower case, domain in A-labels (UTS #46). RFC 5321, section 2.4, leaves the case of the local part to
/// its host; no host in use tells `Ann` from `ann`. Dots and `+tag` stay: whether they matter differs from host to host.
pub(super) fn email(value: &[u8], plus_strip: bool, out: &mut Vec<u8>) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let start = out.len();
    if text.is_ascii() && !contains_a_label(value) {
        out.extend(value.iter().map(u8::to_ascii_lowercase));
    } else {
        // Lower-casing can take a text out of NFC.
        let lower: String = text.nfc().collect::<String>().to_lowercase().nfc().collect();
        let (local, domain) = lower.rsplit_once('@').unwrap_or((&lower, ""));
        let ascii = idna::domain_to_ascii(domain).ok().filter(|ascii| !ascii.contains('@'));
        out.extend_from_slice(local.as_bytes());
        out.extend(lower.as_bytes().get(local.len()));
        out.extend_from_slice(ascii.as_deref().unwrap_or(domain).as_bytes());
    }
    if plus_strip {
        strip_plus(start, out);
    }
    true
}

/// Whether some label of the domain may be punycode, which only IDNA can judge.
fn contains_a_label(text: &[u8]) -> bool {
    text.windows(4).any(|w| w.eq_ignore_ascii_case(b"xn--"))
}

/// Takes `+tag` out of the local part of the address at `start`, unless nothing would stay.
fn strip_plus(start: usize, out: &mut Vec<u8>) {
    let Some(at) = out[start..].iter().rposition(|&b| b == b'@') else { return };
    match out[start..start + at].iter().position(|&b| b == b'+') {
        Some(plus) if plus > 0 => drop(out.drain(start + plus..start + at)),
        _ => {}
    }
}

/// E.164 where the country is known, else the digits as written, without what stands between them. An extension makes
/// another identifier (`;ext=`, RFC 3966): behind one number may sit a whole company.
pub(super) fn phone(value: &[u8], region: Option<&str>, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    if value.first() == Some(&b'+')
        && value[1..].iter().all(|b| matches!(b, b'0'..=b'9' | b' ' | b'-' | b'.'))
    {
        // Nearly all numbers: nothing is left to read.
        out.extend(value.iter().filter(|b| matches!(b, b'+' | b'0'..=b'9')));
        if is_plain(&out[start + 1..]) {
            return true;
        }
        out.truncate(start);
    }
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let region = region.and_then(|code| code.parse::<Region>().ok());
    if (region.is_some() || text.starts_with(['+', '\u{ff0b}']))
        && let Some(number) = e164(text, region)
        // Some countries' trunk prefixes could be taken off twice: then the number is not as clear as it seems.
        && e164(&number, None).as_ref() == Some(&number)
    {
        out.extend_from_slice(number.as_bytes());
        return true;
    }
    digits(text, out)
}

fn e164(text: &str, region: Option<Region>) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
    if number.is_possible_with_reason() != Ok(NumberLengthType::IsPossible) {
        return None;
    }
    let mut form = number.format_as(PhoneNumberFormat::E164).into_owned();
    if let Some(extension) = number.extension.as_deref().filter(|extension| !extension.is_empty()) {
        form.push_str(";ext=");
        form.push_str(extension);
    }
    Some(form)
}

/// Digits, a `+` before them kept; `false` if there is anything but separators and parentheses between.
fn digits(text: &str, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    for (i, c) in text.chars().enumerate() {
        match c {
            '0'..='9' => out.push(c as u8),
            '+' if i == 0 => out.push(b'+'),
            '(' | ')' => {}
            c if is_separator(c) => {}
            _ => return false,
        }
    }
    out[start..].iter().any(u8::is_ascii_digit)
}

/// Whether numbers of that region can be read: an ISO 3166 code in upper case that the numbering plans know.
pub fn is_phone_region(code: &str) -> bool {
    code.len() == 2
        && code.bytes().all(|b| b.is_ascii_uppercase())
        && code
            .parse::<Region>()
            .is_ok_and(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some())
}
