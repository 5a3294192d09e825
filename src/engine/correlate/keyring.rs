//! The keys that make and recognise correlation IDs.
//!
//! With `len(x)` as a 32-bit big-endian number before each part, so that no two lists of parts read the same:
//!
//! ```text
//! id    = first 100 bits of HMAC-SHA-256(K_id,  len ‖ kind, len ‖ scope, len ‖ version of canonical forms, len ‖ value)
//! check = first  20 bits of HMAC-SHA-256(K_chk, kid ‖ id as written)
//! ```
//!
//! HMAC is RFC 2104; its section 5 allows truncation to no less than 80 bits and half the output is the usual advice:
//! an ID is a name, not an authenticator, and 100 bits make two of 10^9 names collide with a chance of 4e-13. The check
//! tells our own IDs from text that only looks alike. It is a device for idempotence, not a security boundary.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::canonical;
use super::id::{CHECK_CHARS, ID_CHARS, KID_CHARS, Kid, encode, split};
use super::ring::{self, Entry, RingError, SECRET_BYTES, Secret};

/// One key: the keyed states of both HMACs, computed once and cloned for every ID. They are wiped when it is dropped,
/// and so are the clones. Has no `Debug` on purpose.
pub struct Key {
    kid: Kid,
    not_before: Option<i64>,
    not_after: Option<i64>,
    id: Option<Hmac<Sha256>>,
    check: Hmac<Sha256>,
}

impl Key {
    fn new(entry: &Entry) -> Key {
        let (id, check) = match &entry.secret {
            Secret::Make { id, check } => (Some(keyed(id)), keyed(check)),
            Secret::Verify { check } => (None, keyed(check)),
        };
        Key { kid: entry.kid, not_before: entry.not_before, not_after: entry.not_after, id, check }
    }

    /// Its id.
    pub fn kid(&self) -> Kid {
        self.kid
    }

    /// From when it makes IDs: seconds since 1970, included. `None`: always did.
    pub fn not_before(&self) -> Option<i64> {
        self.not_before
    }

    /// Until when it makes IDs: seconds since 1970, excluded. `None`: for ever. It recognises its IDs for ever in any
    /// case.
    pub fn not_after(&self) -> Option<i64> {
        self.not_after
    }

    /// Whether it can make IDs, and does not only recognise them.
    pub fn can_make(&self) -> bool {
        self.id.is_some()
    }

    /// Whether it may make IDs at that moment.
    pub fn valid_at(&self, now: i64) -> bool {
        self.not_before.is_none_or(|from| from <= now) && self.not_after.is_none_or(|to| now < to)
    }

    /// Appends the ID that this key makes, if it can; see [`Keyring::append_id`].
    pub fn append_id(
        &self,
        label: &str,
        kind: &str,
        scope: &str,
        canonical: &[u8],
        out: &mut Vec<u8>,
    ) -> bool {
        let Some(keyed) = &self.id else { return false };
        let mut mac = keyed.clone();
        for part in [kind.as_bytes(), scope.as_bytes(), &[canonical::VERSION], canonical] {
            mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            mac.update(part);
        }
        let mut tail = [0; KID_CHARS + ID_CHARS];
        tail[..KID_CHARS].copy_from_slice(self.kid.as_bytes());
        encode(&mac.finalize().into_bytes(), &mut tail[KID_CHARS..]);
        out.reserve(label.len() + 1 + tail.len() + CHECK_CHARS);
        out.extend_from_slice(label.as_bytes());
        out.push(b'_');
        out.extend_from_slice(&tail);
        out.extend_from_slice(&self.check(&tail));
        true
    }

    fn check(&self, kid_and_id: &[u8]) -> [u8; CHECK_CHARS] {
        let mut mac = self.check.clone();
        mac.update(kid_and_id);
        let mut check = [0; CHECK_CHARS];
        encode(&mac.finalize().into_bytes(), &mut check);
        check
    }
}

fn keyed(secret: &[u8; SECRET_BYTES]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")
}

/// What a token is to a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// An ID made with a key of the ring.
    Genuine,
    /// The grammar of an ID, but no key of that id.
    UnknownKey,
    /// The grammar of an ID and a known key, but the check fails: ordinary text that looks alike.
    Forged,
    /// Not the grammar of an ID.
    NotAnId,
}

/// The keys of one ring and the choice of the one that makes IDs.
///
/// The engine has no clock: after reading a ring, and again whenever time has passed, its owner calls
/// [`Keyring::select`]. To change the choice while others read the ring, select on a [`Keyring::share`] and hand that
/// out from the next batch on.
pub struct Keyring {
    /// Oldest first.
    keys: Vec<Arc<Key>>,
    /// Sorted, with the index in `keys`.
    by_kid: Vec<(Kid, usize)>,
    maker: Option<usize>,
}

