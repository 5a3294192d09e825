//! Records in, redacted records out. [`Redactor`] is the whole engine for one stream: it finds what the policy names
//! (`scanner`, `walk`, `text`), settles what overlaps (`overlap`) and writes the result (`splice`).

mod action;
mod anchors;
mod cursor;
mod dispatch;
mod explain;
mod field;
mod fixed;
mod found;
mod overlap;
mod pair;
mod parts;
mod paths;
mod proof;
mod remark;
mod scanner;
mod splice;
pub(crate) mod tape;
mod text;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::engine::correlate::Keyring;
use crate::engine::policy::{Policy, RuleIndex};
use crate::engine::scan::map::Map;
use crate::engine::scan::view::{Encoding, View};

pub use cursor::Fields;
use dispatch::Dispatch;
pub use explain::{ExplainedMiss, ExplainedSpan, Explanation, Reason, describe, rule_name};
use found::Place;
use overlap::Span;
use paths::Paths;
pub use proof::Redacted;
use scanner::{Context, Scanner, Spot};
use splice::Splicer;

/// Applies one policy to a stream of records. One per stream: it owns scratch space and remembers what it decided about
/// keys, so it is cheap per record and not cheap to build. Its output depends on the record, the policy, the ring and the
/// format only: never on earlier records or on how the input was cut into chunks.
pub struct Redactor {
    policy: Arc<Policy>,
    ring: Arc<Keyring>,
    format: Format,
    dispatch: Dispatch,
    /// Absent on the portable path, which looks at byte after byte and must find the same.
    map: Option<Map>,
    scanner: Scanner,
    spans: Vec<Span>,
    splicer: Splicer,
    counts: Vec<u64>,
    withheld: [u64; Withheld::ALL.len()],
    remarks: bool,
    /// Whether a span of the last pass cut a word in two.
    cut_word: bool,
    /// What `explain` knows so far.
    passes: explain::Passes,
    /// The rules of the spans of the current record.
    fired: Vec<RuleIndex>,
    /// The record as the first pass left it, where a second is needed.
    again: Vec<u8>,
    #[cfg(debug_assertions)]
    panic_on: Option<Vec<u8>>,
}

/// Passes over one record, for values that context keeps; two are enough but for lines made to need more.
const PASSES_MAX: usize = 4;

/// What happened to the records of one call. A line is never an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Lines seen.
    pub records: u64,
    /// Spans replaced.
    pub spans: u64,
    /// Records withheld.
    pub withheld: u64,
}

impl std::ops::AddAssign for Outcome {
    fn add_assign(&mut self, other: Outcome) {
        self.records += other.records;
        self.spans += other.spans;
        self.withheld += other.withheld;
    }
}

/// Why a record, or a part of one, was withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// Longer than the line limit.
    LineTooLong,
    /// Joined of more lines or bytes than a record may have.
    JoinedTooLong,
    /// Nested deeper than [`crate::limits::JSON_DEPTH_MAX`].
    Depth,
    /// More work than the step budget allows.
    Budget,
    /// A bug: the record made the engine panic.
    Internal,
    /// Not what its form says it is, so that nobody knows what is in it.
    Undecodable,
}

impl Withheld {
    /// All reasons.
    pub const ALL: [Withheld; 6] = [
        Withheld::LineTooLong,
        Withheld::JoinedTooLong,
        Withheld::Depth,
        Withheld::Budget,
        Withheld::Internal,
        Withheld::Undecodable,
    ];

    /// As placeholders, stubs and metrics spell it.
    pub fn name(self) -> &'static str {
        match self {
            Withheld::LineTooLong => "line_too_long",
            Withheld::JoinedTooLong => "joined_too_long",
            Withheld::Depth => "depth",
            Withheld::Budget => "budget",
            Withheld::Internal => "internal",
            Withheld::Undecodable => "undecodable",
        }
    }
}

/// How lines are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// JSON if the line parses as JSON, else text.
    #[default]
    Auto,
    /// JSON; what does not parse is still scanned as text.
    Json,
    /// Text; JSON documents inside it are read too.
    Text,
    /// Text whose `key=value` pairs are fields.
    Logfmt,
}

impl Redactor {
    /// A redactor with empty scratch space.
    pub fn new(policy: Arc<Policy>, ring: Arc<Keyring>) -> Redactor {
        Redactor {
            dispatch: Dispatch::new(&policy),
            scanner: Scanner::new(&policy),
            counts: vec![0; policy.rules.len()],
            withheld: [0; Withheld::ALL.len()],
            policy,
            ring,
            format: Format::Auto,
            map: Some(Map::default()),
            remarks: false,
            cut_word: false,
            passes: explain::Passes::default(),
            fired: Vec::new(),
            again: Vec::new(),
            spans: Vec::new(),
            splicer: Splicer::default(),
            #[cfg(debug_assertions)]
            panic_on: None,
        }
    }

