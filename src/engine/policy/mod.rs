//! What the user wrote → what the machine runs. Text may be wrong in a hundred ways and all of them are found here,
//! with their place; a compiled [`Policy`] cannot fail.

mod action;
mod compile;
mod effect;
mod error;
mod fields;
mod file;
mod identity;
mod layers;
mod packs;
mod pattern;
mod probe;
mod problem;
pub mod selector;
#[cfg(test)]
mod tests;
mod weaker;

use std::fmt;

use regex_automata::meta;

pub use crate::document::{SourceText, Syntax};
use crate::engine::correlate::CanonicalOptions;
use crate::engine::detect::DetectorIndex;
pub use action::{Action, Partial};
use compile::Purpose;
pub use error::{PolicyError, PolicyErrors, Problem, Unreadable};
pub use fields::{FieldHit, FieldIndex};
pub use layers::{LayerSource, Read};
pub use selector::{Segment, Selector};
pub use weaker::{Weaker, Why};

/// Whether a policy of that name is inside the binary.
pub fn is_pack(name: &str) -> bool {
    packs::text(name).is_some()
}

/// Index into [`Policy::rules`].
pub type RuleIndex = u16;
/// Index into [`Policy::excepts`].
pub type ExceptIndex = u16;

/// The compiled rules in force. Immutable; shared by all that redact with it.
#[derive(Debug)]
pub struct Policy {
    /// What it is, over all layers: equal ids redact equally.
    pub id: PolicyId,
    /// The layers, lowest first.
    pub layers: Vec<PolicyLayer>,
    /// All rules: layers ascending, in each the order of the file.
    pub rules: Vec<Rule>,
    /// All known-safe values and fields.
    pub excepts: Vec<Except>,
    /// Rules and exceptions with `in`, by path.
    pub fields: FieldIndex,
    /// Rules without `in` that look for a detector's values anywhere: for each [`DetectorIndex`], ascending.
    pub by_detector: Vec<Vec<RuleIndex>>,
    /// The patterns of rules with `find: {regex: …}`.
    pub patterns: Vec<Pattern>,
    /// What correlation IDs are confined to; "" for none.
    pub scope: String,
    /// How values are brought into their canonical form.
    pub canonical: CanonicalOptions,
    /// The policy's own tests, lowest layer first.
    pub tests: Vec<PolicyTest>,
    /// Every place where a rule or exception weakens a rule of a lower layer.
    pub loosenings: Vec<Loosening>,
    /// What may be weaker than in the policy that was in force before, from the top of files: `layer/rule`, `layer/*`, a bare
    /// rule id, `scope` or `canonical`.
    pub loosens: Vec<String>,
    /// What is valid but has no effect.
    pub warnings: Vec<Warning>,
}

/// One layer of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLayer {
    /// Its name, unique in the policy.
    pub name: String,
    /// The file, as named by the caller; the name for a pack.
    pub file: String,
    /// Whether it is a pack of the binary.
    pub pack: bool,
}

/// SHA-256 over the resolved closure of a policy.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PolicyId(pub [u8; 32]);

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// As written; what placeholders show.
    pub id: String,
    /// Index into [`Policy::layers`].
    pub layer: u8,
    /// `layer/rule`, unique in a policy.
    pub qualified: String,
    /// Position in its file, from 0.
    pub order: u16,
    /// What happens to what it finds.
    pub action: Action,
    /// `types: all`: a field rule takes booleans and containers too.
    pub all_types: bool,
    /// What its values are, where no detector accepts them whole.
    pub kind: Option<String>,
    /// `as`: the label of its correlation IDs.
    pub label: Option<String>,
    /// The label where there is neither `as` nor a kind: the rule id as a label.
    pub id_label: String,
    /// Where; empty for everywhere.
    pub within: Vec<Selector>,
    /// What.
    pub find: Find,
    /// The rules of lower layers that it may weaken, ascending.
    pub loosens: Vec<RuleIndex>,
}

/// What a rule looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// The whole value of the fields in `within`, which is not empty then.
    Field,
    /// Values of these detectors, ascending.
    Detectors(Vec<DetectorIndex>),
    /// Matches of `Policy::patterns[_]`.
    Pattern(usize),
}

/// A compiled user pattern. It never matches an empty text.
#[derive(Debug)]
pub struct Pattern {
    /// The rule it belongs to.
    pub rule: RuleIndex,
    /// Searches bytes; on texts that are no UTF-8 it matches inside their valid parts.
    pub regex: meta::Regex,
    /// As written.
    pub text: String,
}

/// Known-safe values or fields: spares spans from some rules.
#[derive(Clone, Debug)]
pub struct Except {
    /// Index into [`Policy::layers`].
    pub layer: u8,
    /// Only spans of these detectors, ascending; empty: any span.
    pub detectors: Vec<DetectorIndex>,
    /// Only these values; empty: any value.
    pub values: Vec<ValuePattern>,
    /// Only in these fields; empty: anywhere. Indexed by [`FieldIndex::decide_excepts`].
    pub within: Vec<Selector>,
    /// The rules that spans are spared from: those it loosens and those of its own file.
    pub spares: RuleSet,
}

/// A known-safe value. Compared ignoring ASCII case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValuePattern {
    /// The whole value.
    Exact(String),
    /// What it begins with (`test-*`).
    Prefix(String),
    /// What it ends with (`*@shop.example`).
    Suffix(String),
}

