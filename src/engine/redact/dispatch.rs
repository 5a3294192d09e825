//! Which detectors look at which anchors under one policy. Built once per redactor; detectors that no rule names are not in
//! it and cost nothing.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::engine::detect::{self, Anchor, Check, Detector, DetectorIndex, Hints, Next, Site};
use crate::engine::policy::{Action, Find, Policy, Rule};
use crate::engine::scan::classify::{Classes, class_of};

/// Whether a detector of pairs can find anything under a key.
type KeyFilter = fn(&[u8], Hints) -> bool;

/// Tables from anchors to detectors.
pub(super) struct Dispatch {
    /// Bytes that are anchors.
    pub bytes: Vec<(u8, Vec<DetectorIndex>)>,
    /// By leading digits of a word (the last stands for that many or more) and by what stands after them.
    pub digits: [[Vec<DetectorIndex>; Next::COUNT]; 21],
    /// By leading letters of a word with a digit after them and by the length of the word (the last for that or more).
    pub letters: [[Vec<DetectorIndex>; WORD_BYTES_MAX + 1]; 8],
    /// All literals.
    pub literals: Option<AhoCorasick>,
    /// By literal.
    pub by_literal: Vec<Vec<DetectorIndex>>,
    /// Detectors of URLs, called once per URL.
    pub urls: Vec<DetectorIndex>,
    /// Detectors of keys with values.
    pub pairs: Vec<(DetectorIndex, KeyFilter)>,
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
            bytes: Vec::new(),
            digits: Default::default(),
            letters: std::array::from_fn(|_| std::array::from_fn(|_| Vec::new())),
            literals: None,
            by_literal: Vec::new(),
            urls: Vec::new(),
            pairs: Vec::new(),
            drops: policy.rules.iter().any(|rule| rule.action == Action::Drop),
            // Structure that is always looked into: escapes, documents, pairs, URLs.
            anchors: Classes::COLON.with(Classes::EQUALS).with(Classes::PERCENT).with(Classes::BACKSLASH),
        };
        let mut literals: Vec<&'static str> = Vec::new();
        let mut owners: Vec<(DetectorIndex, &'static str)> = Vec::new();
        for (index, detector) in detect::all().iter().enumerate() {
            let index = index as DetectorIndex;
            let named = |rule: &Rule| match &rule.find {
                Find::Detectors(names) => names.contains(&index),
                _ => false,
            };
            if !policy.rules.iter().any(named) {
                continue;
            }
            for anchor in detector.anchors {
                match *anchor {
                    Anchor::Byte(byte) => {
                        match dispatch.bytes.iter_mut().find(|(b, _)| *b == byte) {
                            Some((_, detectors)) => detectors.push(index),
                            None => dispatch.bytes.push((byte, vec![index])),
                        }
                        assert_ne!(class_of(byte), Classes::NONE, "an anchor byte has a class of its own");
                        dispatch.anchors = dispatch.anchors.with(class_of(byte));
                    }
                    Anchor::Digits { min, max, next } => {
                        for length in min..=max.min(20) {
                            for place in next.places() {
                                let detectors = &mut dispatch.digits[usize::from(length)][place];
                                if detectors.last() != Some(&index) {
                                    detectors.push(index);
                                }
                            }
                        }
                        dispatch.anchors = dispatch.anchors.with(Classes::DIGIT);
                    }
                    Anchor::Letters { min, max, word } => {
                        for length in min..=max.min(7) {
                            for word in usize::from(word)..=WORD_BYTES_MAX {
                                dispatch.letters[usize::from(length)][word].push(index);
                            }
                        }
                        dispatch.anchors = dispatch.anchors.with(Classes::DIGIT);
                    }
                    Anchor::Literal(all) => {
                        for literal in all {
                            if *literal == URL {
                                dispatch.urls.push(index);
                                continue;
                            }
                            owners.push((index, literal));
                            if !literals.contains(literal) {
                                literals.push(literal);
                            }
                        }
                    }
                    Anchor::Pair(key) => dispatch.pairs.push((index, key)),
                }
            }
        }
        // The longest literal is found where several begin; it calls the owners of the shorter ones as well.
        for literal in &literals {
            let mut detectors: Vec<DetectorIndex> =
                owners.iter().filter(|(_, own)| literal.starts_with(own)).map(|(index, _)| *index).collect();
            detectors.dedup();
            dispatch.by_literal.push(detectors);
        }
        if !literals.is_empty() {
            let automaton = AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::DFA))
                .match_kind(MatchKind::LeftmostLongest)
                .build(&literals);
            dispatch.literals = Some(automaton.expect("the literals of the table are short and few"));
        }
        dispatch
    }

    /// The detector and its verdict on one site.
    pub fn check(&self, index: DetectorIndex, site: &Site<'_>) -> (&'static Detector, Check) {
        let detector = detect::all()[usize::from(index)];
        (detector, (detector.check)(site))
    }
}
