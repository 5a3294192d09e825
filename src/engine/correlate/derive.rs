//! Short-lived keys from a master, by HKDF-SHA-256 (RFC 5869). The master stays where rings are made; a ring lets its
//! holder compute the IDs of its own epochs and of no other.
//!
//! ```text
//! PRK      = HKDF-Extract(salt = "redactd correlation keys 1", master)
//! epoch    = start (i64, big endian, seconds since 1970) ‖ length (u32, big endian, seconds)
//! K_id     = HKDF-Expand(PRK, "id" ‖ epoch, 32)
//! K_chk    = HKDF-Expand(PRK, "check" ‖ epoch, 32)
//! kid      = first 20 bits of HKDF-Expand(PRK, "kid" ‖ epoch, 32); while it begins with `t`, the next 32 bits' first 20
//! ```

use hkdf::Hkdf;
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

use super::id::Kid;
use super::ring::{Entry, SECRET_BYTES, Secret};
use crate::limits::{DERIVED_EPOCHS_MAX, EPOCH_SECONDS_MAX, EPOCH_SECONDS_MIN};

const SALT: &[u8] = b"redactd correlation keys 1";

/// Epochs are counted from this Monday (1970-01-05T00:00:00Z), so that whoever derives for the same length gets the same
/// borders: days begin at midnight UTC, weeks on Monday.
const ANCHOR: i64 = 4 * 86_400;

/// A stretch of time with a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    start: i64,
    seconds: u32,
}

/// Why epochs were refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum EpochError {
    /// Outside of the bounds, or no whole hours.
    #[error("an epoch lasts whole hours, from {}h to {}h", EPOCH_SECONDS_MIN / 3600, EPOCH_SECONDS_MAX / 3600)]
    Length,
    /// None or too many at once.
    #[error("between 1 and {DERIVED_EPOCHS_MAX} epochs can be derived at once")]
    Count,
    /// Before 1970 or beyond the year 9999.
    #[error("the epochs lie outside of the years 1970 to 9999")]
    Range,
    /// Two of the epochs got the same 20-bit key id.
    #[error("epochs {0} and {1} of the ring would share the key id {2}")]
    Clash(usize, usize, Kid),
}

impl EpochError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            EpochError::Clash(..) => Some("derive fewer epochs, or the two halves into two rings"),
            _ => None,
        }
    }
}

impl Epoch {
    /// The epoch of `seconds` that contains the moment `at` (seconds since 1970).
    ///
    /// # Errors
    /// If the length is out of bounds or the epoch begins before 1970.
    pub fn containing(at: i64, seconds: u32) -> Result<Epoch, EpochError> {
        if !(EPOCH_SECONDS_MIN..=EPOCH_SECONDS_MAX).contains(&seconds) || !seconds.is_multiple_of(3600) {
            return Err(EpochError::Length);
        }
        let start = at.checked_sub(ANCHOR).ok_or(EpochError::Range)?.div_euclid(i64::from(seconds))
            * i64::from(seconds)
            + ANCHOR;
        if (0..=LAST_START).contains(&start) { Ok(Epoch { start, seconds }) } else { Err(EpochError::Range) }
    }

    /// First second of the epoch.
    pub fn start(self) -> i64 {
        self.start
    }

    /// First second of the next one.
    pub fn end(self) -> i64 {
        self.start + i64::from(self.seconds)
    }

    fn info(self, what: &[u8]) -> Vec<u8> {
        [what, &self.start.to_be_bytes(), &self.seconds.to_be_bytes()].concat()
    }
}

/// Latest start of an epoch: its end must be a date of four-digit years, 9999-12-30T22:00:00Z.
const LAST_START: i64 = 253_402_207_200 - EPOCH_SECONDS_MAX as i64;

/// The keys of `count` epochs from `first` on. With `verify_only` they recognise IDs and cannot make any.
///
/// # Errors
/// If there are too many, they reach beyond the calendar or two get the same key id.
pub fn derive(
    master: &[u8; SECRET_BYTES],
    first: Epoch,
    count: u32,
    verify_only: bool,
) -> Result<Vec<Entry>, EpochError> {
    if !(1..=DERIVED_EPOCHS_MAX).contains(&count) {
        return Err(EpochError::Count);
    }
    let keys = Hkdf::<Sha256>::new(Some(SALT), master);
    let mut entries: Vec<Entry> = Vec::with_capacity(count as usize);
    let mut epoch = first;
    for position in 0..count as usize {
        let entry = derive_one(&keys, epoch, verify_only);
        if let Some(clash) = entries.iter().position(|earlier| earlier.kid == entry.kid) {
            return Err(EpochError::Clash(clash + 1, position + 1, entry.kid));
        }
        entries.push(entry);
        epoch = Epoch::containing(epoch.end(), epoch.seconds)?;
    }
    Ok(entries)
}

fn derive_one(keys: &Hkdf<Sha256>, epoch: Epoch, verify_only: bool) -> Entry {
    let expand = |what: &[u8]| {
        let mut out = Zeroizing::new([0; SECRET_BYTES]);
        keys.expand(&epoch.info(what), &mut out[..]).expect("HKDF-SHA-256 gives up to 8160 bytes");
        out
    };
    let check = expand(b"check");
    let secret =
        if verify_only { Secret::Verify { check } } else { Secret::Make { id: expand(b"id"), check } };
    Entry {
        kid: Kid::lasting(&expand(b"kid")[..]),
        not_before: Some(epoch.start),
        not_after: Some(epoch.end()),
        secret,
    }
}
