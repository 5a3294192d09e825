//! Lines: how they are written and how they come out.

use std::thread;
use std::time::Duration;

use redactd::source::file::ReadFrom;

use super::bench::{Bench, append, lines};

#[test]
fn t_01_existing_lines_then_new_ones_come_once() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\ntwo\n");
    bench.start();
    bench.expect("one\ntwo\n");
    bench.write("a.log", "three\n");
    bench.expect("one\ntwo\nthree\n");
    bench.looks();
    bench.stop();
    bench.expect("one\ntwo\nthree\n");
}

#[test]
fn t_02_reading_from_the_end_skips_what_is_there_and_reads_later_files_whole() {
    let mut bench = Bench::new();
    bench.settings.read_from = ReadFrom::End;
    bench.write("a.log", "old\nunfin");
    bench.start();
    bench.until("a checkpoint", || bench.checkpoint().is_some_and(|text| text.contains("\"offset\":4,")));
    bench.write("a.log", "ished\nnew\n");
    bench.expect("unfinished\nnew\n");
    bench.write("b.log", "later\n");
    bench.expect("unfinished\nnew\nlater\n");
    bench.write("a.log", "more\n");
    bench.expect("unfinished\nnew\nlater\nmore\n");
    bench.stop();
    bench.write("a.log", "while off\n");
    bench.start();
    bench.expect("unfinished\nnew\nlater\nmore\nwhile off\n");
}

#[test]
fn t_03_a_line_without_a_newline_waits() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\ntwo");
    bench.start();
    bench.expect("one\n");
    thread::sleep(bench.settings.pace.rotated * 2);
    bench.expect("one\n");
    bench.write("a.log", "\n");
    bench.expect("one\ntwo\n");
}

#[test]
fn t_04_empty_lines_are_kept() {
    let text = "\n\n\none\n\n\n\ntwo\n\n";
    let mut bench = Bench::new();
    bench.write("a.log", text);
    bench.start();
    bench.expect(text);
    bench.write("a.log", "\n");
    bench.expect(&format!("{text}\n"));
}

#[test]
fn t_05_a_line_in_two_writes_is_one_record() {
    let mut bench = Bench::redacting();
    bench.start();
    bench.write("a.log", "mail from ann.l");
    bench.looks();
    bench.write("a.log", "ee@example.com\n");
    bench.until("a line", || bench.got().ends_with('\n'));
    let got = bench.got();
    assert!(got.starts_with("mail from email_") && !got.contains("ann") && !got.contains("example"), "{got}");
}

#[test]
fn t_06_an_empty_file_is_read_when_it_is_filled() {
    let mut bench = Bench::new();
    bench.write("a.log", "");
    bench.start();
    bench.until("it is found", || bench.status().files() == 1);
    bench.write("a.log", "one\n");
    bench.expect("one\n");
    bench.restart();
    bench.looks();
    bench.expect("one\n");
}

#[test]
fn t_08_a_line_longer_than_a_read_comes_whole_and_one_over_the_limit_is_withheld() {
    let mut bench = Bench::new();
    bench.settings.line_bytes_max = 300_000;
    let (long, longer) = ("x".repeat(300_000), "y".repeat(300_001));
    bench.write("a.log", format!("{long}\nbetween\n{longer}\nafter\n"));
    bench.start();
    let expected = format!("{long}\nbetween\n[withheld:line_too_long]\nafter\n");
    bench.expect(&expected);
    // One that comes in pieces is not read again and again, and ends in one stub.
    for _ in 0..5 {
        bench.write("a.log", "z".repeat(100_000));
        bench.looks();
    }
    bench.expect(&expected);
    bench.write("a.log", "\nend\n");
    bench.expect(&format!("{expected}[withheld:line_too_long]\nend\n"));
}

#[test]
fn t_09_many_files_come_once_preloaded_and_live() {
    let mut bench = Bench::new();
    let names: Vec<String> = (0..10).map(|number| format!("{number}.log")).collect();
    for name in &names {
        bench.write(name, lines(name, 0..100));
    }
    bench.start();
    let expected =
        |end| names.iter().flat_map(move |name| (0..end).map(move |line| format!("{name} {line}")));
    bench.expect_lines(expected(100));
    for line in 100..150 {
        for name in &names {
            bench.write(name, format!("{name} {line}\n"));
        }
    }
    bench.expect_lines(expected(150));
}

#[test]
fn t_11_a_thousand_lines_come_once_and_in_order() {
    let mut bench = Bench::new();
    bench.start();
    let text = lines("line", 0..1000);
    for line in text.split_inclusive('\n') {
        bench.write("a.log", line);
    }
    bench.expect(&text);
}

#[test]
fn t_13_bytes_that_are_no_utf8_come_through_as_they_are() {
    let mut bench = Bench::new();
    let utf16: Vec<u8> = "\u{feff}a\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for text in [&b"\xff\xfe\xc0\x80 latin \xe9\n"[..], b"\xa4\xa4\xa4\xe5 big5\n", &utf16] {
        append(&bench.path("a.log"), text);
    }
    bench.start();
    bench.until("all", || bench.got().contains("big5\n"));
    bench.stop();
    assert!(bench.got().contains("latin"));
}

#[test]
fn t_28_a_line_end_of_two_bytes_over_the_edge_of_a_read_is_one() {
    for before in [128 << 10, (128 << 10) - 1, (128 << 10) - 2] {
        let mut bench = Bench::new();
        let text = format!("{}\r\nnext\r\n", "x".repeat(before));
        bench.write("a.log", &text);
        bench.start();
        bench.expect(&text);
    }
}

#[test]
fn t_30_older_files_are_read_first_and_none_waits_for_a_long_one() {
    let mut bench = Bench::new();
    for (name, age) in [("new.log", 0), ("old.log", 100), ("older.log", 200)] {
        bench.write(name, format!("{name}\n"));
        let time = std::time::SystemTime::now() - Duration::from_secs(age);
        std::fs::File::options().append(true).open(bench.path(name)).unwrap().set_modified(time).unwrap();
    }
    bench.start();
    bench.expect("older.log\nold.log\nnew.log\n");
    bench.stop();

    let mut bench = Bench::new();
    let long = lines("long", 0..500_000);
    bench.write("a.log", &long);
    bench.start();
    bench.until("the long one is being read", || !bench.got().is_empty());
    bench.write("b.log", "short\n");
    bench.until("the short one", || bench.got().contains("short\n"));
    assert!(bench.got().len() < long.len(), "the short one did not wait for the end of the long one");
}

#[test]
fn t_31_what_is_excluded_is_not_read() {
    let mut bench = Bench::new();
    bench.include("*.txt");
    bench.settings.exclude = vec!["b*".into(), bench.path("sub/**/*.txt").to_str().unwrap().into()];
    for name in ["a.log", "b.log", "c.txt", "d.other"] {
        bench.write(name, format!("{name}\n"));
    }
    bench.start();
    bench.expect_lines(["a.log".into(), "c.txt".into()]);
    bench.looks();
    bench.expect_lines(["a.log".into(), "c.txt".into()]);
}

#[test]
fn t_37_an_identifier_written_with_a_pause_inside_is_one() {
    let mut bench = Bench::redacting();
    bench.start();
    bench.write("a.log", "user al");
    thread::sleep(Duration::from_secs(2));
    assert_eq!(bench.got(), "");
    bench.write("a.log", "ice@example.com\n");
    bench.until("a line", || bench.got().ends_with('\n'));
    let got = bench.got();
    assert!(got.starts_with("user email_") && got.lines().count() == 1, "{got}");
}
