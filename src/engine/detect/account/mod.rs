//! Who did it: names of accounts where programs write them without a field, in sentences that never change.

mod idioms;
mod user_name;

use super::Detector;

pub(super) static DETECTORS: &[Detector] = &[user_name::DETECTOR];
