//! The seam for records that are no lines. Whoever walks another form of record (OTLP on the wire) says where it is and
//! hands over texts; the engine knows nothing of the form.

use crate::engine::scan::view::{Encoding, View};

use super::paths::{PathIndex, Paths};
use super::scanner::{Context, Scanner};
use super::splice::Splicer;
use super::{Outcome, Redacted, Redactor, Withheld};

/// A walk through the fields of one record.
///
/// ```
/// # use std::sync::Arc;
/// # use redactd::{Keyring, Policy, Redacted, Redactor};
/// let mut redactor = Redactor::new(Arc::new(Policy::default_policy()), Arc::new(Keyring::ephemeral(&[7; 64])));
/// let mut out = Redacted::new();
/// let mut fields = redactor.fields();
/// fields.enter(b"user");
/// fields.enter(b"password");
/// fields.text(b"hunter2", &mut out);
/// assert_eq!(out.as_bytes(), b"[redacted:password]");
/// ```
pub struct Fields<'r> {
    redactor: &'r mut Redactor,
    path: Vec<PathIndex>,
}

impl Redactor {
    /// Begins a record whose fields are handed over one by one.
    pub fn fields(&mut self) -> Fields<'_> {
        self.scanner.start_record(0);
        Fields { redactor: self, path: Vec::new() }
    }
}

impl Fields<'_> {
    /// Goes into the member `key` of the current container.
    pub fn enter(&mut self, key: &[u8]) {
        let here = self.here();
        let Redactor { policy, ring, dispatch, scanner, .. } = &mut *self.redactor;
        let cx = Context { policy, ring, dispatch, map: None };
        let child = scanner.paths.child(&cx, here, key);
        self.path.push(child);
    }

    /// Goes back to the container around.
    pub fn leave(&mut self) {
        if let Some(path) = self.path.pop() {
            self.redactor.scanner.paths.leave(path);
        }
    }

    /// Redacts the text of the field at the current path and appends it to `out`. A text that cannot be handled becomes the
    /// placeholder `[withheld:…]`.
    pub fn text(&mut self, text: &[u8], out: &mut Redacted<Vec<u8>>) -> Outcome {
        let path = self.here();
        let redactor = &mut *self.redactor;
        let before = out.len();
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            redactor.passes(text, out.bytes_mut(), |redactor, text| redactor.find_in_field(path, text))
        }));
        let why = match found {
            Ok(Ok(())) => return Outcome { records: 0, spans: redactor.fired.len() as u64, withheld: 0 },
            Ok(Err(why)) => why,
            Err(_) => {
                // Nothing of the scratch space is used again but the paths, in which the cursor stands.
                let paths = std::mem::replace(&mut redactor.scanner.paths, Paths::new());
                redactor.scanner = Scanner::new(&redactor.policy);
                redactor.scanner.paths = paths;
                redactor.splicer = Splicer::default();
                redactor.spans = Vec::new();
                Withheld::Internal
            }
        };
        out.bytes_mut().truncate(before);
        out.append(super::action::withheld_text(why).as_bytes());
        Outcome { records: 0, spans: 0, withheld: 1 }
    }

    fn here(&self) -> PathIndex {
        self.path.last().copied().unwrap_or(Paths::ROOT)
    }
}

impl Redactor {
    /// Finds everything in one field.
    fn find_in_field(&mut self, path: PathIndex, text: &[u8]) {
        let Redactor { policy, ring, dispatch, scanner, map, .. } = self;
        scanner.start_field(text.len());
        let map = scanner.map(dispatch, map, text);
        let cx = Context { policy, ring, dispatch, map };
        let view = View::of_record(text, 0, Encoding::PLAIN);
        scanner.value(&cx, &view, cx.classes(&view), path, None);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{Keyring, Policy, Redacted, Redactor};

    #[test]
    fn a_field_gets_as_many_passes_as_a_line() {
        let policy = Arc::new(Policy::default_policy());
        let mut redactor = Redactor::new(policy, Arc::new(Keyring::ephemeral(&[1; 64])));
        let mut once = |text: &[u8]| {
            let mut out = Redacted::new();
            let outcome = redactor.fields().text(text, &mut out);
            (out.as_bytes().to_vec(), outcome.spans)
        };
        let (first, spans) = once(b"login password=x$ver#123 from 8.8.4.4");
        assert!(memchr::memmem::find(&first, b"8.8.4.4").is_none(), "{}", String::from_utf8_lossy(&first));
        assert_eq!((once(&first), spans), ((first, 0), 2));
    }
}
