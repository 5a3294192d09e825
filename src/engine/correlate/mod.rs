//! Correlation IDs: keyed, typed pseudonyms that replace identifiers.
pub struct Keyring;
