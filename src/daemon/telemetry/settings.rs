//! Where the daemon's own metrics are pushed to: the environment variables of OpenTelemetry, which say nothing about the way
//! of records.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::limits::{PUSH_ANSWER_MS_DEFAULT, PUSH_INTERVAL_MS_DEFAULT, PUSH_MS_MAX, PUSH_MS_MIN};

/// How metrics are pushed.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where to.
    pub url: Url,
    /// What every request carries.
    pub headers: HeaderMap,
    /// Between two pushes.
    pub interval: Duration,
    /// How long one may take.
    pub timeout: Duration,
    /// What the process is: attributes of the resource.
    pub resource: Vec<(String, String)>,
}

/// A variable that cannot be used. Its value is not shown: it may hold a token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {what}")]
pub struct SettingsError {
    /// Which.
    variable: &'static str,
    /// What it must be.
    what: &'static str,
}

const SIGNAL: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

impl Settings {
    /// What the environment says; `None` if it names no endpoint.
    ///
    /// # Errors
    /// If a variable cannot be used.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Settings>, SettingsError> {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        if get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || get("OTEL_METRICS_EXPORTER").is_some_and(|value| value == "none")
        {
            return Ok(None);
        }
        let (url, named) = match (get(SIGNAL), get(ENDPOINT)) {
            (Some(url), _) => (url, SIGNAL),
            (None, Some(base)) => (format!("{}/v1/metrics", base.trim_end_matches('/')), ENDPOINT),
            (None, None) => return Ok(None),
        };
        let wrong = |variable, what| SettingsError { variable, what };
        let url = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or(wrong(named, "must be an http or https URL"))?;
        let protocol =
            get("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL").or_else(|| get("OTEL_EXPORTER_OTLP_PROTOCOL"));
        if protocol.is_some_and(|protocol| protocol != "http/protobuf") {
            return Err(wrong("OTEL_EXPORTER_OTLP_PROTOCOL", "must be `http/protobuf` or absent"));
        }
        let mut headers = HeaderMap::new();
        let written = get("OTEL_EXPORTER_OTLP_METRICS_HEADERS").or_else(|| get("OTEL_EXPORTER_OTLP_HEADERS"));
        for (name, value) in pairs(written.as_deref().unwrap_or("")) {
            let name = HeaderName::try_from(name).ok();
            let value = HeaderValue::try_from(value).ok().map(|mut value| {
                value.set_sensitive(true);
                value
            });
            let (name, value) = name.zip(value).ok_or(wrong(
                "OTEL_EXPORTER_OTLP_HEADERS",
                "must be `name=value` pairs with commas between",
            ))?;
            headers.insert(name, value);
        }
        let time = |names: [&'static str; 2], default: u64| {
            let Some((name, text)) = names.into_iter().find_map(|name| Some((name, get(name)?))) else {
                return Ok(Duration::from_millis(default));
            };
            match text.parse() {
                Ok(ms @ PUSH_MS_MIN..=PUSH_MS_MAX) => Ok(Duration::from_millis(ms)),
                _ => Err(wrong(name, "must be a number of milliseconds from 10 to 3600000")),
            }
        };
        let interval = "OTEL_METRIC_EXPORT_INTERVAL";
        let timeouts = ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
        let mut resource = pairs(get("OTEL_RESOURCE_ATTRIBUTES").as_deref().unwrap_or(""));
        let service = get("OTEL_SERVICE_NAME");
        if service.is_some() || !resource.iter().any(|(name, _)| name == "service.name") {
            resource.retain(|(name, _)| name != "service.name");
            resource.push(("service.name".to_owned(), service.unwrap_or_else(|| "redactd".to_owned())));
        }
        Ok(Some(Settings {
            url,
            headers,
            interval: time([interval, interval], PUSH_INTERVAL_MS_DEFAULT)?,
            timeout: time(timeouts, PUSH_ANSWER_MS_DEFAULT)?,
            resource,
        }))
    }
}

/// `name=value,name=value`, values percent-encoded.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.trim().to_owned(), decoded(value.trim())))
    };
    text.split(',').filter(|part| !part.trim().is_empty()).filter_map(pair).collect()
}

fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Settings>, SettingsError> {
        Settings::read(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_says_where_how_often_and_as_whom() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[(ENDPOINT, "http://c:4318"), ("OTEL_SDK_DISABLED", "true")]), Ok(None));
        let settings = read(&[
            (ENDPOINT, "http://c:4318/"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc, x-a=1"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,host.name=h%2C1"),
            ("OTEL_SERVICE_NAME", "b"),
        ])
        .unwrap()
        .unwrap();
        assert_eq!(settings.url.as_str(), "http://c:4318/v1/metrics");
        assert_eq!(settings.headers["authorization"], "Bearer abc");
        assert_eq!(settings.interval, Duration::from_millis(500));
        assert_eq!(settings.timeout, Duration::from_secs(10));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(settings.resource, [pair("host.name", "h,1"), pair("service.name", "b")]);
        assert!(!format!("{settings:?}").contains("abc"), "a token is not shown");
        let own = read(&[(ENDPOINT, "http://c"), (SIGNAL, "https://d/m")]).unwrap().unwrap();
        assert_eq!(own.url.as_str(), "https://d/m");
        assert_eq!(own.resource, [pair("service.name", "redactd")]);
    }

    #[test]
    fn what_cannot_be_used_is_said_without_its_value() {
        for (name, value) in [
            (ENDPOINT, "collector:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret header=1"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "5s"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "9"),
        ] {
            let error = read(&[(name, value), (ENDPOINT, "http://c")]).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with(name) && !text.contains(value), "{text}");
        }
    }
}
