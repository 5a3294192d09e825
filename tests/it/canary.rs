//! A thousand made-up people, as values, as keys and on the paths to other values, through each source, each sink and each
//! fault, with logs at their most verbose: none of them is in any output, log, checkpoint or dead letter.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::daemon::{content, eventually};
use crate::harness::{Live, SOON, Scratch, redactd, run_command};
use crate::receiver::{Receiver, Reply};

const PEOPLE: usize = 1000;

/// Every person in every place where one can stand.
fn lines() -> Vec<String> {
    let of = |n: usize| {
        let mail = format!("kiwo{n:04}@example.com");
        let secret = format!("kiwo{n:04}x9Kd7");
        match n % 5 {
            0 => format!("{{\"user\":\"{mail}\",\"msg\":\"mail to {mail}\",\"password\":\"{secret}\"}}"),
            1 => format!("{{\"{mail}\":{{\"n\":1}},\"users\":{{\"{mail}\":{{\"token\":\"{secret}\"}}}}}}"),
            2 => format!("user={mail} password={secret} GET /u?access_token={secret}"),
            3 => format!("{{\"log\":\"{{\\\"user\\\":\\\"{mail}\\\",\\\"password\\\":\\\"{secret}\\\"}}\"}}"),
            // JSON that was cut off.
            _ => format!("{{\"user\":\"{mail}\",\"{mail}\":{{\"password\":\"{secret}"),
        }
    };
    (0..PEOPLE).map(of).collect()
}

/// Who is in it. IDs have neither `i` nor `o`, so that none looks like a person by chance.
fn people(text: &[u8]) -> BTreeSet<Vec<u8>> {
    let found = memchr::memmem::find_iter(text, b"kiwo").map(|at| text[at..text.len().min(at + 8)].to_vec());
    found.collect()
}

fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

#[track_caller]
fn nobody(what: &str, text: &[u8]) {
    let people = people(text);
    let some: Vec<_> = people.iter().take(3).map(|name| String::from_utf8_lossy(name)).collect();
    assert!(people.is_empty(), "{what}: {} people, {some:?}", people.len());
}

/// Everything below it but `logs` and `input`.
#[track_caller]
fn nobody_below(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        nobody("the name of a file", name.as_encoded_bytes());
        if name == "logs" || name == "input" {
        } else if path.is_dir() {
            nobody_below(&path);
        } else {
            nobody(&path.display().to_string(), &fs::read(&path).unwrap());
        }
    }
}

fn verbose(mut command: Command) -> Command {
    let settings = [("REDACTD_LOG", "trace"), ("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")];
    command.envs(settings).env("REDACTD_PANIC_ON", "kiwo0777");
    command
}

