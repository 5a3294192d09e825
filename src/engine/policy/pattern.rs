//! User patterns: text → a search that is bounded in size and in cost.

use regex_automata::meta::{self, Regex};
use regex_automata::util::syntax;
use regex_syntax::hir::Hir;

use super::error::Problem;
use super::probe;
use crate::limits::{PATTERN_BYTES_MAX, PATTERN_DEPTH_MAX, PATTERN_NFA_BYTES_MAX};

/// Compiles a pattern, or says why it cannot be used.
pub(super) fn compile(pattern: &str) -> Result<Regex, Problem> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(Problem::PatternTooLong);
    }
    let hir = parse(pattern)?;
    match hir.properties().minimum_len() {
        None => return Err(Problem::Pattern { what: "it can never match".to_owned(), at: 0 }),
        Some(0) => return Err(Problem::PatternEmpty),
        Some(_) => {}
    }
    let regex = Regex::builder()
        .syntax(syntax())
        .configure(meta::Config::new().utf8_empty(false).nfa_size_limit(Some(PATTERN_NFA_BYTES_MAX)))
        .build_from_hir(&hir)
        .map_err(|_| Problem::PatternTooLarge)?;
    match probe::probe(pattern, &hir, syntax()) {
        None => Ok(regex),
        Some(unit) => Err(Problem::PatternCost(String::from_utf8_lossy(&unit).escape_debug().to_string())),
    }
}

/// How patterns are read, everywhere: Unicode classes, but texts need not be UTF-8.
fn syntax() -> syntax::Config {
    syntax::Config::new().utf8(false).nest_limit(PATTERN_DEPTH_MAX)
}

fn parse(pattern: &str) -> Result<Hir, Problem> {
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).nest_limit(PATTERN_DEPTH_MAX).build();
    parser.parse(pattern).map_err(|error| {
        let (what, at) = match error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
            _ => ("not a pattern".to_owned(), 0),
        };
        Problem::Pattern { what, at }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_in_bytes_that_are_no_utf_8() {
        let regex = compile(r"EMP-\d{6}").unwrap();
        assert_eq!(regex.find(b"\xff EMP-123456 \xfe").unwrap().range(), 2..12);
    }

    #[test]
    fn errors_say_where() {
        let at = |pattern: &str| match compile(pattern) {
            Err(Problem::Pattern { at, .. }) => Some(at),
            _ => None,
        };
        assert_eq!(at("abc(def"), Some(3));
        assert_eq!(at(r"a\q"), Some(1));
        assert_eq!(at("x{2,1}"), Some(1));
        assert_eq!(at("(?=a)b"), Some(0));
        assert_eq!(at(r"(a)\1"), Some(3));
        assert_eq!(at("[^\\x00-\\x{10FFFF}]"), Some(0), "can never match");
    }

    #[test]
    fn hostile_patterns_are_refused_quickly() {
        let nested = format!("{}a{}", "(".repeat(60), ")".repeat(60));
        let powers = "(((((a{10}){10}){10}){10}){10}){10}";
        for bad in [
            "x{0,4294967295}",
            "x{1,4294967294}",
            powers,
            r"\pL{1,100}",
            r"\w{300}",
            &nested,
            "a*",
            "",
            "^",
            "a?",
            r"\b",
        ] {
            assert!(compile(bad).is_err(), "{bad}");
        }
        assert_eq!(compile(&"a".repeat(PATTERN_BYTES_MAX + 1)).unwrap_err(), Problem::PatternTooLong);
    }
}
