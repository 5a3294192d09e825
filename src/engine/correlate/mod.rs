//! Correlation IDs: keyed, typed pseudonyms that stand in the place of identifiers. The same person gets the same ID
//! wherever the same key is used; without the key an ID says nothing.
//!
//! ```text
//! email_v8m2r5k9c0q3w7x1j6n4h8t2d5gz
//! ╰─┬─╯ ╰┬─╯╰────────┬─────────╯╰┬─╯
//! label kid          id        check
//! ```
//!
//! - [`mod@canonical`]: many ways to write one identifier → one form.
//! - [`Keyring`]: the keys; makes and recognises IDs.
//! - [`ring`]: the text of a key ring file. [`mod@derive`]: short-lived keys from a master.
//! - [`find_ids`]: what has the grammar of an ID in arbitrary bytes.
//!
//! Everything here is pure: random bytes and the time are passed in, files are read in `crate::keys`.

pub mod canonical;
pub mod derive;
mod id;
mod keyring;
pub mod ring;

pub use canonical::{CanonicalOptions, canonical};
pub use id::{FindIds, Kid, LABEL_BYTES_MAX, TAIL_BYTES, find_ids, id_ending_at, is_label, random_bits};
pub use keyring::{Key, Keyring, Recognised};
pub use ring::RingError;

#[cfg(test)]
mod tests;
