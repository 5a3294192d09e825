//! Base58Check: bytes as a number in base 58 without `0`, `O`, `I`, `l`, the last four a checksum (twice SHA-256).

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// An address of Bitcoin and its kin: version, 20 bytes of hash, checksum.
const ADDRESS_BYTES: usize = 25;

/// Whether the byte is a digit in base 58.
pub fn is_base58(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'O' | b'I' | b'l')
}

/// The version byte of the address `text`, if its checksum fits.
pub fn address_version(text: &[u8]) -> Option<u8> {
    let mut bytes = [0_u8; ADDRESS_BYTES];
    for digit in text {
        let mut carry = u32::try_from(ALPHABET.iter().position(|b| b == digit)?).ok()?;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    let (payload, checksum) = bytes.split_at(ADDRESS_BYTES - 4);
    let hash = Sha256::digest(Sha256::digest(payload));
    (hash[..4] == *checksum).then_some(bytes[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_passes_and_any_wrong_character_fails() {
        let valid = b"1BoatSLRHtKNngkdXEeobR76b53LETtpyT";
        assert_eq!(address_version(valid), Some(0));
        for place in 0..valid.len() {
            let mut wrong = *valid;
            wrong[place] = if wrong[place] == b'2' { b'3' } else { b'2' };
            assert_eq!(address_version(&wrong), None, "{}", String::from_utf8_lossy(&wrong));
        }
        assert_eq!(address_version(b"1BoatSLRHtKNngkdXEeobR76b53LETtpy0"), None);
        assert_eq!(address_version(&[b'z'; 80]), None);
    }
}
