//! Boundary tests: the real binary, the public library.
// Also in functions that tests share, which clippy does not take for tests.
#![allow(clippy::unwrap_used)]

mod acceptance;
mod agreement;
mod bad_input;
mod canary;
mod config;
mod daemon;
mod detection;
mod endpoints;
mod exec;
mod explain;
mod export;
mod files;
mod generate;
mod given;
mod harness;
mod hostile;
mod http;
mod input;
mod invariants;
mod keys;
mod kill;
mod layers;
mod otlp;
mod pipe;
mod policy;
mod properties;
mod readme;
mod receiver;
mod reference;
mod reload;
mod samples;
mod service;
mod telemetry;
mod terminal;
mod walker;
