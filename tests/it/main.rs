//! Boundary tests: the real binary, the public library.

mod layers;
mod policy;
