//! The certificates of the listeners, read again when they change. Connections that are open keep what they began with.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use zeroize::Zeroizing;

use super::serve::Wire;
use super::{FileError, Tls};
use crate::limits;

/// What is served with.
pub struct Certificates {
    files: Tls,
    seen: Seen,
    grpc: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
    looked: Instant,
    told: bool,
}

#[derive(PartialEq)]
struct Seen {
    certificate: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
    client_ca: Option<Zeroizing<Vec<u8>>>,
}

impl Certificates {
    /// Reads them.
    ///
    /// # Errors
    /// If one cannot be used.
    pub fn load(files: &Tls) -> Result<Certificates, FileError> {
        let seen = Seen::read(files)?;
        let config = config(files, &seen)?;
        let of = |wire: Wire| {
            let mut config = config.clone();
            config.alpn_protocols = wire.alpn();
            Arc::new(config)
        };
        Ok(Certificates {
            grpc: of(Wire::Grpc),
            http: of(Wire::Http),
            files: files.clone(),
            seen,
            looked: Instant::now(),
            told: false,
        })
    }

    /// For the next connection.
    pub fn of(&self, wire: Wire) -> Arc<ServerConfig> {
        match wire {
            Wire::Grpc => Arc::clone(&self.grpc),
            Wire::Http => Arc::clone(&self.http),
        }
    }

    /// Looks now and then whether a file has changed.
    ///
    /// # Errors
    /// If the new content cannot be used; the old one stays. Told once per change.
    pub fn refresh(&mut self) -> Result<(), FileError> {
        if self.looked.elapsed() < Duration::from_millis(limits::CREDENTIALS_LOOK_MS) {
            return Ok(());
        }
        self.looked = Instant::now();
        let renewed = match Seen::read(&self.files) {
            Ok(seen) if seen == self.seen => {
                self.told = false;
                return Ok(());
            }
            Ok(_) => Certificates::load(&self.files),
            Err(error) => Err(error),
        };
        match renewed {
            Ok(certificates) => {
                *self = certificates;
                Ok(())
            }
            Err(_) if self.told => Ok(()),
            Err(error) => {
                self.told = true;
                Err(error)
            }
        }
    }
}

impl Seen {
    fn read(files: &Tls) -> Result<Seen, FileError> {
        Ok(Seen {
            certificate: read(&files.cert_file)?,
            key: read(&files.key_file)?,
            client_ca: files.client_ca_file.as_deref().map(read).transpose()?,
        })
    }
}

/// A small file, whole; wiped when it is forgotten.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let failed = |source| FileError::Read { path: path.to_path_buf(), source };
    let about = fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(failed(io::Error::other("not a regular file")));
    }
    if about.len() > limits::CREDENTIALS_BYTES_MAX as u64 {
        return Err(FileError::TooLarge(path.to_path_buf()));
    }
    fs::read(path).map(Zeroizing::new).map_err(failed)
}

fn config(files: &Tls, seen: &Seen) -> Result<ServerConfig, FileError> {
    let mismatch = || FileError::Mismatch(files.key_file.clone());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| mismatch())?;
    let builder = match (&seen.client_ca, &files.client_ca_file) {
        (Some(ca), Some(path)) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path, ca)? {
                roots.add(certificate).map_err(|_| FileError::Certificate(path.clone()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|_| FileError::Certificate(path.clone()))?;
            builder.with_client_cert_verifier(verifier)
        }
        _ => builder.with_no_client_auth(),
    };
    let chain = certificates(&files.cert_file, &seen.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&seen.key).map_err(|_| FileError::Key(files.key_file.clone()))?;
    builder.with_single_cert(chain, key).map_err(|_| mismatch())
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let wrong = || FileError::Certificate(path.to_path_buf());
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| wrong())?;
    if all.is_empty() { Err(wrong()) } else { Ok(all) }
}
