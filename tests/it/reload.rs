//! Policies and keys that change while `redactd run` works.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::daemon::{content, eventually};
use crate::harness::{Live, SOON, Scratch, redactd};

/// A policy that says in each record which one it is.
fn policy(number: usize) -> String {
    format!(
        "{{version: 1, name: shop, extends: [], rules: [{{id: pin, in: pin, do: {{replace: v{number}}}}}]}}\n"
    )
}

/// A daemon from standard input to standard output on `volume/policy.yaml`; what it says is in `stderr`.
fn start(scratch: &Scratch, more: &str, environment: &[(&str, &str)]) -> Live {
    let config = format!(
        "version: 1\npolicy: [volume/policy.yaml]\nsources: {{in: {{type: stdin}}}}\nsinks: {{out: {{type: stdout}}}}\n{more}"
    );
    let config = scratch.file("redactd.yaml", config);
    let mut command = redactd(&["run", "-c", &config]);
    command.envs(environment.iter().copied());
    let stderr = File::create(scratch.path("stderr")).unwrap();
    let mut live = Live::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr));
    live.read_output();
    live
}

fn folder() -> Scratch {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("volume")).unwrap();
    write(&scratch, "volume/policy.yaml", &policy(0));
    scratch
}

fn write(scratch: &Scratch, name: &str, text: &str) {
    scratch.file(name, text);
    fs::set_permissions(scratch.path(name), fs::Permissions::from_mode(0o644)).unwrap();
}

/// What a record becomes now.
fn redacted(live: &mut Live) -> String {
    live.write(b"{\"pin\":1}\n");
    live.line()
}

