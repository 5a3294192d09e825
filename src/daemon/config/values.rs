//! How durations, sizes, addresses and URLs are written.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::Url;

/// A text that is not what its key wants: what it should be, and how that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misspelt {
    /// `duration`, `size`, …
    pub want: &'static str,
    /// An example.
    pub hint: &'static str,
}

/// `250ms`, `30s`, `5m`, `24h`, `7d`.
pub fn duration(text: &str) -> Result<Duration, Misspelt> {
    let wrong =
        Misspelt { want: "duration", hint: "a whole number and its unit: `250ms`, `30s`, `5m`, `24h`, `7d`" };
    let (number, unit) = number_and_unit(text).ok_or(wrong)?;
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong),
    };
    number.checked_mul(unit_ms).map(Duration::from_millis).ok_or(wrong)
}

/// Bytes, or a number with `KiB`, `MiB`, `GiB` (short: `K`, `M`, `G`).
pub fn size(text: &str) -> Result<usize, Misspelt> {
    let wrong =
        Misspelt { want: "size", hint: "a whole number and its unit: `512B`, `64KiB`, `8MiB`, `1GiB`" };
    let (number, unit) = number_and_unit(text).ok_or(wrong)?;
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err(wrong),
    };
    number.checked_mul(factor).and_then(|bytes| usize::try_from(bytes).ok()).ok_or(wrong)
}

/// `127.0.0.1:8686`, `[::1]:8686`, `localhost:8686`.
pub fn address(text: &str) -> Result<SocketAddr, Misspelt> {
    let text = text.strip_prefix("localhost:").map_or(text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| Misspelt {
        want: "address",
        hint: "an IP address and a port: `127.0.0.1:8686`, `[::1]:8686`, `0.0.0.0:8686`",
    })
}

/// An absolute `http` or `https` URL.
pub fn url(text: &str) -> Result<Url, Misspelt> {
    let wrong = Misspelt { want: "URL", hint: "such as `https://logs.example/ingest`" };
    let url = Url::parse(text).map_err(|_| wrong)?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(wrong) }
}

/// Whether what is sent there stays on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// A duration as it would be written.
pub fn spell_duration(time: Duration) -> String {
    let ms = time.as_millis();
    for (unit, unit_ms) in [("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if ms >= unit_ms && ms.is_multiple_of(unit_ms) {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    format!("{ms}ms")
}

/// A size as it would be written.
pub fn spell_size(bytes: usize) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    format!("{bytes}B")
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, ms) in
            [("250ms", 250), ("30s", 30_000), ("5 m", 300_000), ("24h", 86_400_000), ("7d", 604_800_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "30", "s", "1.5s", "-1s", "30sec", "99999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(spell_duration(Duration::from_secs(25)), "25s");
        assert_eq!(spell_duration(Duration::from_millis(1500)), "1500ms");
    }

    #[test]
    fn sizes_are_bytes_or_binary_units() {
        for (text, bytes) in [
            ("64", 64),
            ("100B", 100),
            ("64KiB", 64 << 10),
            ("1 MiB", 1 << 20),
            ("10M", 10 << 20),
            ("2k", 2048),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "KiB", "-1", "1.5MiB", "10MB", "99999999999999999999"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!((spell_size(8 << 20), spell_size(1500)), ("8MiB".into(), "1500B".into()));
    }

    #[test]
    fn addresses_and_urls() {
        assert!(
            address("127.0.0.1:8686").is_ok() && address("[::1]:1").is_ok() && address("localhost:1").is_ok()
        );
        assert!(address("8686").is_err() && address("host:1").is_err() && address("127.0.0.1").is_err());
        assert!(url("ftp://x").is_err() && url("logs.example").is_err());
        for (text, loopback) in [
            ("http://127.0.0.1:1/x", true),
            ("http://localhost/", true),
            ("http://[::1]:1/", true),
            ("http://10.0.0.1/", false),
            ("http://localhost.example/", false),
            ("http://127.0.0.1.example/", false),
        ] {
            assert_eq!(is_loopback(&url(text).unwrap()), loopback, "{text}");
        }
    }
}
