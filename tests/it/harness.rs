//! The real binary with real pipes around it: [`run`] for what fits in one go, [`Live`] for what needs watching.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use redactd::engine::correlate::ring::{self, Entry};
use redactd::keys;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

/// Long enough for a loaded machine; nothing that works takes a tenth of it.
pub const SOON: Duration = Duration::from_secs(20);

/// How a run ended.
pub struct Run {
    /// Exit status; 128 and the signal's number where one killed it, as shells say it.
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// The program with no settings from the environment.
pub fn redactd(args: &[&str]) -> Command {
    heed_signals();
    let mut command = Command::new(env!("CARGO_BIN_EXE_redactd"));
    command.args(args);
    for name in [
        "CI",
        "REDACTD_CONFIG",
        "REDACTD_KEY_FILE",
        "REDACTD_THREADS",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "CLICOLOR",
        "RUST_BACKTRACE",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    ] {
        command.env_remove(name);
    }
    command
}

/// A process ignores what its parent ignored (`nohup`, a job in the background), and so would every program under test. What
/// has a handler here is as usual there.
fn heed_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ignored = signal_set("self", "SigIgn");
        for signal in [SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2] {
            if ignored >> (signal - 1) & 1 == 1 {
                signal_hook::flag::register(signal, Arc::default()).unwrap();
            }
        }
    });
}

/// One of the signal sets of `/proc/PROCESS/status`: bit `n - 1` for signal `n`.
fn signal_set(process: &str, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let set = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    u64::from_str_radix(set.trim(), 16).unwrap()
}

/// Runs it on `input` to its end.
pub fn run(args: &[&str], input: &[u8]) -> Run {
    run_command(redactd(args), input)
}

/// Runs a prepared command on `input` to its end.
pub fn run_command(mut command: Command, input: &[u8]) -> Run {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A run that does not read its input closes the pipe.
    let feeder = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    Run {
        code: code(output.status),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A running program, killed when the test is over.
pub struct Live {
    child: Child,
    /// Closed by [`Live::end_input`].
    pub stdin: Option<ChildStdin>,
    output: Option<Receiver<Vec<u8>>>,
    /// Output so far that no test has looked at.
    seen: Vec<u8>,
}

impl Live {
    /// Starts it with a pipe at each end; its output is read as it comes.
    pub fn start(args: &[&str]) -> Live {
        let mut live = Live::unread(args);
        live.read_output();
        live
    }

    /// Starts it with a pipe at each end; nobody reads its output yet.
    pub fn unread(args: &[&str]) -> Live {
        Live::spawn(redactd(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// Starts a prepared command.
    pub fn spawn(command: &mut Command) -> Live {
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        Live { child, stdin, output: None, seen: Vec::new() }
    }

    /// Begins to read its output.
    pub fn read_output(&mut self) {
        let mut stdout = self.child.stdout.take().unwrap();
        let (send, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 64 << 10];
            while let Ok(bytes @ 1..) = stdout.read(&mut buffer) {
                if send.send(buffer[..bytes].to_vec()).is_err() {
                    break;
                }
            }
        });
        self.output = Some(output);
    }

    /// Closes our end of its output, as `head` does when it has enough.
    pub fn close_output(&mut self) {
        drop(self.child.stdout.take());
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Its next line, with the newline; fails the test if it does not come soon.
    pub fn line(&mut self) -> String {
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(end) = self.seen.iter().position(|&byte| byte == b'\n') {
                let rest = self.seen.split_off(end + 1);
                return String::from_utf8(std::mem::replace(&mut self.seen, rest)).unwrap();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let more = self.output.as_ref().unwrap().recv_timeout(left);
            self.seen.extend(more.expect("a line in time"));
        }
    }

    /// Whether it stays silent for `time`.
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        let silent = self.output.as_ref().unwrap().recv_timeout(time);
        self.seen.is_empty() && silent == Err(RecvTimeoutError::Timeout)
    }

    /// Everything it writes from here to its end.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.seen);
        let output = self.output.take().unwrap();
        loop {
            match output.recv_timeout(SOON) {
                Ok(more) => rest.extend(more),
                Err(RecvTimeoutError::Disconnected) => return rest,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end"),
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until it has taken what signals it was sent: one that is still pending swallows the next of its kind.
    pub fn takes_signals(&self) {
        let deadline = Instant::now() + SOON;
        while ["SigPnd", "ShdPnd"].iter().any(|name| signal_set(&self.child.id().to_string(), name) != 0) {
            assert!(Instant::now() < deadline, "a signal is still pending");
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Its exit status and standard error, once it ends; fails the test if that is not within `time`.
    pub fn ends_within(&mut self, time: Duration) -> (i32, String) {
        let deadline = Instant::now() + time;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "still running");
            thread::sleep(Duration::from_millis(5));
        };
        let mut stderr = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            pipe.read_to_string(&mut stderr).unwrap();
        }
        (code(status), stderr)
    }

    /// One of the numbers of `/proc/PID/status`: `VmHWM` is the most memory it ever had, in KiB.
    pub fn status_kib(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Processor time it has used, in ticks of 10 ms.
    pub fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name in brackets may hold spaces; user and system time are the 12th and 13th number after it.
        let numbers: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        numbers[11].parse::<u64>().unwrap() + numbers[12].parse::<u64>().unwrap()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap())
}

/// A folder for the files of one test.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> Scratch {
        Scratch(tempfile::tempdir().unwrap())
    }

    /// Below a directory of one's own choice.
    pub fn below(directory: &Path) -> Scratch {
        Scratch(tempfile::tempdir_in(directory).unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file with this content; its path as an argument.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        argument(&path)
    }

    /// A key ring that is the same in every test: IDs of different runs can be compared.
    pub fn ring(&self) -> String {
        let path = self.path("ring");
        keys::write_new(&path, &ring::write("test", &[Entry::local(&[7; 96])])).unwrap();
        argument(&path)
    }

    /// A FIFO.
    pub fn fifo(&self, name: &str) -> String {
        let path = self.path(name);
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        argument(&path)
    }
}

/// Opens the writing end of a FIFO, which waits for the reader.
pub fn write_end(fifo: &str) -> File {
    File::options().write(true).open(fifo).unwrap()
}

fn argument(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
