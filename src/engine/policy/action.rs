//! What a rule does with what it found.

/// `do:`. Each has a strictness: where spans overlap the strictest wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The member is removed and JSON stays valid; in text as `Mask`.
    Drop,
    /// `[redacted:RULE]`, inside URLs, queries and forms `REDACTED`.
    Mask,
    /// A fixed text, at most [`REPLACE_BYTES_MAX`](crate::limits::REPLACE_BYTES_MAX) bytes without control characters.
    Replace(String),
    /// Kind and size only: `[shape:string ≤64 B]`.
    Shape,
    /// A correlation ID.
    Correlate,
    /// Some of it stays, the rest becomes `*`.
    Partial(Partial),
}

/// What stays of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partial {
    /// The first and the last characters; never more than half of the value, and a shorter value is masked whole.
    Ends {
        /// Characters kept at the beginning.
        first: u8,
        /// Characters kept at the end.
        last: u8,
    },
    /// The domain of a mail address.
    Domain,
}

impl Action {
    /// 8 (`drop`) to 1 (`partial`). 9, 6 and 2 belong to actions that are not in this version.
    pub fn strictness(&self) -> u8 {
        match self {
            Action::Drop => 8,
            Action::Mask => 7,
            Action::Replace(_) => 5,
            Action::Shape => 4,
            Action::Correlate => 3,
            Action::Partial(_) => 1,
        }
    }

    /// As policies spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Action::Drop => "drop",
            Action::Mask => "mask",
            Action::Replace(_) => "replace",
            Action::Shape => "shape",
            Action::Correlate => "correlate",
            Action::Partial(_) => "partial",
        }
    }
}
