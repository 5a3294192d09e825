//! Which file is which.

use std::fs;
use std::thread;

use super::bench::{Bench, lines};

#[test]
fn t_07_files_that_begin_alike_are_both_read_whole() {
    let mut bench = Bench::new();
    bench.write("a.log", "banner\n");
    bench.start();
    bench.expect("banner\n");
    // Looks like a copy of the other, until it says something else.
    bench.write("b.log", "banner\n");
    bench.looks();
    bench.write("b.log", "b\n");
    bench.write("a.log", "a\n");
    bench.expect_lines(["banner", "a", "banner", "b"].map(String::from));
    // And of one that never does, after a while.
    bench.write("c.log", "banner\n");
    bench.expect_lines(["banner", "a", "banner", "b", "banner"].map(String::from));
    bench.restart();
    bench.looks();
    bench.expect_lines(["banner", "a", "banner", "b", "banner"].map(String::from));
}

#[test]
fn files_of_equal_content_are_all_read() {
    let mut bench = Bench::new();
    let text = lines("the same", 0..500);
    for name in ["a.log", "b.log", "c.log"] {
        bench.write(name, &text);
    }
    bench.start();
    bench.until("all three", || bench.got().len() == 3 * text.len());
    bench.restart();
    bench.looks();
    assert_eq!(bench.got().len(), 3 * text.len());
}

#[test]
fn a_file_with_two_names_is_read_once() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    fs::hard_link(bench.path("a.log"), bench.path("b.log")).unwrap();
    std::os::unix::fs::symlink("a.log", bench.path("c.log")).unwrap();
    bench.start();
    bench.expect("one\n");
    bench.write("b.log", "two\n");
    bench.expect("one\ntwo\n");
    fs::remove_file(bench.path("a.log")).unwrap();
    bench.looks();
    bench.write("b.log", "three\n");
    bench.expect("one\ntwo\nthree\n");
}

#[test]
fn t_27_what_is_no_log_is_left_alone_and_files_of_one_header_are_told_apart() {
    let mut bench = Bench::new();
    fs::create_dir(bench.path("d.log")).unwrap();
    let header = "#Version: 1.0\n#Fields: date time\n".repeat(50);
    for name in ["a.log", "b.log"] {
        bench.write(name, &header);
        bench.write(name, format!("{name}\n"));
    }
    bench.start();
    let expected = header.lines().chain(header.lines()).chain(["a.log", "b.log"]).map(String::from);
    bench.expect_lines(expected);
    assert_eq!(bench.notices(), "");
}

#[test]
fn t_39_a_number_used_again_is_another_file() {
    let mut bench = Bench::new();
    bench.start();
    let mut expected = String::new();
    let mut reused = 0;
    let mut last = 0;
    for round in 0..200 {
        let text = format!("round {round}\n");
        bench.write("a.log", &text);
        expected += &text;
        bench.until("this round", || bench.got().len() == expected.len());
        let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(bench.path("a.log")).unwrap());
        reused += usize::from(inode == last);
        last = inode;
        if round % 20 == 19 {
            // While it is off nobody keeps the number from being used again.
            bench.until_saved("a.log", text.len());
            bench.stop();
            fs::remove_file(bench.path("a.log")).unwrap();
            let text = format!("while off {round}\n");
            bench.write("a.log", &text);
            expected += &text;
            let again = std::os::unix::fs::MetadataExt::ino(&fs::metadata(bench.path("a.log")).unwrap());
            reused += usize::from(again == last);
            bench.start();
            bench.until("what was written while off", || bench.got().len() == expected.len());
        }
        fs::remove_file(bench.path("a.log")).unwrap();
    }
    bench.expect(&expected);
    println!("{reused} numbers were used again at once");
}

#[test]
fn a_file_that_leaves_and_returns_goes_on_where_it_was() {
    let mut bench = Bench::new();
    fs::create_dir(bench.path("pod")).unwrap();
    bench.include("pod/*.log");
    bench.write("pod/a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.rename("pod", "away");
    thread::sleep(bench.settings.pace.rotated * 2);
    bench.until("let go", || bench.status().files() == 0);
    bench.write("away/a.log", "two\n");
    bench.rename("away", "pod");
    bench.expect("one\ntwo\n");
}