/// A set of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet(Vec<u64>);

/// A weaker treatment that a policy asks for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loosening {
    /// `layer/rule`, or `layer/except 2` for the second exception of a layer.
    pub by: String,
    /// What happens there instead (`partial`, `kept`).
    pub becomes: String,
    /// The rule that gives way, `layer/rule`.
    pub rule: String,
    /// What it does (`mask`).
    pub was: &'static str,
}

/// Something valid that has no effect, or not the one it seems to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The file, as named by the caller.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What and why, in one sentence.
    pub message: String,
}

/// One entry of `tests`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyTest {
    /// Index into [`Policy::layers`].
    pub layer: u8,
    /// The file, as named by the caller.
    pub file: String,
    /// Line of the test, from 1.
    pub line: usize,
    /// What it shows.
    pub name: String,
    /// The record: JSON text for an object, else the line as written.
    pub given: String,
    /// What must come out.
    pub expect: Expect,
}

/// What a test expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Every byte as given.
    Unchanged,
    /// This line; `<label#n>` stands for a correlation ID.
    Line(String),
    /// A JSON document with these values, whatever the order of keys; `<label#n>` as above.
    Json(String),
}

impl Policy {
    /// Compiles policies, the highest last, with all packs and policies that they extend. A relative path in `extends`
    /// must be the name of one of `policies`.
    ///
    /// ```
    /// use redactd::engine::policy::{LayerSource, Policy};
    ///
    /// let text = "{version: 1, rules: [{id: order, in: order_id, do: correlate}]}";
    /// let policy = Policy::compile(&[LayerSource::new("shop.yaml", text)])?;
    /// let layers: Vec<&str> = policy.layers.iter().map(|layer| layer.name.as_str()).collect();
    /// assert_eq!(layers, ["secrets", "default", "shop"]);
    /// # Ok::<(), redactd::engine::policy::PolicyErrors>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong in any of them, at once.
    pub fn compile(policies: &[LayerSource]) -> Result<Policy, PolicyErrors> {
        let names: Vec<&str> = policies.iter().map(|source| source.name.as_str()).collect();
        Policy::load(&names, &mut |path, _| {
            let plain = path.trim_start_matches("./");
            let named = policies.iter().find(|source| source.name.trim_start_matches("./") == plain);
            named.cloned().ok_or(Unreadable::Missing)
        })
    }

    /// Compiles the named policies, the highest last: names of packs, or paths that `read` can read. If only packs are
    /// named, their tests are in [`Policy::tests`]; else those of the files.
    ///
    /// # Errors
    /// Everything that is wrong in any of them, at once.
    pub fn load(policies: &[&str], read: &mut Read<'_>) -> Result<Policy, PolicyErrors> {
        compile::compile(policies, Purpose::Check, read)
    }

    /// The policy in force when nothing is configured: the pack `default`, without its tests.
    ///
    /// # Panics
    /// Never: the packs are part of the program, and a test compiles them.
    pub fn default_policy() -> Policy {
        match compile::compile(&["default"], Purpose::Start, &mut |_, _| Err(Unreadable::Missing)) {
            Ok(policy) => policy,
            Err(errors) => panic!("the pack `default` does not compile: {:?}", errors.errors),
        }
    }

    /// Whether `text` is the id of one of its rules.
    pub fn has_rule_id(&self, text: &[u8]) -> bool {
        self.rules.iter().any(|rule| rule.id.as_bytes() == text)
    }
}

impl RuleSet {
    /// Adds a rule.
    pub fn insert(&mut self, rule: RuleIndex) {
        let word = usize::from(rule) / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (rule % 64);
    }

    /// Whether it has the rule.
    pub fn contains(&self, rule: RuleIndex) -> bool {
        self.0.get(usize::from(rule) / 64).is_some_and(|word| word >> (rule % 64) & 1 == 1)
    }

    /// Its rules, ascending.
    pub fn iter(&self) -> impl Iterator<Item = RuleIndex> + '_ {
        (0..=RuleIndex::MAX).take(self.0.len() * 64).filter(|&rule| self.contains(rule))
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }
}

impl ValuePattern {
    /// Whether `value` is one of those meant.
    pub fn matches(&self, value: &[u8]) -> bool {
        match self {
            ValuePattern::Exact(text) => value.eq_ignore_ascii_case(text.as_bytes()),
            ValuePattern::Prefix(text) => {
                value.get(..text.len()).is_some_and(|v| v.eq_ignore_ascii_case(text.as_bytes()))
            }
            ValuePattern::Suffix(text) => {
                let start = value.len().wrapping_sub(text.len());
                value.get(start..).is_some_and(|v| v.eq_ignore_ascii_case(text.as_bytes()))
            }
        }
    }
}

impl Except {
    /// Whether it spares a span of `rule` with this (decoded) value, found by `detector` if it was one. That the span's
    /// field is in `within` is for the caller to know, from [`FieldIndex::decide_excepts`].
    pub fn spares(&self, rule: RuleIndex, detector: Option<DetectorIndex>, value: &[u8]) -> bool {
        self.spares.contains(rule)
            && (self.detectors.is_empty() || detector.is_some_and(|d| self.detectors.contains(&d)))
            && (self.values.is_empty() || self.values.iter().any(|pattern| pattern.matches(value)))
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyId({self})")
    }
}
