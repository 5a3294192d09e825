//! What can be wrong with a policy. Every error knows its file, line and column, underlines the text in question and
//! says what to write instead; a file's errors are all reported at once. A policy file holds no record content, so its
//! own lines may be shown.

use miette::Diagnostic;

pub use super::problem::{Problem, Unreadable};
use crate::document::{self, Mistake};

/// One thing that is wrong with a policy.
pub type PolicyError = Mistake<Problem>;

/// All that is wrong with a policy, in the order of files and lines. Never empty.
#[derive(Debug, thiserror::Error)]
#[error("the policy is not valid")]
pub struct PolicyErrors {
    /// The errors.
    pub errors: Vec<PolicyError>,
}

impl PolicyErrors {
    /// All errors as a person reads them, each with the lines around its place. `columns` is the width of the screen.
    pub fn render(&self, color: bool, columns: usize) -> String {
        document::render(&self.errors, color, columns)
    }
}

impl Diagnostic for PolicyErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.errors.iter().map(|error| error as &dyn Diagnostic)))
    }
}
