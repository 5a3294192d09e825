//! From the lines of one file to its records: parts that a container runtime cut are joined, then the lines that are one
//! record. What is open is kept until its end comes; nothing is handed on in pieces, and what grows over a bound is
//! withheld whole.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use memchr::{memchr, memmem};

use super::container::{self, Wrapped};
use super::file::Container;
use super::multiline::{Join, OpenKey};
use crate::engine::redact::Withheld;
use crate::limits;
use crate::pipeline::Raw;

/// Records of one file that are settled one after the other: those of a container's two outputs, and all others.
pub(super) const LANES: usize = 3;
const OTHER: usize = 2;

/// How a source's lines become records.
#[derive(Debug)]
pub(super) struct Framing {
    pub container: Container,
    pub join: Join,
    /// Of a joined line or record.
    pub bytes_max: usize,
}

/// What is handed on, and where in its file it was.
pub(super) struct Piece<'a> {
    pub raw: Raw<'a>,
    pub lane: usize,
    pub start: u64,
    pub end: u64,
}

/// What is open in one file.
#[derive(Default)]
pub(super) struct Joins {
    lanes: Option<Box<[Lane; LANES]>>,
    /// By lane: lines that begin before were delivered in an earlier run and are left out.
    skip_before: [u64; LANES],
}

#[derive(Default)]
struct Lane {
    /// Parts of one line.
    parts: Option<Open>,
    /// Lines of one record.
    record: Option<Open>,
    /// The private key that `record` ends in.
    key: Option<OpenKey>,
}

/// Something whose end has not come.
struct Open {
    before: Vec<u8>,
    after: Vec<u8>,
    /// Empty when it is over a bound.
    text: Vec<u8>,
    kept: bool,
    first: Option<u8>,
    /// Length of the whole text, kept or not.
    bytes: u64,
    lines: usize,
    bytes_read: u64,
    start: u64,
    end: u64,
    changed: Instant,
}

/// A line as it was before a runtime cut or wrapped it.
struct Line<'a> {
    lane: usize,
    before: &'a [u8],
    text: &'a [u8],
    after: &'a [u8],
    bytes_read: u64,
    start: u64,
    end: u64,
}

