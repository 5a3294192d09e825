//! Compressed files, on request.

use std::fs;
use std::process::Command;

use redactd::source::file::ReadFrom;

use super::bench::{Bench, lines};

fn gzip(bench: &Bench, name: &str) {
    assert!(Command::new("gzip").arg(bench.path(name)).status().unwrap().success());
}

#[test]
fn t_25_compressed_files_are_read_once_with_all_their_members() {
    for read_from in [ReadFrom::Beginning, ReadFrom::End] {
        let mut bench = Bench::new();
        bench.settings.read_from = read_from;
        bench.include("*.gz");
        let (one, two) = (lines("one", 0..50_000), lines("two", 0..10));
        for (name, text) in [("a", &one), ("b", &two)] {
            bench.write(name, text);
            gzip(&bench, name);
        }
        let members = [fs::read(bench.path("a.gz")).unwrap(), fs::read(bench.path("b.gz")).unwrap()].concat();
        fs::remove_file(bench.path("a.gz")).unwrap();
        fs::remove_file(bench.path("b.gz")).unwrap();
        fs::write(bench.path("all.gz"), members).unwrap();
        bench.start();
        bench.expect(&(one + &two));
        let all = bench.got();
        bench.restart();
        bench.looks();
        bench.expect(&all);
    }
}

#[test]
fn compressed_files_are_left_alone_unless_asked_for() {
    let mut bench = Bench::new();
    bench.include("*");
    bench.write("b.log", "two\n");
    gzip(&bench, "b.log");
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.looks();
    bench.expect("one\n");
}

#[test]
fn a_rotated_file_that_is_compressed_is_not_read_again() {
    for off in [false, true] {
        let mut bench = Bench::new();
        bench.include("*.log.1");
        bench.include("*.gz");
        let text = lines("line", 0..1000);
        bench.write("a.log", &text);
        bench.start();
        bench.expect(&text);
        bench.until_saved("a.log", text.len());
        if off {
            bench.stop();
        }
        bench.write("a.log", "rest\n");
        bench.rename("a.log", "a.log.1");
        if !off {
            bench.until("the rest", || bench.got().ends_with("rest\n"));
        }
        gzip(&bench, "a.log.1");
        bench.write("a.log", "new\n");
        if off {
            bench.start();
        }
        bench.until("the new one", || bench.got().contains("new\n"));
        bench.until("the rest", || bench.got().contains("rest\n"));
        std::thread::sleep(bench.settings.pace.copy * 3);
        bench.expect_lines(text.lines().chain(["rest", "new"]).map(String::from));
    }
}

#[test]
fn what_is_no_gzip_is_given_up_and_told_once() {
    let mut bench = Bench::new();
    bench.include("*.gz");
    bench.write("plain.gz", "not compressed at all\n");
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.until("the notice", || bench.notices().contains("Gzip"));
    bench.looks();
    assert_eq!(bench.notices(), format!("Gzip({:?}, Damaged)", bench.path("plain.gz")));
}
