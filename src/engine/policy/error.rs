//! What can be wrong with a policy. Every error knows its file, line and column, underlines the text in question and
//! says what to write instead; a file's errors are all reported at once. A policy file holds no record content, so its
//! own lines may be shown.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, SourceCode, SourceSpan,
    SpanContents,
};

pub use super::problem::{Problem, Unreadable};

/// A text with the name that errors show for it.
#[derive(PartialEq, Eq)]
pub struct SourceText {
    /// The path as given, or the name of a pack.
    pub name: String,
    /// All of it.
    pub text: String,
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

/// All that is wrong with a policy, in the order of files and lines. Never empty.
#[derive(Debug, thiserror::Error)]
#[error("the policy is not valid")]
pub struct PolicyErrors {
    /// The errors.
    pub errors: Vec<PolicyError>,
}

/// One thing that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The file.
    pub source: Arc<SourceText>,
    /// Bytes of the file; `None` where the file as a whole is meant.
    pub span: Option<Range<usize>>,
    /// What.
    pub problem: Problem,
    /// A second place that explains the first.
    pub also: Option<(Range<usize>, &'static str)>,
}

impl PolicyError {
    /// Line and column of the error, from 1, in characters; (1, 1) where the file as a whole is meant.
    pub fn position(&self) -> (usize, usize) {
        let at = self.span.as_ref().map_or(0, |span| span.start);
        (self.source.line(at), self.source.column(at))
    }
}

impl PolicyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        // That paths in `extends` are relative does not help who named the file on a command line.
        let named_directly = self.span.is_none() && self.problem == Problem::Unreadable(Unreadable::Missing);
        if named_directly { None } else { self.problem.hint() }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span {
            // Without a place nothing else will name the file.
            None => write!(f, "{}: {}", self.source.name, self.problem),
            Some(_) => self.problem.fmt(f),
        }
    }
}

impl std::error::Error for PolicyError {}

impl Diagnostic for PolicyError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.problem.code()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span.as_ref().map(|_| self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span.clone()?;
        let label = LabeledSpan::new_primary_with_span(Some(self.problem.label()), SourceSpan::from(span));
        let also =
            self.also.clone().map(|(span, text)| LabeledSpan::new_with_span(Some(text.to_owned()), span));
        Some(Box::new(std::iter::once(label).chain(also)))
    }
}

impl PolicyErrors {
    /// All errors as a person reads them, each with the lines around its place. `columns` is the width of the screen.
    pub fn render(&self, color: bool, columns: usize) -> String {
        let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let screen = GraphicalReportHandler::new_themed(theme).with_width(columns).with_links(false);
        let mut out = String::new();
        for error in &self.errors {
            // Writing to a string does not fail.
            let _ = screen.render_report(&mut out, error);
            out.push('\n');
        }
        out
    }
}

/// Shows the file under its name, with a line around the error.
impl SourceCode for PolicyError {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.source.text.read_span(span, before, after)?;
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.source.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line(),
            inner.column(),
            inner.line_count(),
        )))
    }
}

impl Diagnostic for PolicyErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.errors.iter().map(|error| error as &dyn Diagnostic)))
    }
}

/// The name of `known` that `word` may be meant for: the same but for case and separators, part of it, or nearly it.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
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
