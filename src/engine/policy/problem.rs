//! All that can be wrong with a policy: what is said, under which code, and what to write instead.

use super::selector::SelectorError;
use crate::document::{Complaint, Shape, list};
use crate::limits::{
    LAYERS_MAX, PATTERN_BYTES_MAX, PATTERN_NFA_BYTES_MAX, PATTERNS_BYTES_MAX, PATTERNS_MAX, POLICY_BYTES_MAX,
    PROBE_RATIO_MAX, REPLACE_BYTES_MAX, RULES_MAX, SCOPE_BYTES_MAX,
};

/// Why a file cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No such file.
    #[error("there is no such file")]
    Missing,
    /// No permission.
    #[error("reading it is not permitted")]
    Forbidden,
    /// A directory.
    #[error("it is a directory, not a file")]
    Directory,
    /// A FIFO, socket or device.
    #[error("it is a FIFO, socket or device, not a file")]
    NotAFile,
    /// Over [`POLICY_BYTES_MAX`].
    #[error("it is larger than {POLICY_BYTES_MAX} bytes")]
    TooLarge,
    /// Group or others may write it; with the permission bits.
    #[error("others than its owner can write it (mode {0:04o})")]
    Writable(u32),
    /// Not UTF-8; with the offset of the first bad byte.
    #[error("it is not UTF-8 (byte {0})")]
    NotUtf8(usize),
    /// Whatever else the system said.
    #[error("the system cannot read it: {0}")]
    System(std::io::ErrorKind),
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    // ---- files and layers
    /// It cannot be used at all.
    #[error("the policy file cannot be used: {0}")]
    Unreadable(Unreadable),
    /// Empty, or nothing but a version and a name.
    #[error("the policy says nothing")]
    SaysNothing,
    /// All layers together have no rule.
    #[error("the policy has no rule, its layers included")]
    NoRules,
    /// `extends` names a pack that there is not.
    #[error("there is no pack `{name}`")]
    UnknownPack {
        /// As written.
        name: String,
        /// The name that may be meant.
        near: Option<String>,
    },
    /// A file that extends itself, perhaps by way of others.
    #[error("`{0}` extends itself")]
    Cycle(String),
    /// Over [`LAYERS_MAX`].
    #[error("more than {LAYERS_MAX} layers")]
    TooManyLayers,
    /// Over [`RULES_MAX`].
    #[error("more than {RULES_MAX} rules")]
    TooManyRules,
    /// Over [`PATTERNS_MAX`], or over [`PATTERNS_BYTES_MAX`] together.
    #[error("more than {PATTERNS_MAX} patterns, or patterns that need more than {PATTERNS_BYTES_MAX} bytes")]
    TooManyPatterns,
    /// Two layers of one name.
    #[error("two layers are named `{0}`")]
    LayerTwice(String),

    // ---- shape
    /// Keys, types, spelling.
    #[error(transparent)]
    Shape(#[from] Shape),

    // ---- rules
    /// The id twice in one file.
    #[error("the rule id `{0}` stands in this file twice")]
    RuleTwice(String),
    /// An id or name with other characters than it may have.
    #[error("`{0}` cannot be the {1} of a {2}")]
    Name(String, &'static str, &'static str),
    /// Neither `in` nor `find`.
    #[error("the rule says neither where (`in`) nor what (`find`)")]
    Nowhere,
    /// A key without effect beside others.
    #[error("`{key}` has no effect here: {why}")]
    Useless {
        /// The key.
        key: &'static str,
        /// Why.
        why: &'static str,
    },
    /// No such detector.
    #[error("there is no detector `{name}`")]
    UnknownDetector {
        /// As written.
        name: String,
        /// The name that may be meant.
        near: Option<String>,
    },
    /// No such action.
    #[error("there is no action `{name}`")]
    UnknownAction {
        /// As written.
        name: String,
        /// The name that may be meant.
        near: Option<String>,
    },
    /// An action without what it needs, or with what it does not take.
    #[error("`{action}` {what}")]
    ActionShape {
        /// The action.
        action: &'static str,
        /// `needs …` or `takes …`.
        what: &'static str,
        /// How it is written.
        hint: &'static str,
    },
    /// Not a selector.
    #[error("{0}")]
    Selector(SelectorError),
    /// `loosens` names no rule of a lower layer.
    #[error("`{name}` is no rule of a lower layer")]
    LoosensNothing {
        /// As written.
        name: String,
        /// The rule that may be meant.
        near: Option<String>,
    },
    /// `loosens` names a rule id that several lower layers have.
    #[error("`{name}` is a rule of several layers")]
    LoosensSeveral {
        /// As written.
        name: String,
        /// With the layer.
        rules: Vec<String>,
    },
    /// No name that the `loosens` of a whole policy can have.
    #[error("`{0}` names no rule")]
    Loosens(String),
    /// The text of `replace`.
    #[error("`replace` must be 1 to {REPLACE_BYTES_MAX} bytes without control characters")]
    Replace,
    /// The scope of IDs.
    #[error("`scope` must be at most {SCOPE_BYTES_MAX} bytes without control characters")]
    Scope,
    /// An exception for everything.
    #[error("the exception says neither what (`find`, `values`) nor where (`in`)")]
    ExceptAll,
    /// `*` where it cannot be.
    #[error("a value is exact, `prefix*` or `*suffix`")]
    ValuePattern,

    // ---- patterns
    /// Not a regular expression; with the offset in it.
    #[error("the pattern cannot be parsed: {what} (byte {at} of the pattern)")]
    Pattern {
        /// What the parser says.
        what: String,
        /// From 0.
        at: usize,
    },
    /// Over [`PATTERN_BYTES_MAX`].
    #[error("the pattern is longer than {PATTERN_BYTES_MAX} bytes")]
    PatternTooLong,
    /// Over [`PATTERN_NFA_BYTES_MAX`].
    #[error("the pattern needs more than {PATTERN_NFA_BYTES_MAX} bytes when compiled")]
    PatternTooLarge,
    /// It matches "".
    #[error("the pattern matches the empty text")]
    PatternEmpty,
    /// Its search takes time that grows with the square of the text.
    #[error(
        "searching with this pattern re-scans: where `{0}` repeats, four times the text is more than \
         {PROBE_RATIO_MAX} times the work"
    )]
    PatternCost(String),
}

