//! Boundary tests: the real binary, the public library.
