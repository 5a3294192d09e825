//! Every command in README.md works as written. A `sh` block is run in a shell; where a `text` block follows it
//! directly, that is what it must print.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
};

/// These build the program and run the tests: from inside the tests they would never end. `.ci/run` runs them.
const RUN_BY_CI: &[&str] = &["cargo run --release -- samples/service.in", "cargo test"];

#[test]
fn commands_of_the_readme_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    for name in ["samples", "policies"] {
        symlink(root.join(name), scratch.path().join(name)).unwrap();
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_redactd")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let mut run = 0;
    for (command, printed) in blocks(&readme) {
        if RUN_BY_CI.contains(&command.trim()) {
            continue;
        }
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", command])
            .current_dir(scratch.path())
            .env("PATH", &path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}\n{}\n{stderr}", output.status);
        if let Some(printed) = printed {
            assert_eq!(String::from_utf8_lossy(&output.stdout), printed, "{command}\n{stderr}");
        }
        run += 1;
    }
    assert!(run >= 5, "the README lost its commands");
}

#[test]
fn commands_that_would_recurse_are_run_by_ci() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (readme, ci) = (fs::read_to_string(root.join("README.md")).unwrap(), root.join(".ci/run"));
    let ci = fs::read_to_string(ci).unwrap();
    for command in RUN_BY_CI {
        assert!(blocks(&readme).iter().any(|(c, _)| c.trim() == *command), "README.md: {command}");
        assert!(ci.contains(command), ".ci/run: {command}");
    }
}

#[test]
fn before_and_after_are_lines_of_the_sample() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let shown: Vec<&str> =
        readme.split("\n```json\n").skip(1).map(|block| block.split("\n```").next().unwrap()).collect();
    for (block, file) in shown.iter().zip(["samples/service.in", "samples/service.out"]) {
        let sample = fs::read_to_string(root.join(file)).unwrap();
        block.lines().for_each(|line| assert!(sample.lines().any(|l| l == line), "{file}: {line}"));
    }
    assert_eq!(shown.len(), 2);
}

/// The `sh` blocks, each with the `text` block that follows it with nothing but a blank line between.
fn blocks(readme: &str) -> Vec<(&str, Option<&str>)> {
    readme
        .split("\n```sh\n")
        .skip(1)
        .map(|block| {
            let (command, after) = block.split_once("\n```").unwrap();
            let printed = after.trim_start().strip_prefix("```text\n").and_then(|p| p.split("```").next());
            (command, printed)
        })
        .collect()
}
