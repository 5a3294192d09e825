//! Keys and correlation IDs at the binary: what `keys` and `id` make, list and refuse, and what rings do to a stream.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use redactd::engine::correlate::{CanonicalOptions, canonical};
use redactd::engine::detect;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness;

/// The key `k3yz` of bytes 0 to 63: its IDs are known from another implementation.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
/// Its second half, which only recognises.
const CHECK: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
/// Bytes 100 to 131.
const MASTER: &str = "redactd-master-1 ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=\n";
/// What `k3yz` makes of `ann@corp.example`.
const ANN: &str = "email_k3yzkknvt3a2ac900tfgqgn9nfch";

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

/// The program in `scratch`, to its end.
fn redactd(scratch: &TempDir, args: &str, input: &str) -> Run {
    let mut command = harness::redactd(&args.split_whitespace().collect::<Vec<_>>());
    command.current_dir(scratch);
    let run = harness::run_command(command, input.as_bytes());
    Run { code: run.code, stdout: String::from_utf8(run.stdout).unwrap(), stderr: run.stderr }
}

/// As [`redactd`], for what must succeed and say nothing beside its answer.
fn answer(scratch: &TempDir, args: &str, input: &str) -> String {
    let run = redactd(scratch, args, input);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{args}");
    run.stdout
}

