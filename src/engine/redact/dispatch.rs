//! Which detectors look at which anchors under one policy. Built once per redactor; detectors that no rule names are not in
//! it and cost nothing.

use crate::engine::detect::{self, Anchor, Check, DetectorIndex, Family, Hints, Next, Site};
use crate::engine::policy::{Action, Find, Policy, Rule};
use crate::engine::scan::classify::Classes;
use crate::engine::scan::literals::Literals;
use crate::limits::{LITERAL_REACH_BYTES_MAX, SENTENCE_REACH_BYTES_MAX, WORD_REACH_BYTES_MAX};

/// Whether a detector of pairs can find anything under a key.
type KeyFilter = fn(&[u8], Hints) -> bool;

/// A detector as it is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub index: DetectorIndex,
    pub check: fn(&Site<'_>) -> Check,
    /// How far after its anchor a value may end: a record made of anchors is not read whole from each.
    pub reach: usize,
}

/// Tables from anchors to detectors.
pub(super) struct Dispatch {
    /// At `@`.
    pub at: Vec<Entry>,
    /// At `:`.
    pub colon: Vec<Entry>,
    /// At the first sign of octets.
    pub octets: Vec<Entry>,
    /// At the first dot of triples.
    pub triples: Vec<Entry>,
    /// By leading digits of a word (the last stands for that many or more) and by what stands after them.
    pub digits: [[Vec<Entry>; Next::COUNT]; 21],
    /// By leading letters of a word with a digit after them and by the length of the word (the last for that or more).
    pub letters: [[Vec<Entry>; WORD_BYTES_MAX + 1]; 8],
    /// All literals.
    pub literals: Literals,
    /// By literal.
    pub by_literal: Vec<Vec<Entry>>,
    /// Detectors of URLs, called once per URL.
    pub urls: Vec<Entry>,
    /// Detectors of keys with values.
    pub pairs: Vec<(Entry, KeyFilter)>,
    /// Whether a rule drops members.
    pub drops: bool,
    /// A text without any of these classes and without a literal holds nothing.
    pub anchors: Classes,
}

/// Longer words are not told apart by their length.
pub(super) const WORD_BYTES_MAX: usize = 26;

/// The literal that stands for a URL; not searched for as the others, since URLs are structure anyway.
const URL: &str = "://";

impl Dispatch {
    pub fn new(policy: &Policy) -> Dispatch {
        let mut dispatch = Dispatch {
            at: Vec::new(),
            colon: Vec::new(),
            octets: Vec::new(),
            triples: Vec::new(),
            digits: Default::default(),
            letters: std::array::from_fn(|_| std::array::from_fn(|_| Vec::new())),
            literals: Literals::new(&[]),
            by_literal: Vec::new(),
            urls: Vec::new(),
            pairs: Vec::new(),
            drops: policy.rules.iter().any(|rule| rule.action == Action::Drop),
            // Structure that is always looked into: escapes, documents, pairs, URLs.
            anchors: Classes::COLON.with(Classes::EQUALS).with(Classes::PERCENT).with(Classes::BACKSLASH),
        };
        let mut literals: Vec<&'static str> = Vec::new();
        let mut owners: Vec<(Entry, &'static str)> = Vec::new();
        for (index, detector) in detect::all().iter().enumerate() {
            let index = index as DetectorIndex;
            let named = |rule: &Rule| match &rule.find {
                Find::Detectors(names) => names.contains(&index),
                _ => false,
            };
            if !policy.rules.iter().any(named) {
                continue;
            }
            let entry = Entry { index, check: detector.check, reach: usize::MAX };
            // What a word announces is short; tokens and key blocks are not.
            let by_word = detector.anchors.iter().any(|anchor| matches!(anchor, Anchor::Pair(_)));
            let reach = match detector.family {
                _ if by_word => WORD_REACH_BYTES_MAX,
                Family::Credentials => LITERAL_REACH_BYTES_MAX,
                _ => SENTENCE_REACH_BYTES_MAX,
            };
            for anchor in detector.anchors {
                match *anchor {
                    Anchor::Byte(byte) => {
                        let (list, class) = match byte {
                            b'@' => (&mut dispatch.at, Classes::AT),
                            b':' => (&mut dispatch.colon, Classes::COLON),
                            _ => unreachable!("the map lists no such byte"),
                        };
                        list.push(entry);
                        dispatch.anchors = dispatch.anchors.with(class);
                    }
                    Anchor::Octets => {
                        dispatch.octets.push(entry);
                        dispatch.anchors = dispatch.anchors.with(Classes::JOINT);
                    }
                    Anchor::Triples => {
                        dispatch.triples.push(entry);
                        dispatch.anchors = dispatch.anchors.with(Classes::JOINT);
                    }
                    Anchor::Digits { min, max, next } => {
                        for length in min..=max.min(20) {
                            for place in next.places() {
                                let detectors = &mut dispatch.digits[usize::from(length)][place];
                                if detectors.last().is_none_or(|last| last.index != index) {
                                    detectors.push(entry);
                                }
                            }
                        }
                        dispatch.anchors = dispatch.anchors.with(Classes::DIGIT);
                    }
                    Anchor::Letters { min, max, word, longest } => {
                        for length in min..=max.min(7) {
                            for word in usize::from(word)..=usize::from(longest).min(WORD_BYTES_MAX) {
                                dispatch.letters[usize::from(length)][word].push(entry);
                            }
                        }
                        dispatch.anchors = dispatch.anchors.with(Classes::DIGIT);
                    }
                    Anchor::Literal(all) => {
                        for literal in all {
                            if *literal == URL {
                                dispatch.urls.push(entry);
                                continue;
                            }
                            owners.push((Entry { reach, ..entry }, literal));
                            literals.push(literal);
                        }
                    }
                    Anchor::Pair(key) => dispatch.pairs.push((entry, key)),
                }
            }
        }
        // The longest literal is found where several begin; it calls the owners of the shorter ones as well. What begins like
        // a literal stands right before it in order.
        owners.sort_by_key(|(_, own)| *own);
        literals.sort_unstable();
        literals.dedup();
        for literal in &literals {
            let end = owners.partition_point(|(_, own)| own <= literal);
            let near = owners[..end]
                .iter()
                .rev()
                .take_while(|(_, own)| own.as_bytes()[..3] == literal.as_bytes()[..3]);
            let mut detectors: Vec<Entry> =
                near.filter(|(_, own)| literal.starts_with(own)).map(|(entry, _)| *entry).collect();
            detectors.sort_by_key(|entry| entry.index);
            detectors.dedup_by_key(|entry| entry.index);
            dispatch.by_literal.push(detectors);
        }
        dispatch.literals = Literals::new(&literals);
        dispatch
    }
}