impl Keyring {
    /// Reads the text of a ring file ([`ring`] has the format). No key is selected yet.
    ///
    /// # Errors
    /// The first fault found, by line and without its contents.
    pub fn parse(text: &[u8]) -> Result<Keyring, RingError> {
        Ok(Keyring::from_entries(&ring::parse(text)?))
    }

    /// A ring of those keys, in the order of their file. No key is selected yet.
    pub fn from_entries(entries: &[Entry]) -> Keyring {
        let mut keys: Vec<Arc<Key>> = entries.iter().map(|entry| Arc::new(Key::new(entry))).collect();
        // Stable: of two keys that begin together the one further down in the file counts as newer.
        keys.sort_by_key(|key| key.not_before.unwrap_or(i64::MIN));
        Keyring::from_keys(keys)
    }

    fn from_keys(keys: Vec<Arc<Key>>) -> Keyring {
        let mut by_kid: Vec<(Kid, usize)> = keys.iter().enumerate().map(|(i, key)| (key.kid, i)).collect();
        by_kid.sort_unstable();
        Keyring { keys, by_kid, maker: None }
    }

    /// A ring of one key that is stored nowhere and dies with its process, selected. Its kid begins with `t`, so whoever
    /// reads an ID sees that it will mean nothing to another process. `random` must come from the operating system's
    /// generator.
    pub fn ephemeral(random: &[u8; 64]) -> Keyring {
        let mut ring = Keyring::from_keys(Vec::new());
        ring.add_ephemeral(random);
        ring.maker = Some(0);
        ring
    }

    /// Adds a key as in [`Keyring::ephemeral`] as the oldest of the ring: for a ring without a valid key, whose keys
    /// still recognise. Call [`Keyring::select`] afterwards; any valid key of the file goes first.
    pub fn add_ephemeral(&mut self, random: &[u8; 64]) {
        let expand = hkdf::Hkdf::<Sha256>::new(Some(b"redactd ephemeral key 1"), random);
        let secret = |what: &[u8]| {
            let mut out = zeroize::Zeroizing::new([0; SECRET_BYTES]);
            expand.expand(what, &mut out[..]).expect("HKDF-SHA-256 gives up to 8160 bytes");
            out
        };
        let kid = secret(b"kid");
        let entry = Entry {
            kid: Kid::ephemeral(&[kid[0], kid[1]]),
            not_before: None,
            not_after: None,
            secret: Secret::Make { id: secret(b"id"), check: secret(b"check") },
        };
        let mut keys = std::mem::take(&mut self.keys);
        keys.insert(0, Arc::new(Key::new(&entry)));
        *self = Keyring::from_keys(keys);
    }

    /// Selects the key that makes IDs from now on: of those that can and are valid at `now_unix_seconds`, the newest,
    /// that is the one with the latest not-before, further down in the file among equals. `None` if there is none:
    /// then the caller must [add an ephemeral one](Keyring::add_ephemeral).
    pub fn select(&mut self, now_unix_seconds: i64) -> Option<Kid> {
        self.maker = self.keys.iter().rposition(|key| key.can_make() && key.valid_at(now_unix_seconds));
        self.selected()
    }

    /// The key that makes IDs.
    pub fn selected(&self) -> Option<Kid> {
        self.maker.map(|maker| self.keys[maker].kid)
    }

    /// The same keys with a choice of their own. Key material is shared, not copied.
    pub fn share(&self) -> Keyring {
        Keyring { keys: self.keys.clone(), by_kid: self.by_kid.clone(), maker: self.maker }
    }

    /// All keys, newest first.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().rev().map(|key| &**key)
    }

    /// Appends `LABEL_` and the 28 characters that the selected key makes of an identifier. `label` changes nothing but
    /// the label; callers keep to [`is_label`](super::is_label). `canonical` is the output of
    /// [`canonical()`](super::canonical()).
    ///
    /// Without a selected key it appends `[redacted:no_key]`: callers should never let it come to that, and if they do
    /// nothing leaks.
    pub fn append_id(&self, label: &str, kind: &str, scope: &str, canonical: &[u8], out: &mut Vec<u8>) {
        let made = self.maker.is_some_and(|at| self.keys[at].append_id(label, kind, scope, canonical, out));
        if !made {
            out.extend_from_slice(b"[redacted:no_key]");
        }
    }

    /// Says whether `token`, the whole of it, is an ID of one of these keys, valid or expired. The label does not
    /// matter. Checks are compared in constant time.
    pub fn recognise(&self, token: &[u8]) -> Recognised {
        let Some(parts) = split(token) else { return Recognised::NotAnId };
        let Ok(at) = self.by_kid.binary_search_by_key(&parts.kid, |&(kid, _)| kid) else {
            return Recognised::UnknownKey;
        };
        let expected = self.keys[self.by_kid[at].1].check(parts.checked);
        if bool::from(expected.ct_eq(parts.check)) { Recognised::Genuine } else { Recognised::Forged }
    }
}
