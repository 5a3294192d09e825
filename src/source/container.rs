//! What container runtimes wrap around each line: finding it, so that the parts of one line can be joined before they are
//! scanned and so that the line inside is read as what it is.
//!
//! CRI (containerd, CRI-O): `TIME STREAM TAG TEXT`, where `P` as the tag says that the line goes on in the stream's next
//! part. Docker's json-file: `{"log":TEXT,"stream":STREAM,…,"time":TIME}`, where a text without a line end goes on. Whatever
//! has not exactly this shape is taken for a plain line, and scanned as one.

/// Which output of a container a line came from. Parts of the two are interleaved and never joined with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout = 0,
    Stderr = 1,
}

/// A line taken out of its wrapper.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrapped<'a> {
    pub stream: Stream,
    /// The wrapper up to the text.
    pub before: &'a [u8],
    /// The line, or part of it; in Docker's form as it stands in the JSON string.
    pub text: &'a [u8],
    /// The wrapper behind the text: empty in CRI's form.
    pub after: &'a [u8],
    /// Whether the line goes on in the next part.
    pub goes_on: bool,
}

/// Takes a line, without its newline, out of a CRI wrapper.
pub(super) fn cri(line: &[u8]) -> Option<Wrapped<'_>> {
    // 2026-11-24T17:00:00.123456789Z stdout F text
    let time = line.get(..64.min(line.len()))?;
    let time = &time[..memchr::memchr(b' ', time)?];
    if !is_time(time) {
        return None;
    }
    let rest = &line[time.len() + 1..];
    let (stream, rest) = match rest.split_at_checked(7)? {
        (b"stdout ", rest) => (Stream::Stdout, rest),
        (b"stderr ", rest) => (Stream::Stderr, rest),
        _ => return None,
    };
    // More tags may follow the first behind colons. A runtime may leave out the space before an empty text.
    let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    let goes_on = match rest[..end].split(|&byte| byte == b':').next()? {
        b"P" => true,
        b"F" => false,
        _ => return None,
    };
    let text = rest.get(end + 1..).unwrap_or_default();
    let before = &line[..line.len() - text.len()];
    Some(Wrapped { stream, before, text, after: b"", goes_on })
}

/// The wrapper of parts that were joined to a whole line, from that of the first.
pub(super) fn cri_whole(before: &mut [u8]) {
    let tag = before.iter().rposition(|&byte| byte == b' ').and_then(|end| {
        let start = before[..end].iter().rposition(|&byte| byte == b' ')? + 1;
        (before.get(start) == Some(&b'P')).then_some(start)
    });
    if let Some(tag) = tag {
        before[tag] = b'F';
    }
}

fn is_time(text: &[u8]) -> bool {
    let digits = |range: std::ops::Range<usize>| text[range].iter().all(u8::is_ascii_digit);
    text.len() >= 20
        && digits(0..4)
        && (text[4], text[7], text[10], text[13], text[16]) == (b'-', b'-', b'T', b':', b':')
        && [5..7, 8..10, 11..13, 14..16, 17..19].into_iter().all(digits)
        && text[19..].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'Z' | b'+' | b'-' | b':'))
}

/// Takes a line, without its newline, out of the wrapper of Docker's json-file driver.
pub(super) fn docker(line: &[u8]) -> Option<Wrapped<'_>> {
    const LOG: &[u8] = br#"{"log":""#;
    let inside = line.strip_prefix(LOG)?;
    let mut end = 0;
    loop {
        end += memchr::memchr2(b'"', b'\\', &inside[end..])?;
        if inside[end] == b'"' {
            break;
        }
        end += 2;
        if end > inside.len() {
            return None;
        }
    }
    let (text, after) = inside.split_at(end);
    let stream = match after.strip_prefix(br#"","stream":"std"#)? {
        [b'o', b'u', b't', b'"', b',' | b'}', ..] => Stream::Stdout,
        [b'e', b'r', b'r', b'"', b',' | b'}', ..] => Stream::Stderr,
        _ => return None,
    };
    if !after.trim_ascii_end().ends_with(b"}") {
        return None;
    }
    Some(Wrapped { stream, before: LOG, text, after, goes_on: !ends_line(text) })
}

/// Whether the text of a JSON string ends in `\n`: in a line end, not in a backslash and an `n`.
pub(super) fn ends_line(text: &[u8]) -> bool {
    let Some(rest) = text.strip_suffix(br"\n") else { return false };
    rest.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-11-24T17:00:00.123456789Z";

    #[test]
    fn cri_lines_and_what_only_looks_like_them() {
        let whole = format!("{TIME} stderr F a b ");
        let found = cri(whole.as_bytes()).unwrap();
        assert_eq!((found.stream, found.text, found.goes_on), (Stream::Stderr, &b"a b "[..], false));
        assert_eq!(found.before, format!("{TIME} stderr F ").as_bytes());
        for (line, text, goes_on) in [
            (format!("{TIME} stdout P x"), "x", true),
            (format!("{TIME} stdout P:tag x"), "x", true),
            (format!("{TIME} stdout F "), "", false),
            (format!("{TIME} stdout F"), "", false),
            ("2026-11-24T17:00:00+01:00 stdout F x".into(), "x", false),
        ] {
            let found = cri(line.as_bytes()).unwrap();
            assert_eq!((found.text, found.goes_on), (text.as_bytes(), goes_on), "{line}");
        }
        for line in [
            "".to_owned(),
            TIME.to_owned(),
            format!("{TIME} stdin F x"),
            format!("{TIME} stdout X x"),
            format!("{TIME}  stdout F x"),
            "2026-11-24 17:00:00 stdout F x".to_owned(),
            "yesterday-at-about-noon stdout F x".to_owned(),
            format!("{{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":\"{TIME}\"}}"),
        ] {
            assert_eq!(cri(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn joined_parts_are_one_whole_part() {
        for (first, whole) in [("T stdout P ", "T stdout F "), ("T stdout P:a ", "T stdout F:a ")] {
            let mut before = first.as_bytes().to_vec();
            cri_whole(&mut before);
            assert_eq!(before, whole.as_bytes());
        }
    }

    #[test]
    fn docker_lines_and_what_only_looks_like_them() {
        let line = format!(r#"{{"log":"a \"b\" \\n","stream":"stdout","time":"{TIME}"}}"#);
        let found = docker(line.as_bytes()).unwrap();
        assert_eq!(found.text, br#"a \"b\" \\n"#);
        assert!(found.goes_on, "a backslash and an n are no line end");
        assert_eq!([found.before, found.text, found.after].concat(), line.as_bytes());
        let line = format!(r#"{{"log":"x\n","stream":"stderr","attrs":{{"a":"b"}},"time":"{TIME}"}}"#);
        let found = docker(line.as_bytes()).unwrap();
        assert_eq!((found.stream, found.goes_on), (Stream::Stderr, false));
        for line in [
            r#"{"log":"x\n"}"#,
            r#"{"log":"x\n","stream":"stdin","time":"t"}"#,
            r#"{"log":"x\n","stream":"stdout","time":"t""#,
            r#"{"log":"x\"#,
            r#"{"log":"x"#,
            r#"{"msg":"x\n","stream":"stdout","time":"t"}"#,
            r#"{"log": "x\n","stream":"stdout","time":"t"}"#,
        ] {
            assert_eq!(docker(line.as_bytes()), None, "{line}");
        }
    }
}
