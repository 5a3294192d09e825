//! What the daemon tells a service manager, and what it keeps from everybody else.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Signal, getuid};

use crate::daemon::{content, eventually};
use crate::harness::{Live, SOON, Scratch, redactd};

/// Follows one log. With a policy of its own, which can be changed.
fn following() -> (Scratch, String) {
    let scratch = Scratch::new();
    scratch.file("p.yaml", "version: 1\nrules: [{id: pin, in: pin, do: mask}]\n");
    fs::create_dir(scratch.path("logs")).unwrap();
    scratch.file("logs/app.log", "first\n");
    let text = "version: 1\ndata_dir: ./data\npolicy: [default, ./p.yaml]\nsources: {app: {type: file, include: [logs/*.log]}}\nsinks: {safe: {type: file, path: out}}\n";
    let config = scratch.file("redactd.yaml", text);
    (scratch, config)
}

fn spawn(mut command: Command) -> Live {
    Live::spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))
}

/// The next datagram that begins so; others in between are heartbeats.
#[track_caller]
fn hears(socket: &UnixDatagram, begin: &str) -> String {
    let deadline = Instant::now() + SOON;
    let mut buffer = [0; 4096];
    while Instant::now() < deadline {
        let bytes = socket.recv(&mut buffer).expect("a datagram in time");
        let text = String::from_utf8(buffer[..bytes].to_vec()).unwrap();
        if text.starts_with(begin) {
            return text;
        }
        assert_eq!(text, "WATCHDOG=1", "before {begin}");
    }
    panic!("{begin} does not come");
}

#[test]
fn a_service_manager_hears_of_the_start_of_reloads_of_progress_and_of_the_end() {
    let (scratch, config) = following();
    let socket = UnixDatagram::bind(scratch.path("notify")).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    let mut command = redactd(&["run", "-c", &config]);
    // Longer than the longest pause between two looks of a quiet source.
    command.env("NOTIFY_SOCKET", scratch.path("notify")).env("WATCHDOG_USEC", "5000000");
    let mut live = spawn(command);
    assert!(hears(&socket, "READY=1").contains("STATUS=running"));
    hears(&socket, "WATCHDOG=1");
    live.signal(Signal::HUP);
    assert!(hears(&socket, "RELOADING=1").contains("MONOTONIC_USEC="));
    hears(&socket, "READY=1");
    hears(&socket, "WATCHDOG=1");
    live.signal(Signal::TERM);
    hears(&socket, "STOPPING=1");
    assert_eq!(live.ends_within(SOON).0, 0);
}

#[test]
fn a_crash_leaves_no_core_and_nobody_of_this_account_looks_inside() {
    let (scratch, config) = following();
    // Root may look inside of everything: the owner of a process's files shows whether its own account may.
    let binary = scratch.path("redactd");
    fs::copy(env!("CARGO_BIN_EXE_redactd"), &binary).unwrap();
    let mut command = Command::new(&binary);
    command.args(["run", "-q", "-c", &config]);
    if getuid().is_root() {
        fs::set_permissions(scratch.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::chown(scratch.path(""), Some(65534), Some(65534)).unwrap();
        command.uid(65534).gid(65534);
    }
    let live = spawn(command);
    eventually("a line", || content(&scratch, "out") == "first\n");
    let process = |name: &str| format!("/proc/{}/{name}", live.pid().as_raw_nonzero());
    assert_eq!(fs::metadata(process("mem")).unwrap().uid(), 0, "not dumpable");
    let limits = fs::read_to_string(process("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"]);
}