fn write(scratch: &TempDir, name: &str, mode: u32, text: &str) {
    let path = scratch.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

fn scratch() -> TempDir {
    let scratch = tempfile::tempdir().unwrap();
    write(&scratch, "ring", 0o600, &format!("k3yz - - {KEY}\n"));
    write(&scratch, "master", 0o600, MASTER);
    scratch
}

#[test]
fn a_new_ring_is_private_and_gives_the_same_ids_in_every_run() {
    let scratch = scratch();
    assert_eq!(answer(&scratch, "keys new -o new", ""), "");
    let mode = fs::metadata(scratch.path().join("new")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let log = "mail to Ann@corp.example bounced\n";
    let first = answer(&scratch, "--key-file new", log);
    assert_eq!(first, answer(&scratch, "--key-file new", log));
    assert!(!first.contains("corp.example"));
    let id = answer(&scratch, "id --key-file new", "ann@corp.example\n");
    assert_eq!(first, format!("mail to {} bounced\n", id.trim_end()), "`id` finds her lines");
    // Another ring, other IDs.
    answer(&scratch, "keys new -o other", "");
    assert_ne!(id, answer(&scratch, "id --key-file other", "ann@corp.example\n"));
}

#[test]
fn key_files_are_never_overwritten() {
    let scratch = scratch();
    for command in ["keys new", "keys new --master", "keys derive --master master --from 2026-03-04"] {
        let run = redactd(&scratch, &format!("{command} -o ring"), "");
        assert_eq!((run.code, run.stdout.as_str()), (74, ""), "{command}");
        assert!(run.stderr.contains("never overwritten"), "{}", run.stderr);
    }
    assert_eq!(fs::read_to_string(scratch.path().join("ring")).unwrap(), format!("k3yz - - {KEY}\n"));
    let run = redactd(&scratch, "keys new -o none/ring", "");
    assert_eq!(run.code, 74, "{}", run.stderr);
}

#[test]
fn known_identifiers_have_known_ids() {
    let scratch = scratch();
    for (args, value, expected) in [
        ("", "ann@corp.example\n", ANN),
        ("", "ann@corp.example", ANN),
        ("", "  ANN@Corp.Example \r\n", ANN),
        ("--label customer", "ann@corp.example", "customer_k3yzkknvt3a2ac900tfgqgn9nfch"),
        ("--scope tenant-7", "ann@corp.example", "email_k3yzweex2b3fde33ag585kjmrvcy"),
        ("--kind phone", "+1 (202) 555-0123", "phone_k3yz4s9aaqtp7hv59snwh2ah7x78"),
    ] {
        let printed = answer(&scratch, &format!("id --key-file ring {args}"), value);
        assert_eq!(printed, format!("{expected}\n"), "{args} {value}");
    }
    let run = redactd(&scratch, "id --key-file ring --format json", "ann@corp.example");
    let ids: Value = serde_json::from_str(&run.stdout).unwrap();
    let expected = serde_json::json!(
        [{"id": ANN, "kid": "k3yz", "kind": "email", "not_before": null, "not_after": null}]
    );
    assert_eq!(ids, expected);
}

#[test]
fn separators_in_ids_of_governments_do_not_count() {
    for detector in detect::all().iter().filter(|detector| detector.family == detect::Family::Government) {
        let form = |value: &[u8]| {
            let mut out = Vec::new();
            canonical(detector.kind, value, &CanonicalOptions::default(), &mut out);
            out
        };
        assert_eq!(form(b"12-34.56 78z"), form(b"12345678Z"), "{}", detector.name);
    }
}

#[test]
fn a_policy_gives_scope_and_forms_to_id() {
    let scratch = scratch();
    let policy = "{version: 1, correlate: {scope: tenant-7, canonical: {email: {plus: strip}, phone: {region: US}}}, \
                  rules: [{id: order, in: order_id, do: mask}]}";
    write(&scratch, "shop.yaml", 0o600, policy);
    let with = |value: &str, args: &str| {
        answer(&scratch, &format!("id --key-file ring --policy shop.yaml {args}"), value)
    };
    assert_eq!(with("ann+x@corp.example", ""), "email_k3yzweex2b3fde33ag585kjmrvcy\n");
    assert_eq!(with("ann+x@corp.example", "--scope="), format!("{ANN}\n"));
    assert_eq!(with("(202) 555-0123", "--kind phone --scope="), "phone_k3yz4s9aaqtp7hv59snwh2ah7x78\n");
    let run = redactd(&scratch, "id --key-file ring --policy none.yaml", "x");
    assert_eq!((run.code, run.stdout.as_str()), (78, ""));
}

#[test]
fn values_that_no_detector_knows_are_opaque_and_it_says_so() {
    let scratch = scratch();
    let run = redactd(&scratch, "id --key-file ring", "EMP-004711\n");
    assert_eq!(run.code, 0);
    assert!(run.stdout.starts_with("opaque_k3yz") && run.stderr.contains("--kind"), "{}", run.stderr);
    assert!(!run.stderr.contains("4711"), "{}", run.stderr);
    assert!(
        answer(&scratch, "id --key-file ring --kind employee", "EMP-004711").starts_with("employee_k3yz")
    );
    let run = redactd(&scratch, "id --key-file ring --kind employee", "ann@corp.example");
    assert!(run.stderr.contains("`email`"), "{}", run.stderr);
}

#[test]
fn id_takes_one_value_from_standard_input_and_none_from_its_arguments() {
    let scratch = scratch();
    let run = redactd(&scratch, "id --key-file ring ann@corp.example", "bob@corp.example");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("standard input") && run.stderr.contains("history"), "{}", run.stderr);
    assert!(!run.stderr.contains("corp.example"), "{}", run.stderr);
    for (input, says) in [
        ("", "no value"),
        ("\n", "no value"),
        (" \n", "no value"),
        ("a@b.example\nb@b.example\n", "one line"),
    ] {
        let run = redactd(&scratch, "id --key-file ring", input);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{input:?}");
        assert!(run.stderr.contains(says), "{}", run.stderr);
    }
    for bad in ["--label E-Mail", "--kind 1st", "--format yaml"] {
        assert_eq!(redactd(&scratch, &format!("id --key-file ring {bad}"), "x").code, 2, "{bad}");
    }
}

#[test]
fn derived_rings_are_the_same_everywhere() {
    let scratch = scratch();
    let derive = "keys derive --master master --from 2026-03-04 --epoch 24h --count 3";
    answer(&scratch, &format!("{derive} -o a"), "");
    let text = fs::read_to_string(scratch.path().join("a")).unwrap();
    assert_eq!(text, answer(&scratch, derive, ""), "a pipe gets what a file gets");
    let kids: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).map(|line| &line[..4]).collect();
    assert_eq!(kids, ["vc3p", "n87y", "jc29"]);
    let ids = answer(&scratch, "id --key-file a", "ann@corp.example");
    assert_eq!(ids.lines().count(), 3);
    assert_eq!(ids.lines().last(), Some("email_vc3pbdy3y5bn54mhakfyvhzmartt"), "newest first");
    // The second day alone is the second day of three, and in a week of its own every day has one key.
    let second = answer(&scratch, "keys derive --master master --from 2026-03-05 --count 1", "");
    assert_eq!(text.lines().nth(3), second.lines().last());
    let week = |day: u32| {
        answer(
            &scratch,
            &format!("keys derive --master master --from 2026-03-0{day} --epoch 7d --count 1"),
            "",
        )
    };
    assert!(week(2).contains("2026-03-02T00:00:00Z 2026-03-09T00:00:00Z"));
    assert_eq!(week(2), week(8));
    for bad in [
        "--from 2026-02-30",
        "--from today",
        "--from 1969-12-31",
        "--from 2026-03-04 --epoch 90m",
        "--from 2026-03-04 --epoch 400d",
        "--from 2026-03-04 --count 0",
        "--from 2026-03-04 --count 367",
    ] {
        let run = redactd(&scratch, &format!("keys derive --master master {bad}"), "");
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{bad}");
    }
}

