//! One thing that is wrong with a text: what is said, at which place, and how it looks on a screen.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, SourceCode, SourceSpan,
    SpanContents,
};

use super::{Shape, SourceText};

/// What can be wrong with one kind of text.
pub trait Complaint: fmt::Display + fmt::Debug + From<Shape> + PartialEq + Send + Sync + 'static {
    /// A name that programs can rely on.
    fn code(&self) -> String;
    /// What to do about it.
    fn hint(&self) -> Option<String>;
    /// What to do about it where no place in a text is to blame: the file was named on a command line.
    fn hint_without_place(&self) -> Option<String> {
        self.hint()
    }
    /// What stands under the underlined text.
    fn label(&self) -> String;
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake<P> {
    /// The file.
    pub source: Arc<SourceText>,
    /// Bytes of the file; `None` where the file as a whole is meant.
    pub span: Option<Range<usize>>,
    /// What.
    pub problem: P,
    /// A second place that explains the first.
    pub also: Option<(Range<usize>, &'static str)>,
}

impl<P: Complaint> Mistake<P> {
    /// Line and column of the error, from 1, in characters; (1, 1) where the file as a whole is meant.
    pub fn position(&self) -> (usize, usize) {
        let at = self.span.as_ref().map_or(0, |span| span.start);
        (self.source.line(at), self.source.column(at))
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        if self.span.is_none() { self.problem.hint_without_place() } else { self.problem.hint() }
    }
}

/// All of them as a person reads them, each with the lines around its place. `columns` is the width of the screen.
pub fn render<P: Complaint>(mistakes: &[Mistake<P>], color: bool, columns: usize) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let screen = GraphicalReportHandler::new_themed(theme).with_width(columns).with_links(false);
    let mut out = String::new();
    for mistake in mistakes {
        // Writing to a string does not fail.
        let _ = screen.render_report(&mut out, mistake);
        out.push('\n');
    }
    out
}

impl<P: Complaint> fmt::Display for Mistake<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span {
            // Without a place nothing else will name the file.
            None => write!(f, "{}: {}", self.source.name, self.problem),
            Some(_) => fmt::Display::fmt(&self.problem, f),
        }
    }
}

impl<P: Complaint> std::error::Error for Mistake<P> {}

impl<P: Complaint> Diagnostic for Mistake<P> {
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

/// Shows the file under its name, with a line around the error.
impl<P: Complaint> SourceCode for Mistake<P> {
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
