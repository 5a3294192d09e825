//! How the bodies of requests are compressed.

use std::io::Write;

use flate2::write::GzEncoder;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// The bytes, compressed.
pub fn compressed(bytes: Vec<u8>, compression: Compression) -> Vec<u8> {
    match compression {
        Compression::None => bytes,
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            // Writing to memory does not fail.
            let _ = encoder.write_all(&bytes);
            encoder.finish().unwrap_or_default()
        }
        Compression::Zstd => {
            zstd::bulk::compress(&bytes, zstd::DEFAULT_COMPRESSION_LEVEL).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn compressed_bodies_are_what_their_names_say() {
        let text = b"line\n".repeat(1000);
        let gzip = compressed(text.clone(), Compression::Gzip);
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(gzip.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == text && gzip.len() < 100);
        let zstd = compressed(text.clone(), Compression::Zstd);
        assert!(zstd::bulk::decompress(&zstd, 10_000).unwrap() == text && zstd.len() < 100);
    }
}
