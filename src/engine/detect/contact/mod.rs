//! Ways to reach a person.

mod email;
mod phone;

use super::Detector;

pub(super) static DETECTORS: &[Detector] = &[email::DETECTOR, phone::DETECTOR];