#[test]
fn lists_show_keys_and_no_secret() {
    let scratch = scratch();
    let ring = format!(
        "a000 - 2000-01-01T00:00:00Z {KEY}\nb000 2000-01-01T00:00:00Z - {KEY}\nc000 9000-01-01T00:00:00Z - {KEY}\n\
         d000 2000-01-02T00:00:00Z - {CHECK}\ne000 - - {KEY}\n"
    );
    write(&scratch, "many", 0o440, &ring);
    let text = answer(&scratch, "keys list many", "");
    assert_eq!(
        text,
        "KEY   FROM                  TO                    CAN                 NOW\n\
         c000  9000-01-01T00:00:00Z  -                     make and recognise  not yet\n\
         d000  2000-01-02T00:00:00Z  -                     recognise           valid\n\
         b000  2000-01-01T00:00:00Z  -                     make and recognise  active\n\
         e000  -                     -                     make and recognise  valid\n\
         a000  -                     2000-01-01T00:00:00Z  make and recognise  expired\n"
    );
    let json = answer(&scratch, "keys list many --format json", "");
    let keys: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(keys.as_array().unwrap().len(), 5);
    let b000 = serde_json::json!({"kid": "b000", "not_before": "2000-01-01T00:00:00Z", "not_after": null,
        "makes_ids": true, "active": true, "state": "active"});
    assert_eq!(keys[2], b000);
    for secret in [&KEY[..8], &CHECK[..8], &KEY[40..48]] {
        assert!(!text.contains(secret) && !json.contains(secret));
    }
}

