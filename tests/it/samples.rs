//! `samples/<case>.in` under the default policy and the sample ring gives `samples/<case>.out`, byte for byte.
//! `REDACTD_BLESS=1 cargo test samples` writes the outputs anew; read them before committing: is anybody left in them?

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

#[test]
fn samples_come_out_as_expected() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let scratch = tempfile::tempdir().unwrap();
    let ring = private_copy(&samples.join("ring"), scratch.path());
    let mut cases: Vec<PathBuf> = fs::read_dir(&samples).unwrap().map(|e| e.unwrap().path()).collect();
    cases.retain(|p| p.extension().is_some_and(|e| e == "in"));
    cases.sort();
    assert!(cases.len() >= 6, "samples are missing");
    for case in cases {
        let got = redactd(&ring, &case);
        let expected = case.with_extension("out");
        if std::env::var_os("REDACTD_BLESS").is_some() {
            fs::write(&expected, &got).unwrap();
        }
        let want = fs::read(&expected).unwrap_or_default();
        let (got, want) = (String::from_utf8_lossy(&got), String::from_utf8_lossy(&want));
        let diff = similar::TextDiff::from_lines(&want, &got);
        assert!(got == want, "{}:\n{}", expected.display(), diff.unified_diff().context_radius(0));
        assert_eq!(
            redactd(&ring, &expected),
            got.as_bytes(),
            "{}: a second pass changes it",
            expected.display()
        );
    }
}

/// Git keeps no permissions, and a ring that others may read is refused.
pub fn private_copy(ring: &Path, directory: &Path) -> PathBuf {
    let copy = directory.join("ring");
    fs::copy(ring, &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    copy
}

fn redactd(ring: &Path, file: &Path) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_redactd"))
        .arg("--key-file")
        .arg(ring)
        .arg(file)
        .stdin(Stdio::null())
        .env_remove("REDACTD_CONFIG")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
