//! Boundary tests: the real binary, the public library.
// Also in functions that tests share, which clippy does not take for tests.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod explain;
mod harness;
mod keys;
mod layers;
mod pipe;
mod policy;
mod readme;
mod samples;
mod terminal;
