//! The text that stands in the place of a span.

use crate::engine::correlate::{Keyring, canonical};
use crate::engine::detect::{self, Hints};
use crate::engine::policy::{Action, Partial, Policy, Rule};

use super::Withheld;
use super::found::{Cause, Found, Place, Shape};

/// The word that OpenTelemetry's conventions put into URLs.
pub(super) const IN_URL: &str = "REDACTED";

/// Appends the replacement of one span, not yet written in the encoding of its place. `value` is the decoded value.
pub(super) fn append(
    policy: &Policy,
    ring: &Keyring,
    found: &Found,
    value: &[u8],
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    let rule = match found.cause {
        Cause::Depth => return out.extend_from_slice(withheld_text(Withheld::Depth).as_bytes()),
        Cause::Rule(index) => &policy.rules[usize::from(index)],
    };
    match &rule.action {
        Action::Mask | Action::Drop => mask(rule, found, out),
        Action::Replace(text) => out.extend_from_slice(text.as_bytes()),
        Action::Shape => shape(found, value, out),
        Action::Correlate => correlate(policy, ring, rule, found, value, scratch, out),
        Action::Partial(partial) => {
            let card = kind(rule, found, value) == Some("card");
            if !keep_part(*partial, card, value, out) {
                mask(rule, found, out);
            }
        }
    }
}

fn mask(rule: &Rule, found: &Found, out: &mut Vec<u8>) {
    if found.in_url {
        out.extend_from_slice(IN_URL.as_bytes());
    } else {
        for part in ["[redacted:", &rule.id, "]"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// What a value is: for a detector's span what the detector finds, for a field what accepts it whole, else what the rule
/// says. It decides the ID, so that one address has one ID wherever it stands.
fn kind<'a>(rule: &'a Rule, found: &Found, value: &[u8]) -> Option<&'a str> {
    if let Some(detector) = found.detector {
        return Some(detect::all()[usize::from(detector)].kind);
    }
    detect::kind_of_whole(value, Hints::NONE).or(rule.kind.as_deref())
}

fn correlate(
    policy: &Policy,
    ring: &Keyring,
    rule: &Rule,
    found: &Found,
    value: &[u8],
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    let value = value.trim_ascii();
    let kind = kind(rule, found, value);
    let label = rule.label.as_deref().or(kind).unwrap_or(&rule.id_label);
    let kind = kind.unwrap_or("opaque");
    scratch.clear();
    canonical(kind, value, &policy.canonical, scratch);
    ring.append_id(label, kind, &policy.scope, scratch, out);
}

/// Writes what stays of the value, `*` for the rest. False if nothing may stay.
fn keep_part(partial: Partial, card: bool, value: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let length = text.chars().count();
    let (first, last) = match partial {
        Partial::Domain => match text.rsplit_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => {
                (0, domain.chars().count() + 1)
            }
            _ => return false,
        },
        Partial::Ends { first, last } => (usize::from(first), usize::from(last)),
    };
    // A card may show its issuer and its last four digits (PCI DSS 3.4.1): more than half of a short one.
    let allowed = match partial {
        Partial::Domain => length - 1,
        Partial::Ends { .. } if card && length >= 12 => 10.min(length - 1),
        Partial::Ends { .. } => length / 2,
    };
    if first + last > allowed {
        return false;
    }
    for (index, ch) in text.chars().enumerate() {
        if index < first || index >= length - last {
            out.extend_from_slice(ch.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            out.push(b'*');
        }
    }
    true
}

fn shape(found: &Found, value: &[u8], out: &mut Vec<u8>) {
    let text = match found.place {
        Place::Bare(Shape::Number) => "[shape:number]".to_owned(),
        Place::Bare(Shape::Boolean) => "[shape:boolean]".to_owned(),
        Place::Bare(Shape::Object { keys }) => {
            format!("[shape:object {keys} keys {}]", size(found.end - found.start))
        }
        Place::Bare(Shape::Array { items }) => {
            format!("[shape:array {items} items {}]", size(found.end - found.start))
        }
        Place::Text | Place::Field | Place::Pair | Place::Key { .. } => {
            format!("[shape:string {}]", size(value.len()))
        }
    };
    out.extend_from_slice(text.as_bytes());
}

/// A size as a step: 0, ≤16, ≤64, ≤256 B, then powers of two.
fn size(bytes: usize) -> String {
    match bytes {
        0 => "0 B".to_owned(),
        1..=16 => "≤16 B".to_owned(),
        17..=64 => "≤64 B".to_owned(),
        65..=256 => "≤256 B".to_owned(),
        _ => {
            let step = bytes.next_power_of_two();
            match step {
                0..1024 => format!("≤{step} B"),
                1024..0x10_0000 => format!("≤{} KiB", step >> 10),
                _ => format!("≤{} MiB", step >> 20),
            }
        }
    }
}

/// Whether the text is a size that [`size`] writes.
pub(super) fn is_size(text: &str) -> bool {
    let steps = [0usize, 1, 17, 65];
    steps.iter().any(|&bytes| size(bytes) == text) || (9..=30).any(|power| size(1 << power) == text)
}

/// The placeholder of something withheld inside a record.
pub(super) fn withheld_text(why: Withheld) -> String {
    format!("[withheld:{}]", why.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(partial: Partial, card: bool, value: &str) -> Option<String> {
        let mut out = Vec::new();
        keep_part(partial, card, value.as_bytes(), &mut out).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn partial_never_shows_more_than_half() {
        let ends = |first, last| Partial::Ends { first, last };
        assert_eq!(part(ends(0, 4), false, "4111111111111111").as_deref(), Some("************1111"));
        assert_eq!(part(ends(6, 4), true, "4111111111111111").as_deref(), Some("411111******1111"));
        assert_eq!(part(ends(6, 4), false, "4111111111111111"), None);
        assert_eq!(part(ends(0, 4), false, "1234567"), None);
        assert_eq!(part(Partial::Domain, false, "ann@corp.example").as_deref(), Some("***@corp.example"));
        assert_eq!(part(Partial::Domain, false, "ann"), None);
        assert_eq!(part(ends(1, 1), false, "äöüß").as_deref(), Some("ä**ß"));
    }

    #[test]
    fn sizes_come_in_steps() {
        for (bytes, text) in [
            (0, "0 B"),
            (1, "≤16 B"),
            (64, "≤64 B"),
            (65, "≤256 B"),
            (257, "≤512 B"),
            (1025, "≤2 KiB"),
            (3 << 20, "≤4 MiB"),
        ] {
            assert_eq!(size(bytes), text);
            assert!(is_size(text));
        }
        assert!(!is_size("≤17 B") && !is_size("4111111111111111"));
    }
}
