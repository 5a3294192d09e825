//! Base64 in both alphabets, decoded a few bytes at a time without allocating: enough to see what a token begins with.

fn sextet(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

/// Decodes from the start of `text` until `out` is full, the text ends or a byte is no base64. Returns how many bytes of
/// `out` were written. Padding ends the text.
pub fn decode_start(text: &[u8], out: &mut [u8]) -> usize {
    let mut bits = 0u32;
    let mut held = 0u32;
    let mut written = 0;
    for sextet in text.iter().map_while(|&b| sextet(b)) {
        bits = (bits << 6) | sextet;
        held += 6;
        if held >= 8 {
            held -= 8;
            let Some(slot) = out.get_mut(written) else { break };
            *slot = (bits >> held) as u8;
            written += 1;
            bits &= (1 << held) - 1;
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_both_alphabets() {
        let mut out = [0; 8];
        assert_eq!(decode_start(b"dXNlcjpwdw==", &mut out), 7);
        assert_eq!(&out[..7], b"user:pw");
        assert_eq!(decode_start(b"__-_", &mut out), 3);
        assert_eq!(out[..3], [0xff, 0xff, 0xbf]);
        assert_eq!(decode_start(b"dXNlcjpwdw==", &mut out[..3]), 3);
        assert_eq!(decode_start(b"a", &mut out), 0);
        assert_eq!(decode_start(b"\xff", &mut out), 0);
    }
}
