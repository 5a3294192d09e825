//! What the user wrote → what the machine runs.
pub struct Policy;
