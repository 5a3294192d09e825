//! The id of a policy: equal ids redact equally. It covers what rules say, not how files spell it: comments, key order,
//! the spelling of selectors and tests do not count.

use sha2::{Digest, Sha256};

use super::action::{Action, Partial};
use super::{Find, Policy, PolicyId, ValuePattern};
use crate::engine::correlate::canonical;
use crate::engine::detect;

/// Changes when the meaning of the bytes below does.
const VERSION: &str = "redactd policy 1";

/// The id of a policy, from everything but its `id`, tests and warnings.
pub(super) fn of(policy: &Policy) -> PolicyId {
    let mut hash = Fields(Sha256::new());
    hash.text(VERSION);
    // Detectors and canonical forms are code: their version is that of the program.
    hash.text(env!("CARGO_PKG_VERSION"));
    hash.number(u64::from(canonical::VERSION));
    hash.each(detect::all(), |hash, detector| {
        hash.text(detector.name);
        hash.text(detector.kind);
    });
    hash.each(&policy.layers, |hash, layer| hash.text(&layer.name));
    hash.each(&policy.rules, |hash, rule| {
        hash.number(u64::from(rule.layer));
        hash.text(&rule.id);
        action(hash, &rule.action);
        hash.number(u64::from(rule.all_types));
        hash.each(&rule.kind, |hash, kind| hash.text(kind));
        hash.each(&rule.label, |hash, label| hash.text(label));
        hash.each(&rule.within, |hash, selector| hash.text(&selector.canonical()));
        match &rule.find {
            Find::Field => hash.text("field"),
            Find::Detectors(detectors) => hash.each(detectors, |hash, &index| hash.text(name(index))),
            Find::Pattern(index) => hash.text(&policy.patterns[*index].text),
        }
        hash.each(&rule.loosens, |hash, &rule| hash.number(u64::from(rule)));
    });
    hash.each(&policy.excepts, |hash, except| {
        hash.number(u64::from(except.layer));
        hash.each(&except.detectors, |hash, &index| hash.text(name(index)));
        hash.each(&except.values, |hash, value| match value {
            ValuePattern::Exact(text) => hash.pair("exact", text),
            ValuePattern::Prefix(text) => hash.pair("prefix", text),
            ValuePattern::Suffix(text) => hash.pair("suffix", text),
        });
        hash.each(&except.within, |hash, selector| hash.text(&selector.canonical()));
        hash.each(&except.spares.iter().collect::<Vec<_>>(), |hash, &rule| hash.number(u64::from(rule)));
    });
    hash.text(&policy.scope);
    hash.number(u64::from(policy.canonical.email_plus_strip));
    hash.each(&policy.canonical.phone_region, |hash, region| hash.text(region));
    PolicyId(hash.0.finalize().into())
}

fn name(index: detect::DetectorIndex) -> &'static str {
    detect::all()[usize::from(index)].name
}

fn action(hash: &mut Fields, action: &Action) {
    hash.text(action.name());
    match action {
        Action::Drop | Action::Mask | Action::Shape | Action::Correlate => {}
        Action::Replace(text) => hash.text(text),
        Action::Partial(Partial::Domain) => hash.text("domain"),
        Action::Partial(Partial::Ends { first, last }) => {
            hash.number(u64::from(*first));
            hash.number(u64::from(*last));
        }
    }
}

/// Writes fields so that no two sequences of fields are the same bytes.
struct Fields(Sha256);

impl Fields {
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    fn pair(&mut self, first: &str, second: &str) {
        self.text(first);
        self.text(second);
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn each<'t, T: 't>(
        &mut self,
        items: impl IntoIterator<Item = &'t T, IntoIter: ExactSizeIterator>,
        mut write: impl FnMut(&mut Fields, &'t T),
    ) {
        let items = items.into_iter();
        self.number(items.len() as u64);
        items.for_each(|item| write(self, item));
    }
}