impl Complaint for Problem {
    fn code(&self) -> String {
        let code = match self {
            Problem::Shape(shape) => return format!("policy::{}", shape.code()),
            Problem::Unreadable(_) => "policy::unreadable",
            Problem::SaysNothing | Problem::NoRules => "policy::empty",
            Problem::UnknownPack { .. } => "policy::unknown_pack",
            Problem::Cycle(_) => "policy::cycle",
            Problem::TooManyLayers | Problem::TooManyRules | Problem::TooManyPatterns => "policy::too_many",
            Problem::LayerTwice(_) => "policy::layer_twice",
            Problem::RuleTwice(_) => "policy::rule_twice",
            Problem::Name(..) => "policy::name",
            Problem::Nowhere => "policy::nowhere",
            Problem::Useless { .. } => "policy::useless",
            Problem::UnknownDetector { .. } => "policy::unknown_detector",
            Problem::UnknownAction { .. } => "policy::unknown_action",
            Problem::ActionShape { .. } => "policy::action",
            Problem::Selector(_) => "policy::selector",
            Problem::LoosensNothing { .. } => "policy::loosens_nothing",
            Problem::LoosensSeveral { .. } => "policy::loosens_several",
            Problem::Loosens(_) => "policy::loosens",
            Problem::Replace => "policy::replace",
            Problem::Scope => "policy::scope",
            Problem::ExceptAll => "policy::except_all",
            Problem::ValuePattern => "policy::value_pattern",
            Problem::Pattern { .. } => "policy::pattern",
            Problem::PatternTooLong | Problem::PatternTooLarge => "policy::pattern_size",
            Problem::PatternEmpty => "policy::pattern_empty",
            Problem::PatternCost(_) => "policy::pattern_cost",
        };
        code.to_owned()
    }

