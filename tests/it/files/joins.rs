//! Parts and lines that are one record.

use std::thread;

use redactd::source::file::{Container, Multiline};

use super::bench::{Bench, Sink};

const T: &str = "2026-11-24T17:00:00.123456789Z";

/// What a container runtime makes of a long line: parts of 16 KiB, by tag.
fn cri_parts(stream: &str, text: &str) -> Vec<String> {
    let parts: Vec<&[u8]> = text.as_bytes().chunks(16 << 10).collect();
    let last = parts.len() - 1;
    let tag = |index| if index == last { "F" } else { "P" };
    let part = |(index, part): (usize, &&[u8])| {
        format!("{T} {stream} {} {}\n", tag(index), std::str::from_utf8(part).unwrap())
    };
    parts.iter().enumerate().map(part).collect()
}

#[test]
fn t_36_an_address_over_every_border_of_a_line_of_64_parts_is_found() {
    let mut text = vec![b'.'; 1 << 20];
    for border in 1..64 {
        let mail = b" ann.lee@example.com ";
        let at = border * (16 << 10) - mail.len() / 2;
        text[at..at + mail.len()].copy_from_slice(mail);
    }
    let text = String::from_utf8(text).unwrap();
    let mut bench = Bench::redacting();
    bench.start();
    for part in cri_parts("stdout", &text) {
        bench.write("a.log", part);
        // The other stream goes on in between.
        bench.write("a.log", format!("{T} stderr F between\n"));
    }
    bench.until("all lines", || bench.got().lines().count() == 65);
    let got = bench.got();
    let long = got.lines().find(|line| line.contains("stdout")).unwrap();
    assert!(long.starts_with(&format!("{T} stdout F ")));
    assert_eq!(long.matches("email_").count(), 63);
    assert!(!got.contains("example.com"));
    assert_eq!(got.matches("stderr F between").count(), 64);
}

#[test]
fn t_36_a_joined_line_over_the_limit_is_withheld_in_its_wrapper() {
    let mut bench = Bench::new();
    bench.settings.line_bytes_max = 40_000;
    bench.start();
    bench.write("a.log", cri_parts("stdout", &"x".repeat(50_000)).concat());
    bench.write("a.log", format!("{T} stdout F after\n"));
    bench.expect(&format!("{T} stdout F [withheld:joined_too_long]\n{T} stdout F after\n"));
}

#[test]
fn parts_of_docker_are_joined_and_a_broken_wrapper_is_text() {
    let mut bench = Bench::redacting();
    bench.start();
    let part = |text: &str| format!("{{\"log\":\"{text}\",\"stream\":\"stdout\",\"time\":\"{T}\"}}\n");
    bench.write("a.log", part("user ann.l") + &part("ee@example.com \\u00e9\\n"));
    bench.write("a.log", "{\"log\":\"bob@example.com\",\"stream\":\n");
    bench.until("two lines", || bench.got().lines().count() == 2);
    let got = bench.got();
    assert!(
        got.contains("{\"log\":\"user email_") && got.contains(" \\u00e9\\n\",\"stream\":\"stdout\""),
        "{got}"
    );
    assert!(!got.contains("example.com"), "{got}");
}

#[test]
fn the_line_inside_a_wrapper_is_read_as_what_it_is() {
    let mut bench = Bench::new();
    bench.start();
    bench.write("a.log", format!("{T} stdout F {{\"pin\":1234}}\n"));
    bench.expect(&format!("{T} stdout F {{\"pin\":\"[redacted:pin]\"}}\n"));
}

#[test]
fn nothing_is_unwrapped_where_there_are_no_containers() {
    let mut bench = Bench::new();
    bench.settings.container = Container::None;
    bench.start();
    let text = format!("{T} stdout P a\n{T} stdout F b\n");
    bench.write("a.log", &text);
    bench.expect(&text);
}

