//! The bytes of an open file by their position: as they are, or unpacked.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;

use flate2::read::MultiGzDecoder;

use super::print::read_stretch;
use crate::limits;

/// An open file.
pub(super) enum Reader {
    /// Read as it is.
    Plain(File),
    /// Unpacked while it is read.
    Gzip(Box<Gzip>),
}

/// A compressed file. Positions are those of what it unpacks to.
pub(super) struct Gzip {
    file: File,
    /// `None` where the data ended too early; another try begins anew.
    decoder: Option<MultiGzDecoder<File>>,
    /// Position of the next byte that the decoder gives.
    at: u64,
    /// The bytes before it that will be read again.
    back: Vec<u8>,
    /// The file has been unpacked to its end.
    ended: bool,
}

/// Why a compressed file is given up.
#[derive(Debug, thiserror::Error)]
pub enum GzipError {
    /// Too much.
    #[error(
        "it unpacks to more than {} bytes or to more than {} times its size",
        limits::GZIP_BYTES_MAX,
        limits::GZIP_RATIO_MAX
    )]
    Bomb,
    /// Not gzip, or damaged.
    #[error("it is no gzip file, or damaged")]
    Damaged,
}

impl Reader {
    /// Reads what it finds of `file`, which is open.
    pub fn new(file: File, gzip: bool) -> Reader {
        if !gzip {
            return Reader::Plain(file);
        }
        Reader::Gzip(Box::new(Gzip { file, decoder: None, at: 0, back: Vec::new(), ended: false }))
    }

    /// The file behind it.
    pub fn file(&self) -> &File {
        match self {
            Reader::Plain(file) => file,
            Reader::Gzip(gzip) => &gzip.file,
        }
    }

