//! Bearer tokens, compared in constant time and read again when their file changes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::FileError;
use super::tls::read;
use crate::limits;

/// Who may send.
pub struct Tokens {
    path: PathBuf,
    /// Of this process: digests of tokens say nothing outside of it.
    key: Zeroizing<[u8; 32]>,
    seen: Zeroizing<Vec<u8>>,
    digests: Vec<[u8; 32]>,
    looked: Instant,
    told: bool,
}

impl Tokens {
    /// Reads them.
    ///
    /// # Errors
    /// If the file cannot be read, or is none of tokens.
    pub fn load(path: PathBuf) -> Result<Tokens, FileError> {
        let mut key = Zeroizing::new([0; 32]);
        // Without randomness the comparison takes as long all the same.
        let _ = getrandom::fill(key.as_mut());
        let seen = read(&path)?;
        let mut tokens = Tokens {
            path,
            key,
            seen: Zeroizing::default(),
            digests: Vec::new(),
            looked: Instant::now(),
            told: false,
        };
        tokens.digests = tokens.digests_of(&seen)?;
        tokens.seen = seen;
        Ok(tokens)
    }

    /// Whether the value of an `Authorization` header holds one of them.
    pub fn allow(&self, authorization: Option<&[u8]>) -> bool {
        let authorization = authorization.unwrap_or_default();
        let (scheme, token) = authorization.split_at(authorization.len().min(7));
        let scheme = Choice::from(u8::from(scheme.eq_ignore_ascii_case(b"bearer ")));
        let digest = self.digest(token.trim_ascii());
        let known = self.digests.iter().fold(Choice::from(0), |known, one| known | one.ct_eq(&digest));
        (scheme & known).into()
    }

    /// Looks now and then whether the file has changed.
    ///
    /// # Errors
    /// If it cannot be used now; the old tokens stay. Told once per change.
    pub fn refresh(&mut self) -> Result<(), FileError> {
        if self.looked.elapsed() < Duration::from_millis(limits::CREDENTIALS_LOOK_MS) {
            return Ok(());
        }
        self.looked = Instant::now();
        let renewed = read(&self.path).and_then(|seen| {
            let digests = if seen == self.seen { self.digests.clone() } else { self.digests_of(&seen)? };
            Ok((seen, digests))
        });
        match renewed {
            Ok((seen, digests)) => {
                (self.seen, self.digests, self.told) = (seen, digests, false);
                Ok(())
            }
            Err(_) if self.told => Ok(()),
            Err(error) => {
                self.told = true;
                Err(error)
            }
        }
    }

    fn digests_of(&self, text: &[u8]) -> Result<Vec<[u8; 32]>, FileError> {
        let mut digests = Vec::new();
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let token = line.trim_ascii();
            if token.is_empty() || token.starts_with(b"#") {
                continue;
            }
            if !token.iter().all(u8::is_ascii_graphic) {
                return Err(FileError::Token { path: self.path.clone(), line: number + 1 });
            }
            if digests.len() == limits::BEARER_TOKENS_MAX {
                return Err(FileError::TooManyTokens(self.path.clone()));
            }
            digests.push(self.digest(token));
        }
        if digests.is_empty() { Err(FileError::NoToken(self.path.clone())) } else { Ok(digests) }
    }

    fn digest(&self, token: &[u8]) -> [u8; 32] {
        // A key of any length will do.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_slice()) else { return [0; 32] };
        mac.update(token);
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_tokens_opens_and_nothing_else() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# ours\nfirst-token\r\n\nsecond\n").unwrap();
        let tokens = Tokens::load(file.path().to_path_buf()).unwrap();
        for good in ["Bearer first-token", "bearer second", "BEARER  second"] {
            assert!(tokens.allow(Some(good.as_bytes())), "{good}");
        }
        for bad in
            ["", "Bearer", "Bearer ", "Bearer first", "first-token", "Basic first-token", "Bearer # ours"]
        {
            assert!(!tokens.allow(Some(bad.as_bytes())), "{bad}");
        }
        assert!(!tokens.allow(None));
        for (text, expected) in [("", "holds no token"), ("a b\n", "line 1 of")] {
            std::fs::write(file.path(), text).unwrap();
            let Err(error) = Tokens::load(file.path().to_path_buf()) else { panic!("{text}") };
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
