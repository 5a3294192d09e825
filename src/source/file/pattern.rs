//! Globs: which paths they match, and the walk through the directories that can hold a match.
//!
//! Patterns are taken apart at their slashes, so that only those directories are listed whose names match so far. `*`
//! and `?` stay within a name; `**`, as a name of its own, stands for any directories.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// What a source includes and excludes.
#[derive(Clone, Debug)]
pub struct Patterns {
    include: Vec<Pattern>,
    exclude: Vec<Exclude>,
}

/// One pattern of `include`.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// The directories before the first name with a wildcard.
    pub base: PathBuf,
    /// The names behind it.
    pub names: Vec<Name>,
    /// Whether `.gz` was asked for.
    gzip: bool,
}

/// One name of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Name {
    /// Names that this matches.
    Glob(GlobMatcher),
    /// `**`: any directories, or none.
    AnyDepth,
}

#[derive(Clone, Debug)]
enum Exclude {
    Name(GlobMatcher),
    Path(Pattern),
}

/// A pattern that is none.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// It does not say where to begin.
    #[error("the pattern `{0}` does not begin with `/`")]
    Relative(String),
    /// Syntax.
    #[error("the pattern `{pattern}` is no glob: {why}")]
    Glob {
        /// As written.
        pattern: String,
        /// What is wrong.
        why: String,
    },
    /// It names a directory.
    #[error("the pattern `{0}` names no file: it ends in `/`, `..` or `**`")]
    NoFile(String),
}

impl Patterns {
    /// Compiles them.
    ///
    /// # Errors
    /// For the first pattern that is none.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Patterns, PatternError> {
        let include = include.iter().map(|text| Pattern::new(text)).collect::<Result<_, _>>()?;
        let exclude = exclude.iter().map(|text| Exclude::new(text)).collect::<Result<_, _>>()?;
        Ok(Patterns { include, exclude })
    }

    /// Whether a file of this name is to be read.
    pub fn matches(&self, path: &Path) -> bool {
        self.include.iter().any(|pattern| pattern.matches(path)) && !self.excludes(path)
    }

    pub(super) fn include(&self) -> &[Pattern] {
        &self.include
    }

    pub(super) fn excludes(&self, path: &Path) -> bool {
        self.exclude.iter().any(|exclude| match exclude {
            Exclude::Name(glob) => path.file_name().is_some_and(|name| glob.is_match(name)),
            Exclude::Path(pattern) => pattern.matches_all(path),
        })
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Pattern, PatternError> {
        if !text.starts_with('/') {
            return Err(PatternError::Relative(text.to_owned()));
        }
        let mut base = PathBuf::from("/");
        let mut names = Vec::new();
        let mut last = "";
        for name in text.split('/').filter(|name| !name.is_empty() && *name != ".") {
            last = name;
            if name == "**" {
                names.push(Name::AnyDepth);
            } else if names.is_empty() && !name.contains(['*', '?', '[', ']', '{', '}', '\\']) {
                base.push(name);
            } else {
                names.push(Name::Glob(glob(name, text)?));
            }
        }
        if text.ends_with('/') || matches!(last, "" | ".." | "**") {
            return Err(PatternError::NoFile(text.to_owned()));
        }
        if names.is_empty() {
            // A file without wildcards is looked for in its directory like any other.
            base.pop();
            names.push(Name::Glob(glob(&globset::escape(last), text)?));
        }
        Ok(Pattern { base, names, gzip: text.ends_with(".gz") })
    }

    /// Whether this pattern wants the file: compressed ones only when it says so.
    pub fn wants(&self, name: &OsStr) -> bool {
        self.gzip || !is_gzip(Path::new(name))
    }

    fn matches(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| self.wants(name)) && self.matches_all(path)
    }

    fn matches_all(&self, path: &Path) -> bool {
        let Ok(rest) = path.strip_prefix(&self.base) else { return false };
        let names: Vec<&OsStr> = rest
            .components()
            .filter_map(|part| if let Component::Normal(name) = part { Some(name) } else { None })
            .collect();
        names_match(&self.names, &names)
    }
}

/// Whether a file is compressed, by its name.
pub(super) fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

fn names_match(pattern: &[Name], names: &[&OsStr]) -> bool {
    match (pattern.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((Name::AnyDepth, rest)), _) => {
            (0..=names.len()).any(|skipped| names_match(rest, &names[skipped..]))
        }
        (Some((Name::Glob(glob), rest)), Some((name, names))) => {
            glob.is_match(name) && names_match(rest, names)
        }
        _ => false,
    }
}

impl Exclude {
    fn new(text: &str) -> Result<Exclude, PatternError> {
        if text.contains('/') {
            Pattern::new(text).map(Exclude::Path)
        } else {
            glob(text, text).map(Exclude::Name)
        }
    }
}

fn glob(name: &str, pattern: &str) -> Result<GlobMatcher, PatternError> {
    let glob = GlobBuilder::new(name).literal_separator(true).backslash_escape(true).build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| PatternError::Glob { pattern: pattern.to_owned(), why: error.kind().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(include: &str, exclude: &[&str], yes: &[&str], no: &[&str]) {
        let exclude: Vec<String> = exclude.iter().map(|&text| text.to_owned()).collect();
        let patterns = Patterns::new(&[include.to_owned()], &exclude).unwrap();
        for path in yes {
            assert!(patterns.matches(Path::new(path)), "{include} {path}");
        }
        for path in no {
            assert!(!patterns.matches(Path::new(path)), "{include} {path}");
        }
    }

    #[test]
    fn stars_stay_within_a_name_and_two_of_them_do_not() {
        check("/var/log/*.log", &[], &["/var/log/a.log"], &["/var/log/b/a.log", "/var/log/a", "/log/a.log"]);
        check("/var/*/x?.log", &[], &["/var/a/x1.log"], &["/var/x1.log", "/var/a/x.log"]);
        check("/v/**/a.log", &[], &["/v/a.log", "/v/b/a.log", "/v/b/c/a.log"], &["/v/b/b.log"]);
        check("/v/{a,b}.log", &[], &["/v/a.log", "/v/b.log"], &["/v/c.log"]);
        check("/v/[ab].log", &[], &["/v/a.log"], &["/v/c.log"]);
        check("/v/plain.log", &[], &["/v/plain.log"], &["/v/other.log"]);
        check(r"/v/\*.log", &[], &["/v/*.log"], &["/v/a.log"]);
    }

    #[test]
    fn excluded_names_and_paths_are_left_out() {
        check("/v/**/*.log", &["tmp*"], &["/v/a.log"], &["/v/tmp1.log", "/v/b/tmp.log"]);
        check("/v/**/*.log", &["/v/old/**/*"], &["/v/a.log"], &["/v/old/a.log", "/v/old/b/a.log"]);
    }

    #[test]
    fn compressed_files_are_read_when_the_pattern_says_so() {
        check("/v/*", &[], &["/v/a.log"], &["/v/a.log.gz"]);
        check("/v/*.gz", &[], &["/v/a.log.gz"], &["/v/a.log"]);
        check("/v/*.log*", &["*.1"], &["/v/a.log", "/v/a.log.2"], &["/v/a.log.1", "/v/a.log.2.gz"]);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["a/*.log", "/v/{a.log", "/v/[a.log", "/v/{a/b,c}.log", "/v/", "/v/**", "/", "/v/.."] {
            let error = Patterns::new(&[text.to_owned()], &[]).unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
