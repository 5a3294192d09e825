//! Ways to pay: cards, bank accounts, wallets.

mod card;
mod iban;
mod routing;
mod wallet;

use super::Detector;

pub(super) static DETECTORS: &[Detector] =
    &[card::DETECTOR, iban::DETECTOR, routing::DETECTOR, wallet::DETECTOR];
