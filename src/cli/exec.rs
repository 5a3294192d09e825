//! `redactd exec [--] CMD…`: runs a command, redacts what it prints on standard output and standard error as two streams,
//! passes signals on to it, and ends as it ended.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};

use super::filter::{self, LineFormat};
use super::report::{Exit, Failure, quoted};
use crate::daemon::config::{SinkKind, Stream};
use crate::daemon::{self, Config, Notice, RunError, Signals, ignored_signals};
use crate::limits;
use crate::sink::Style;
use crate::source::{Descriptor, Origin};

/// Run a command and redact what it prints
///
/// Standard output and standard error of the command are redacted each on its own and go to those of `redactd`; its
/// standard input is untouched. Signals are passed on. The exit status is that of the command, or 128 and the signal that
/// ended it.
#[derive(Args)]
pub struct Exec {
    /// Add a policy on top of the default one (repeatable, the last is the highest layer)
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,

    /// Key ring that makes the correlation IDs
    #[arg(long, value_name = "FILE", env = "REDACTD_KEY_FILE")]
    key_file: Option<PathBuf>,

    /// How lines are read
    #[arg(long, value_enum, default_value_t)]
    format: LineFormat,

    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Signals that are for the command.
const FOR_COMMAND: [i32; 8] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT];

/// Runs the command to its end.
pub fn run(args: &Exec) -> Result<Exit, Failure> {
    let policy = super::policy::active(&args.policy)?;
    // Standard error is the command's: a note of ours would be taken for its own.
    let ring = filter::ring(args.key_file.as_deref(), true)?;
    let failed = |error| filter::not_run(RunError::Start(error));
    let signals = Signals::none().map_err(failed)?;
    // Before the command runs: none of them may end us and leave it behind.
    let caught = catch().map_err(failed)?;
    let mut child = start(&args.command)?;
    let streams = [
        (child.stdout.take().map(OwnedFd::from), "standard output of the command", SinkKind::Stdout(plain())),
        (child.stderr.take().map(OwnedFd::from), "standard error of the command", SinkKind::Stderr(plain())),
    ];
    let streams = streams.into_iter().filter_map(|(descriptor, name, sink)| {
        let origin = Origin::Open(Descriptor { descriptor: Arc::new(descriptor?), name });
        let (format, line_bytes_max) = (args.format.into(), limits::LINE_BYTES_DEFAULT);
        Some((Stream { origins: vec![origin], format, remarks: false, line_bytes_max }, sink))
    });
    let config = Config::streams(streams.collect(), policy, Arc::new(ring));
    let status = watch(child, caught, signals.stopper()).map_err(failed)?;
    let ran = daemon::run(config, &signals, Arc::new(tell));
    let status = status.recv().map_err(|_| filter::not_run(RunError::Panicked))?.map_err(failed)?;
    let own = ran.map_err(filter::not_run).and_then(filter::outcome);
    match exit_of(status) {
        // The command is content: whether its output arrived is left to say.
        0 => own,
        status => {
            if let Err(failure) = own {
                failure.print();
            }
            Ok(Exit::Command(status))
        }
    }
}

/// Bytes go out as they are: what a terminal may not see the command itself may have meant.
fn plain() -> Style {
    Style::default()
}

/// Signals of the command, from now on. One that was ignored when the process began stays ignored, here and there.
fn catch() -> io::Result<signal_hook::iterator::Signals> {
    let ignored = ignored_signals();
    signal_hook::iterator::Signals::new(
        FOR_COMMAND.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0),
    )
}

fn start(command: &[OsString]) -> Result<Child, Failure> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::new(Exit::Usage, "there is no command"));
    };
    let started = Command::new(program).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    started.map_err(|error| {
        // As shells and `env` say it.
        let status = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
        Failure::new(Exit::Command(status), format!("cannot run {}: {error}", quoted(program)))
    })
}

/// Passes signals on while the command runs, and says how it ended. Some time later, `stop` is called: whoever else holds its
/// output, a server that it left behind for instance, must not hold us up.
fn watch(
    mut child: Child,
    mut caught: signal_hook::iterator::Signals,
    stop: impl FnOnce() + Send + 'static,
) -> io::Result<Receiver<io::Result<ExitStatus>>> {
    let pid = Pid::from_child(&child);
    let handle = caught.handle();
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in caught.forever() {
            if let Some(signal) = Signal::from_named_raw(signal)
                && !came_from_our_terminal(signal)
            {
                // It may have ended by itself.
                let _ = kill_process(pid, signal);
            }
        }
    })?;
    let (send, status) = channel();
    thread::Builder::new().name("command".into()).spawn(move || {
        let ended = child.wait();
        // Its number may soon be another's.
        handle.close();
        let _ = send.send(ended);
        thread::sleep(Duration::from_millis(limits::EXEC_REST_MS));
        stop();
    })?;
    Ok(status)
}

/// Whether a terminal has sent it to the command as well: it does so to all of the group in its foreground.
fn came_from_our_terminal(signal: Signal) -> bool {
    matches!(signal, Signal::INT | Signal::QUIT)
        && rustix::termios::tcgetpgrp(rustix::stdio::stdin())
            .is_ok_and(|foreground| foreground == rustix::process::getpgrp())
}

/// As shells say it.
fn exit_of(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(255);
    u8::try_from(code).unwrap_or(255)
}

fn tell(notice: Notice) {
    if let Notice::Failed(error) = notice {
        filter::failed_input(&error).print();
    }
}
