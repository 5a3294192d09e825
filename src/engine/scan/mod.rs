//! Where things are in a text: JSON, key=value, URLs, escapes. Knows nothing of policies.