#[test]
fn genuine_ids_pass_later_redactors_unchanged() {
    let scratch = scratch();
    let log = "{\"msg\":\"mail to ann@corp.example\",\"user\":{\"email\":\"bob@corp.example\"}}\n\
               client 203.0.114.7 asked for +1 202 555 0123\n";
    // Yesterday's ring, then one in which its key only recognises, then one with a newer key too.
    let once = answer(&scratch, "--key-file ring", log);
    assert!(once.contains(ANN), "{once}");
    write(&scratch, "verify", 0o600, &format!("k3yz - - {CHECK}\n"));
    let twice = redactd(&scratch, "--key-file verify", &once);
    assert_eq!((twice.code, twice.stdout.as_str()), (0, once.as_str()));
    assert!(twice.stderr.contains("only recognises"), "{}", twice.stderr);
    write(&scratch, "rotated", 0o600, &format!("k3yz - - {KEY}\nn3w0 - - {}\n", "A".repeat(86) + "=="));
    assert_eq!(answer(&scratch, "--key-file rotated", &once), once);
    let newer = answer(&scratch, "--key-file rotated", log);
    assert!(newer.contains("email_n3w0") && !newer.contains("k3yz"), "{newer}");
    // A redactor with other keys keeps nobody's address either.
    answer(&scratch, "keys new -o other", "");
    let strange = answer(&scratch, "--key-file other", &once);
    assert!(!strange.contains("corp.example"));
}

#[test]
fn without_a_ring_ids_hold_for_one_run_and_it_says_so() {
    let scratch = scratch();
    let (a, b) = (redactd(&scratch, "", "ann@corp.example\n"), redactd(&scratch, "", "ann@corp.example\n"));
    for run in [&a, &b] {
        assert_eq!(run.code, 0);
        assert!(run.stdout.starts_with("email_t"), "{}", run.stdout);
        assert!(run.stderr.contains("this run only"), "{}", run.stderr);
    }
    assert_ne!(a.stdout, b.stdout);
    write(&scratch, "old", 0o600, &format!("k3yz - 2000-01-01T00:00:00Z {KEY}\n"));
    let run = redactd(&scratch, "--key-file old", &format!("ann@corp.example {ANN}\n"));
    assert!(run.stdout.starts_with("email_t") && run.stdout.contains(ANN), "{}", run.stdout);
    assert!(run.stderr.contains("valid now"), "{}", run.stderr);
}

#[test]
fn key_files_that_cannot_be_trusted_stop_everything() {
    let scratch = scratch();
    write(&scratch, "open", 0o644, &format!("k3yz - - {KEY}\n"));
    write(&scratch, "shared", 0o660, &format!("k3yz - - {KEY}\n"));
    write(&scratch, "empty", 0o600, "");
    write(&scratch, "cut", 0o600, &format!("# ring\nk3yz - - {}\n", &KEY[..50]));
    write(&scratch, "columns", 0o600, &format!("{KEY} - -\n"));
    write(&scratch, "twice", 0o600, &format!("k3yz - - {KEY}\nk3yz - - {KEY}\n"));
    write(&scratch, "long", 0o600, &"#\n".repeat(600_000));
    fs::create_dir(scratch.path().join("dir")).unwrap();
    let made = Command::new("mkfifo").args(["-m", "600"]).arg(scratch.path().join("pipe")).status().unwrap();
    assert!(made.success());
    for (file, says) in [
        ("open", "mode 0644 lets anybody use it"),
        ("shared", "mode 0660 lets its group change it"),
        ("empty", "holds no key"),
        ("cut", "line 2: the secret is not base64"),
        ("columns", "line 1: expected 4 columns, found 3"),
        ("twice", "line 2: the key id stands already in line 1"),
        ("long", "longer than"),
        ("dir", "not a regular file"),
        ("pipe", "not a regular file"),
        ("none", "cannot open"),
        ("master", "this is a master key, not a key ring"),
    ] {
        for command in ["--key-file", "id --key-file", "keys list"] {
            let run = redactd(&scratch, &format!("{command} {file}"), "ann@corp.example\n");
            assert_eq!((run.code, run.stdout.as_str()), (78, ""), "{command} {file}: {}", run.stderr);
            assert!(run.stderr.contains(says), "{command} {file}: {}", run.stderr);
            assert!(!run.stderr.contains(&KEY[..8]) && !run.stderr.contains("ZGVm"), "{}", run.stderr);
        }
    }
    let run = redactd(&scratch, "--key-file open", "");
    assert!(run.stderr.contains("hint:") && run.stderr.contains("defaultMode: 0440"), "{}", run.stderr);
    let run = redactd(&scratch, "keys derive --master ring --from 2026-03-04", "");
    assert_eq!((run.code, run.stdout.as_str()), (78, ""));
}

