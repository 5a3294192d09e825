//! Rotation: by renaming, by copying and truncating, through symlinks, while nobody looks.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::thread;

use super::bench::{Bench, lines};

#[test]
fn t_14_symlinks_are_followed_anew_at_every_look() {
    let mut bench = Bench::new();
    fs::create_dir(bench.path("targets")).unwrap();
    bench.start();
    let mut expected = String::new();
    for target in 0..30 {
        let text = lines(&format!("target {target} line"), 0..100);
        let path = bench.path(&format!("targets/{target}"));
        fs::write(&path, &text).unwrap();
        symlink(&path, bench.path("fresh")).unwrap();
        bench.rename("fresh", "a.log");
        expected += &text;
        // What nobody looks at before it is unlinked again cannot be known.
        thread::sleep(bench.settings.pace.poll + std::time::Duration::from_millis(1));
        bench.until("this target", || bench.got().len() == expected.len());
    }
    bench.expect(&expected);
}

#[test]
fn t_15_many_files_rotate_fast_and_slowly() {
    for pause in [0, 30] {
        let mut bench = Bench::new();
        bench.include("*.log.*");
        bench.start();
        let mut expected = Vec::new();
        for round in 0..10 {
            for name in ["a", "b", "c", "d", "e"] {
                let text = lines(&format!("{name} {round}"), 0..20);
                expected.extend(text.lines().map(str::to_owned));
                bench.write(&format!("{name}.log"), text);
                bench.rename(&format!("{name}.log"), &format!("{name}.log.{round}"));
            }
            thread::sleep(std::time::Duration::from_millis(pause));
        }
        bench.expect_lines(expected);
    }
}

#[test]
fn t_16_slow_copytruncate_comes_once() {
    for with_copies in [false, true] {
        let mut bench = Bench::new();
        if with_copies {
            bench.include("*.log.*");
        }
        bench.start();
        let mut expected = String::new();
        for round in 0..8 {
            let text = lines(&format!("round {round}"), 0..50);
            bench.write("a.log", &text);
            expected += &text;
            bench.expect(&expected);
            bench.copytruncate("a.log", &format!("a.log.{round}"));
            bench.looks();
        }
        bench.looks();
        bench.expect(&expected);
    }
}

/// {nothing deleted, deleted, begins alike} × {moved and created, copied and truncated} × {time stamps, numbers}.
#[test]
fn t_17_every_way_of_rotating_comes_once() {
    thread::scope(|scope| {
        for case in 0..16 {
            let is = move |bit: u32| case >> bit & 1 == 1;
            scope.spawn(move || rotate(is(0), is(1), is(2), is(3)));
        }
    });
}

fn rotate(deletes: bool, alike: bool, copies: bool, numbered: bool) {
    let mut bench = Bench::new();
    bench.include("*.log.*");
    bench.start();
    let mut expected = String::new();
    for round in 0..6 {
        // More than a fingerprint of the beginning can tell.
        let banner = if alike { "the same banner\n".repeat(100) } else { String::new() };
        let text = banner + &lines(&format!("round {round}"), 0..10);
        bench.write("a.log", &text);
        expected += &text;
        // Lines that nobody saw before they were truncated away are another test's.
        bench.expect(&expected);
        let backup = if numbered {
            for number in (1..round + 1).rev() {
                let _ = fs::rename(
                    bench.path(&format!("a.log.{number}")),
                    bench.path(&format!("a.log.{}", number + 1)),
                );
            }
            "a.log.1".to_owned()
        } else {
            format!("a.log.2026-11-24T17:00:0{round}")
        };
        if copies {
            bench.copytruncate("a.log", &backup);
        } else {
            bench.rename("a.log", &backup);
        }
        if deletes {
            bench.looks();
            fs::remove_file(bench.path(&backup)).unwrap();
        }
    }
    bench.looks();
    thread::sleep(bench.settings.pace.copy * 2);
    let case = format!("deletes {deletes}, alike {alike}, copies {copies}, numbered {numbered}");
    assert_eq!(bench.got().len(), expected.len(), "{case}\n{}", bench.notices());
    bench.expect(&expected);
}

#[test]
fn t_18_a_move_inside_the_pattern_is_no_new_file() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.rename("a.log", "b.log");
    bench.looks();
    bench.write("b.log", "two\n");
    bench.expect("one\ntwo\n");
    bench.restart();
    bench.looks();
    bench.expect("one\ntwo\n");
}

