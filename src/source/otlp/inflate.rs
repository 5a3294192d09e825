//! Bodies out of their compression, with a bound on what comes out: never more than a piece beyond it.

use std::io::Write;

use flate2::write::MultiGzDecoder;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::held::Lease;
use crate::limits;

/// Why a body is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is larger than a request may be.
    TooLarge,
    /// It is not what its encoding says, or ends in the middle.
    Broken,
    /// Too much is being read already.
    Busy,
    /// Its client went away, or sends too slowly.
    Stalled,
}

/// Takes the pieces of a body.
pub enum Inflate {
    /// As it is.
    Identity(Sink),
    /// RFC 1952, any number of members.
    Gzip(Box<MultiGzDecoder<Sink>>, bool),
    /// RFC 8878, any number of frames.
    Zstd {
        /// Of the library.
        decoder: Decoder<'static>,
        /// Whether the last frame has come to its end.
        complete: bool,
        /// Where it goes.
        sink: Sink,
    },
}

/// Where the body goes.
pub struct Sink {
    bytes: Vec<u8>,
    bytes_max: usize,
    lease: std::sync::Arc<Lease>,
    refused: Option<Refused>,
}

impl Inflate {
    /// For a body with this `Content-Encoding`; `None` if that is not known.
    pub fn new(encoding: &[u8], bytes_max: usize, lease: std::sync::Arc<Lease>) -> Option<Inflate> {
        let sink = Sink { bytes: Vec::new(), bytes_max, lease, refused: None };
        Some(match encoding {
            b"" | b"identity" | b"none" => Inflate::Identity(sink),
            b"gzip" => Inflate::Gzip(Box::new(MultiGzDecoder::new(sink)), false),
            b"zstd" => {
                let mut decoder = Decoder::new().ok()?;
                decoder.set_parameter(DParameter::WindowLogMax(limits::ZSTD_WINDOW_LOG_MAX)).ok()?;
                Inflate::Zstd { decoder, complete: false, sink }
            }
            _ => return None,
        })
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// If the body cannot be taken.
    pub fn piece(&mut self, piece: &[u8]) -> Result<(), Refused> {
        match self {
            Inflate::Identity(sink) => sink.take(piece),
            Inflate::Gzip(decoder, any) => {
                *any |= !piece.is_empty();
                let taken = decoder.write_all(piece);
                taken.map_err(|_| decoder.get_ref().refused.unwrap_or(Refused::Broken))
            }
            Inflate::Zstd { decoder, complete, sink } => {
                let mut out = vec![0; limits::READ_BYTES.min(64 << 10)];
                let mut input = InBuffer::around(piece);
                loop {
                    let mut output = OutBuffer::around(out.as_mut_slice());
                    let hint = decoder.run(&mut input, &mut output).map_err(|_| Refused::Broken)?;
                    let written = output.pos();
                    sink.take(&out[..written])?;
                    *complete = hint == 0;
                    // A full buffer may have left something behind.
                    if input.pos() == piece.len() && written < out.len() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// If its end is missing.
    pub fn end(self) -> Result<Vec<u8>, Refused> {
        match self {
            Inflate::Identity(sink) => Ok(sink.bytes),
            Inflate::Gzip(decoder, true) => {
                decoder.finish().map(|sink| sink.bytes).map_err(|_| Refused::Broken)
            }
            Inflate::Gzip(_, false) => Err(Refused::Broken),
            Inflate::Zstd { complete: true, sink, .. } => Ok(sink.bytes),
            Inflate::Zstd { .. } => Err(Refused::Broken),
        }
    }
}

impl Sink {
    fn take(&mut self, piece: &[u8]) -> Result<(), Refused> {
        if self.bytes.len() + piece.len() > self.bytes_max {
            return Err(Refused::TooLarge);
        }
        if !self.lease.grow(piece.len()) {
            return Err(Refused::Busy);
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.take(piece).map(|()| piece.len()).map_err(|refused| {
            self.refused = Some(refused);
            std::io::ErrorKind::Other.into()
        })
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::held::Held;
    use super::*;
    use flate2::write::GzEncoder;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(bytes, 1).unwrap()
    }

    fn inflate(encoding: &str, body: &[u8], pieces: usize) -> Result<Vec<u8>, Refused> {
        let held = Held::default();
        let mut inflate = Inflate::new(encoding.as_bytes(), 1 << 20, held.lease()).unwrap();
        for piece in body.chunks(pieces) {
            inflate.piece(piece)?;
        }
        inflate.end()
    }

    #[test]
    fn bodies_come_out_whole_however_they_are_cut() {
        let text = b"line of a log\n".repeat(10_000);
        for pieces in [1, 7, 4096, 1 << 20] {
            assert_eq!(inflate("gzip", &gzip(&text), pieces).unwrap(), text);
            assert_eq!(inflate("zstd", &zstd(&text), pieces).unwrap(), text);
            assert_eq!(inflate("identity", &text, pieces).unwrap(), text);
            let two = [gzip(b"one"), gzip(b"two")].concat();
            assert_eq!(inflate("gzip", &two, pieces).unwrap(), b"onetwo");
            let two = [zstd(b"one"), zstd(b"two")].concat();
            assert_eq!(inflate("zstd", &two, pieces).unwrap(), b"onetwo");
        }
        assert!(inflate("zstd", &zstd(b""), 9).unwrap().is_empty());
    }

    #[test]
    fn what_is_cut_or_goes_on_is_broken() {
        let (gzip, zstd) = (gzip(b"some text"), zstd(b"some text"));
        for cut in 0..gzip.len() {
            assert_eq!(inflate("gzip", &gzip[..cut], 4096), Err(Refused::Broken), "{cut}");
        }
        for cut in 0..zstd.len() {
            assert_eq!(inflate("zstd", &zstd[..cut], 4096), Err(Refused::Broken), "{cut}");
        }
        for rest in [&b"x"[..], b"\x1f\x8b", b"garbage that is long enough"] {
            assert_eq!(inflate("gzip", &[&gzip, rest].concat(), 4096), Err(Refused::Broken));
            assert_eq!(inflate("zstd", &[&zstd, rest].concat(), 4096), Err(Refused::Broken));
        }
    }

    #[test]
    fn a_bomb_is_left_when_it_has_grown_too_large() {
        let zeros = vec![0; 8 << 20];
        for (encoding, body) in [("gzip", gzip(&zeros)), ("zstd", zstd(&zeros))] {
            assert_eq!(inflate(encoding, &body, 1024), Err(Refused::TooLarge), "{encoding}");
        }
        // Only the headers of a frame that wants a window of 1 GiB.
        let window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 0x01, 0x00, 0x00];
        assert_eq!(inflate("zstd", &window, 4096), Err(Refused::Broken));
        assert!(Inflate::new(b"br", 1, Held::default().lease()).is_none());
    }
}