#[test]
fn rings_that_only_recognise_have_no_ids_to_print() {
    let scratch = scratch();
    let derive = "keys derive --master master --from 2026-03-04 --verify-only -o verify";
    answer(&scratch, derive, "");
    let run = redactd(&scratch, "id --key-file verify", "ann@corp.example");
    assert_eq!((run.code, run.stdout.as_str()), (78, ""));
    assert!(run.stderr.contains("only recognise IDs"), "{}", run.stderr);
    let text = fs::read_to_string(scratch.path().join("verify")).unwrap();
    let made = answer(&scratch, "keys derive --master master --from 2026-03-04", "");
    for line in made.lines().filter(|line| !line.starts_with('#')) {
        let id_half = &line.rsplit_once(' ').unwrap().1[..40];
        assert!(!text.contains(id_half), "K_id is not in it");
    }
}

#[cfg(target_os = "linux")]
mod memory {
    use super::*;
    use redactd::engine::correlate::{Keyring, ring};
    use std::io::{Read, Seek, SeekFrom};
    use zeroize::{Zeroize, Zeroizing};

    /// The key material as it must not stay in memory, written so that this test does not keep it there either.
    struct Masked([u8; 32]);

    const MASK: u8 = 0x5a;

    impl Masked {
        fn is_at(&self, window: &[u8]) -> bool {
            self.0.iter().zip(window).all(|(masked, found)| masked ^ MASK == *found)
        }
    }

    /// How often the secret stands in the writable memory of this process.
    fn copies(secret: &Masked) -> usize {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let mut memory = fs::File::open("/proc/self/mem").unwrap();
        let mut found = 0;
        for line in maps.lines().filter(|line| line.contains(" rw") && !line.contains("[v")) {
            let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
            let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
            let mut bytes = Zeroizing::new(vec![0; (to - from) as usize]);
            memory.seek(SeekFrom::Start(from)).unwrap();
            // A region may have gone since.
            if memory.read_exact(&mut bytes).is_ok() {
                let first = secret.0[0] ^ MASK;
                found += memchr::memchr_iter(first, &bytes)
                    .filter(|&at| bytes.len() - at >= 32 && secret.is_at(&bytes[at..]))
                    .count();
            }
        }
        found
    }

    #[test]
    fn keys_do_not_outlive_their_ring() {
        let mut random = Zeroizing::new([0; 64]);
        fs::File::open("/dev/urandom").unwrap().read_exact(&mut random[..]).unwrap();
        let secrets: Vec<Masked> =
            random.chunks(32).map(|half| Masked(std::array::from_fn(|i| half[i] ^ MASK))).collect();
        let count = || secrets.iter().map(copies).collect::<Vec<_>>();
        assert!(count().iter().all(|&found| found >= 1), "the search finds what is there");
        {
            use base64::Engine;
            let mut text = Zeroizing::new(String::with_capacity(256));
            text.push_str("k3yz - - ");
            base64::engine::general_purpose::STANDARD.encode_string(&random[..], &mut text);
            random.zeroize();
            let entries = ring::parse(text.as_bytes()).unwrap();
            drop(ring::write("", &entries));
            let keyring = Keyring::from_entries(&entries);
            let mut out = Vec::new();
            for key in keyring.keys() {
                key.append_id("x", "opaque", "", b"x", &mut out);
            }
        }
        assert_eq!(count(), [0, 0]);
    }
}

#[test]
fn nothing_of_a_key_is_left_behind_on_disk_but_the_file() {
    let scratch = scratch();
    answer(&scratch, "keys new -o only", "");
    let names: Vec<_> =
        fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}
