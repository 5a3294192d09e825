//! Policy files: opening, checking, following `extends`. What they say is for [`crate::engine::policy`] to judge.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::engine::policy::{LayerSource, Policy, PolicyErrors, Read, Unreadable};
use crate::limits::POLICY_BYTES_MAX;

/// A file that was read on the way to a policy, or could not be.
#[derive(Clone, Debug)]
pub struct Part {
    /// As a caller or an `extends` spells it.
    pub asked: String,
    /// The name of the policy whose `extends` that is.
    pub from: Option<String>,
    /// Where it was looked for.
    pub path: PathBuf,
    /// What it says.
    pub source: Option<LayerSource>,
}

/// Compiles the policies in these files, the highest layer last, each on top of what it extends. The name of a pack
/// stands for the pack; without any file the pack `default` is the policy.
///
/// # Errors
/// When a file cannot be used, or what they say is not valid: everything that is wrong, at once.
pub fn load(files: &[PathBuf]) -> Result<Policy, PolicyErrors> {
    load_with_parts(files).0
}

/// As [`load`], with all files that belong to it, also where it is not valid.
pub fn load_with_parts(files: &[PathBuf]) -> (Result<Policy, PolicyErrors>, Vec<Part>) {
    let mut parts = Vec::new();
    let policy = compile(files, &mut |asked, from| {
        let folder = from.and_then(|from| Path::new(from).parent()).unwrap_or(Path::new(""));
        let path = folder.join(asked.strip_prefix("./").unwrap_or(asked));
        let read = source(&path);
        let (asked, from) = (asked.to_owned(), from.map(str::to_owned));
        parts.push(Part { asked, from, path, source: read.as_ref().ok().cloned() });
        read
    });
    (policy, parts)
}

/// Compiles the policies in these files as they were when `parts` were read.
///
/// # Errors
/// As [`load`]; a file that is not among the parts is missing.
pub fn load_from_parts(files: &[PathBuf], parts: &[Part]) -> Result<Policy, PolicyErrors> {
    compile(files, &mut |asked, from| {
        let part = parts.iter().find(|part| part.asked == asked && part.from.as_deref() == from);
        part.and_then(|part| part.source.clone()).ok_or(Unreadable::Missing)
    })
}

fn compile(files: &[PathBuf], read: &mut Read<'_>) -> Result<Policy, PolicyErrors> {
    let names: Vec<_> = files.iter().map(|path| path.to_string_lossy()).collect();
    match names.iter().map(AsRef::as_ref).collect::<Vec<&str>>().as_slice() {
        [] => Policy::load(&["default"], read),
        names => Policy::load(names, read),
    }
}

fn source(path: &Path) -> Result<LayerSource, Unreadable> {
    let text = read(path)?;
    let mut source = LayerSource::new(path.to_string_lossy(), text);
    if let Ok(real) = fs::canonicalize(path) {
        source.identity = real.to_string_lossy().into_owned();
    }
    Ok(source)
}

/// The text of a policy, or of anything else that only its owner may change.
///
/// # Errors
/// If it is no regular UTF-8 file of a sensible size, or others can write it.
pub fn read(path: &Path) -> Result<String, Unreadable> {
    let file = open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unreadable::Missing,
        io::ErrorKind::PermissionDenied => Unreadable::Forbidden,
        _ if fs::metadata(path).is_ok_and(|about| !about.is_file()) => Unreadable::NotAFile,
        kind => Unreadable::System(kind),
    })?;
    let about = file.metadata().map_err(|error| Unreadable::System(error.kind()))?;
    if about.is_dir() {
        return Err(Unreadable::Directory);
    }
    if !about.is_file() {
        return Err(Unreadable::NotAFile);
    }
    if about.mode() & 0o022 != 0 {
        return Err(Unreadable::Writable(about.mode() & 0o7777));
    }
    let mut bytes = Vec::new();
    let limit = POLICY_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| Unreadable::System(error.kind()))?;
    if bytes.len() > POLICY_BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| Unreadable::NotUtf8(error.utf8_error().valid_up_to()))
}

/// Opens without waiting for the other end, should it be a FIFO.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::engine::policy::Problem;

    const RULES: &str = "rules: [{id: order, in: order_id, do: correlate}]\n";

    fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        path
    }

    fn problems(path: &Path) -> Vec<Problem> {
        load(&[path.to_owned()]).unwrap_err().errors.into_iter().map(|error| error.problem).collect()
    }

    #[test]
    fn files_that_cannot_be_used() {
        let dir = tempfile::tempdir().unwrap();
        let unusable = |why| vec![Problem::Unreadable(why)];
        assert_eq!(problems(&dir.path().join("none.yaml")), unusable(Unreadable::Missing));
        assert_eq!(problems(dir.path()), unusable(Unreadable::Directory));
        let path = write(dir.path(), "open.yaml", RULES);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        assert_eq!(problems(&path), unusable(Unreadable::Writable(0o664)));
        let path = write(dir.path(), "large.yaml", &"#".repeat(POLICY_BYTES_MAX + 1));
        assert_eq!(problems(&path), unusable(Unreadable::TooLarge));
        let path = dir.path().join("latin.yaml");
        fs::write(&path, b"name: caf\xe9").unwrap();
        assert_eq!(problems(&path), unusable(Unreadable::NotUtf8(9)));
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert_eq!(problems(&fifo), unusable(Unreadable::NotAFile));
    }

    #[test]
    fn extends_is_relative_to_the_file_that_says_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("base")).unwrap();
        write(dir.path(), "base/low.yaml", "{version: 1, extends: [], rules: [{id: low, in: a, do: mask}]}");
        write(
            dir.path(),
            "base/mid.toml",
            "version = 1\nextends = ['low.yaml']\nrules = [{id = 'mid', in = 'b', do = 'mask'}]\n",
        );
        let top = write(
            dir.path(),
            "top.json",
            r#"{"version": 1, "extends": ["./base/mid.toml"], "rules": [{"id": "top", "in": "c", "do": "mask"}]}"#,
        );
        let policy = load(&[top]).unwrap();
        let rules: Vec<&str> = policy.rules.iter().map(|rule| rule.qualified.as_str()).collect();
        assert_eq!(rules, ["low/low", "mid/mid", "top/top"]);
    }

    #[test]
    fn a_circle_is_found_whatever_its_spelling() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("d")).unwrap();
        let a = write(dir.path(), "a.yaml", &format!("version: 1\nextends: [./d/../b.yaml]\n{RULES}"));
        write(dir.path(), "b.yaml", &format!("version: 1\nextends: [d/../a.yaml]\n{RULES}"));
        assert!(matches!(problems(&a).as_slice(), [Problem::Cycle(_)]));
        let missing = write(dir.path(), "c.yaml", &format!("version: 1\nextends: [./none.yaml]\n{RULES}"));
        assert_eq!(problems(&missing), [Problem::Unreadable(Unreadable::Missing)]);
    }
}
