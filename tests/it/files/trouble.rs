//! What goes wrong: files that cannot be read, that are deleted, that are no files, sinks that do not accept.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::bench::{Bench, Sink, lines};

#[test]
fn t_12_more_files_than_may_be_open_are_all_read() {
    let mut bench = Bench::new();
    bench.settings.open_files_max = Some(4);
    let names: Vec<String> = (0..100).map(|number| format!("{number:03}.log")).collect();
    for name in &names {
        bench.write(name, format!("{name} 0\n"));
    }
    bench.start();
    let expected =
        |end: usize| names.iter().flat_map(move |name| (0..end).map(move |line| format!("{name} {line}")));
    bench.expect_lines(expected(1));
    for line in 1..4 {
        for name in &names {
            bench.write(name, format!("{name} {line}\n"));
        }
        bench.looks();
    }
    bench.expect_lines(expected(4));
    assert!(bench.counters().open_files.value() <= 4);
    // Positions are told apart though nearly all files are closed.
    bench.restart();
    bench.looks();
    bench.expect_lines(expected(4));
}

#[test]
fn a_deleted_file_is_read_to_its_end_and_let_go() {
    let mut bench = Bench::new();
    let text = lines("line", 0..300_000);
    bench.write("a.log", &text);
    bench.start_with(Sink::Wait);
    bench.until("it is open", || bench.counters().open_files.value() == 1);
    fs::remove_file(bench.path("a.log")).unwrap();
    thread::sleep(bench.settings.pace.deleted * 3);
    bench.sink(Sink::Confirm);
    bench.expect(&text);
    bench.until("it is let go", || bench.counters().open_files.value() == 0 && bench.status().files() == 0);
}

#[test]
fn files_rotated_away_while_the_sink_is_down_are_not_missed() {
    let mut bench = Bench::new();
    bench.start_with(Sink::Wait);
    let mut expected = String::new();
    for round in 0..10 {
        let text = lines(&format!("round {round}"), 0..20_000);
        bench.write("a.log", &text);
        expected += &text;
        bench.looks();
        bench.rename("a.log", "a.old");
        bench.write("a.log", "");
        bench.looks();
        assert_eq!(bench.counters().lag_bytes.value(), expected.len() as i64, "round {round}");
    }
    bench.sink(Sink::Confirm);
    bench.expect(&expected);
}

#[test]
fn t_32_a_quiet_file_costs_little_and_is_read_at_once_when_it_goes_on() {
    let mut bench = Bench::new();
    bench.settings.pace.poll = Duration::from_secs(10);
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    thread::sleep(Duration::from_millis(300));
    let begin = std::time::Instant::now();
    bench.write("a.log", "two\n");
    bench.expect("one\ntwo\n");
    bench.write("b.log", "three\n");
    bench.expect("one\ntwo\nthree\n");
    assert!(begin.elapsed() < Duration::from_secs(5), "hints come before the next look");
}

#[test]
fn t_41_an_unreadable_file_is_read_once_it_can_be() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    // Whoever may read everything reads this, too; what leads nowhere nobody can open.
    fs::set_permissions(bench.path("a.log"), Permissions::from_mode(0o000)).unwrap();
    let all_powerful = File::open(bench.path("a.log")).is_ok();
    bench.start();
    if !all_powerful {
        bench.until("the notice", || bench.notices().contains("Unreadable"));
        bench.looks();
        bench.expect("");
    }
    fs::set_permissions(bench.path("a.log"), Permissions::from_mode(0o600)).unwrap();
    bench.expect("one\n");
    assert!(bench.notices().matches("Unreadable").count() <= 1, "told once: {}", bench.notices());
}

#[test]
fn t_42_what_is_no_regular_file_is_never_opened_and_never_waited_for() {
    let mut bench = Bench::new();
    mknodat(CWD, bench.path("fifo.log"), FileType::Fifo, Mode::from(0o600), 0).unwrap();
    fs::create_dir(bench.path("directory.log")).unwrap();
    symlink("/dev/zero", bench.path("device.log")).unwrap();
    symlink("loop2.log", bench.path("loop1.log")).unwrap();
    symlink("loop1.log", bench.path("loop2.log")).unwrap();
    symlink("nowhere", bench.path("dangling.log")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(bench.path("socket.log")).unwrap();
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    // Something else takes the place of a log.
    for round in 0..20 {
        fs::remove_file(bench.path("a.log")).unwrap();
        match round % 4 {
            0 => mknodat(CWD, bench.path("a.log"), FileType::Fifo, Mode::from(0o600), 0).unwrap(),
            1 => symlink("a.log", bench.path("a.log")).unwrap(),
            2 => symlink("/dev/zero", bench.path("a.log")).unwrap(),
            _ => bench.write("a.log", format!("log {round}\n")),
        }
        bench.looks();
    }
    bench.expect("one\nlog 3\nlog 7\nlog 11\nlog 15\nlog 19\n");
}

#[test]
fn lag_and_age_of_unread_data_are_told_while_the_sink_does_not_accept() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\n");
    bench.start();
    bench.expect("one\n");
    bench.until("nothing is behind", || bench.counters().lag_bytes.value() == 0);
    bench.sink(Sink::Wait);
    let text = lines("line", 0..300_000);
    bench.write("a.log", &text);
    bench.until("the lag", || bench.counters().lag_bytes.value() == text.len() as i64);
    let age = || bench.counters().oldest_unread_ms.value();
    bench.until("it is old", || age() >= 200);
    let before = age();
    bench.until("it grows older", || age() >= before + 200);
    assert!(!bench.status().is_stalled(), "the sinks do not accept");
    bench.sink(Sink::Confirm);
    bench.until("it has caught up", || bench.counters().lag_bytes.value() == 0);
    bench.until("nothing is old", || age() == 0);
}

#[test]
fn no_content_is_told_in_notices() {
    let mut bench = Bench::new();
    bench.write("a.log", "canary\n");
    bench.write("b.log", [0; 100]);
    bench.write("b.log", "canary\n");
    bench.start();
    bench.until("both", || bench.got().matches("canary").count() == 2);
    bench.truncate("a.log");
    bench.until("the notice", || bench.notices().contains("Truncated"));
    assert!(bench.notices().contains("Hole") && !bench.notices().contains("canary"), "{}", bench.notices());
}

#[test]
fn a_quiet_source_looks_less_often_unless_it_would_not_be_told_of_changes() {
    for linked in [false, true] {
        let mut bench = Bench::new();
        bench.write("a.log", "first\n");
        if linked {
            // What it leads to is written where nobody watches.
            symlink(bench.data("elsewhere"), bench.path("link.log")).unwrap();
            fs::create_dir_all(bench.data("")).unwrap();
            bench.write("../data/elsewhere", "linked\n");
        }
        bench.start();
        bench.until("both", || bench.got().lines().count() == 1 + usize::from(linked));
        // Until it is saved, and the copy that a new file may be has had its time.
        thread::sleep(Duration::from_millis(500));
        let before = bench.status().looks();
        thread::sleep(Duration::from_millis(1600));
        let looks = bench.status().looks() - before;
        // Every 20 ms are 80; eight times that pause makes 10.
        assert!(if linked { looks > 25 } else { (5..=20).contains(&looks) }, "linked {linked}: {looks}");
        bench.write("a.log", "second\n");
        bench.until("a hint", || bench.got().contains("second"));
        bench.stop();
    }
}
