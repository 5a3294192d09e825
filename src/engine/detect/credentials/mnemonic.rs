//! Words that open a wallet (BIP-39): twelve to twenty-four short words after a word that says what they are.

use super::super::announced::value;
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site};

pub(super) const MNEMONIC: Detector = Detector {
    name: "mnemonic",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(NAMES)],
    check,
    samples: &[
        sample("seed phrase: river stone apple cloud mango table green house paper light ocean music", WORDS),
        sample("mnemonic=\"river stone apple cloud mango table green house paper light ocean music\"", WORDS),
        sample(
            "recovery phrase is river stone apple cloud mango table green house paper light ocean music",
            WORDS,
        ),
        sample("Mnemonic: river stone apple cloud mango table green house paper light ocean music", WORDS),
        sample(
            "secret phrase (river stone apple cloud mango table green house paper light ocean music)",
            WORDS,
        ),
        sample("seed words river stone apple cloud mango table green house paper light ocean music.", WORDS),
    ],
    near_misses: &[
        miss("seed phrase: missing"),
        miss("mnemonic must have twelve or more words, it had a handful only and was not taken"),
        miss("seed phrase was not confirmed by user"),
        miss("the recovery phrase screen was shown to the user twice before it was closed again by them"),
        miss("seed phrases: river stone apple cloud mango table green house paper light ocean music"),
        miss("seed phrase: River Stone Apple Cloud Mango Table Green House Paper Light Ocean Music"),
    ],
};

#[cfg_attr(not(test), allow(dead_code))]
const WORDS: &str = "river stone apple cloud mango table green house paper light ocean music";

const fn sample(text: &'static str, hit: &'static str) -> Sample {
    Sample { field: "", text, hit }
}

const fn miss(text: &'static str) -> NearMiss {
    NearMiss { field: "", text }
}

const NAMES: &[&str] = &[
    "seed phrase",
    "Seed phrase",
    "Seed Phrase",
    "mnemonic",
    "Mnemonic",
    "recovery phrase",
    "Recovery phrase",
    "secret phrase",
    "backup phrase",
    "seed words",
];

/// The list of BIP-39 has words of three to eight letters, and none of these.
const PROSE: &[&str] =
    &["the", "and", "was", "not", "has", "had", "are", "is", "by", "to", "of", "or", "it", "a", "in", "for"];

fn check(site: &Site<'_>) -> Check {
    let Some(start) = value(site, NAMES) else { return Check::No };
    let text = site.rest(start);
    let (mut words, mut end, mut at) = (0, 0, 0);
    while words < 24 {
        let word = &text[at..][..text[at..].iter().take(9).take_while(|b| b.is_ascii_lowercase()).count()];
        if !(3..=8).contains(&word.len()) || PROSE.iter().any(|prose| prose.as_bytes() == word) {
            break;
        }
        words += 1;
        end = at + word.len();
        match text.get(end) {
            Some(b' ' | b',' | b'-') => at = end + 1,
            _ => break,
        }
        at += usize::from(text.get(at) == Some(&b' '));
    }
    let whole = !text.get(end).is_some_and(u8::is_ascii_alphanumeric);
    if words >= 12 && whole { Check::Hit { start, end: start + end } } else { Check::No }
}
