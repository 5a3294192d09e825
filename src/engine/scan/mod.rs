//! Where things are in a text: JSON, escapes, `key=value`, URLs. Knows nothing of policies; copies nothing it need not.

pub mod classify;
pub mod json;
pub mod literals;
pub mod map;
pub mod pairs;
pub mod stamp;
pub mod url;
mod vector;
pub mod view;
