//! Redacts personal data and secrets from log streams.
#![deny(unsafe_code)]

pub mod cli;
pub mod daemon;
pub mod document;
pub mod engine;
pub mod keys;
pub mod limits;
pub mod metrics;
pub mod pipeline;
pub mod policies;
pub mod protocol;
pub mod sink;
pub mod source;

pub use engine::correlate::Keyring;
pub use engine::policy::Policy;
pub use engine::redact::{Outcome, Redacted, Redactor};

/// The Rust of README.md, run as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