    /// Reads once, from position `at`. 0: there is no more now.
    pub fn read(&mut self, space: &mut [u8], at: u64) -> io::Result<usize> {
        loop {
            let read = match self {
                Reader::Plain(file) => file.read_at(space, at),
                Reader::Gzip(gzip) => gzip.read(space, at),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    /// Reads a stretch; shorter if there is no more.
    pub fn stretch(&mut self, start: u64, bytes: u64) -> io::Result<Vec<u8>> {
        match self {
            Reader::Plain(file) => read_stretch(file, start, bytes),
            Reader::Gzip(gzip) => {
                let mut buffer = vec![0; bytes.min(limits::PREFIX_BYTES as u64) as usize];
                let mut filled = 0;
                while filled < buffer.len() {
                    match gzip.read(&mut buffer[filled..], start + filled as u64)? {
                        0 => break,
                        more => filled += more,
                    }
                }
                buffer.truncate(filled);
                Ok(buffer)
            }
        }
    }

    /// Tells it that these bytes, the last it gave, will be asked for again.
    pub fn put_back(&mut self, bytes: &[u8]) {
        if let Reader::Gzip(gzip) = self {
            gzip.back = bytes.to_vec();
        }
    }

    /// Whether there will be no more, unless the file changes.
    pub fn ended(&self) -> bool {
        matches!(self, Reader::Gzip(gzip) if gzip.ended)
    }
}

impl Gzip {
    fn read(&mut self, space: &mut [u8], at: u64) -> io::Result<usize> {
        let back = self.at - self.back.len() as u64;
        if (back..self.at).contains(&at) {
            let kept = &self.back[(at - back) as usize..];
            let bytes = kept.len().min(space.len());
            space[..bytes].copy_from_slice(&kept[..bytes]);
            return Ok(bytes);
        }
        self.back = Vec::new();
        if at < self.at || self.decoder.is_none() {
            self.begin()?;
        }
        while self.at < at {
            let mut skipped = [0; 8 << 10];
            let bytes = (at - self.at).min(skipped.len() as u64) as usize;
            if self.unpack(&mut skipped[..bytes])? == 0 {
                return Ok(0);
            }
        }
        self.unpack(space)
    }

    fn begin(&mut self) -> io::Result<()> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        self.decoder = Some(MultiGzDecoder::new(file));
        self.at = 0;
        self.ended = false;
        Ok(())
    }

    fn unpack(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else { return Ok(0) };
        match decoder.read(space) {
            Ok(bytes) => {
                self.at += bytes as u64;
                self.ended = bytes == 0;
                let packed = self.file.metadata()?.len();
                if self.at > limits::GZIP_BYTES_MAX || self.at / limits::GZIP_RATIO_MAX > packed {
                    return Err(io::Error::other(GzipError::Bomb));
                }
                Ok(bytes)
            }
            // Still being written, perhaps.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.decoder = None;
                Ok(0)
            }
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) =>
            {
                self.decoder = None;
                Err(io::Error::other(GzipError::Damaged))
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(members: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for member in members {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(member).unwrap();
            out.extend(encoder.finish().unwrap());
        }
        out
    }

    fn reader(bytes: &[u8]) -> (tempfile::NamedTempFile, Reader) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let reader = Reader::new(file.reopen().unwrap(), true);
        (file, reader)
    }

    #[test]
    fn all_members_are_read_from_any_position() {
        let (_file, mut reader) = reader(&gzip(&[b"first\n", b"second\n"]));
        let mut out = [0; 32];
        let mut at = 0;
        loop {
            match reader.read(&mut out[at..], at as u64).unwrap() {
                0 => break,
                more => at += more,
            }
        }
        assert_eq!(&out[..at], b"first\nsecond\n");
        assert!(reader.ended());
        reader.put_back(b"ond\n");
        assert_eq!(reader.read(&mut out, 9).unwrap(), 4);
        assert_eq!(&out[..4], b"ond\n");
        assert_eq!(reader.stretch(4, 5).unwrap(), b"t\nsec");
    }

    #[test]
    fn a_file_that_is_still_written_has_no_more_for_now() {
        let whole = gzip(&[&b"0123456789".repeat(10_000)]);
        let (mut file, mut reader) = reader(&whole[..whole.len() - 4]);
        let mut at = 0;
        let mut space = vec![0; 200_000];
        while let bytes @ 1.. = reader.read(&mut space, at).unwrap() {
            at += bytes as u64;
        }
        assert!(!reader.ended());
        file.write_all(&whole[whole.len() - 4..]).unwrap();
        while let bytes @ 1.. = reader.read(&mut space, at).unwrap() {
            at += bytes as u64;
        }
        assert_eq!((at, reader.ended()), (100_000, true));
    }

    #[test]
    fn zeros_are_unpacked_and_more_than_gzip_can_pack_is_not() {
        let zeros = gzip(&[&vec![0; 8 << 20]]);
        let (file, mut reader) = reader(&zeros);
        let mut space = vec![0; 1 << 20];
        let mut at = 0;
        while let bytes @ 1.. = reader.read(&mut space, at).unwrap() {
            at += bytes as u64;
        }
        assert_eq!((at, reader.ended()), (8 << 20, true));
        // Its packed size is looked at: a shorter one cannot hold that much.
        let Reader::Gzip(gzip) = &mut reader else { unreachable!() };
        (gzip.at, gzip.ended) = (limits::GZIP_BYTES_MAX, false);
        gzip.decoder = Some(MultiGzDecoder::new(file.reopen().unwrap()));
        let error = reader.read(&mut space, limits::GZIP_BYTES_MAX).unwrap_err();
        assert!(matches!(error.downcast::<GzipError>(), Ok(GzipError::Bomb)));
    }

    #[test]
    fn what_is_no_gzip_is_given_up() {
        let (_file, mut reader) = reader(b"plain text, and not a little of it");
        let error = reader.read(&mut [0; 16], 0).unwrap_err();
        assert!(error.get_ref().is_some_and(|error| error.is::<GzipError>()), "{error}");
    }
}
