//! Texts that people write for the program, in YAML, TOML or JSON: policies and configurations. Here is what both have in
//! common: a tree that knows where each value stands, taking it apart, and mistakes that point at the text.
//!
//! Knows neither what a policy is nor what a configuration is, and reads no files.

mod mistake;
mod reader;
mod shape;
mod tree;

use std::fmt;
use std::ops::Range;

pub use mistake::{Complaint, Mistake, render};
pub use reader::{Member, Reader, member};
pub use shape::{Shape, list};
pub use tree::{Key, Node, SyntaxError, Value, read};

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// YAML, and JSON, which is YAML as well.
    Yaml,
    /// TOML.
    Toml,
}

/// Something and its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct At<T> {
    /// What stands there.
    pub value: T,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// A text with the name that errors show for it.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceText {
    /// The path as given, or the name of a pack.
    pub name: String,
    /// All of it.
    pub text: String,
}

impl Syntax {
    /// What the name of a file says: TOML for `*.toml`, else YAML.
    pub fn of(name: &str) -> Syntax {
        if name.ends_with(".toml") { Syntax::Toml } else { Syntax::Yaml }
    }
}

impl SourceText {
    /// The line of a byte, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|&&byte| byte == b'\n').count() + 1
    }

    /// The column of a byte, from 1, in characters.
    pub fn column(&self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        String::from_utf8_lossy(&before[start..]).chars().count() + 1
    }
}

/// Its name and size only.
impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.text.len())
    }
}

/// The name of `known` that `word` may be meant for: the same but for case and separators, part of it, or nearly it.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let plain = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let wanted = plain(word);
    let score = |name: &str| {
        let name = plain(name);
        let contained =
            wanted.len() >= 3 && name.len() >= 3 && (name.contains(&wanted) || wanted.contains(&name));
        if name == wanted {
            2.0
        } else if contained {
            0.9
        } else {
            strsim::jaro_winkler(&name, &wanted)
        }
    };
    let best = known.into_iter().map(|name| (score(name), name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.84).then(|| best.1.to_owned())
}
