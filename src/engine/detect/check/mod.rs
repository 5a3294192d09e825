//! Checks that say whether chance may have written a value: check digits, number ranges. Pure functions over the values
//! of digits; they know nothing of texts.

pub mod base58;
pub mod bech32;
pub mod iin;
pub mod iso7064;
pub mod luhn;
pub mod mod97;
pub mod verhoeff;
pub mod weighted;
