//! What a key says about its value: `db_password`, `apiKey`, `X-Auth-Token` hold secrets, `token_count`, `key_vault_name`
//! and `author` do not. Keys are read as words: cut at separators and camel humps, lower case.

use super::vendors;

/// What a key promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Something a person may have chosen.
    Password,
    /// A shared secret: chosen or drawn.
    Secret,
    /// Something a program drew: token, API key, session.
    Token,
    /// A key of whatever kind.
    Key,
    /// Nothing but the name of a vendor.
    Vendor,
    /// Nothing.
    None,
}

const BYTES_MAX: usize = 64;
const WORDS_MAX: usize = 16;

/// The words of a key, in lower case. Of longer keys the end counts.
#[derive(Debug)]
pub(super) struct Words {
    bytes: [u8; BYTES_MAX],
    ends: [u8; WORDS_MAX],
    count: usize,
}

impl Words {
    pub fn of(key: &[u8]) -> Words {
        let mut words = Words { bytes: [0; BYTES_MAX], ends: [0; WORDS_MAX], count: 0 };
        let key = &key[key.len().saturating_sub(BYTES_MAX)..];
        let mut length = 0u8;
        for (at, &byte) in key.iter().enumerate() {
            let begun = if words.count == 0 { 0 } else { words.ends[words.count - 1] };
            let last = at.checked_sub(1).map_or(0, |at| key[at]);
            let next = key.get(at + 1).copied().unwrap_or(0);
            let hump = byte.is_ascii_uppercase()
                && (last.is_ascii_lowercase() || (last.is_ascii_uppercase() && next.is_ascii_lowercase()));
            if (hump || !byte.is_ascii_alphanumeric()) && length > begun {
                if words.count == WORDS_MAX {
                    break;
                }
                words.ends[words.count] = length;
                words.count += 1;
            }
            if byte.is_ascii_alphanumeric() {
                words.bytes[length as usize] = byte.to_ascii_lowercase();
                length += 1;
            }
        }
        let begun = if words.count == 0 { 0 } else { words.ends[words.count - 1] };
        if length > begun && words.count < WORDS_MAX {
            words.ends[words.count] = length;
            words.count += 1;
        }
        words
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// The word of that number; `""` beyond the last.
    pub fn get(&self, number: usize) -> &[u8] {
        self.span(number, number + 1)
    }

    /// Several words, joined.
    pub fn span(&self, first: usize, end: usize) -> &[u8] {
        if first >= end || end > self.count {
            return b"";
        }
        let start = if first == 0 { 0 } else { self.ends[first - 1] as usize };
        &self.bytes[start..self.ends[end - 1] as usize]
    }

    /// All words, joined.
    pub fn joined(&self) -> &[u8] {
        self.span(0, self.count)
    }
}

/// Words that say in what form or for what place a secret is kept: they change nothing.
#[rustfmt::skip]
const FORMS: &[&str] = &[
    "b64", "base64", "dev", "encoded", "env", "hex", "live", "new", "old", "plain", "plaintext", "prod",
    "production", "raw", "sec", "staging", "str", "string", "test", "text", "v1", "v2", "val", "value",
];

/// Last words of keys that tell something about a secret.
#[rustfmt::skip]
const ABOUT: &[&str] = &[
    "address", "age", "alg", "algorithm", "alias", "arn", "attempt", "attempts", "audience", "auto", "budget",
    "cache", "change", "changed", "class", "client", "code", "config", "controller", "cost", "count",
    "created", "date", "dir", "directory", "disabled", "down", "duration", "enabled", "encoder", "endpoint",
    "error", "event", "exp", "expiration", "expire", "expires", "expiry", "field", "file", "filename",
    "filter", "fingerprint", "format", "generator", "group", "handler", "hash", "header", "hint", "host",
    "id", "identifier", "ids", "index", "issuer", "kind", "label", "len", "length", "level", "lifetime",
    "limit", "link", "list", "location", "manager", "max", "message", "method", "min", "mode", "model",
    "name", "names", "number", "object", "offset", "owner", "page", "pair", "param", "parameter", "parser",
    "path", "pattern", "per", "policy", "port", "prefix", "price", "prompt", "property", "provider", "rate",
    "reason", "ref", "reference", "regex", "region", "renewal", "request", "required", "reset", "response",
    "role", "rotation", "rule", "schema", "scope", "scopes", "selector", "service", "size", "source", "spec",
    "state", "status", "store", "strength", "suffix", "table", "target", "time", "timeout", "timestamp",
    "title", "ttl", "type", "up", "uri", "url", "usage", "used", "user", "username", "validator", "vault",
    "version", "window",
];

/// Words before `key` that make it an ordinary one.
#[rustfmt::skip]
const ORDINARY_KEYS: &[&str] = &[
    "authorized", "bucket", "cache", "candidate", "column", "composite", "config", "correlation", "dedup",
    "deduplication", "down", "event", "field", "foreign", "group", "hash", "host", "hot", "i18n",
    "idempotency", "index", "issuer", "item", "json", "locale", "lookup", "map", "message", "meta", "object",
    "part", "partition", "press", "primary", "property", "public", "range", "redis", "registry", "route",
    "routing", "row", "s3", "schema", "sequence", "shard", "short", "sort", "state", "storage", "translation",
    "unique", "up",
];

/// Words before `key` that make it a secret one.
#[rustfmt::skip]
const SECRET_KEYS: &[&str] = &[
    "access", "account", "admin", "agent", "api", "app", "application", "auth", "client", "consumer", "crypt",
    "crypto", "deploy", "enc", "encryption", "function", "hmac", "insert", "integration", "license", "master",
    "preshared", "private", "project", "query", "read", "rest", "search", "secret", "security", "server",
    "service", "session", "shared", "sign", "signing", "ssh", "stream", "subscription", "token", "unseal",
    "webhook", "wireguard", "write",
];

/// Whether the word is in the list, which is sorted.
fn among(list: &[&str], word: &[u8]) -> bool {
    list.binary_search_by(|w| w.as_bytes().cmp(word)).is_ok()
}

fn contains(hay: &[u8], needle: &str) -> bool {
    hay.windows(needle.len()).any(|w| w == needle.as_bytes())
}

/// The class by the nouns alone.
pub(super) fn noun(words: &Words) -> Class {
    let mut count = words.len();
    while count > 1
        && (among(FORMS, words.get(count - 1)) || words.get(count - 1).iter().all(u8::is_ascii_digit))
    {
        count -= 1;
    }
    if count == 0 {
        return Class::None;
    }
    let last = words.get(count - 1);
    let before = if count >= 2 { words.get(count - 2) } else { b"" };
    if among(ABOUT, last) {
        // `secret_id` and `password_hash` are as good as the secret itself.
        return match (before, last) {
            (b"secret", b"id") | (b"access" | b"refresh" | b"id", b"token") => Class::Token,
            (b"password" | b"passwd" | b"pass" | b"pwd", b"hash") => Class::Token,
            _ => Class::None,
        };
    }
    if contains(last, "password")
        || contains(last, "passwd")
        || contains(last, "passphrase")
        || contains(last, "passwort")
    {
        return Class::Password;
    }
    match last {
        b"pwd" | b"pw" | b"pass" | b"pswd" | b"psw" | b"passcode" | b"passwords" | b"kennwort" | b"senha"
        | b"contrasena" => {
            return Class::Password;
        }
        b"secret" | b"secrets" | b"credential" | b"credentials" | b"cred" | b"creds" | b"secrete"
        | b"seed" | b"mnemonic" => {
            return Class::Secret;
        }
        b"token" | b"jwt" | b"apikey" | b"otp" | b"totp" | b"csrf" | b"xsrf" | b"auth" | b"authorization"
        | b"bearer" | b"sessionid" | b"session" | b"cookie" | b"sid" | b"passkey" | b"pat" | b"accesskey"
        | b"secretkey" | b"privatekey" | b"licensekey" | b"authkey" | b"sig" => return Class::Token,
        b"tokens" | b"authenticated" | b"author" => return Class::None,
        b"key" | b"keys" => {
            return match before {
                b"" => Class::Key,
                _ if among(ORDINARY_KEYS, before) => Class::None,
                _ if among(SECRET_KEYS, before) || contains(before, "secret") => Class::Token,
                _ => Class::Key,
            };
        }
        _ => {}
    }
    // Glued words: `mysqlpwd`, `dbpass`, `jwtsecret`, `authtoken`, `azurekey`.
    let joined = words.span(0, count);
    match () {
        () if last.ends_with(b"pwd")
            || (last.ends_with(b"pass") && last != b"bypass" && last != b"compass") =>
        {
            Class::Password
        }
        () if last.ends_with(b"secret") || last.ends_with(b"secretstring") => Class::Secret,
        () if last.ends_with(b"token") || last.ends_with(b"apikey") || last.ends_with(b"accesskey") => {
            Class::Token
        }
        () if last.ends_with(b"secretkey") || last.ends_with(b"privatekey") => Class::Token,
        () if contains(joined, "password") || contains(joined, "passwd") => Class::Password,
        () if contains(joined, "secret") || contains(joined, "credential") => Class::Secret,
        () if contains(joined, "apitoken") || contains(joined, "accesstoken") => Class::Token,
        () => Class::None,
    }
}

/// Whether the key only says in what form something is kept.
pub(super) fn is_form(words: &Words) -> bool {
    words.len() > 0 && (0..words.len()).all(|at| among(FORMS, words.get(at)) || words.get(at) == b"data")
}

/// Whether the last word tells nothing about what is kept: `sentry_release` is no credential.
pub(super) fn noun_free(words: &Words) -> bool {
    let last = words.get(words.len().saturating_sub(1));
    vendors::is_vendor(last) || vendors::is_vendor(words.joined())
}

/// Whether a word of the key, or two neighbours joined, is the name of a vendor.
pub(super) fn names_vendor(words: &Words) -> bool {
    (0..words.len()).any(|at| vendors::is_vendor(words.get(at)) || vendors::is_vendor(words.span(at, at + 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_at_separators_and_humps() {
        let cut = |key: &str| {
            let words = Words::of(key.as_bytes());
            (0..words.len())
                .map(|i| String::from_utf8_lossy(words.get(i)).into_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(cut("X-Auth-Token"), "x auth token");
        assert_eq!(cut("dbPassword"), "db password");
        assert_eq!(cut("AWSSecretKey"), "aws secret key");
        assert_eq!(cut("toyvendorSECRET"), "toyvendor secret");
        assert_eq!(cut("__a..b__"), "a b");
        assert_eq!(cut(""), "");
        assert_eq!(Words::of(&[b'a'; 200]).joined().len(), 64);
        assert_eq!(Words::of("a_".repeat(40).as_bytes()).len(), 16);
    }

    #[test]
    fn lists_are_sorted() {
        for list in [FORMS, ABOUT, ORDINARY_KEYS, SECRET_KEYS] {
            assert!(list.is_sorted());
        }
    }

    #[test]
    fn classes() {
        for (class_, keys) in [
            (
                Class::Password,
                "password db_password AdminPassword mysql_pwd dbpass PGPASSWORD user.passwd pw password2 GUEST_PASSWORD",
            ),
            (
                Class::Secret,
                "secret client_secret JWT_SECRET jwtsecret mySecretString aws_creds secret_do_not_commit credentials",
            ),
            (
                Class::Token,
                "token api_key apiKey X-API-KEY access_token secret_key aws_secret_access_key privateKey session_id.token secret_id id_token csrf_token otp private-key license_key",
            ),
            (Class::Key, "key some_key Using.Key azure_key"),
            (
                Class::None,
                "author token_count tokens max_tokens key_vault_name foreignKey issuerKeyHash primary_key password_policy secret_name token_type keyboard monkey passenger client_id key_length KeyPair public_key tokenExpiry bypass secretarial_pool_size",
            ),
        ] {
            for key in keys.split(' ') {
                assert_eq!(noun(&Words::of(key.as_bytes())), class_, "{key}");
            }
        }
        let vendor = |key: &str| names_vendor(&Words::of(key.as_bytes()));
        assert!(vendor("datadog") && vendor("new_relic") && !vendor("cameraKit"));
    }
}
