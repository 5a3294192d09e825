//! `PATH` → `PATH.1` → `PATH.2` …: when, and how.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::output::{Output, sync_directory};

/// When an output file is begun anew, and what stays of the old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotate {
    /// Before it would grow beyond this, in bytes.
    pub bytes_max: Option<u64>,
    /// When it is this old.
    pub age_max: Option<Duration>,
    /// How many old files stay.
    pub keep: u32,
}

impl Rotate {
    /// Whether `output` is to be begun anew before `more` bytes are appended. An empty one never is.
    pub fn is_due(&self, output: &Output, more: u64) -> bool {
        output.len() > 0
            && (self.bytes_max.is_some_and(|max| output.len() + more > max)
                || self.left(output).is_some_and(|left| left.is_zero()))
    }

    /// How long `output` may still be appended to.
    pub fn left(&self, output: &Output) -> Option<Duration> {
        let age_max = self.age_max?;
        if output.len() == 0 {
            return None;
        }
        // A clock that was set back begins the time anew.
        let age = SystemTime::now().duration_since(output.begun()).unwrap_or_default();
        Some(age_max.saturating_sub(age))
    }
}

/// Renames `path` to `path.1`, that to `path.2` and so on; what would come after `path.keep` is removed.
///
/// # Errors
/// If the system refuses; then `path` may still be there under its own name.
pub fn shift(path: &Path, keep: u32) -> io::Result<()> {
    let mut last = 0;
    while last < keep && numbered(path, last + 1).symlink_metadata().is_ok() {
        last += 1;
    }
    if last == keep && keep > 0 {
        fs::remove_file(numbered(path, last))?;
        last -= 1;
    }
    for number in (1..=last).rev() {
        fs::rename(numbered(path, number), numbered(path, number + 1))?;
    }
    fs::rename(path, numbered(path, 1))?;
    sync_directory(path)
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_files_move_up_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        for round in 1..=4 {
            fs::write(&path, format!("{round}")).unwrap();
            shift(&path, 2).unwrap();
        }
        let mut names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["out.1", "out.2"]);
        assert_eq!(fs::read_to_string(numbered(&path, 1)).unwrap(), "4");
        assert_eq!(fs::read_to_string(numbered(&path, 2)).unwrap(), "3");
    }

    #[test]
    fn a_gap_ends_the_row() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        fs::write(&path, "new").unwrap();
        fs::write(numbered(&path, 2), "somebody's").unwrap();
        shift(&path, 7).unwrap();
        assert_eq!(fs::read_to_string(numbered(&path, 2)).unwrap(), "somebody's");
    }
}