fn written(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn nobody_is_in_what_the_filter_and_exec_print() {
    let (scratch, input) = (Scratch::new(), written(&lines()));
    assert_eq!(people(input.as_bytes()).len(), PEOPLE, "the test sees whom it looks for");
    let file = scratch.file("input", &input);
    for (args, copies) in [
        (vec!["--stats", "--remarks=counts"], 1),
        (vec!["--format=text", &file], 1),
        (vec!["exec", "sh", "-c", "cat \"$0\"; cat \"$0\" >&2; kill -ABRT $$", &file], 1),
        (vec!["explain"], 0),
    ] {
        let ran = run_command(verbose(redactd(&args)), input.as_bytes());
        nobody(&format!("stdout of {args:?}"), &ran.stdout);
        nobody(&format!("stderr of {args:?}"), ran.stderr.as_bytes());
        let lines = newlines(&ran.stdout);
        assert!(copies == 0 || lines == PEOPLE, "{args:?}: {lines} lines; {}", ran.stderr);
    }
}

/// The same lines as containerd and Docker write them, each cut in two inside of the person.
fn in_containers(lines: &[String]) -> (String, String) {
    let (mut cri, mut docker) = (String::new(), String::new());
    for line in lines {
        let (head, tail) = line.split_at(line.find("kiwo").unwrap() + 3);
        let time = "2026-11-24T12:00:00.000000001Z";
        cri += &format!("{time} stdout P {head}\n{time} stdout F {tail}\n");
        for (part, end) in [(head, ""), (tail, "\n")] {
            let part = serde_json::Value::from(format!("{part}{end}"));
            docker += &format!("{{\"log\":{part},\"stream\":\"stderr\",\"time\":\"{time}\"}}\n");
        }
    }
    (cri, docker)
}

#[test]
fn nobody_is_in_anything_that_the_daemon_writes_whatever_fails() {
    let lines = lines();
    let refusing = Receiver::start(|number, _| match number % 5 {
        0 => Reply::Status(400),
        1 => Reply::With(503, "Retry-After", "0".to_owned()),
        2 => Reply::Close,
        _ => Reply::Status(200),
    });
    let scratch = Scratch::new();
    let config = scratch.file(
        "redactd.yaml",
        format!(
            "version: 1\ndata_dir: ./data\nsources:
  app: {{type: file, include: [logs/*.log]}}\n  in: {{type: stdin}}
sinks:\n  safe: {{type: file, path: out, rotate: {{size: 100KiB, keep: 100}}}}\n  console: {{type: stdout}}
  web: {{type: http, url: \"http://{}/\", compression: none, retry: {{initial: 10ms, max: 20ms}}}}
  down: {{type: http, url: \"http://127.0.0.1:1/\", required: false, when_full: drop_newest}}
limits: {{line: 64KiB, batch: 8KiB, drain: 2s}}\n",
            refusing.address
        ),
    );
    fs::create_dir(scratch.path("logs")).unwrap();
    fs::create_dir_all(scratch.path("data/checkpoints")).unwrap();
    // No checkpoint can be written at first.
    fs::create_dir(scratch.path("data/checkpoints/app.new")).unwrap();
    let (cri, docker) = in_containers(&lines);
    scratch.file("logs/plain.log", written(&lines));
    scratch.file("logs/cri.log", cri);
    scratch.file("logs/docker.log", docker);
    let mut odd = b"kiwo0001@example.com \xff\xfe password=kiwo0001x\n".to_vec();
    odd.extend(format!("{{\"a\":\"{}kiwo0002@example.com\"}}\n", "x".repeat(70 << 10)).bytes());
    odd.extend(format!("{}\"kiwo0003@example.com\"{}\n", "[".repeat(100), "]".repeat(100)).bytes());
    scratch.file("logs/odd.log", odd);
    let mut command = verbose(redactd(&["run", "-c", &config]));
    command.env("REDACTD_FAIL_SYNC", "3");
    let stderr = File::create(scratch.path("stderr")).unwrap();
    let mut live = Live::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr));
    live.read_output();
    live.write(written(&lines).as_bytes());
    live.write(b"unfinished kiwo0004@example.com");
    eventually("the trouble with the checkpoint", || content(&scratch, "stderr").contains("checkpoint"));
    fs::remove_dir(scratch.path("data/checkpoints/app.new")).unwrap();
    eventually("a checkpoint", || content(&scratch, "data/checkpoints/app.json").contains("cri.log"));
    let letters =
        || fs::read(scratch.path("data/dead-letters/web.ndjson")).map_or(0, |letters| newlines(&letters));
    let arrived = || refusing.requests().iter().any(|request| request.body.ends_with(b"\n"));
    eventually("dead letters and deliveries", || letters() > 0 && arrived());
    eventually("all of it", || {
        let files = fs::read_dir(scratch.path("")).unwrap().flatten();
        let outs = files.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"out"));
        let lines: usize = outs.map(|out| newlines(&fs::read(out.path()).unwrap())).sum();
        lines >= 4 * PEOPLE + 3
    });
    live.signal(Signal::TERM);
    let (code, _) = live.ends_within(SOON);
    assert!(code == 0 || code == 75, "{code}");
    nobody("standard output", &live.rest());
    for request in refusing.requests() {
        nobody("a request", &request.body);
        nobody("a header", format!("{:?}", request.headers).as_bytes());
    }
    nobody_below(&scratch.path(""));
    let stderr = content(&scratch, "stderr");
    for told in ["checkpoint", "refused", "unfinished", "internal error", "os error 5"] {
        assert!(stderr.contains(told), "the fault did not happen: {told}\n{stderr}");
    }
}
