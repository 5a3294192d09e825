//! Passwords, tokens, keys. Most are data: tables of what gives a token away (`table`), of what keys say (`key`), of which
//! words name a vendor (`vendors`). Shapes with a grammar have a file each.

mod aws;
mod azure;
mod cli;
mod edges;
mod generic;
mod http;
mod jwt;
mod key;
mod otp;
mod password_hash;
mod pem;
mod prose;
mod signed;
mod table;
mod tokens;
mod unprefixed;
mod userinfo;
mod value;
mod vendor;
mod vendors;

use super::Detector;

/// The detectors of the family.
pub(super) const DETECTORS: &[Detector] = &[
    vendor::AWS_ACCESS_KEY,
    aws::AWS_SECRET_KEY,
    azure::AZURE_SECRET,
    vendor::GITHUB_TOKEN,
    vendor::GITLAB_TOKEN,
    vendor::SLACK_TOKEN,
    vendor::STRIPE_KEY,
    vendor::GOOGLE_KEY,
    vendor::AI_API_KEY,
    vendor::REGISTRY_TOKEN,
    vendor::MESSAGING_TOKEN,
    vendor::VENDOR_TOKEN,
    jwt::JWT,
    pem::PRIVATE_KEY,
    http::BEARER,
    http::BASIC_AUTH,
    userinfo::URL_USERINFO,
    userinfo::URL_USER,
    signed::SIGNED_URL,
    cli::CLI_SECRET,
    otp::OTP_SECRET,
    password_hash::PASSWORD_HASH,
    generic::VENDOR_TOKEN_CONTEXT,
    generic::GENERIC_SECRET,
];
