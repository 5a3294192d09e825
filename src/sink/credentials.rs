//! What opens the way to a receiver: headers and certificates, read from files and read again when they change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use crate::limits;

/// The way to one receiver, as configured.
#[derive(Clone, Debug)]
pub struct Access {
    /// Where it is. Without user name and password.
    pub url: Url,
    /// File with a `NAME: value` per line.
    pub headers_file: Option<PathBuf>,
    /// Certificates.
    pub tls: Tls,
    /// For one attempt.
    pub timeout: Duration,
    /// Which HTTP it speaks.
    pub http: Http,
}

/// Which HTTP a receiver speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.1.
    #[default]
    One,
    /// HTTP/2 from the first byte, as gRPC wants it.
    Two,
}

/// Certificates of a client, as files.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Whom to trust, PEM; `None`: whom the system trusts.
    pub ca_file: Option<PathBuf>,
    /// The client's chain and key, PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Why a file cannot be used. Never what stands in it.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is too large to be one.
    #[error("{} is larger than {} bytes", .0.display(), limits::CREDENTIALS_BYTES_MAX)]
    TooLarge(PathBuf),
    /// It holds nothing.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// It holds no certificate, or a broken one.
    #[error("{} holds no PEM certificate", .0.display())]
    Certificate(PathBuf),
    /// It holds no private key, or a broken one.
    #[error("{} holds no PEM private key", .0.display())]
    Key(PathBuf),
    /// Certificate and key do not belong together.
    #[error("the key in {} does not fit the certificate", .0.display())]
    Mismatch(PathBuf),
    /// A line of a file of headers is none.
    #[error("line {line} of {} is no header: `NAME: value`", path.display())]
    Header {
        /// Which.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// A line of a file of headers sets one that is the program's.
    #[error("line {line} of {} sets `{name}`, which the program sets", path.display())]
    OurHeader {
        /// Which.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The header.
        name: &'static str,
    },
    /// The system has no certificates to trust.
    #[error("this system trusts nobody: no root certificates found; name some in `tls: {{ca_file: …}}`")]
    NoRoots,
    /// The HTTP client cannot be made.
    #[error("cannot make an HTTP client")]
    Client,
}

/// Headers the program sets itself.
const OURS: &[&str] =
    &["connection", "content-encoding", "content-length", "host", "idempotency-key", "transfer-encoding"];

/// What the files held.
#[derive(PartialEq)]
struct Seen {
    headers: Option<Content>,
    ca: Option<Content>,
    identity: Option<(Content, Content)>,
}

/// A file and what is in it, which is wiped when it is forgotten.
#[derive(PartialEq)]
struct Content(PathBuf, Zeroizing<Vec<u8>>);

/// A client that has the way open.
pub struct Credentials {
    client: Client,
    headers: HeaderMap,
    seen: Seen,
    looked: Instant,
    /// A change that cannot be used was told already.
    told: bool,
}