    /// The policy it applies.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The keys of the following lines' IDs. One line has one ring; whoever needs more lines to have the same changes it
    /// between them.
    pub fn set_ring(&mut self, ring: Arc<Keyring>) {
        self.ring = ring;
    }

    /// The keys of the last line's IDs.
    pub fn ring(&self) -> &Keyring {
        &self.ring
    }

    /// How the following lines are read.
    pub fn set_format(&mut self, format: Format) {
        self.format = format;
    }

    /// Whether JSON objects get a member `redactd` with the policy id and the spans replaced per rule.
    pub fn set_remarks(&mut self, remarks: bool) {
        self.remarks = remarks;
    }

    /// Takes the portable path, without the candidate map: slower, and the same in every byte it writes.
    pub fn set_portable(&mut self, portable: bool) {
        self.map = (!portable).then(Map::default);
    }

    /// Replaced spans so far, per rule in the order of [`Policy::rules`].
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Withheld records so far, by reason in the order of [`Withheld::ALL`].
    pub fn withheld(&self) -> &[u64; Withheld::ALL.len()] {
        &self.withheld
    }

    /// A failpoint for tests: a record that holds these bytes makes the engine panic.
    #[cfg(debug_assertions)]
    pub fn panic_on(&mut self, bytes: &[u8]) {
        self.panic_on = Some(bytes.to_vec());
    }

    /// Redacts whole lines, each ending in a newline except perhaps the last, and appends them to `out`.
    pub fn redact(&mut self, chunk: &[u8], out: &mut Redacted<Vec<u8>>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut start = 0;
        while start < chunk.len() {
            let end = memchr::memchr(b'\n', &chunk[start..]).map_or(chunk.len(), |at| start + at);
            outcome += self.redact_line(&chunk[start..end], out);
            if end < chunk.len() {
                out.append(b"\n");
            }
            start = end + 1;
        }
        outcome
    }

    /// Redacts one line without its newline and appends it to `out`. A carriage return at its end stays.
    pub fn redact_line(&mut self, line: &[u8], out: &mut Redacted<Vec<u8>>) -> Outcome {
        let before = out.len();
        let done = catch_unwind(AssertUnwindSafe(|| self.line(line, out.bytes_mut())));
        match done {
            Ok(Ok(spans)) => Outcome { records: 1, spans, withheld: 0 },
            Ok(Err(why)) => {
                out.bytes_mut().truncate(before);
                self.withhold(why, first_byte(line), line.len() as u64, out)
            }
            Err(_) => {
                self.forget_scratch();
                out.bytes_mut().truncate(before);
                self.withhold(Withheld::Internal, first_byte(line), line.len() as u64, out)
            }
        }
    }

    /// After a panic: whatever state the scratch space is in, nothing of it is used again.
    fn forget_scratch(&mut self) {
        self.scanner = Scanner::new(&self.policy);
        self.splicer = Splicer::default();
        self.spans = Vec::new();
    }

