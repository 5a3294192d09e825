//! Which lines belong to one record: the lines of a private key in PEM, or what somebody's regular expression says.

use memchr::memmem;
use regex_automata::meta::{self, Regex};

use crate::limits;

/// How lines are joined.
#[derive(Debug)]
pub(super) enum Join {
    /// Not at all.
    Nothing,
    /// Private keys.
    Keys,
    /// What is between two lines that begin a record; private keys stay whole, too.
    Start(Regex),
}

/// A private key whose end has not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenKey {
    /// Whether the header lines are over.
    body: bool,
}

/// A regular expression that is none, or one that is too big.
#[derive(Debug, thiserror::Error)]
#[error("the regular expression cannot be used: {0}")]
pub struct StartError(String);

impl Join {
    /// Joins at lines that match.
    pub fn start(pattern: &str) -> Result<Join, StartError> {
        if pattern.len() > limits::PATTERN_BYTES_MAX {
            return Err(StartError(format!("it is longer than {} bytes", limits::PATTERN_BYTES_MAX)));
        }
        // Logs are bytes: a pattern may match what is no UTF-8.
        let syntax = regex_syntax_config();
        let config =
            meta::Config::new().nfa_size_limit(Some(limits::PATTERN_NFA_BYTES_MAX)).utf8_empty(false);
        let regex = Regex::builder().configure(config).syntax(syntax).build(pattern);
        regex.map(Join::Start).map_err(|error| {
            let why = error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
            StartError(why)
        })
    }

    /// Whether a chunk of lines can be passed on without looking at each, nothing being open.
    pub fn is_idle_on(&self, lines: &[u8]) -> bool {
        match self {
            Join::Nothing => true,
            Join::Keys => memmem::find(lines, LABEL).is_none(),
            Join::Start(_) => false,
        }
    }
}

fn regex_syntax_config() -> regex_automata::util::syntax::Config {
    regex_automata::util::syntax::Config::new().utf8(false)
}

const LABEL: &[u8] = b"PRIVATE KEY";

impl OpenKey {
    /// The key that this line begins and does not end.
    pub fn begun_by(line: &[u8]) -> Option<OpenKey> {
        let begin = memmem::rfind(line, b"-----BEGIN ")? + 11;
        let label = line[begin..].get(..64.min(line.len() - begin))?;
        let end = memmem::find(label, b"-----")?;
        let named = memmem::find(&label[..end], LABEL).is_some();
        let rest = &line[begin + end + 5..];
        // Words behind it: somebody talks about a key.
        (named && memmem::find(rest, b"-----END ").is_none() && is_body(rest))
            .then_some(OpenKey { body: false })
    }

    /// Whether the key goes on in this line; `None` when this line is its last.
    pub fn goes_on(&mut self, line: &[u8]) -> Option<bool> {
        if memmem::find(line, b"-----END ").is_some() {
            return None;
        }
        if !self.body && is_header(line) {
            return Some(true);
        }
        self.body |= !line.trim_ascii().is_empty();
        Some(is_body(line))
    }
}

/// Base64, perhaps quoted and joined as source code has it; empty lines too.
fn is_body(line: &[u8]) -> bool {
    let decoration = |byte: &u8| b" \t\r\"'`+\\,;|>()[].".contains(byte);
    // The escaped line end of Docker's form.
    let line = line.strip_suffix(br"\n").unwrap_or(line);
    let start = line.iter().position(|byte| !decoration(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !decoration(byte)).map_or(start, |last| last + 1);
    line[start..end].iter().all(
        |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'/' | b'=' | b'-' | b'_'),
    )
}

/// `Proc-Type: 4,ENCRYPTED` and the like.
fn is_header(line: &[u8]) -> bool {
    let name = line.iter().position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'-'));
    name.is_some_and(|end| end > 0 && line[end..].starts_with(b": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many lines, from the first, are one key; 0 when the first begins none.
    fn joined(text: &str) -> usize {
        let mut lines = text.lines();
        let Some(mut key) = lines.next().and_then(|line| OpenKey::begun_by(line.as_bytes())) else {
            return 0;
        };
        let mut count = 1;
        for line in lines {
            match key.goes_on(line.as_bytes()) {
                Some(true) => count += 1,
                Some(false) => return count,
                None => return count + 1,
            }
        }
        count
    }

    #[test]
    fn the_lines_of_a_key_are_one_record() {
        let body = "Tm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\n";
        for (text, lines) in [
            (format!("-----BEGIN RSA PRIVATE KEY-----\n{body}{body}-----END RSA PRIVATE KEY-----\nnext"), 4),
            (format!("x: -----BEGIN PRIVATE KEY-----\r\n  {body}  -----END PRIVATE KEY-----\r\n"), 3),
            (
                format!(
                    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: A\n\n{body}{body}cut off"
                ),
                6,
            ),
            (
                format!(
                    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x y\n\n{body}-----END PGP PRIVATE KEY BLOCK-----"
                ),
                5,
            ),
            (format!("k = \"-----BEGIN EC PRIVATE KEY-----\" +\n\"{}\" +\n", body.trim()), 2),
            (format!("-----BEGIN PRIVATE KEY----- {body}{body}"), 2),
            (format!("-----BEGIN PRIVATE KEY-----\n{body}2026-11-24 something else\n"), 2),
            ("-----BEGIN PRIVATE KEY-----\nERROR: failed\nthe next line".into(), 2),
            (format!("-----BEGIN PRIVATE KEY-----\\n\n{}\\n\n-----END PRIVATE KEY-----\\n", body.trim()), 3),
        ] {
            assert_eq!(joined(&text), lines, "{text}");
        }
    }

    #[test]
    fn what_begins_no_key() {
        for text in [
            "expected -----BEGIN RSA PRIVATE KEY----- at the start of the file\nx",
            "-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\nx",
            "-----BEGIN CERTIFICATE-----\nMII\n",
            "-----BEGIN PUBLIC KEY-----\nMII\n",
            "PRIVATE KEY\n",
            "-----BEGIN ",
        ] {
            assert_eq!(joined(text), 0, "{text}");
        }
    }

    #[test]
    fn patterns_that_cannot_be_used_are_refused() {
        for pattern in ["(", "x{0,4294967295}", r"\w{1000}{1000}"] {
            assert!(Join::start(pattern).is_err(), "{pattern}");
        }
        assert!(Join::start(r"^\d{4}-\d\d").is_ok());
    }
}