#[test]
fn t_19_a_file_moved_out_of_the_pattern_is_read_on() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.rename("a.log", "a.old");
    bench.looks();
    bench.write("a.old", "two\n");
    bench.expect("one\ntwo\n");
    bench.write("a.old", "unfinished");
    bench.write("a.log", "new\n");
    bench.until("the new one", || bench.got().contains("new\n"));
    // Its writer has left it: the last line will not go on.
    bench.expect("one\ntwo\nnew\nunfinished\n");
    bench.until("let go", || bench.status().files() == 1);
}

#[test]
fn t_20_a_truncated_file_is_read_from_its_beginning() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\ntwo\n");
    bench.start();
    bench.expect("one\ntwo\n");
    bench.truncate("a.log");
    bench.write("a.log", "three\n");
    bench.expect("one\ntwo\nthree\n");
    bench.truncate("a.log");
    bench.looks();
    bench.write("a.log", "four\n");
    bench.expect("one\ntwo\nthree\nfour\n");
    // To the same length: only the time of writing tells.
    bench.truncate("a.log");
    bench.write("a.log", "five\n");
    bench.expect("one\ntwo\nthree\nfour\nfive\n");
    assert_eq!(bench.status().truncations(), 3);
}

#[test]
fn t_21_after_copying_and_truncating_both_can_be_written() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.copytruncate("a.log", "b.log");
    bench.looks();
    bench.write("a.log", "to a\n");
    bench.write("b.log", "to b\n");
    bench.expect_lines(["one", "to a", "to b"].map(String::from));
}

#[test]
fn t_22_files_rotated_while_off_lose_nothing() {
    let mut bench = Bench::new();
    bench.include("*.log.*");
    let begin = lines("begin", 0..20_000);
    bench.write("a.log", &begin);
    bench.start();
    bench.expect(&begin);
    bench.until_saved("a.log", begin.len());
    bench.stop();
    let (rest, middle, new) = (lines("rest", 0..20_000), lines("middle", 0..20_000), lines("new", 0..10));
    bench.write("a.log", &rest);
    bench.rename("a.log", "a.log.2");
    bench.write("a.log", &middle);
    bench.rename("a.log", "a.log.1");
    bench.write("a.log", &new);
    bench.start();
    bench.expect(&(begin + &rest + &middle + &new));
}

#[test]
fn t_22_files_copied_and_truncated_while_off_lose_nothing_and_come_once() {
    let mut bench = Bench::new();
    bench.include("*.log.*");
    let begin = lines("begin", 0..1000);
    bench.write("a.log", &begin);
    bench.start();
    bench.until_saved("a.log", begin.len());
    bench.stop();
    bench.write("a.log", "rest\n");
    bench.copytruncate("a.log", "a.log.1");
    bench.write("a.log", "new\n");
    bench.start();
    bench.expect_lines(begin.lines().chain(["rest", "new"]).map(String::from));
}

#[test]
fn t_35_nuls_that_a_writer_leaves_behind_a_truncation_are_skipped() {
    for restarts in [false, true] {
        let mut bench = Bench::new();
        let mut writer = File::create(bench.path("a.log")).unwrap();
        let begin = lines("begin", 0..1000);
        writer.write_all(begin.as_bytes()).unwrap();
        bench.start();
        bench.expect(&begin);
        if restarts {
            bench.until_saved("a.log", begin.len());
            bench.stop();
        }
        bench.truncate("a.log");
        writer.write_all(b"behind the hole\n").unwrap();
        if restarts {
            bench.start();
        }
        let expected = format!("{begin}behind the hole\n");
        bench.expect(&expected);
        writer.write_all(b"and on\n").unwrap();
        bench.expect(&format!("{expected}and on\n"));
        assert_eq!(bench.status().hole_bytes(), begin.len() as u64);
        let end = begin.len() + "behind the hole\nand on\n".len();
        bench.until_saved("a.log", end);
        bench.restart();
        bench.looks();
        bench.expect(&format!("{expected}and on\n"));
    }
}

#[test]
fn t_38_a_file_refilled_past_the_position_is_read_from_its_beginning() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    // Between two looks, so that its length tells nothing.
    let text = lines("refilled", 0..1000);
    fs::write(bench.path("a.log"), &text).unwrap();
    bench.expect(&format!("one\n{text}"));
}