    /// Appends the stub for a record that cannot be shown. `first` is its first non-blank byte, `bytes` its length without
    /// the newline.
    pub fn withhold(
        &mut self,
        why: Withheld,
        first: Option<u8>,
        bytes: u64,
        out: &mut Redacted<Vec<u8>>,
    ) -> Outcome {
        let stub = match first {
            Some(b'{' | b'[') => format!(r#"{{"redactd":{{"withheld":"{}","bytes":{bytes}}}}}"#, why.name()),
            _ => action::withheld_text(why),
        };
        out.append(stub.as_bytes());
        self.withheld[why as usize] += 1;
        Outcome { records: 1, spans: 0, withheld: 1 }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<u64, Withheld> {
        #[cfg(debug_assertions)]
        if let Some(needle) = &self.panic_on {
            assert!(memchr::memmem::find(line, needle).is_none(), "failpoint");
        }
        let start = out.len();
        self.passes(line, out, Redactor::find)?;
        if self.remarks {
            remark::add(&self.policy, &mut self.fired, start, out);
        }
        Ok(self.fired.len() as u64)
    }

    /// Writes `record` to `out` with its spans replaced, and lists their rules in `fired`. `find` looks for spans in the record
    /// and, where that can tell more, in what the pass before left of it.
    fn passes(
        &mut self,
        record: &[u8],
        out: &mut Vec<u8>,
        find: impl Fn(&mut Redactor, &[u8]),
    ) -> Result<(), Withheld> {
        let start = out.len();
        self.fired.clear();
        find(self, record);
        let mut replaced = self.replace(record, out)?;
        for _ in 1..PASSES_MAX {
            if !replaced || !(self.scanner.kept_by_context || self.cut_word) {
                break;
            }
            // A word that kept a value was perhaps part of what is replaced now, or nearer to it before, or what is left
            // of a word can be seen for what it is. What a second redactor would find is found here, so that it finds
            // nothing.
            let mut again = std::mem::take(&mut self.again);
            again.clear();
            again.extend_from_slice(&out[start..]);
            out.truncate(start);
            find(self, &again);
            let result = self.replace(&again, out);
            self.again = again;
            replaced = result?;
        }
        // Not before the last pass: a record that is withheld has no spans.
        self.count();
        Ok(())
    }

    /// Counts the spans of the record for their rules.
    fn count(&mut self) {
        for &rule in &self.fired {
            self.counts[usize::from(rule)] += 1;
        }
    }

    /// Writes what was found in `line` to `out`, and says whether anything was replaced.
    fn replace(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<bool, Withheld> {
        if self.scanner.over_budget {
            return Err(Withheld::Budget);
        }
        if self.scanner.record.found.is_empty() {
            out.extend_from_slice(line);
            if self.scanner.misses.is_some() {
                self.spans.clear();
                self.explain_pass(line);
            }
            return Ok(false);
        }
        overlap::resolve(&self.policy, &mut self.scanner.record.found, &mut self.spans);
        splice::list_rules(&self.spans, &mut self.fired);
        self.cut_word = overlap::cuts_word(line, &self.spans);
        self.splicer.write(&self.policy, &self.ring, line, &self.scanner.record, &self.spans, out);
        if self.scanner.misses.is_some() {
            self.explain_pass(line);
        }
        Ok(true)
    }

    /// Finds everything in one record.
    fn find(&mut self, line: &[u8]) {
        let Redactor { policy, ring, dispatch, scanner, format, map, .. } = self;
        scanner.start_record(line.len());
        let map = scanner.map(dispatch, map, line);
        let cx = Context { policy, ring, dispatch, map };
        let view = View::of_record(line, 0, Encoding::PLAIN);
        let begin = line.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(line.len());
        let rest = match (*format, line.get(begin)) {
            (
                Format::Auto | Format::Json,
                Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'),
            ) => document(scanner, &cx, &view, begin),
            _ => 0,
        };
        if rest < line.len() {
            let text = view.slice(rest, line.len());
            let classes = cx.classes(&text);
            scanner.text(&cx, &text, classes, Spot::new(Paths::ROOT, Place::Text));
        }
    }
}

/// Reads the line as a JSON document and returns where it goes on as text: its end if it is one, its beginning if it is none,
/// the place of the error if it was cut off or broken in the middle.
fn document(scanner: &mut Scanner, cx: &Context<'_>, view: &View<'_>, begin: usize) -> usize {
    let line = view.text;
    let walked = scanner.walk(cx, view, begin, Paths::ROOT, false);
    let blank = line[walked.end..].iter().all(u8::is_ascii_whitespace);
    if walked.complete && blank {
        return line.len();
    }
    let container = matches!(line[begin], b'{')
        || (line[begin] == b'[' && matches!(line.get(begin + 1), Some(b'{' | b'"' | b'[')));
    if container && walked.started {
        return walked.end;
    }
    // `[2026-11-24] …`, `12 apples`, `"quoted" words`: a line of text that begins like JSON.
    scanner.record.clear();
    0
}

fn first_byte(line: &[u8]) -> Option<u8> {
    line.iter().copied().find(|b| !b.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_that_is_replaced_keeps_nothing() {
        let policy = Arc::new(Policy::default_policy());
        let mut redactor = Redactor::new(policy, Arc::new(Keyring::ephemeral(&[1; 64])));
        let mut once = |line: &[u8]| {
            let mut out = Redacted::new();
            redactor.redact_line(line, &mut out);
            out.as_bytes().to_vec()
        };
        let first = once(b"login password=x$ver#123 from 8.8.4.4");
        assert!(memchr::memmem::find(&first, b"8.8.4.4").is_none(), "{}", String::from_utf8_lossy(&first));
        assert_eq!(once(&first), first);
    }
}
