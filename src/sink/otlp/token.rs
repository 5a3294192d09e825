//! Access tokens by OAuth 2.0 client credentials (RFC 6749, section 4.4): one refresh at a time, however many wait for it; a
//! client that the server does not know stops asking until its secret changes.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Limited};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use tokio::sync::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::limits;
use crate::protocol::innermost;
use crate::sink::credentials::{Access, Credentials, CredentialsError, Http, Tls, secret};

/// Where access tokens come from.
#[derive(Clone, Debug)]
pub struct OAuth {
    /// The server's token endpoint.
    pub token_url: Url,
    /// Who we are there.
    pub client_id: String,
    /// File with the secret that proves it.
    pub client_secret_file: PathBuf,
    /// What the token is to be good for.
    pub scopes: Vec<String>,
    /// Whom to trust there, PEM; `None`: whom the system trusts.
    pub ca_file: Option<PathBuf>,
}

/// Why there is no token. Never what the server wrote beside the code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The server does not take the client or its secret: asking again would not help.
    #[error("the token endpoint answers `{0}`; it is asked again when `client_secret_file` changes")]
    Rejected(&'static str),
    /// The server did not give one this time.
    #[error("no access token: {0}")]
    Failed(String),
}

/// A token in use.
#[derive(Clone)]
pub struct Token {
    /// The value of `Authorization`.
    pub value: HeaderValue,
    /// Which it is, of all that were fetched.
    number: u64,
}

/// The tokens of one sink.
pub struct Tokens {
    oauth: OAuth,
    access: Access,
    credentials: RefCell<Credentials>,
    cached: RefCell<Option<Cached>>,
    fetched: Cell<u64>,
    forced: Cell<Option<Instant>>,
    rejected: RefCell<Option<Rejected>>,
    flight: Mutex<()>,
}

/// The secret that the server refused, and its word for it.
struct Rejected {
    secret: Zeroizing<Vec<u8>>,
    why: &'static str,
}

struct Cached {
    token: Token,
    /// When a new one is to be fetched: at 80 % of its life.
    renew: Instant,
}

impl Tokens {
    /// Reads what is needed to ask for tokens.
    ///
    /// # Errors
    /// If a file cannot be used.
    pub fn load(oauth: OAuth, timeout: Duration) -> Result<Tokens, CredentialsError> {
        secret(&oauth.client_secret_file)?;
        let access = Access {
            url: oauth.token_url.clone(),
            headers_file: None,
            tls: Tls { ca_file: oauth.ca_file.clone(), identity: None },
            timeout,
            http: Http::One,
        };
        Ok(Tokens {
            credentials: RefCell::new(Credentials::load(&access)?),
            access,
            oauth,
            cached: RefCell::new(None),
            fetched: Cell::new(0),
            forced: Cell::new(None),
            rejected: RefCell::new(None),
            flight: Mutex::new(()),
        })
    }

    /// The token in use, or a new one. Whoever comes while one is fetched waits for that one; should who fetches it give up,
    /// the next fetches.
    ///
    /// # Errors
    /// If there is none.
    pub async fn current(&self) -> Result<Token, TokenError> {
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let _alone = self.flight.lock().await;
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let secret =
            secret(&self.oauth.client_secret_file).map_err(|error| TokenError::Failed(error.to_string()))?;
        if let Some(rejected) = &*self.rejected.borrow()
            && rejected.secret == secret
        {
            return Err(TokenError::Rejected(rejected.why));
        }
        match self.fetch(&secret).await {
            Ok((value, life)) => {
                self.fetched.set(self.fetched.get() + 1);
                let token = Token { value, number: self.fetched.get() };
                let renew = Instant::now() + life.mul_f64(0.8);
                *self.cached.borrow_mut() = Some(Cached { token: token.clone(), renew });
                *self.rejected.borrow_mut() = None;
                Ok(token)
            }
            Err(error) => {
                if let TokenError::Rejected(why) = error {
                    *self.cached.borrow_mut() = None;
                    *self.rejected.borrow_mut() = Some(Rejected { secret, why });
                }
                Err(error)
            }
        }
    }

