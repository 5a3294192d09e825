//! What the requests of one source hold in memory while they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::limits;

/// The bytes of all requests that are being read.
#[derive(Clone, Default)]
pub struct Held(Arc<AtomicUsize>);

/// The bytes of one request, given back when it is dropped.
pub struct Lease {
    held: Held,
    bytes: AtomicUsize,
}

impl Held {
    /// For a request that begins.
    pub fn lease(&self) -> Arc<Lease> {
        Arc::new(Lease { held: self.clone(), bytes: AtomicUsize::new(0) })
    }
}

impl Lease {
    /// Takes more, if there is room. A request that is the only one has what its own bound allows.
    pub fn grow(&self, bytes: usize) -> bool {
        let own = self.bytes.load(Ordering::Relaxed) + bytes;
        let all = self.held.0.load(Ordering::Relaxed) + bytes;
        if all > limits::OTLP_HELD_BYTES_MAX && all > own {
            return false;
        }
        self.bytes.store(own, Ordering::Relaxed);
        self.held.0.store(all, Ordering::Relaxed);
        true
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.held.0.fetch_sub(self.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_is_always_read_and_others_find_no_room() {
        let held = Held::default();
        let large = held.lease();
        assert!(large.grow(limits::OTLP_HELD_BYTES_MAX) && large.grow(1));
        let small = held.lease();
        assert!(!small.grow(1));
        drop(large);
        assert!(small.grow(1));
        drop(small);
        assert_eq!(held.0.load(Ordering::Relaxed), 0);
    }
}
