//! What a run needs, checked and opened: made from flags by the filter.

use std::sync::Arc;

use crate::engine::correlate::Keyring;
use crate::engine::policy::Policy;
use crate::engine::redact::Format;
use crate::sink::Style;
use crate::source::Origin;

/// Everything a run is told beforehand.
pub struct Config {
    /// What to read, in this order, as one stream.
    pub inputs: Vec<Origin>,
    /// How lines are read.
    pub format: Format,
    /// Whether JSON objects get a member with the policy id and counts.
    pub remarks: bool,
    /// Longest line in bytes; longer ones are withheld. At most [`crate::limits::LINE_BYTES_MAX`].
    pub line_bytes_max: usize,
    /// What is redacted.
    pub policy: Arc<Policy>,
    /// Keys of the correlation IDs.
    pub ring: Arc<Keyring>,
    /// How standard output looks.
    pub style: Style,
}
