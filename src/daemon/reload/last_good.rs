//! The last policy that worked, kept in the data directory over a restart: one JSON file per list of layers, with the text of
//! every file that belongs to it. It is compiled again when it is needed, and must have the id that it had.
//!
//! Key rings are not kept: a second copy of keys is one too many.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::engine::policy::{LayerSource, Policy};
use crate::limits::LAST_GOOD_BYTES_MAX;
use crate::policies::{self, Part};

#[derive(Serialize, Deserialize, PartialEq)]
struct Kept {
    version: u32,
    policy_id: String,
    files: Vec<KeptFile>,
}

#[derive(Serialize, Deserialize, PartialEq)]
struct KeptFile {
    asked: String,
    from: Option<String>,
    path: PathBuf,
    name: String,
    identity: String,
    text: String,
}

/// Keeps a policy that works. Layers that are all packs need no keeping.
///
/// # Errors
/// If it cannot be written; what was kept before is whole then.
pub fn keep(data_dir: &Path, names: &[PathBuf], policy: &Policy, parts: &[Part]) -> io::Result<()> {
    let files: Vec<KeptFile> = parts.iter().filter_map(kept).collect();
    if files.is_empty() {
        return Ok(());
    }
    let kept = Kept { version: 1, policy_id: policy.id.to_string(), files };
    if read(data_dir, names).is_some_and(|old| old == kept) {
        return Ok(());
    }
    let path = place(data_dir, names);
    let fresh = path.with_extension("new");
    // One that a crash left behind may have any mode.
    let _ = fs::remove_file(&fresh);
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(&serde_json::to_vec(&kept)?)?;
    file.sync_data()?;
    fs::rename(&fresh, &path)?;
    File::open(data_dir)?.sync_all()
}

/// The last policy of these layers that worked, if it is kept and still means the same.
pub fn kept_policy(data_dir: &Path, names: &[PathBuf]) -> Option<(Arc<Policy>, Vec<Part>)> {
    let kept = read(data_dir, names)?;
    let parts: Vec<Part> = kept.files.into_iter().map(part).collect();
    let policy = policies::load_from_parts(names, &parts).ok()?;
    (policy.id.to_string() == kept.policy_id).then(|| (Arc::new(policy), parts))
}

fn read(data_dir: &Path, names: &[PathBuf]) -> Option<Kept> {
    let path = place(data_dir, names);
    // What others can write, or is larger than ours ever are, is not ours.
    let about = fs::symlink_metadata(&path).ok()?;
    let ours = about.is_file()
        && std::os::unix::fs::MetadataExt::mode(&about) & 0o077 == 0
        && about.len() <= LAST_GOOD_BYTES_MAX;
    let kept: Kept = serde_json::from_slice(&fs::read(path).ok().filter(|_| ours)?).ok()?;
    (kept.version == 1).then_some(kept)
}

fn place(data_dir: &Path, names: &[PathBuf]) -> PathBuf {
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_os_str().as_encoded_bytes());
        hash.update([0]);
    }
    let name: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    data_dir.join(format!("policy-{name}.json"))
}

fn kept(part: &Part) -> Option<KeptFile> {
    let source = part.source.as_ref()?;
    Some(KeptFile {
        asked: part.asked.clone(),
        from: part.from.clone(),
        path: part.path.clone(),
        name: source.name.clone(),
        identity: source.identity.clone(),
        text: source.text.clone(),
    })
}

fn part(kept: KeptFile) -> Part {
    let mut source = LayerSource::new(kept.name, kept.text);
    source.identity = kept.identity;
    Part { asked: kept.asked, from: kept.from, path: kept.path, source: Some(source) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_kept_is_found_by_its_layers_and_checked_by_its_id() {
        let scratch = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = scratch.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            path
        };
        write("low.yaml", "{version: 1, extends: [], rules: [{id: low, in: a, do: mask}]}");
        let top =
            write("top.yaml", "{version: 1, extends: [./low.yaml], rules: [{id: top, in: b, do: mask}]}");
        let names = vec![PathBuf::from("secrets"), top.clone()];
        let (policy, parts) = policies::load_with_parts(&names);
        let policy = policy.unwrap();
        let data = scratch.path();
        keep(data, &names, &policy, &parts).unwrap();
        let path = place(data, &names);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);

        fs::remove_file(scratch.path().join("low.yaml")).unwrap();
        fs::write(&top, "").unwrap();
        assert_eq!(kept_policy(data, &names).unwrap().0.id, policy.id);
        assert!(kept_policy(data, &names[1..]).is_none(), "other layers");

        let text = fs::read_to_string(&path).unwrap();
        for (from, to) in [("do: mask", "do: shape"), ("\"version\":1", "\"version\":2"), ("}]}", "}]")] {
            fs::write(&path, text.replacen(from, to, 1)).unwrap();
            assert!(kept_policy(data, &names).is_none(), "{from}");
        }
        fs::write(&path, &text).unwrap();
        assert!(kept_policy(data, &names).is_some());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(kept_policy(data, &names).is_none(), "others can read it");
        keep(data, &[PathBuf::from("default")], &Policy::default_policy(), &[]).unwrap();
        assert_eq!(fs::read_dir(data).unwrap().count(), 2, "packs are not kept");
    }
}