    fn hint(&self) -> Option<String> {
        let meant = |near: &Option<String>| near.as_ref().map(|near| format!("did you mean `{near}`?"));
        let text = match self {
            Problem::Unreadable(Unreadable::Writable(_)) => {
                "whoever can write a policy can switch redaction off: run `chmod go-w` on it".to_owned()
            }
            Problem::Unreadable(Unreadable::TooLarge | Unreadable::NotUtf8(_)) => {
                "a policy is a YAML, TOML or JSON text".to_owned()
            }
            Problem::Unreadable(Unreadable::Missing) => {
                "a path in `extends` is relative to the file that names it".to_owned()
            }
            Problem::LayerTwice(_) => "give each policy its own `name`; without one it has the name of its file".to_owned(),
            Problem::Shape(shape) => return shape.hint(),
            Problem::Unreadable(_) | Problem::TooManyRules => return None,
            Problem::SaysNothing => "a policy has `rules`, `except`, `correlate`, `tests` or names what it `extends`; \
                                     without `--policy` the pack `default` is in force"
                .to_owned(),
            Problem::NoRules => "`extends: []` leaves the pack `default` out; without it, it is in".to_owned(),
            Problem::UnknownPack { near, .. } => meant(near).unwrap_or_else(|| {
                format!("there are the packs {}; a file is written `./name.yaml`", super::packs::names())
            }),
            Problem::Cycle(_) => "a layer can only stand on layers that do not stand on it".to_owned(),
            Problem::TooManyLayers => "each file and pack in `extends` is a layer".to_owned(),
            Problem::TooManyPatterns => "one pattern can have alternatives: `a|b`".to_owned(),
            Problem::ActionShape { hint, .. } => (*hint).to_owned(),
            Problem::RuleTwice(_) => "placeholders show the id: give each rule its own".to_owned(),
            Problem::Name(_, "label" | "kind", _) => {
                "it begins with a small letter; then at most 23 small letters, digits and `_`".to_owned()
            }
            Problem::Name(..) => {
                "it begins with a small letter; then at most 47 small letters, digits, `-` and `_`".to_owned()
            }
            Problem::Nowhere => "`in: [user.email]` takes fields, `find: email` looks everywhere".to_owned(),
            Problem::Useless { .. } => "leave it out".to_owned(),
            Problem::UnknownDetector { near, .. } => {
                meant(near).unwrap_or_else(|| "a pattern of your own is written `find: {regex: '…'}`".to_owned())
            }
            Problem::UnknownAction { near, .. } => {
                meant(near).unwrap_or_else(|| format!("there are {}", list(super::file::ACTIONS)))
            }
            Problem::Selector(error) => error.hint().to_owned(),
            Problem::LoosensNothing { near, .. } => meant(near).unwrap_or_else(|| {
                "name it as `layer/rule`, such as `default/email`, or all of a layer as `layer/*`".to_owned()
            }),
            Problem::Loosens(_) => "at the top of a file it names what may be weaker than before: `layer/rule`, `layer/*`, \
                                    `scope` or `canonical`"
                .to_owned(),
            Problem::LoosensSeveral { rules, .. } => format!("name one: `{}`", rules.join("`, `")),
            Problem::Replace => "to take a value away altogether, use `drop` or `mask`".to_owned(),
            Problem::Scope => "a scope is a short name, such as `eu`".to_owned(),
            Problem::ExceptAll => "name the values that are safe, or the fields".to_owned(),
            Problem::ValuePattern => "`*` stands at one end, with something beside it".to_owned(),
            Problem::Pattern { .. } => {
                "the syntax is that of Rust's `regex`: no look-around, no back-references".to_owned()
            }
            Problem::PatternTooLong | Problem::PatternTooLarge => {
                "`[a-z0-9]` is much smaller than `\\w`, which holds all letters of Unicode; so are smaller counts"
                    .to_owned()
            }
            Problem::PatternEmpty => "ask for at least one character: `+` instead of `*`".to_owned(),
            Problem::PatternCost(_) => {
                "an unbounded part before something that may never come is what costs: begin with a fixed text, \
                 bound the repeat (`{1,64}`) or leave `.*` out"
                    .to_owned()
            }
        };
        Some(text)
    }

    fn hint_without_place(&self) -> Option<String> {
        // That paths in `extends` are relative does not help who named the file on a command line.
        if *self == Problem::Unreadable(Unreadable::Missing) { None } else { self.hint() }
    }

    fn label(&self) -> String {
        match self {
            Problem::Shape(shape) => shape.label(),
            Problem::Unreadable(_) => "named here".to_owned(),
            Problem::RuleTwice(_) | Problem::LayerTwice(_) => "again".to_owned(),
            Problem::UnknownDetector { .. } => "no such detector".to_owned(),
            Problem::UnknownAction { .. } => "no such action".to_owned(),
            Problem::UnknownPack { .. } => "no such pack".to_owned(),
            Problem::LoosensNothing { .. } => "no such rule".to_owned(),
            Problem::Pattern { what, .. } => what.clone(),
            Problem::PatternCost(_) => "too costly to search with".to_owned(),
            _ => "here".to_owned(),
        }
    }
}
