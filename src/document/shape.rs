//! What can be wrong with the shape of any text, whatever it is about.

/// A mistake in keys, types or spelling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shape {
    /// No YAML, TOML or JSON.
    #[error("the file cannot be parsed: {0}")]
    Syntax(String),
    /// `rules: []`, `in: []` and the like.
    #[error("`{0}` is empty")]
    EmptyList(&'static str),
    /// A key that means nothing here.
    #[error("unknown key `{key}` in {of}")]
    UnknownKey {
        /// As written.
        key: String,
        /// Where (`a rule`).
        of: &'static str,
        /// The key that may be meant.
        near: Option<String>,
        /// All that may stand here.
        known: &'static [&'static str],
    },
    /// Reserved by the language.
    #[error("`{0}` is not in this version")]
    Reserved(String),
    /// A key twice in one map.
    #[error("the key `{0}` stands here twice")]
    KeyTwice(String),
    /// A key that must be there.
    #[error("{of} needs `{key}`")]
    Missing {
        /// What is missing.
        key: &'static str,
        /// In what.
        of: &'static str,
        /// What to write.
        hint: &'static str,
    },
    /// A list where a text is wanted, and so on.
    #[error("`{key}` must be {want}, not {got}")]
    Type {
        /// Of which key.
        key: &'static str,
        /// What may stand here.
        want: &'static str,
        /// What stands here.
        got: &'static str,
    },
    /// No map where one is wanted.
    #[error("{of} must be a map, not {got}")]
    NotAMap {
        /// What must be one.
        of: &'static str,
        /// What stands here.
        got: &'static str,
    },
    /// A text that is none of the few that may stand here.
    #[error("`{value}` is no value of `{key}`")]
    Value {
        /// Of which key.
        key: &'static str,
        /// As written.
        value: String,
        /// What may stand here.
        hint: &'static str,
    },
    /// No `version: 1`.
    #[error("`version` is missing")]
    VersionMissing,
    /// Another version of the language.
    #[error("this program reads `version: 1`")]
    Version,
}

impl Shape {
    /// A name that programs can rely on, without that of the kind of text.
    pub fn code(&self) -> &'static str {
        match self {
            Shape::Syntax(_) => "syntax",
            Shape::EmptyList(_) => "empty_list",
            Shape::UnknownKey { .. } => "unknown_key",
            Shape::Reserved(_) => "not_in_this_version",
            Shape::KeyTwice(_) => "key_twice",
            Shape::Missing { .. } => "missing",
            Shape::Type { .. } | Shape::NotAMap { .. } => "type",
            Shape::Value { .. } => "value",
            Shape::VersionMissing | Shape::Version => "version",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Shape::Syntax(_) | Shape::NotAMap { .. } | Shape::EmptyList("extends") => return None,
            Shape::EmptyList(key) => format!("leave `{key}` out, or put something in it"),
            Shape::UnknownKey { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Shape::UnknownKey { known, .. } => format!("known here: {}", list(known)),
            Shape::Reserved(_) => "the language has it, this version of the program does not".to_owned(),
            Shape::KeyTwice(_) => "keep one of the two".to_owned(),
            Shape::Missing { hint, .. } | Shape::Value { hint, .. } => (*hint).to_owned(),
            Shape::Type { want, got: "a number" | "a boolean", .. } if want.starts_with("a text") => {
                "put it in quotes".to_owned()
            }
            Shape::Type { .. } => return None,
            Shape::VersionMissing => "begin the file with `version: 1`".to_owned(),
            Shape::Version => "write `version: 1`".to_owned(),
        };
        Some(text)
    }

    /// What stands under the underlined text.
    pub fn label(&self) -> String {
        match self {
            Shape::UnknownKey { .. } => "unknown".to_owned(),
            Shape::Reserved(_) => "not in this version".to_owned(),
            Shape::KeyTwice(_) => "again".to_owned(),
            Shape::Missing { key, .. } => format!("no `{key}`"),
            Shape::VersionMissing => "no `version` in this file".to_owned(),
            Shape::Type { got, .. } | Shape::NotAMap { got, .. } => (*got).to_owned(),
            Shape::Syntax(_) | Shape::EmptyList(_) | Shape::Value { .. } | Shape::Version => {
                "here".to_owned()
            }
        }
    }
}

/// Words as they stand in a sentence.
pub fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
