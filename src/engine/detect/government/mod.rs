//! Ids that governments and health services give to people and firms.

mod americas;
mod asia_pacific;
mod europe;
mod national;
mod scheme;
mod ssn;

use super::Detector;

pub(super) static DETECTORS: &[Detector] = &[ssn::SSN, ssn::ITIN, national::DETECTOR];