/// Waits until the policy of that number is in force; how long that took.
fn in_force(live: &mut Live, number: usize, before: &str) -> Duration {
    let began = Instant::now();
    let expected = format!("{{\"pin\":\"v{number}\"}}\n");
    loop {
        let line = redacted(live);
        if line == expected {
            return began.elapsed();
        }
        assert_eq!(line, before, "only the old one or the new one");
        assert!(began.elapsed() < SOON, "never in force");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Twenty changes in one way, each picked up within two seconds.
fn picked_up(change: impl Fn(&Scratch, usize)) {
    let scratch = folder();
    let mut live = start(&scratch, "", &[]);
    let mut before = redacted(&mut live);
    let mut slowest = Duration::ZERO;
    for number in 1..=20 {
        change(&scratch, number);
        slowest = slowest.max(in_force(&mut live, number, &before));
        before = format!("{{\"pin\":\"v{number}\"}}\n");
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}\n{}", content(&scratch, "stderr"));
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
}

#[test]
fn changes_by_rename_are_picked_up() {
    picked_up(|scratch, number| {
        write(scratch, "volume/.new", &policy(number));
        fs::rename(scratch.path("volume/.new"), scratch.path("volume/policy.yaml")).unwrap();
    });
}

#[test]
fn changes_in_place_are_picked_up() {
    picked_up(|scratch, number| write(scratch, "volume/policy.yaml", &policy(number)));
}

#[test]
fn changes_by_a_new_file_under_the_old_name_are_picked_up() {
    picked_up(|scratch, number| {
        fs::remove_file(scratch.path("volume/policy.yaml")).unwrap();
        write(scratch, "volume/policy.yaml", &policy(number));
    });
}

#[test]
fn changes_by_the_swap_of_a_link_are_picked_up() {
    picked_up(|scratch, number| {
        // As Kubernetes does for a ConfigMap.
        let (new, old) = (format!("..{number}"), format!("..{}", number - 1));
        fs::create_dir(scratch.path("volume").join(&new)).unwrap();
        write(scratch, &format!("volume/{new}/policy.yaml"), &policy(number));
        symlink(&new, scratch.path("volume/..tmp")).unwrap();
        fs::rename(scratch.path("volume/..tmp"), scratch.path("volume/..data")).unwrap();
        if number == 1 {
            fs::remove_file(scratch.path("volume/policy.yaml")).unwrap();
            symlink("..data/policy.yaml", scratch.path("volume/policy.yaml")).unwrap();
        } else {
            fs::remove_dir_all(scratch.path("volume").join(old)).unwrap();
        }
    });
}

#[test]
fn without_hints_of_the_system_the_content_is_looked_at() {
    let scratch = folder();
    let mut live = start(&scratch, "", &[("REDACTD_NO_INOTIFY", "1")]);
    let before = redacted(&mut live);
    // The first look is right after the start.
    thread::sleep(Duration::from_millis(1000));
    write(&scratch, "volume/policy.yaml", &policy(1));
    let took = in_force(&mut live, 1, &before);
    assert!(took < Duration::from_secs(6), "{took:?}");
    assert!(took > Duration::from_millis(1500), "{took:?}: hints came all the same");
}

#[test]
fn what_is_invalid_empty_or_weaker_changes_nothing() {
    let scratch = folder();
    let mut live = start(&scratch, "", &[]);
    let before = redacted(&mut live);
    let whole = policy(1);
    let failing = whole.replace("]}\n", "], tests: [{name: t, given: {pin: 1}, expect: unchanged}]}\n");
    for (text, said) in [
        ("", "says nothing"),
        (&whole[..whole.len() - 9], "not valid"),
        ("version: 1\nrules: [{id: pin, in: pni, dp: mask}]\n", "dp"),
        (failing.as_str(), "1 of its 1 tests fail, first `t`"),
        ("{version: 1, name: shop, extends: [], rules: [{id: a, in: b, do: mask}]}", "`shop/pin` is gone"),
        (
            "{version: 1, name: shop, extends: [], rules: [{id: pin, in: pin, do: shape}]}",
            "name `shop/pin` in `loosens`",
        ),
    ] {
        let known = content(&scratch, "stderr").len();
        write(&scratch, "volume/policy.yaml", text);
        live.signal(Signal::HUP);
        eventually(said, || content(&scratch, "stderr")[known..].contains("the old one stays"));
        eventually(said, || content(&scratch, "stderr")[known..].contains(said));
        assert_eq!(redacted(&mut live), before, "{text}");
    }
    let weaker =
        "{version: 1, name: shop, extends: [], loosens: [pin], rules: [{id: pin, in: pin, do: shape}]}";
    write(&scratch, "volume/policy.yaml", weaker);
    eventually("a weaker one that says so", || redacted(&mut live) == "{\"pin\":\"[shape:number]\"}\n");
    assert!(!content(&scratch, "stderr").contains("panicked"));
}

#[test]
fn a_file_that_is_written_all_the_time_is_never_in_force_torn_or_empty() {
    let scratch = folder();
    let mut live = start(&scratch, "", &[]);
    redacted(&mut live);
    let path = scratch.path("volume/policy.yaml");
    let until = Instant::now() + Duration::from_secs(3);
    let writer = thread::spawn(move || {
        while Instant::now() < until {
            for number in [1, 2] {
                // Two writes, as an editor does it that has a small buffer.
                let text = policy(number);
                let mut file = File::create(&path).unwrap();
                let (first, rest) = text.as_bytes().split_at(text.len() / 2);
                std::io::Write::write_all(&mut file, first).unwrap();
                thread::sleep(Duration::from_millis(1));
                std::io::Write::write_all(&mut file, rest).unwrap();
            }
        }
    });
    while Instant::now() < until {
        let line = redacted(&mut live);
        assert!(line.starts_with("{\"pin\":\"v") && line.len() == 13, "{line}");
        thread::sleep(Duration::from_millis(2));
    }
    writer.join().unwrap();
    let before = redacted(&mut live);
    in_force(&mut live, 2, &before);
}

/// Waits until the policy with this word is kept for a restart.
fn has_copy(scratch: &Scratch, word: &str) {
    let kept = |entry: fs::DirEntry| {
        let is_ours = entry.file_name().to_string_lossy().ends_with(".json");
        is_ours && fs::read_to_string(entry.path()).is_ok_and(|text| text.contains(word))
    };
    eventually("the copy", || fs::read_dir(scratch.path("data")).is_ok_and(|dir| dir.flatten().any(kept)));
}

#[test]
fn a_restart_on_a_bad_file_runs_on_the_last_good_copy() {
    let scratch = folder();
    let data = "data_dir: ./data\n";
    let mut live = start(&scratch, data, &[]);
    assert_eq!(redacted(&mut live), "{\"pin\":\"v0\"}\n");
    write(&scratch, "volume/policy.yaml", &policy(1));
    in_force(&mut live, 1, "{\"pin\":\"v0\"}\n");
    has_copy(&scratch, "v1");
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
    for bad in ["", "version: 1\nrules: [{id: pin"] {
        write(&scratch, "volume/policy.yaml", bad);
        let mut live = start(&scratch, data, &[]);
        assert_eq!(redacted(&mut live), "{\"pin\":\"v1\"}\n");
        let stderr = content(&scratch, "stderr");
        assert!(stderr.contains("its last good copy"), "{stderr}");
        write(&scratch, "volume/policy.yaml", &policy(2));
        in_force(&mut live, 2, "{\"pin\":\"v1\"}\n");
        // For the next one.
        write(&scratch, "volume/policy.yaml", &policy(1));
        in_force(&mut live, 1, "{\"pin\":\"v2\"}\n");
        has_copy(&scratch, "v1");
        live.end_input();
        assert_eq!(live.ends_within(SOON).0, 0);
    }
    // Without the copy there is nothing to run on.
    fs::remove_dir_all(scratch.path("data")).unwrap();
    write(&scratch, "volume/policy.yaml", "");
    assert_eq!(start(&scratch, data, &[]).ends_within(SOON).0, 78);
    // A weaker one wins at a start, and that is said.
    write(&scratch, "volume/policy.yaml", &policy(1));
    let mut live = start(&scratch, data, &[]);
    has_copy(&scratch, "v1");
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
    write(&scratch, "volume/policy.yaml", &policy(1).replace("in: pin", "in: [nip]"));
    let mut live = start(&scratch, data, &[]);
    assert_eq!(redacted(&mut live), "{\"pin\":1}\n");
    let stderr = content(&scratch, "stderr");
    assert!(stderr.contains("weaker than the policy that was in force before: `shop/pin`"), "{stderr}");
}

#[test]
fn keys_are_reloaded_and_bad_ones_change_nothing() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("volume")).unwrap();
    write(
        &scratch,
        "volume/policy.yaml",
        "{version: 1, extends: [], rules: [{id: pin, in: pin, do: correlate}]}",
    );
    scratch.ring();
    let mut live = start(&scratch, "keys: ./ring\n", &[]);
    let first = redacted(&mut live);
    assert_eq!(redacted(&mut live), first);
    let ring = fs::read(scratch.path("ring")).unwrap();
    fs::remove_file(scratch.path("ring")).unwrap();
    live.signal(Signal::HUP);
    eventually("the refusal", || content(&scratch, "stderr").contains("the old keys stay in force"));
    assert_eq!(redacted(&mut live), first);
    let made = crate::harness::run(&["keys", "new", "-o", scratch.path("ring").to_str().unwrap()], b"");
    assert_eq!(made.code, 0, "{}", made.stderr);
    eventually("the new key", || redacted(&mut live) != first);
    fs::write(scratch.path("ring.new"), ring).unwrap();
    fs::set_permissions(scratch.path("ring.new"), fs::Permissions::from_mode(0o400)).unwrap();
    fs::rename(scratch.path("ring.new"), scratch.path("ring")).unwrap();
    eventually("the first key", || redacted(&mut live) == first);
}

#[test]
fn a_changed_configuration_is_checked_and_told() {
    let scratch = folder();
    let mut live = start(&scratch, "", &[]);
    redacted(&mut live);
    let text = content(&scratch, "redactd.yaml");
    let secret = "s3cr3t-in-a-url";
    for (changed, said) in [
        (
            format!("{text}limits: {{queue: 1MiB, drain: 3s}}\n"),
            "restart to apply: limits.drain, limits.queue",
        ),
        (text.clone(), "the configuration is again what runs"),
        (
            text.replace("type: stdout", &format!("type: http, url: 'https://u:{secret}@h/'")),
            "what runs stays",
        ),
        (text.replace("stdout", "stdot"), "stdot"),
    ] {
        fs::write(scratch.path("redactd.yaml"), changed).unwrap();
        eventually(said, || content(&scratch, "stderr").contains(said));
    }
    assert!(!content(&scratch, "stderr").contains(secret));
}