impl Framing {
    fn unwrap<'a>(&self, line: &'a [u8]) -> Option<Wrapped<'a>> {
        match self.container {
            Container::None => None,
            Container::Cri => container::cri(line),
            Container::Docker => container::docker(line),
            Container::Auto if line.first() == Some(&b'{') => container::docker(line),
            Container::Auto => container::cri(line),
        }
    }

    /// Whether a chunk of lines can be passed on without looking at each, nothing being open.
    fn is_idle_on(&self, lines: &[u8]) -> bool {
        let cri = || memmem::find(lines, b" stdout ").or_else(|| memmem::find(lines, b" stderr "));
        let wrapped = match self.container {
            Container::None => false,
            Container::Cri => cri().is_some(),
            Container::Docker => memmem::find(lines, br#","stream":"std"#).is_some(),
            Container::Auto => cri().is_some() || memmem::find(lines, br#","stream":"std"#).is_some(),
        };
        !wrapped && self.join.is_idle_on(lines)
    }
}

impl Joins {
    /// Of a file of whose lines those that begin before these positions, by lane, were delivered in an earlier run.
    pub fn skipping(before: [u64; LANES]) -> Joins {
        Joins { lanes: None, skip_before: before }
    }

    /// Takes whole lines that begin at `start` of the file, and hands on what is complete.
    pub fn lines<E>(
        &mut self,
        framing: &Framing,
        lines: &[u8],
        start: u64,
        each: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.lanes.is_none() && self.skip_before[OTHER] <= start && framing.is_idle_on(lines) {
            let end = start + lines.len() as u64;
            return each(Piece { raw: Raw::Lines(lines), lane: OTHER, start, end });
        }
        let mut at = 0;
        while at < lines.len() {
            let length = memchr(b'\n', &lines[at..]).unwrap_or(lines.len() - at);
            let begin = start + at as u64;
            self.line(framing, &lines[at..at + length], begin, each)?;
            at += length + 1;
        }
        self.tidy();
        Ok(())
    }

    /// Takes a line over the limit, of `bytes` with its ending.
    pub fn overlong<E>(
        &mut self,
        raw: Raw<'_>,
        start: u64,
        bytes: u64,
        each: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if start < self.skip_before[OTHER] {
            return Ok(());
        }
        self.close(OTHER, each)?;
        each(Piece { raw, lane: OTHER, start, end: start + bytes })
    }

    /// Hands on records that have been silent for too long; an open private key waits for ever.
    pub fn expire<E>(
        &mut self,
        silence: Duration,
        each: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for lane in 0..LANES {
            let Some(lanes) = &self.lanes else { break };
            let Lane { record, key, parts } = &lanes[lane];
            let over = |open: &Open| key.is_none() && open.changed.elapsed() >= silence;
            if parts.is_none() && record.as_ref().is_some_and(over) {
                self.close(lane, each)?;
            }
        }
        self.tidy();
        Ok(())
    }

    /// The file is over: hands on all that is open.
    pub fn finish<E>(
        &mut self,
        framing: &Framing,
        each: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for lane in 0..LANES {
            if let Some(parts) = self.lanes.as_mut().and_then(|lanes| lanes[lane].parts.take()) {
                self.joined(framing, lane, parts, each)?;
            }
            self.close(lane, each)?;
        }
        self.lanes = None;
        Ok(())
    }

    /// Where the open record of a lane begins.
    pub fn open_at(&self, lane: usize) -> Option<u64> {
        let Lane { parts, record, .. } = &self.lanes.as_ref()?[lane];
        [parts, record].into_iter().flatten().map(|open| open.start).min()
    }

    /// Whether anything is open.
    pub fn is_open(&self) -> bool {
        self.lanes.is_some()
    }

    /// Bytes kept for what is open.
    pub fn held(&self) -> usize {
        self.opens().map(|open| open.text.capacity()).sum()
    }

    /// Gives up the text of all that is open: it will be withheld.
    pub fn give_up(&mut self) {
        for lane in self.lanes.iter_mut().flat_map(|lanes| lanes.iter_mut()) {
            for open in [&mut lane.parts, &mut lane.record].into_iter().flatten() {
                open.give_up();
            }
        }
    }

    fn opens(&self) -> impl Iterator<Item = &Open> {
        self.lanes
            .iter()
            .flat_map(|lanes| lanes.iter())
            .flat_map(|lane| [&lane.parts, &lane.record])
            .flatten()
    }

    fn line<E>(
        &mut self,
        framing: &Framing,
        line: &[u8],
        start: u64,
        each: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let bytes_read = line.len() as u64 + 1;
        let end = start + bytes_read;
        let wrapped = framing.unwrap(line);
        let lane = wrapped.as_ref().map_or(OTHER, |wrapped| wrapped.stream as usize);
        if start < self.skip_before[lane] {
            return Ok(());
        }
        let Some(Wrapped { before, text, after, goes_on, .. }) = wrapped else {
            let line = Line { lane, before: b"", text: line, after: b"", bytes_read, start, end };
            return self.whole(framing, line, each);
        };
        let line = Line { lane, before, text, after, bytes_read, start, end };
        let open = self.lanes.as_mut().and_then(|lanes| lanes[lane].parts.take());
        let parts = match open {
            None if !goes_on => return self.whole(framing, line, each),
            None => Open::new(&line, framing.bytes_max),
            Some(mut parts) => {
                parts.add(b"", &line, framing.bytes_max);
                parts
            }
        };
        if goes_on {
            self.lane(lane).parts = Some(parts);
            return Ok(());
        }
        self.joined(framing, lane, parts, each)
    }

    /// A line whose parts are all there.
    fn joined<E>(
        &mut self,
        framing: &Framing,
        lane: usize,
        mut parts: Open,
        each: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        container::cri_whole(&mut parts.before);
        if !parts.kept {
            self.close(lane, each)?;
            return parts.hand_on(lane, each);
        }
        let Open { before, text, after, bytes_read, start, end, .. } = &parts;
        let line = Line { lane, before, text, after, bytes_read: *bytes_read, start: *start, end: *end };
        self.whole(framing, line, each)
    }

    /// A whole line: joined to the lane's open record, or handed on.
    fn whole<E>(
        &mut self,
        framing: &Framing,
        line: Line<'_>,
        each: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut state = self.lanes.as_mut().map(|lanes| &mut lanes[line.lane]);
        let key = state.as_mut().and_then(|lane| lane.key.take());
        let separator: &[u8] = if line.after.is_empty() { b"\n" } else { b"" };
        if let (Some(mut key), Some(Lane { record: Some(record), key: slot, .. })) = (key, state) {
            let goes_on = key.goes_on(line.text);
            if goes_on != Some(false) {
                record.add(separator, &line, framing.bytes_max);
                *slot = goes_on.map(|_| key);
                let ends = goes_on.is_none() && !matches!(framing.join, Join::Start(_));
                return if ends { self.close(line.lane, each) } else { Ok(()) };
            }
            if !matches!(framing.join, Join::Start(_)) {
                self.close(line.lane, each)?;
            }
        }
        let key = match &framing.join {
            Join::Nothing => None,
            Join::Keys | Join::Start(_) => OpenKey::begun_by(line.text),
        };
        match &framing.join {
            Join::Start(regex) => {
                if regex.is_match(&*line.decoded()) {
                    self.close(line.lane, each)?;
                }
            }
            Join::Nothing | Join::Keys if key.is_none() => return line.hand_on(each),
            Join::Nothing | Join::Keys => {}
        }
        let lane = self.lane(line.lane);
        lane.key = key;
        match &mut lane.record {
            Some(record) => record.add(separator, &line, framing.bytes_max),
            None => lane.record = Some(Open::new(&line, framing.bytes_max)),
        }
        Ok(())
    }

    /// Hands on the open record of a lane.
    fn close<E>(&mut self, lane: usize, each: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let Some(lanes) = &mut self.lanes else { return Ok(()) };
        lanes[lane].key = None;
        lanes[lane].record.take().map_or(Ok(()), |record| record.hand_on(lane, each))
    }

    fn lane(&mut self, lane: usize) -> &mut Lane {
        &mut self.lanes.get_or_insert_default()[lane]
    }

    /// Nothing is kept for a file in which nothing is open.
    fn tidy(&mut self) {
        if self.opens().next().is_none() {
            self.lanes = None;
        }
    }
}

impl Open {
    fn new(line: &Line<'_>, bytes_max: usize) -> Open {
        let mut open = Open {
            before: line.before.to_vec(),
            after: line.after.to_vec(),
            text: Vec::new(),
            kept: true,
            first: None,
            bytes: 0,
            lines: 0,
            bytes_read: 0,
            start: line.start,
            end: line.end,
            changed: Instant::now(),
        };
        open.add(b"", line, bytes_max);
        open
    }

    fn add(&mut self, separator: &[u8], line: &Line<'_>, bytes_max: usize) {
        self.first =
            self.first.or_else(|| line.text.iter().copied().find(|byte| !byte.is_ascii_whitespace()));
        self.bytes += (separator.len() + line.text.len()) as u64;
        self.lines += usize::from(!separator.is_empty() || !line.after.is_empty());
        self.bytes_read += line.bytes_read;
        self.end = line.end;
        self.changed = Instant::now();
        if self.bytes > bytes_max as u64 || self.lines >= limits::JOINED_LINES_MAX {
            self.give_up();
        }
        if self.kept {
            self.text.extend_from_slice(separator);
            self.text.extend_from_slice(line.text);
        }
    }

    fn give_up(&mut self) {
        self.kept = false;
        self.text = Vec::new();
    }

    fn hand_on<E>(&self, lane: usize, each: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let Open { before, text, after, bytes_read, start, end, .. } = self;
        if self.kept {
            let bytes_read = *bytes_read;
            return Line { lane, before, text, after, bytes_read, start: *start, end: *end }.hand_on(each);
        }
        // In Docker's form the record is the JSON object around the text.
        let (before, first) =
            if after.is_empty() { (&before[..], self.first) } else { (&b""[..], Some(b'{')) };
        let why = Withheld::JoinedTooLong;
        let raw = Raw::Overlong { why, before, first, bytes: self.bytes, ending: b"\n" };
        each(Piece { raw, lane, start: *start, end: *end })
    }
}

impl Line<'_> {
    fn hand_on<E>(&self, each: &mut impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let Line { lane, before, text, after, bytes_read, start, end } = *self;
        let whole;
        let (before, text) = if after.is_empty() {
            (before, text)
        } else {
            whole = [before, text, after].concat();
            (&b""[..], &whole[..])
        };
        each(Piece { raw: Raw::Record { before, text, bytes_read }, lane, start, end })
    }

    /// The text that a regular expression is to see: without the escapes of Docker's form.
    fn decoded(&self) -> Cow<'_, [u8]> {
        if self.after.is_empty() {
            return Cow::Borrowed(self.text);
        }
        let quoted = [b"\"", self.text, b"\""].concat();
        match serde_json::from_slice::<String>(&quoted) {
            Ok(text) => Cow::Owned(text.into_bytes()),
            Err(_) => Cow::Borrowed(self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const T: &str = "2026-11-24T17:00:00.123456789Z";

    /// What comes of `input`, taken in chunks of `size` whole lines; records end in `|`.
    fn joined(join: Join, bytes_max: usize, input: &str, size: usize) -> String {
        let framing = Framing { container: Container::Auto, join, bytes_max };
        let (mut joins, mut out, mut at) = (Joins::default(), String::new(), 0);
        let mut each = |piece: Piece<'_>| {
            assert!(piece.start < piece.end && piece.end <= input.len() as u64);
            match piece.raw {
                Raw::Lines(lines) => out += &std::str::from_utf8(lines).unwrap().replace('\n', "|"),
                Raw::Record { before, text, .. } => {
                    out += std::str::from_utf8(before).unwrap();
                    out += std::str::from_utf8(text).unwrap();
                    out.push('|');
                }
                Raw::Overlong { before, bytes, .. } => {
                    out += &format!("{}<{bytes}>|", std::str::from_utf8(before).unwrap());
                }
            }
            Ok::<(), Infallible>(())
        };
        let lines: Vec<&str> = input.split_inclusive('\n').collect();
        for chunk in lines.chunks(size) {
            let chunk = chunk.concat();
            joins.lines(&framing, chunk.as_bytes(), at, &mut each).unwrap();
            at += chunk.len() as u64;
        }
        joins.finish(&framing, &mut each).unwrap();
        assert!(!joins.is_open());
        out
    }

    fn check(join: impl Fn() -> Join, bytes_max: usize, input: &str, expected: &str) {
        let (input, expected) = (input.replace("$T", T), expected.replace("$T", T));
        for size in [1, 2, 3, 100] {
            assert_eq!(joined(join(), bytes_max, &input, size), expected, "{size} lines at a time");
        }
    }

    #[test]
    fn parts_are_joined_by_stream() {
        let input = "plain\n$T stdout P us\n$T stderr F x\n$T stdout P er \n$T stderr P 1\n$T stdout F al\n$T stderr F 2\n$T stdout F y\n";
        let expected = "plain|$T stderr F x|$T stdout F user al|$T stderr F 12|$T stdout F y|";
        check(|| Join::Nothing, 100, input, expected);
        check(|| Join::Keys, 100, input, expected);
        let input = "{\"log\":\"us\",\"stream\":\"stdout\",\"time\":\"1\"}\n{\"log\":\"er\\n\",\"stream\":\"stdout\",\"time\":\"2\"}\n{\"log\":\n";
        check(
            || Join::Nothing,
            100,
            input,
            "{\"log\":\"user\\n\",\"stream\":\"stdout\",\"time\":\"1\"}|{\"log\":|",
        );
    }

    #[test]
    fn what_is_too_long_is_withheld_in_its_wrapper() {
        check(
            || Join::Nothing,
            5,
            "$T stdout P abc\n$T stdout F def\n$T stdout F g\n",
            "$T stdout F <6>|$T stdout F g|",
        );
        let key = "-----BEGIN PRIVATE KEY-----\nTm90\n-----END PRIVATE KEY-----\nx\n";
        check(|| Join::Keys, 40, key, "<58>|x|");
    }

    #[test]
    fn keys_are_joined_also_inside_wrappers() {
        let key = "a\n-----BEGIN PRIVATE KEY-----\nTm90\n-----END PRIVATE KEY-----\nx\n";
        let expected = "a|-----BEGIN PRIVATE KEY-----\nTm90\n-----END PRIVATE KEY-----|x|";
        check(|| Join::Keys, 100, key, expected);
        let key = "$T stdout F -----BEGIN PRIVATE KEY-----\n$T stderr F y\n$T stdout F Tm90\n$T stdout F -----END PRIVATE KEY-----\n";
        let expected =
            "$T stderr F y|$T stdout F -----BEGIN PRIVATE KEY-----\nTm90\n-----END PRIVATE KEY-----|";
        check(|| Join::Keys, 100, key, expected);
        let cut = "-----BEGIN PRIVATE KEY-----\nTm90\nlog goes on\n";
        check(|| Join::Keys, 100, cut, "-----BEGIN PRIVATE KEY-----\nTm90|log goes on|");
    }

    #[test]
    fn records_begin_where_the_expression_matches() {
        let start = || Join::start(r"^\S").unwrap();
        check(start, 100, "  first\na\n b\n\tc\nd\ne\n f\n", "  first|a\n b\n\tc|d|e\n f|");
        check(start, 10, "a\n 345678\n 9\nb\n", "<12>|b|");
        let docker = "{\"log\":\"a\\n\",\"stream\":\"stdout\",\"t\":1}\n{\"log\":\"\\tb\\n\",\"stream\":\"stdout\",\"t\":2}\n";
        check(start, 100, docker, "{\"log\":\"a\\n\\tb\\n\",\"stream\":\"stdout\",\"t\":1}|");
        let long = format!("a\n{}b\n", " x\n".repeat(1200));
        check(start, 10_000, &long, "<3601>|b|");
    }

    #[test]
    fn silence_ends_a_record_and_never_a_key() {
        let framing =
            Framing { container: Container::None, join: Join::start("^a").unwrap(), bytes_max: 100 };
        let mut joins = Joins::default();
        let mut count = 0;
        let mut each = |_: Piece<'_>| -> Result<(), Infallible> {
            count += 1;
            Ok(())
        };
        joins.lines(&framing, b"a\nb\n", 0, &mut each).unwrap();
        joins.expire(Duration::from_secs(60), &mut each).unwrap();
        assert_eq!(joins.open_at(OTHER), Some(0));
        joins.expire(Duration::ZERO, &mut each).unwrap();
        assert!(!joins.is_open());
        joins.lines(&framing, b"a -----BEGIN PRIVATE KEY-----\nTm90\n", 4, &mut each).unwrap();
        joins.expire(Duration::ZERO, &mut each).unwrap();
        assert_eq!(joins.open_at(OTHER), Some(4));
        assert_eq!(count, 1);
    }
}
