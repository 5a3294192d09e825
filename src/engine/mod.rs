//! Decides what is sensitive and what stands in its place. Bytes in, bytes out: no I/O, no clock, no randomness,
//! no logging; whatever can be wrong is found when a policy is compiled.
//!
//! Layers, imports point down only: `otlp` → `redact` → `policy` → { `detect`, `correlate` } → { `scan`, `numbering` }.

pub mod correlate;
pub mod detect;
mod numbering;
pub mod otlp;
pub mod policy;
pub mod redact;
pub mod scan;
pub mod selftest;
