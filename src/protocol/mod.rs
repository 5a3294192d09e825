//! What both directions of a protocol need: names, messages and framing. Knows no policy, no batch and no file.

pub mod grpc;
pub mod otlp;
mod rpc;

pub use rpc::{Code, Failure, Partial, partial_success, response};

/// The cause of an error that the others only wrap; it names neither URL nor headers.
pub fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timeout".to_owned();
    }
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause.and_then(std::error::Error::source) {
        cause = Some(next);
    }
    cause.map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}
