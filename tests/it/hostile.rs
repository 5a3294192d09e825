//! Lines made to cost: one thing that something is looked for at, over and over. What a line costs must grow as its length does,
//! so that nobody can stop a stream with one line. Measured is the CPU time of this thread, and only how it compares: a line
//! against one of a quarter of its length.

use std::time::Duration;

use redactd::{Redacted, Redactor};
use rustix::time::{ClockId, clock_gettime};

use crate::given::{default_policy, redactor};

fn cpu_time(run: impl FnOnce()) -> Duration {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let began = now();
    run();
    now() - began
}

/// The least of three runs over a line of `bytes` made of `piece`.
fn cost(redactor: &mut Redactor, piece: &[u8], bytes: usize) -> Duration {
    let line: Vec<u8> = piece.iter().copied().cycle().take(bytes).collect();
    let mut out = Redacted::with_capacity(4 * bytes);
    let mut run = || {
        out.clear();
        cpu_time(|| {
            redactor.redact(&line, &mut out);
        })
    };
    (0..3).map(|_| run()).min().unwrap()
}

/// What stopped a stream once, and what is like it.
const PIECES: &[&str] = &[
    "=",
    ":",
    "@",
    "\\",
    "{",
    "[",
    "%25",
    "\\u",
    "://",
    "a.",
    "1 ",
    "-",
    "_",
    "'",
    "a=",
    "a: ",
    "a@",
    "1.",
    "{\"a\":",
    "?a=b&",
    "Cookie: ",
    "Set-Cookie: ",
    "Authorization: ",
    "password=",
    "ssn=219.09.9999;",
    "routing=322271627;",
    "phone=",
];

#[test]
fn r_49_the_cost_of_a_line_grows_as_its_length_does() {
    // Linear is 4, quadratic 16.
    const GROWTH_MAX: f64 = 9.0;
    let mut redactor = redactor(&default_policy());
    for piece in PIECES {
        let few = cost(&mut redactor, piece.as_bytes(), 16 << 10);
        let many = cost(&mut redactor, piece.as_bytes(), 64 << 10);
        let growth = many.as_secs_f64() / few.as_secs_f64();
        assert!(growth < GROWTH_MAX, "four times `{piece}` cost {growth:.1} times as much: {many:?}");
    }
}