impl Credentials {
    /// Reads all files.
    ///
    /// # Errors
    /// If one cannot be used.
    pub fn load(access: &Access) -> Result<Credentials, CredentialsError> {
        let seen = Seen::read(access)?;
        Credentials::made_of(access, seen)
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Headers of every request.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Looks now and then whether a file has changed, and takes over what it holds now.
    ///
    /// # Errors
    /// If the new content cannot be used; the old one stays. Told once per change.
    pub fn refresh(&mut self, access: &Access) -> Result<(), CredentialsError> {
        if self.looked.elapsed() < Duration::from_millis(limits::CREDENTIALS_LOOK_MS) {
            return Ok(());
        }
        self.looked = Instant::now();
        let renewed = match Seen::read(access) {
            Ok(seen) if seen == self.seen => {
                self.told = false;
                return Ok(());
            }
            Ok(seen) => Credentials::made_of(access, seen),
            Err(error) => Err(error),
        };
        match renewed {
            Ok(credentials) => {
                *self = credentials;
                Ok(())
            }
            Err(_) if self.told => Ok(()),
            Err(error) => {
                self.told = true;
                Err(error)
            }
        }
    }

    fn made_of(access: &Access, seen: Seen) -> Result<Credentials, CredentialsError> {
        let headers = seen.headers.as_ref().map_or(Ok(HeaderMap::new()), headers)?;
        let mut tls = tls(access.url.scheme() == "https", &seen)?;
        let builder = match access.http {
            Http::One => Client::builder().http1_only(),
            Http::Two => {
                tls.alpn_protocols = vec![b"h2".to_vec()];
                Client::builder().http2_prior_knowledge()
            }
        };
        let client = builder
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("redactd/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(access.timeout)
            .build()
            .map_err(|_| CredentialsError::Client)?;
        Ok(Credentials { client, headers, seen, looked: Instant::now(), told: false })
    }
}

impl Seen {
    fn read(access: &Access) -> Result<Seen, CredentialsError> {
        let identity = match &access.tls.identity {
            None => None,
            Some((certificate, key)) => Some((read(certificate)?, read(key)?)),
        };
        Ok(Seen {
            headers: access.headers_file.as_deref().map(read).transpose()?,
            ca: access.tls.ca_file.as_deref().map(read).transpose()?,
            identity,
        })
    }
}

fn read(path: &Path) -> Result<Content, CredentialsError> {
    let failed = |source| CredentialsError::Read { path: path.to_path_buf(), source };
    let about = fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(failed(io::Error::other("not a regular file")));
    }
    if about.len() > limits::CREDENTIALS_BYTES_MAX as u64 {
        return Err(CredentialsError::TooLarge(path.to_path_buf()));
    }
    fs::read(path).map(|bytes| Content(path.to_path_buf(), Zeroizing::new(bytes))).map_err(failed)
}

/// A secret that stands alone in a file, without white space around it.
///
/// # Errors
/// If the file cannot be read, or nothing is in it.
pub fn secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
    let Content(_, bytes) = read(path)?;
    let secret = bytes.trim_ascii();
    if secret.is_empty() {
        return Err(CredentialsError::Empty(path.to_path_buf()));
    }
    Ok(Zeroizing::new(secret.to_vec()))
}

fn headers(Content(path, text): &Content) -> Result<HeaderMap, CredentialsError> {
    let mut headers = HeaderMap::new();
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let wrong = || CredentialsError::Header { path: path.clone(), line: number + 1 };
        let colon = line.iter().position(|&byte| byte == b':').ok_or_else(wrong)?;
        let name = HeaderName::from_bytes(line[..colon].trim_ascii()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).map_err(|_| wrong())?;
        if let Some(ours) = OURS.iter().find(|ours| **ours == name.as_str()) {
            return Err(CredentialsError::OurHeader {
                path: path.to_path_buf(),
                line: number + 1,
                name: ours,
            });
        }
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

fn tls(encrypted: bool, seen: &Seen) -> Result<ClientConfig, CredentialsError> {
    let mut roots = RootCertStore::empty();
    match &seen.ca {
        Some(ca) => {
            for certificate in certificates(ca)? {
                roots.add(certificate).map_err(|_| CredentialsError::Certificate(ca.0.clone()))?;
            }
        }
        None if encrypted => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(CredentialsError::NoRoots);
            }
        }
        None => {}
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| CredentialsError::Client)?
        .with_root_certificates(roots);
    let Some((chain, Content(path, key))) = &seen.identity else { return Ok(config.with_no_client_auth()) };
    let chain = certificates(chain)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CredentialsError::Key(path.clone()))?;
    config.with_client_auth_cert(chain, key).map_err(|_| CredentialsError::Mismatch(path.clone()))
}

fn certificates(Content(path, pem): &Content) -> Result<Vec<CertificateDer<'static>>, CredentialsError> {
    let wrong = || CredentialsError::Certificate(path.clone());
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| wrong())?;
    if all.is_empty() { Err(wrong()) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_names_and_values_and_errors_show_neither() {
        let file = |text: &str| Content("headers".into(), Zeroizing::new(text.as_bytes().to_vec()));
        let map = headers(&file("# who we are\nAuthorization: Bearer abc:def\r\n\nX-Team:ops\n")).unwrap();
        assert_eq!(map["authorization"], "Bearer abc:def");
        assert_eq!(map["x-team"], "ops");
        assert!(!format!("{map:?}").contains("abc"));
        for (text, expected) in [
            ("X: 1\nsecret", "line 2 of headers is no header: `NAME: value`"),
            ("se cret: x", "line 1 of headers is no header: `NAME: value`"),
            ("X: a\0b", "line 1 of headers is no header: `NAME: value`"),
            ("Host: secret", "line 1 of headers sets `host`, which the program sets"),
        ] {
            assert_eq!(headers(&file(text)).unwrap_err().to_string(), expected);
        }
    }
}
