//! How long to wait before the next attempt.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::limits;

/// Between attempts: exponential, with full jitter, without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Upper end of the first pause; each next one is twice as long.
    pub initial: Duration,
    /// Longest pause.
    pub max: Duration,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            initial: Duration::from_millis(limits::RETRY_INITIAL_MS),
            max: Duration::from_millis(limits::RETRY_MS_DEFAULT),
        }
    }
}

impl Retry {
    /// The pause after `before` failures in a row and one more. `asked` is what the receiver said.
    pub fn pause(&self, before: u32, asked: Option<Duration>) -> Duration {
        // Without randomness all wait the longest.
        let fraction = getrandom::u64().map_or(1.0, |bits| bits as f64 / u64::MAX as f64);
        match asked {
            // All that were told the same time must not come at once.
            Some(asked) => asked.mul_f64(1.0 + fraction / 10.0),
            None => self.longest(before).mul_f64(fraction),
        }
    }

    fn longest(&self, before: u32) -> Duration {
        2_u32
            .checked_pow(before)
            .and_then(|factor| self.initial.checked_mul(factor))
            .map_or(self.max, |pause| pause.min(self.max))
    }
}

/// What `Retry-After` says: seconds, or a date that is to come. `None` where it says nothing of use.
pub fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let most = Duration::from_millis(limits::RETRY_AFTER_MS_MAX);
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(most, |seconds| Duration::from_secs(seconds).min(most)));
    }
    static PARSER: DateTimeParser = DateTimeParser::new();
    let date = PARSER.parse_timestamp(text).ok()?;
    let left = Duration::try_from(date.duration_since(now)).ok().filter(|left| !left.is_zero())?;
    Some(left.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_with_full_jitter() {
        let retry = Retry { initial: Duration::from_secs(1), max: Duration::from_secs(30) };
        for (before, longest) in [(0, 1.0), (1, 2.0), (4, 16.0), (5, 30.0), (40, 30.0), (u32::MAX, 30.0)] {
            let pauses: Vec<f64> = (0..2000).map(|_| retry.pause(before, None).as_secs_f64()).collect();
            assert!(pauses.iter().all(|pause| (0.0..=longest).contains(pause)));
            let mean = pauses.iter().sum::<f64>() / 2000.0;
            assert!((mean / longest - 0.5).abs() < 0.05, "{before}: {mean}");
        }
        let asked = retry.pause(0, Some(Duration::from_secs(10))).as_secs_f64();
        assert!((10.0..=11.0).contains(&asked), "{asked}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_to_come() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("0", Some(0)),
            ("7", Some(7)),
            (" 30 ", Some(30)),
            ("300", Some(300)),
            ("301", Some(300)),
            ("1000000000000", Some(300)),
            ("99999999999999999999999", Some(300)),
            ("Tue, 24 Nov 2026 12:00:05 GMT", Some(5)),
            ("Tue, 24 Nov 2026 13:00:00 GMT", Some(300)),
            ("Tue, 24 Nov 2026 11:59:59 GMT", None),
            ("Tue, 24 Nov 2026 12:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", None),
            ("-5", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
            ("5 s", None),
            ("2026-11-24T12:00:05Z", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
