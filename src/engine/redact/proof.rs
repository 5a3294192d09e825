//! Proof that bytes went through a [`Redactor`](super::Redactor): only the engine can add to it.

/// `T` holds redacted output only. Anyone may make an empty one and read it; only the engine can put bytes in.
pub struct Redacted<T>(T);

impl Redacted<Vec<u8>> {
    /// An empty buffer to redact into.
    pub fn new() -> Self {
        Redacted(Vec::new())
    }

    /// An empty buffer with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Redacted(Vec::with_capacity(bytes))
    }

    /// The redacted bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Size of the allocation in bytes.
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Gives back what the allocation has too much.
    pub fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Whether nothing was redacted into it yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets the contents and keeps the allocation.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub(in crate::engine) fn append(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(in crate::engine) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Default for Redacted<Vec<u8>> {
    fn default() -> Self {
        Self::new()
    }
}
