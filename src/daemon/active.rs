//! Policy and keys in force, and their way into gates: a reload puts new ones into a [`Slot`], and each gate takes them at
//! its next border between two batches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::rotation::Rotation;
use crate::engine::correlate::Keyring;
use crate::engine::policy::Policy;
use crate::engine::redact::{Format, Redactor};
use crate::keys;
use crate::pipeline::AtBorder;

/// What redacts.
#[derive(Clone)]
pub struct Active {
    /// What is redacted.
    pub policy: Arc<Policy>,
    /// Keys of the correlation IDs, one of them selected.
    pub ring: Arc<Keyring>,
}

/// The one place where sources with the same layers find what is in force.
pub struct Slot {
    active: Mutex<Active>,
    /// Grows with each change, so that gates need not take the lock to see that there is none.
    version: AtomicU64,
}

impl Slot {
    /// With these in force.
    pub fn new(active: Active) -> Arc<Slot> {
        Arc::new(Slot { active: Mutex::new(active), version: AtomicU64::new(0) })
    }

    /// What is in force.
    pub fn active(&self) -> Active {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts something else in force. Batches that are open keep what they began with.
    pub fn replace(&self, active: Active) {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner) = active;
        self.version.fetch_add(1, Ordering::Release);
    }
}

/// How one source wants its lines read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The format.
    pub format: Format,
    /// Whether JSON objects get a member with the policy id and counts.
    pub remarks: bool,
}

/// A redactor of what is in force, and what keeps it so.
pub fn redactor(slot: &Arc<Slot>, reading: Reading) -> (Redactor, Box<AtBorder>) {
    // Before the values: a change between the two is then seen once more instead of never.
    let mut version = slot.version.load(Ordering::Acquire);
    let active = slot.active();
    let mut rotation = Rotation::new(Arc::clone(&active.ring), keys::now());
    let redactor = make(active, reading);
    let slot = Arc::clone(slot);
    let at_border = move |redactor: &mut Redactor| {
        let now = slot.version.load(Ordering::Acquire);
        if now != version {
            version = now;
            let active = slot.active();
            rotation = Rotation::new(Arc::clone(&active.ring), keys::now());
            if redactor.policy().id == active.policy.id {
                // It keeps its counts, which somebody adds up.
                redactor.set_ring(active.ring);
            } else {
                *redactor = make(active, reading);
            }
        } else if let Some(ring) = rotation.turn(keys::now()) {
            redactor.set_ring(ring);
        }
    };
    (redactor, Box::new(at_border))
}

fn make(active: Active, reading: Reading) -> Redactor {
    let mut redactor = Redactor::new(active.policy, active.ring);
    redactor.set_format(reading.format);
    redactor.set_remarks(reading.remarks);
    #[cfg(debug_assertions)]
    if let Some(bytes) = std::env::var_os("REDACTD_PANIC_ON") {
        redactor.panic_on(bytes.as_encoded_bytes());
    }
    redactor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::policy::LayerSource;
    use crate::engine::redact::Redacted;

    fn active(rule: &str) -> Active {
        let text = format!("{{version: 1, extends: [], rules: [{{id: {rule}, in: pin, do: mask}}]}}");
        let policy = Policy::compile(&[LayerSource::new("test", text)]).unwrap();
        Active { policy: Arc::new(policy), ring: Arc::new(Keyring::ephemeral(&[7; 64])) }
    }

    #[test]
    fn what_is_put_in_force_is_taken_at_the_next_border() {
        let slot = Slot::new(active("old"));
        let reading = Reading { format: Format::Auto, remarks: false };
        let (mut redactor, mut at_border) = redactor(&slot, reading);
        let line = |redactor: &mut Redactor| {
            let mut out = Redacted::default();
            redactor.redact_line(b"{\"pin\":1}", &mut out);
            String::from_utf8(out.as_bytes().to_vec()).unwrap()
        };
        slot.replace(active("new"));
        assert_eq!(line(&mut redactor), "{\"pin\":\"[redacted:old]\"}");
        at_border(&mut redactor);
        assert_eq!(line(&mut redactor), "{\"pin\":\"[redacted:new]\"}");
        let counted = redactor.counts().to_vec();
        slot.replace(active("old"));
        slot.replace(active("new"));
        at_border(&mut redactor);
        assert_eq!((redactor.counts(), counted[0]), (&counted[..], 1), "back where it was, with its counts");
    }
}
