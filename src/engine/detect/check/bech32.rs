//! Bech32 and Bech32m (BIP 173, BIP 350): a readable prefix, `1`, data in base 32, the last six characters a checksum.

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Whether `text` is right: one case, prefix and data present, the checksum of either version fits.
pub fn bech32(text: &[u8]) -> bool {
    let mixed = text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase);
    let Some(separator) = text.iter().rposition(|b| *b == b'1') else { return false };
    if mixed || separator == 0 || text.len() > 90 || text.len() - separator < 7 {
        return false;
    }
    let prefix = text[..separator].iter().map(u8::to_ascii_lowercase);
    let mut check = 1;
    prefix.clone().for_each(|b| check = step(check, u32::from(b >> 5)));
    check = step(check, 0);
    prefix.for_each(|b| check = step(check, u32::from(b & 31)));
    for byte in &text[separator + 1..] {
        let Some(value) = ALPHABET.iter().position(|b| *b == byte.to_ascii_lowercase()) else { return false };
        check = step(check, value as u32);
    }
    check == 1 || check == 0x2bc8_30a3
}

/// One step of the BCH code.
fn step(check: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = check >> 25;
    let next = (check & 0x1ff_ffff) << 5 ^ value;
    GENERATOR.iter().enumerate().fold(next, |next, (i, g)| if top >> i & 1 == 1 { next ^ g } else { next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_proposals_pass_and_any_wrong_character_fails() {
        for valid in ["A12UEL5L", "a1lqfn3a", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"]
        {
            assert!(bech32(valid.as_bytes()), "{valid}");
            for place in 0..valid.len() {
                let mut wrong = valid.as_bytes().to_vec();
                wrong[place] = if wrong[place] == b'z' { b'9' } else { b'z' };
                assert!(!bech32(&wrong), "{}", String::from_utf8_lossy(&wrong));
            }
        }
        assert!(!bech32(b"1qqqqqqq") && !bech32(b"") && !bech32(b"a1"));
    }
}
