//! Fixed points: what an earlier pass put there and this pass must leave alone. Only what this policy or its ring can vouch
//! for counts; everything else in brackets is plain text (policy.md, "Fixed points").

use std::borrow::Cow;
use std::ops::Range;

use crate::engine::correlate::{Keyring, Recognised, find_ids};
use crate::engine::policy::{Action, Policy};

/// What a fixed point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fixed {
    /// `[redacted:RULE]`, `[shape:…]`, `[withheld:…]`, or a fixed text of this policy.
    Placeholder,
    /// A correlation ID that verifies.
    Id,
}

/// All fixed points in a text, in order, disjoint.
pub(super) fn find(policy: &Policy, ring: &Keyring, text: &[u8]) -> Vec<(Range<usize>, Fixed)> {
    find_with(policy, text, |id| ring.recognise(id) == Recognised::Genuine)
}

/// What a key says about its value: replacements in it say nothing, and `x` stands for each. Whatever looks like an ID is one
/// here, so that what is remembered of a key does not depend on the ring.
pub(super) fn key_words<'k>(policy: &Policy, key: &'k [u8]) -> Cow<'k, [u8]> {
    let replaced = find_with(policy, key, |_| true);
    if replaced.is_empty() {
        return Cow::Borrowed(key);
    }
    let mut words = Vec::with_capacity(key.len());
    let mut at = 0;
    for (range, _) in replaced {
        words.extend_from_slice(&key[at..range.start]);
        words.push(b'x');
        at = range.end;
    }
    words.extend_from_slice(&key[at..]);
    Cow::Owned(words)
}

/// Whether somebody masked the value before: `***-**-****`, `XXX-XX-XXXX`. Nothing of it is left.
pub(super) fn is_masked(value: &[u8]) -> bool {
    let masks = |b: &u8| matches!(b, b'*' | b'#' | b'x' | b'X');
    value.iter().all(|b| masks(b) || matches!(b, b' ' | b'-' | b'.' | b'/' | b'(' | b')' | b'+'))
        && value.iter().filter(|b| masks(b)).count() >= 3
}

fn find_with(policy: &Policy, text: &[u8], is_id: impl Fn(&[u8]) -> bool) -> Vec<(Range<usize>, Fixed)> {
    let mut all = Vec::new();
    for start in memchr::memchr_iter(b'[', text) {
        if let Some(length) = placeholder(policy, &text[start..]) {
            all.push((start..start + length, Fixed::Placeholder));
        }
    }
    for (start, end) in find_ids(text) {
        if is_id(&text[start..end]) {
            all.push((start..end, Fixed::Id));
        }
    }
    for rule in &policy.rules {
        if let Action::Replace(fixed) = &rule.action
            && !fixed.is_empty()
        {
            for start in memchr::memmem::find_iter(text, fixed.as_bytes()) {
                all.push((start..start + fixed.len(), Fixed::Placeholder));
            }
        }
    }
    all.sort_by_key(|(range, _)| (range.start, range.end));
    let mut end = 0;
    all.retain(|(range, _)| {
        let keep = range.start >= end;
        if keep {
            end = range.end;
        }
        keep
    });
    all
}

/// What the whole value, blanks around it aside, is.
pub(super) fn whole(policy: &Policy, ring: &Keyring, value: &[u8]) -> Option<Fixed> {
    let value = value.trim_ascii();
    if placeholder(policy, value) == Some(value.len()) {
        return Some(Fixed::Placeholder);
    }
    if ring.recognise(value) == Recognised::Genuine {
        return Some(Fixed::Id);
    }
    let replaced = |rule: &crate::engine::policy::Rule| match &rule.action {
        Action::Replace(fixed) => fixed.as_bytes() == value,
        _ => false,
    };
    policy.rules.iter().any(replaced).then_some(Fixed::Placeholder)
}

/// The length of the placeholder that `text` begins with.
fn placeholder(policy: &Policy, text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"[")?;
    let end = memchr::memchr(b']', &rest[..rest.len().min(128)])?;
    let inner = &rest[..end];
    let genuine = if let Some(rule) = inner.strip_prefix(b"redacted:") {
        policy.has_rule_id(rule)
    } else if let Some(shape) = inner.strip_prefix(b"shape:") {
        std::str::from_utf8(shape).is_ok_and(is_shape)
    } else if let Some(reason) = inner.strip_prefix(b"withheld:") {
        std::str::from_utf8(reason)
            .is_ok_and(|reason| super::Withheld::ALL.iter().any(|w| w.name() == reason))
    } else {
        false
    };
    genuine.then_some(end + 2)
}

fn is_shape(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let count = |n: &str| !n.is_empty() && n.len() <= 10 && n.bytes().all(|b| b.is_ascii_digit());
    match words.as_slice() {
        ["number" | "boolean"] => true,
        ["string", size @ ..] => super::action::is_size(&size.join(" ")),
        ["object", n, "keys", size @ ..] | ["array", n, "items", size @ ..] => {
            count(n) && super::action::is_size(&size.join(" "))
        }
        _ => false,
    }
}
