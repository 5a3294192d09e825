//! Runs one detector over one text by listing its anchors in the plainest way: for the tests of the tables and wherever a
//! single value is looked at. The engine lists the anchors of all detectors in one pass.

use std::ops::Range;

use super::{Anchor, Check, Detector, Hints, Next, Site};
pub(super) use crate::engine::scan::classify::leading;
use crate::engine::scan::map::{begins_octets, begins_triples};

/// The hits of `detector` in `text`, which stands in the field `field` (or "" for none), in order and disjoint.
pub fn find(detector: &Detector, field: &str, text: &[u8]) -> Vec<(usize, usize)> {
    let mut hits = Vec::new();
    let hints = Hints::of_key(field.as_bytes());
    each_check(detector, field.as_bytes(), hints, text, |check| {
        if let Check::Hit { start, end } = check {
            hits.push((start, end));
        }
    });
    hits.sort_unstable();
    hits.dedup_by(|next, kept| {
        let overlap = next.0 < kept.1;
        if overlap {
            kept.1 = kept.1.max(next.1);
        }
        overlap
    });
    hits
}

/// Calls the detector's check at each of its anchors.
fn each_check(detector: &Detector, field: &[u8], hints: Hints, text: &[u8], mut found: impl FnMut(Check)) {
    let pairs = pairs(text);
    let mut at = |at: usize| {
        let key = pairs.iter().find(|pair| pair.value.contains(&at));
        let hints = key.map_or(hints, |pair| hints.with(Hints::of_key(&text[pair.key.clone()])));
        let site = Site { text, part: 0..text.len(), floor: 0, at, key: &[], hints };
        found((detector.check)(&site));
    };
    for anchor in detector.anchors {
        match *anchor {
            Anchor::Byte(byte) => memchr::memchr_iter(byte, text).for_each(&mut at),
            Anchor::Digits { min, max, next } => words(text).for_each(|word| {
                let digits = leading(&text[word.clone()], u8::is_ascii_digit).min(20);
                let follows = Next::of(&text[word.start + digits..]).place();
                let fits = (usize::from(min)..=usize::from(max)).contains(&digits) && digits > 0;
                if fits && next.places().any(|place| place == follows) {
                    at(word.start);
                }
            }),
            Anchor::Letters { min, max, word: shortest, longest } => words(text).for_each(|word| {
                let letters = leading(&text[word.clone()], u8::is_ascii_alphabetic);
                let length = usize::from(shortest)..=usize::from(longest);
                let long = letters < word.len() && length.contains(&word.len().min(26));
                if (usize::from(min)..=usize::from(max)).contains(&letters) && long {
                    at(word.start);
                }
            }),
            Anchor::Literal(literals) => {
                for literal in literals {
                    memchr::memmem::find_iter(text, literal).for_each(&mut at);
                }
            }
            Anchor::Octets => (0..text.len()).filter(|at| begins_octets(text, *at)).for_each(&mut at),
            Anchor::Triples => (0..text.len()).filter(|at| begins_triples(text, *at)).for_each(&mut at),
            Anchor::Pair(_) => {}
        }
    }
    if detector.anchors.iter().any(|anchor| matches!(anchor, Anchor::Pair(_))) {
        if !field.is_empty() && !text.is_empty() {
            let site = Site { text, part: 0..text.len(), floor: 0, at: 0, key: field, hints };
            found((detector.check)(&site));
        }
        for pair in &pairs {
            let key = &text[pair.key.clone()];
            let hints = hints.with(Hints::of_key(key));
            let site = Site { text, part: 0..pair.value.end, floor: 0, at: pair.value.start, key, hints };
            found((detector.check)(&site));
        }
    }
}

/// Maximal runs of ASCII letters and digits.
fn words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += leading(text.get(at..)?, |b| !b.is_ascii_alphanumeric());
        let start = at;
        at += leading(&text[at..], u8::is_ascii_alphanumeric);
        (at > start).then_some(start..at)
    })
}

/// `key=value` or `key: value`.
struct Pair {
    key: Range<usize>,
    value: Range<usize>,
}

fn pairs(text: &[u8]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let is_key = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    for sign in memchr::memchr2_iter(b'=', b':', text) {
        let mut key_end = sign;
        if key_end > 0 && matches!(text[key_end - 1], b'"' | b'\'') {
            key_end -= 1;
        }
        let key_start = key_end - text[..key_end].iter().rev().take_while(|b| is_key(b)).count();
        let mut start = sign + 1;
        start += leading(&text[start..], |b| *b == b' ');
        if key_start == key_end || (text[sign] == b':' && start == sign + 1 && text.get(start) != Some(&b'"'))
        {
            continue;
        }
        let end = match text.get(start) {
            Some(quote @ (b'"' | b'\'')) => {
                start += 1;
                start + leading(&text[start..], |b| b != quote)
            }
            _ => start + leading(&text[start..], |b| !b.is_ascii_whitespace() && !b",;&)]}\"'".contains(b)),
        };
        if end > start {
            pairs.push(Pair { key: key_start..key_end, value: start..end });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::super::{DetectorIndex, all};
    use super::*;

    #[test]
    fn every_detector_hits_its_samples_and_spares_its_near_misses() {
        let mut wrong = Vec::new();
        for detector in all() {
            for sample in detector.samples {
                let hits = find(detector, sample.field, sample.text.as_bytes());
                let texts: Vec<_> =
                    hits.iter().map(|h| String::from_utf8_lossy(&sample.text.as_bytes()[h.0..h.1])).collect();
                if texts != [sample.hit] {
                    wrong.push(format!("{}: {:?} hits {:?}", detector.name, sample, texts));
                }
            }
            for miss in detector.near_misses {
                let hits = find(detector, miss.field, miss.text.as_bytes());
                if !hits.is_empty() {
                    wrong.push(format!("{}: {:?} hits {:?}", detector.name, miss, hits));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_detector_has_samples_a_name_of_its_own_and_fits_the_index() {
        let mut names: Vec<_> = all().iter().map(|d| d.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
        assert!(all().len() < usize::from(DetectorIndex::MAX));
        for detector in all() {
            assert!(detector.samples.len() >= 6, "{} needs samples", detector.name);
            assert!(detector.near_misses.len() >= 6, "{} needs near misses", detector.name);
        }
    }

    #[test]
    fn checks_are_total() {
        let odd: [&[u8]; 8] = [
            b"",
            b"@",
            b"\xff@\xfe.\xf0\x9f",
            b"1.2.3.4.",
            b"::",
            b":::::::::::::::::",
            b"+1 (",
            "٣@．＠。".as_bytes(),
        ];
        for detector in all() {
            for text in odd {
                find(detector, "", text);
                find(detector, "client_ip", text);
            }
            for sample in detector.samples {
                for cut in 0..sample.text.len() {
                    find(detector, sample.field, &sample.text.as_bytes()[..cut]);
                    find(detector, sample.field, &sample.text.as_bytes()[cut..]);
                }
            }
        }
    }
}
