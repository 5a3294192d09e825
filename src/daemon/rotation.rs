//! Which key of the ring makes IDs, as time passes. The engine reads no clock, so this happens between batches.

use std::sync::Arc;

use crate::engine::correlate::Keyring;
use crate::keys;

/// A ring and the moment at which another of its keys may have to take over.
pub struct Rotation {
    ring: Arc<Keyring>,
    /// Seconds since 1970; `None` when no key of the ring begins or ends any more.
    due: Option<i64>,
}

impl Rotation {
    /// Of a ring whose key for the time `now` is selected.
    pub fn new(ring: Arc<Keyring>, now: i64) -> Rotation {
        Rotation { due: next_border(&ring, now), ring }
    }

    /// The ring with another key selected, if at `now` another one must make the IDs.
    pub fn turn(&mut self, now: i64) -> Option<Arc<Keyring>> {
        if now < self.due? {
            return None;
        }
        self.due = next_border(&self.ring, now);
        // Without randomness for a key of this process the expired key stays: an ID of a key that was good a moment ago
        // tells no more than the one before it.
        let turned = Arc::new(keys::turn(&self.ring, now).ok().flatten()?);
        self.ring = Arc::clone(&turned);
        Some(turned)
    }
}

/// When the next key after `now` begins or ends.
fn next_border(ring: &Keyring, now: i64) -> Option<i64> {
    ring.keys().flat_map(|key| [key.not_before(), key.not_after()]).flatten().filter(|&at| at > now).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One key from 100 to 200, one from 190 to 300.
    fn ring() -> Arc<Keyring> {
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
        let text = format!(
            "k3yz 1970-01-01T00:01:40Z 1970-01-01T00:03:20Z {key}\nk4yz 1970-01-01T00:03:10Z 1970-01-01T00:05:00Z {key}\n"
        );
        let mut ring = Keyring::parse(text.as_bytes()).unwrap();
        ring.select(150).unwrap();
        Arc::new(ring)
    }

    fn kid(ring: Option<Arc<Keyring>>) -> Option<String> {
        ring.map(|ring| ring.selected().unwrap().as_str().to_owned())
    }

    #[test]
    fn the_newest_valid_key_takes_over_and_the_old_one_still_verifies() {
        let mut rotation = Rotation::new(ring(), 150);
        assert_eq!(kid(rotation.turn(189)), None);
        let turned = rotation.turn(190);
        assert_eq!(turned.as_ref().unwrap().keys().count(), 2);
        assert_eq!(kid(turned).as_deref(), Some("k4yz"));
        assert_eq!(kid(rotation.turn(250)), None, "the end of the old key changes nothing");
    }

    #[test]
    fn after_the_last_key_comes_one_of_this_process() {
        let mut rotation = Rotation::new(ring(), 150);
        let kid = kid(rotation.turn(1000)).unwrap();
        assert!(kid.starts_with('t'), "{kid}");
        assert!(rotation.turn(i64::MAX).is_none());
    }
}
