//! What outlasts the process.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use redactd::source::file::ReadFrom;

use super::bench::{Bench, Sink, lines};

#[test]
fn t_10_a_restart_goes_on_from_the_position() {
    for read_from in [ReadFrom::Beginning, ReadFrom::End] {
        for count in [3, 30_000] {
            let mut bench = Bench::new();
            bench.settings.read_from = read_from;
            let first = lines("first", 0..count);
            if read_from == ReadFrom::Beginning {
                bench.write("a.log", &first);
                bench.start();
            } else {
                bench.write("a.log", "old\n");
                bench.start();
                bench.until_saved("a.log", 4);
                bench.write("a.log", &first);
            }
            bench.expect(&first);
            bench.stop();
            let second = lines("second", 0..count);
            bench.write("a.log", &second);
            bench.start();
            bench.expect(&(first + &second));
        }
    }
}

#[test]
fn t_23_what_was_read_and_not_acknowledged_is_read_again() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.until_saved("a.log", 4);
    bench.sink(Sink::Forget);
    bench.write("a.log", "two\n");
    bench.expect("one\ntwo\n");
    bench.stop();
    bench.start();
    bench.expect("one\ntwo\ntwo\n");
}

#[test]
fn a_gap_stops_the_position_though_later_records_are_acknowledged() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.sink(Sink::Forget);
    bench.write("a.log", "lost\n");
    bench.expect("one\nlost\n");
    bench.sink(Sink::Confirm);
    bench.write("a.log", "three\n");
    bench.expect("one\nlost\nthree\n");
    bench.restart();
    bench.expect("one\nlost\nthree\nlost\nthree\n");
}

#[test]
fn t_24_what_was_acknowledged_is_not_read_again() {
    let mut bench = Bench::new();
    let text = lines("line", 0..10_000);
    bench.write("a.log", &text);
    bench.start();
    bench.expect(&text);
    for _ in 0..5 {
        bench.restart();
        bench.looks();
        bench.expect(&text);
    }
    bench.until_saved("a.log", text.len());
    bench.kill();
    bench.start();
    bench.looks();
    bench.expect(&text);
}

#[test]
fn t_26_damaged_checkpoints_and_keys_never_keep_it_from_starting() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.until_saved("a.log", 4);
    bench.stop();
    let current = bench.data("checkpoints/test.json");
    let whole = fs::read(&current).unwrap();
    fs::write(&current, &whole[..20]).unwrap();
    bench.start();
    bench.looks();
    bench.expect("one\n");
    assert!(bench.notices().contains("Damaged"), "{}", bench.notices());
    bench.stop();
    for name in ["test.json", "test.previous.json"] {
        fs::write(bench.data("checkpoints").join(name), [0; 100]).unwrap();
    }
    bench.start();
    bench.expect("one\none\n");
    bench.stop();
    fs::write(bench.data("fingerprint.key"), "").unwrap();
    bench.start();
    bench.expect("one\none\none\n");
    bench.stop();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(bench.data("")), 0o700);
    assert_eq!(mode(bench.data("fingerprint.key")), 0o600);
    assert_eq!(mode(current), 0o600);
}

#[test]
fn t_26_a_checkpoint_shows_paths_and_nothing_of_what_files_say() {
    let mut bench = Bench::new();
    bench.write("a.log", "canary\n".repeat(400) + "canary unfinished");
    bench.start();
    bench.until_saved("a.log", 2800);
    bench.stop();
    for name in ["checkpoints/test.json", "checkpoints/test.previous.json"] {
        let text = fs::read_to_string(bench.data(name)).unwrap_or_default();
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn a_checkpoint_that_cannot_be_written_stops_nothing() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    bench.start();
    bench.until_saved("a.log", 4);
    // Nothing can be made at the name of the new one: as with a full disk, the old one stays.
    fs::create_dir(bench.data("checkpoints/test.new")).unwrap();
    bench.write("a.log", "two\n");
    bench.expect("one\ntwo\n");
    bench.until("the notice", || bench.notices().contains("Checkpoint"));
    bench.until_saved("a.log", 4);
    fs::remove_dir(bench.data("checkpoints/test.new")).unwrap();
    bench.until_saved("a.log", 8);
}

#[test]
fn t_29_a_crash_inside_a_joined_record_reads_all_of_it_again() {
    let mut bench = Bench::new();
    let key = "-----BEGIN PRIVATE KEY-----\nTm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEE=\n";
    bench.write("a.log", format!("before\n{key}"));
    bench.start();
    bench.expect("before\n");
    bench.until_saved("a.log", 7);
    bench.kill();
    bench.start();
    bench.looks();
    bench.write("a.log", "-----END PRIVATE KEY-----\nafter\n");
    bench.expect(&format!("before\n{key}-----END PRIVATE KEY-----\nafter\n"));
}

#[test]
fn entries_of_files_that_are_gone_are_pruned() {
    let mut bench = Bench::new();
    for number in 0..50 {
        bench.write(&format!("{number}.log"), format!("{number}\n"));
    }
    bench.start();
    bench.until("all", || bench.got().lines().count() == 50);
    bench.looks();
    bench.stop();
    // Found two days ago, and never since.
    let current = bench.data("checkpoints/test.json");
    let text = fs::read_to_string(&current).unwrap();
    let seen = text.split("\"seen\":").nth(1).unwrap().split('}').next().unwrap();
    let old = (seen.parse::<u64>().unwrap() - 2 * 86_400).to_string();
    let text = text
        .replace("\"seen\":", "\"seen\":0")
        .replace(&format!("\"seen\":0{seen}"), &format!("\"seen\":{old}"));
    fs::write(&current, text).unwrap();
    for number in 0..49 {
        fs::remove_file(bench.path(&format!("{number}.log"))).unwrap();
    }
    bench.start();
    bench.write("49.log", "more\n");
    bench.until("pruned", || bench.checkpoint().is_some_and(|text| text.matches("\"path\"").count() == 1));
}