#[test]
fn t_36_a_crash_between_two_parts_reads_the_first_again_and_nothing_of_the_other_stream() {
    for round in 0..20 {
        let mut bench = Bench::new();
        bench.write("a.log", format!("{T} stdout P first \n{T} stderr F other {round}\n"));
        bench.start();
        let other = format!("{T} stderr F other {round}\n");
        bench.expect(&other);
        let first = format!("{T} stdout P first \n").len();
        let ahead = format!("\"ahead\":[0,{},0]", first + other.len());
        bench.until("a checkpoint", || bench.checkpoint().is_some_and(|text| text.contains(&ahead)));
        bench.kill();
        bench.write("a.log", format!("{T} stderr F more\n{T} stdout F second\n"));
        bench.start();
        bench.expect(&format!("{other}{T} stderr F more\n{T} stdout F first second\n"));
    }
}

#[test]
fn t_36_a_good_end_between_two_parts_doubles_nothing() {
    let mut bench = Bench::new();
    bench.start();
    let mut expected = String::new();
    for round in 0..5 {
        bench.write("a.log", format!("{T} stdout P first \n{T} stderr F other {round}\n"));
        expected += &format!("{T} stderr F other {round}\n");
        bench.expect(&expected);
        bench.restart();
        bench.write("a.log", format!("{T} stdout F second {round}\n"));
        expected += &format!("{T} stdout F first second {round}\n");
        bench.expect(&expected);
        bench.restart();
        bench.looks();
        bench.expect(&expected);
    }
}

/// A private key as a program prints it; not one of anybody.
fn key() -> String {
    let line = "Tm90QVJlYWxLZXlOb3RBUmVhbEtleU5vdEFSZWFsS2V5Tm90QVJlYWxLZXlOb3Q=";
    let body = format!("{line}\n").repeat(25);
    format!("-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\n")
}

#[test]
fn a_private_key_in_27_lines_is_replaced_whole() {
    for wrapped in [false, true] {
        let mut bench = Bench::redacting();
        bench.start();
        let wrap = |line: &str| if wrapped { format!("{T} stdout F {line}\n") } else { format!("{line}\n") };
        bench.write("a.log", wrap("before"));
        for line in key().lines() {
            bench.write("a.log", wrap(line));
        }
        bench.write("a.log", wrap("after"));
        bench.until("the end", || bench.got().ends_with("after\n"));
        let got = bench.got();
        assert!(got.contains("[redacted:") && !got.contains("Tm90"), "{got}");
        assert_eq!(got.lines().count(), 3, "{got}");
    }
}

#[test]
fn silence_does_not_end_an_open_key() {
    let mut bench = Bench::redacting();
    bench.start();
    let key = key();
    let (begin, end) = key.split_at(key.len() / 2);
    bench.write("a.log", begin);
    thread::sleep(bench.settings.pace.record * 3);
    assert_eq!(bench.got(), "");
    bench.write("a.log", end);
    bench.until("the key", || bench.got().ends_with('\n'));
    assert!(!bench.got().contains("Tm90"));
}

#[test]
fn records_that_begin_where_an_expression_matches_end_at_the_next_or_in_silence() {
    let mut bench = Bench::new();
    bench.settings.multiline = Multiline::Start(r"^\S".into());
    bench.start();
    bench.write("a.log", "one\n  more\ntwo\n");
    bench.expect("one\n  more\n");
    bench.expect("one\n  more\ntwo\n");
    bench.until_saved("a.log", "one\n  more\ntwo\n".len());
    bench.write("a.log", "three\n at x\n");
    bench.kill();
    bench.start();
    bench.until("all of it", || bench.got().ends_with("three\n at x\n"));
    bench.looks();
    bench.restart();
    bench.looks();
    assert_eq!(bench.got().matches("two").count(), 1, "{}", bench.got());
}

#[test]
fn what_is_held_open_is_bounded_and_more_is_withheld() {
    let mut bench = Bench::new();
    let half = "x".repeat(900_000);
    for number in 0..25 {
        bench.write(&format!("{number}.log"), format!("{T} stdout P {half}\n"));
    }
    bench.start_with(Sink::Confirm);
    bench.until("all are read", || {
        bench.status().files() == 25 && bench.counters().lag_bytes.value() > 20_000_000
    });
    bench.looks();
    for number in 0..25 {
        bench.write(&format!("{number}.log"), format!("{T} stdout F end {number}\n"));
    }
    bench.until("all", || bench.got().lines().count() == 25);
    let withheld = bench.got().matches("[withheld:joined_too_long]").count();
    assert!((1..25).contains(&withheld), "{withheld}");
}
