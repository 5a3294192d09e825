//! The check of IBANs and creditor references (ISO 7064, MOD 97-10): letters count as 10-35, the number modulo 97 is 1.

/// The remainder modulo 97 of `text` read as a number in which `A` is 10 and `Z` is 35. `None` if another character is in
/// it.
pub fn mod97(text: impl Iterator<Item = u8>) -> Option<u32> {
    let mut remainder = 0;
    for byte in text {
        remainder = match byte {
            b'0'..=b'9' => remainder * 10 + u32::from(byte - b'0'),
            b'a'..=b'z' => remainder * 100 + u32::from(byte - b'a') + 10,
            b'A'..=b'Z' => remainder * 100 + u32::from(byte - b'A') + 10,
            _ => return None,
        } % 97;
    }
    Some(remainder)
}

/// Whether `text`, without separators, is right as an IBAN: its first four characters count last.
pub fn iban(text: &[u8]) -> bool {
    text.len() > 4 && mod97(text[4..].iter().chain(&text[..4]).copied()) == Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_ibans_pass_and_any_wrong_character_fails() {
        for text in ["GB33BUKB20201555555555", "DE75512108001245126199", "fr7630006000011234567890189"] {
            assert!(iban(text.as_bytes()), "{text}");
            for place in 0..text.len() {
                let mut wrong = text.as_bytes().to_vec();
                wrong[place] = if wrong[place] == b'7' { b'3' } else { b'7' };
                assert!(!iban(&wrong), "{}", String::from_utf8_lossy(&wrong));
            }
        }
    }

    #[test]
    fn other_characters_are_not_read() {
        assert!(!iban(b"GB33 BUKB20201555555555"));
        assert!(!iban(b"GB33"));
        assert_eq!(mod97(b"98".iter().copied()), Some(1));
    }
}
