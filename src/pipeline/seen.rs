//! The correlation IDs in what a gate lets through: how many different ones, and which look like one and are none. Looked for
//! in the output, so that it costs the engine nothing.

use crate::engine::correlate::{Keyring, Recognised, find_ids, random_bits};
use crate::metrics::SourceCounters;

/// Takes note of the IDs in the output of a batch. `made` of them were made for it: only where there are more, some came in
/// with the records and have to be verified.
pub(super) fn note(source: &SourceCounters, ring: &Keyring, output: &[u8], made: u64) {
    let ids: Vec<(usize, usize)> = find_ids(output).collect();
    if ids.is_empty() {
        return;
    }
    source.distinct_ids.add(ids.iter().map(|&(start, end)| random_bits(&output[start..end])));
    if ids.len() as u64 <= made {
        return;
    }
    for (start, end) in ids {
        match ring.recognise(&output[start..end]) {
            Recognised::UnknownKey => source.foreign_ids.add("unknown_key", 1),
            Recognised::Forged => source.foreign_ids.add("forged", 1),
            Recognised::Genuine | Recognised::NotAnId => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_not_foreign_and_what_was_made_up_is() {
        let mut ring = Keyring::ephemeral(&[7; 64]);
        ring.select(0);
        let id = |ring: &Keyring, value: &str| {
            let mut out = Vec::new();
            ring.append_id("email", "email", "", value.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        let other = id(&Keyring::ephemeral(&[8; 64]), "a");
        let (first, second) = (id(&ring, "a"), id(&ring, "b"));
        // Another check of the same ID.
        let forged = format!("{}{}", &first[..first.len() - 4], &second[second.len() - 4..]);
        let source = SourceCounters::default();
        note(&source, &ring, format!("{first} {second} {first}\n").as_bytes(), 3);
        assert_eq!((source.foreign_ids.total(), source.distinct_ids.estimate()), (0, 2));
        note(&source, &ring, format!("{first} {other} {forged}\n").as_bytes(), 1);
        assert_eq!(source.foreign_ids.values(), [("forged", 1), ("unknown_key", 1)].into());
        assert_eq!(source.distinct_ids.estimate(), 3);
    }
}
