//! Finding files: a walk through the directories that can hold a match.
//!
//! Directories are listed again only when they changed, so that a look at a thousand quiet files is a thousand `stat`s. On
//! file systems that do not tell of changes, every listing is renewed now and then.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::pattern::{Name, Patterns};
use super::stat::{Id, Stat};
use super::watch::Watch;
use crate::limits;

/// The directories that can hold matches, and what was in them.
pub(super) struct Walk {
    patterns: Patterns,
    roots: Vec<Node>,
}

/// One directory on the way of one pattern.
struct Node {
    path: PathBuf,
    /// Of [`Patterns::include`].
    pattern: usize,
    /// The name of the pattern that entries of this directory are held against.
    name: usize,
    /// How many directories are above it.
    depth: usize,
    listed: Option<Listed>,
    files: Vec<PathBuf>,
    below: Vec<Node>,
}

/// When and as what a directory was listed.
struct Listed {
    at: Instant,
    id: Id,
    modified: i64,
    /// It had been changed so shortly before that another change may not show.
    fresh: bool,
}

impl Walk {
    /// Nothing found yet.
    pub fn new(patterns: Patterns) -> Walk {
        let roots = patterns.include().iter().enumerate();
        let roots = roots.map(|(index, pattern)| Node::new(pattern.base.clone(), index, 0, 0)).collect();
        Walk { patterns, roots }
    }

    /// Looks at everything once and hands on every match that is there.
    pub fn look(&mut self, watch: &mut Watch, each: &mut dyn FnMut(&Path, Stat)) {
        for root in &mut self.roots {
            root.look(&self.patterns, watch, each);
        }
    }
}

impl Node {
    fn new(path: PathBuf, pattern: usize, name: usize, depth: usize) -> Node {
        Node { path, pattern, name, depth, listed: None, files: Vec::new(), below: Vec::new() }
    }

    fn look(&mut self, patterns: &Patterns, watch: &mut Watch, each: &mut dyn FnMut(&Path, Stat)) {
        match Stat::of(&self.path) {
            Ok(stat) if stat.directory => {
                if !self.listed.as_ref().is_some_and(|listed| listed.holds(&stat)) {
                    self.list(patterns, &stat, watch);
                    watch.add(&self.path, stat.id);
                }
            }
            _ => {
                self.listed = None;
                self.files.clear();
                self.below.clear();
            }
        }
        for path in &self.files {
            // What is not there, or leads in circles, is not found; what cannot be opened is told when it is tried.
            if let Ok(stat) = Stat::of(path)
                && stat.regular
            {
                each(path, stat);
            }
        }
        for node in &mut self.below {
            node.look(patterns, watch, each);
        }
    }

    fn list(&mut self, patterns: &Patterns, stat: &Stat, watch: &mut Watch) {
        self.listed = Some(Listed::now(stat));
        self.files.clear();
        let mut known = std::mem::take(&mut self.below);
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let files = self.files.len();
            self.enter(patterns, &entry.file_name(), kind, self.name, &mut known);
            if kind.is_symlink() && self.files.len() > files {
                watch.found_link();
            }
        }
        self.files.sort();
        self.files.dedup();
        self.below.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// Takes note of one entry of the directory, held against the pattern's names from `name` on.
    fn enter(
        &mut self,
        patterns: &Patterns,
        entry: &OsStr,
        kind: fs::FileType,
        name: usize,
        known: &mut Vec<Node>,
    ) {
        let pattern = &patterns.include()[self.pattern];
        let last = name + 1 == pattern.names.len();
        match &pattern.names[name] {
            Name::AnyDepth => {
                // No directory, or this one. Symlinks to directories are not followed: they may lead in circles.
                self.enter(patterns, entry, kind, name + 1, known);
                if kind.is_dir() && self.depth < limits::DIRECTORY_DEPTH_MAX {
                    self.descend(entry, name, known);
                }
            }
            Name::Glob(glob) if !glob.is_match(entry) => {}
            Name::Glob(_) if !last => {
                if kind.is_dir() || kind.is_symlink() {
                    self.descend(entry, name + 1, known);
                }
            }
            Name::Glob(_) => {
                let path = self.path.join(entry);
                let can_be_read = kind.is_file() || kind.is_symlink();
                if can_be_read && pattern.wants(entry) && !patterns.excludes(&path) {
                    self.files.push(path);
                }
            }
        }
    }

    fn descend(&mut self, entry: &OsStr, name: usize, known: &mut Vec<Node>) {
        let path = self.path.join(entry);
        let is_it = |node: &Node| node.name == name && node.path == path;
        if self.below.iter().any(is_it) {
            return;
        }
        let node = match known.iter().position(is_it) {
            Some(index) => known.swap_remove(index),
            None => Node::new(path, self.pattern, name, self.depth + 1),
        };
        self.below.push(node);
    }
}

impl Listed {
    fn now(stat: &Stat) -> Listed {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // File systems keep times of up to two seconds' coarseness.
        let fresh = now.as_nanos() as i64 - stat.modified < 2_000_000_000;
        Listed { at: Instant::now(), id: stat.id, modified: stat.modified, fresh }
    }

    fn holds(&self, stat: &Stat) -> bool {
        let age_max = Duration::from_secs(limits::LISTING_SECONDS_MAX);
        !self.fresh && (self.id, self.modified) == (stat.id, stat.modified) && self.at.elapsed() < age_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(walk: &mut Walk, root: &Path) -> Vec<String> {
        let mut found = Vec::new();
        walk.look(&mut Watch::none(), &mut |path, _| {
            found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        });
        found.sort();
        found
    }

    #[test]
    fn what_appears_and_goes_is_noticed_at_every_depth() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path();
        let include = format!("{}/*/logs/**/*.log", root.display());
        let mut walk = Walk::new(Patterns::new(&[include], &["skip*".into()]).unwrap());
        assert!(found(&mut walk, root).is_empty());
        for path in ["a/logs/x.log", "a/logs/1/2/y.log", "a/logs/skip.log", "a/other/z.log", "b/logs/w.txt"] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "").unwrap();
        }
        assert_eq!(found(&mut walk, root), ["a/logs/1/2/y.log", "a/logs/x.log"]);
        fs::write(root.join("a/logs/1/new.log"), "").unwrap();
        fs::remove_file(root.join("a/logs/x.log")).unwrap();
        assert_eq!(found(&mut walk, root), ["a/logs/1/2/y.log", "a/logs/1/new.log"]);
        fs::remove_dir_all(root.join("a")).unwrap();
        assert!(found(&mut walk, root).is_empty());
    }

    #[test]
    fn symlinks_are_followed_where_they_cannot_lead_in_circles() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path();
        fs::create_dir_all(root.join("real/deep")).unwrap();
        fs::write(root.join("real/deep/a.log"), "").unwrap();
        for (target, link) in [("real", "link"), ("..", "real/deep/up"), ("b.log", "real/b.log")] {
            std::os::unix::fs::symlink(target, root.join(link)).unwrap();
        }
        for (include, expected) in [
            ("link/*/*.log", vec!["link/deep/a.log"]),
            ("**/*.log", vec!["real/deep/a.log"]),
            ("real/b.log", vec![]),
        ] {
            let include = format!("{}/{include}", root.display());
            let mut walk = Walk::new(Patterns::new(&[include], &[]).unwrap());
            assert_eq!(found(&mut walk, root), expected);
        }
    }
}