    /// The receiver does not take a token: whether it is worth trying at once with another. One that is not in use any more
    /// says nothing about the one that is.
    pub fn refused(&self, token: Option<&Token>) -> bool {
        let mut cached = self.cached.borrow_mut();
        let Some(token) = token else { return false };
        if cached.as_ref().is_some_and(|cached| cached.token.number != token.number) {
            return true;
        }
        let apart = Duration::from_millis(limits::TOKEN_FORCED_MS_MIN);
        if self.forced.get().is_some_and(|last| last.elapsed() < apart) {
            return false;
        }
        self.forced.set(Some(Instant::now()));
        *cached = None;
        true
    }

    fn fresh(&self) -> Option<Token> {
        let cached = self.cached.borrow();
        cached.as_ref().filter(|cached| Instant::now() < cached.renew).map(|cached| cached.token.clone())
    }

    async fn fetch(&self, secret: &[u8]) -> Result<(HeaderValue, Duration), TokenError> {
        let client = {
            let mut credentials = self.credentials.borrow_mut();
            // What cannot be used now was usable: it stays.
            let _ = credentials.refresh(&self.access);
            credentials.client().clone()
        };
        let secret = String::from_utf8_lossy(secret);
        let pair = Zeroizing::new(format!("{}:{}", escaped(&self.oauth.client_id), escaped(&secret)));
        let mut basic = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair.as_bytes())))
            .map_err(|_| TokenError::Failed("the client's name or secret is no header".to_owned()))?;
        basic.set_sensitive(true);
        let mut form = String::from("grant_type=client_credentials");
        if !self.oauth.scopes.is_empty() {
            form += &format!("&scope={}", escaped(&self.oauth.scopes.join(" ")));
        }
        let request = client
            .post(self.oauth.token_url.clone())
            .timeout(self.access.timeout)
            .header(AUTHORIZATION, basic)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let response = request.send().await.map_err(|error| TokenError::Failed(innermost(&error)))?;
        let status = response.status().as_u16();
        let body = Limited::new(reqwest::Body::from(response), limits::RESPONSE_BYTES_MAX).collect().await;
        let body =
            body.map_err(|_| TokenError::Failed("the answer breaks off, or is too long".to_owned()))?;
        let answer: Answer = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
        answer.judge(status)
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Answer {
    access_token: Option<String>,
    expires_in: Option<u64>,
    error: Option<String>,
}

impl Answer {
    fn judge(self, status: u16) -> Result<(HeaderValue, Duration), TokenError> {
        match (status, self.access_token, self.error.as_deref()) {
            (200, Some(token), _) => {
                let token = Zeroizing::new(token);
                let mut value = HeaderValue::from_str(&format!("Bearer {}", token.as_str()))
                    .map_err(|_| TokenError::Failed("the token is no header".to_owned()))?;
                value.set_sensitive(true);
                let life = self.expires_in.unwrap_or(limits::TOKEN_SECONDS_DEFAULT);
                Ok((value, Duration::from_secs(life)))
            }
            (400 | 401, _, Some("invalid_grant")) => Err(TokenError::Rejected("invalid_grant")),
            (400 | 401, _, Some("invalid_client")) => Err(TokenError::Rejected("invalid_client")),
            (status, ..) => Err(TokenError::Failed(format!("the token endpoint answers {status}"))),
        }
    }
}

/// As `application/x-www-form-urlencoded` has it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for &byte in text.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_client_that_is_not_known_stops_asking() {
        let judge =
            |status, text: &str| serde_json::from_str::<Answer>(text).unwrap_or_default().judge(status);
        let (value, life) = judge(200, r#"{"access_token":"t","expires_in":60}"#).unwrap();
        assert_eq!((value.to_str().unwrap(), life.as_secs()), ("Bearer t", 60));
        for (status, error, stops) in [
            (400, "invalid_grant", true),
            (401, "invalid_client", true),
            (400, "invalid_scope", false),
            (500, "invalid_client", false),
            (503, "", false),
        ] {
            let error = judge(status, &format!(r#"{{"error":"{error}"}}"#)).unwrap_err();
            assert_eq!(matches!(error, TokenError::Rejected(_)), stops, "{status} {error}");
        }
        assert!(judge(200, "<html>").is_err());
    }

    #[test]
    fn names_and_secrets_are_escaped() {
        assert_eq!(escaped("a b:c/ü~"), "a%20b%3Ac%2F%C3%BC~");
    }
}
