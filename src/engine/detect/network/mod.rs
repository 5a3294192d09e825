//! Addresses of machines, which are addresses of people at their ends.

mod ipv4;
mod ipv6;
mod mac;

use super::Detector;

pub(super) static DETECTORS: &[Detector] = &[ipv4::DETECTOR, ipv6::DETECTOR, mac::DETECTOR];
