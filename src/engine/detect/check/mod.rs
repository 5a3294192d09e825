//! Checks that say whether chance may have written a value: check digits, number ranges, alphabets, randomness. Pure
//! functions over digits and bytes; they know nothing of texts.

pub mod alphabet;
pub mod base58;
pub mod base64;
pub mod bech32;
pub mod entropy;
pub mod iin;
pub mod iso7064;
pub mod luhn;
pub mod mod97;
pub mod verhoeff;
pub mod weighted;
