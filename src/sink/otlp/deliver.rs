//! One request on its way, until it is settled.

use std::rc::Rc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Shared;
use super::attempt::{self, Message, Outcome};
use super::token::{Token, TokenError};
use crate::limits;
use crate::metrics::LastAttempt;
use crate::pipeline::{Content, Delivery, Otlp};
use crate::protocol::Partial;
use crate::protocol::otlp::{Encoding, Signal};
use crate::sink::SinkEvent;

/// Returns when the receiver has it, or has refused it and it is kept as a dead letter.
pub async fn deliver(shared: &Rc<Shared>, delivery: Delivery) {
    let Content::Otlp(about) = delivery.content() else {
        // The configuration connects this sink with OTLP sources only.
        return;
    };
    let about = about.clone();
    let message = Message::of(&about, &delivery, &shared.settings);
    loop {
        let turn = shared.pace.turn().await;
        let (outcome, token) = once(shared, &message).await;
        let counters = &shared.counters;
        let (why, after) = match outcome {
            Outcome::Ok(Partial { rejected }) => {
                counters.attempt(LastAttempt::Ok);
                shared.recovered();
                drop(turn);
                if rejected == 0 {
                    return delivery.confirm();
                }
                keep(shared, "partial_success", &about, &delivery).await;
                return delivery.confirm_but(rejected, "partial_success");
            }
            Outcome::NoToken(error) => {
                counters.attempt(LastAttempt::Unauthorized);
                (error.to_string(), None)
            }
            Outcome::Unauthenticated(_) if shared.tokens.is_some() => {
                counters.attempt(LastAttempt::Unauthorized);
                let again = shared.tokens.as_ref().is_some_and(|tokens| tokens.refused(token.as_ref()));
                if again {
                    continue;
                }
                ("the receiver refuses the access token".to_owned(), None)
            }
            Outcome::Refused(label) | Outcome::Unauthenticated(label) => {
                let unauthorized = matches!(outcome, Outcome::Unauthenticated(_));
                counters.attempt(if unauthorized { LastAttempt::Unauthorized } else { LastAttempt::Failed });
                shared.recovered();
                drop(turn);
                keep(shared, label, &about, &delivery).await;
                counters.dead_lettered.add(label, delivery.records());
                return delivery.settle();
            }
            Outcome::Failed { why, after } => {
                counters.attempt(LastAttempt::Failed);
                (why, after)
            }
            Outcome::Unknown { why } => {
                counters.attempt(LastAttempt::Unknown);
                (why, None)
            }
        };
        shared.failed(why);
        shared.pace.failed(&turn, after);
    }
}

/// One attempt, with the token it was made with.
async fn once(shared: &Shared, message: &Message) -> (Outcome, Option<Token>) {
    let token = match &shared.tokens {
        None => None,
        Some(tokens) => match tokens.current().await {
            Ok(token) => Some(token),
            Err(error @ TokenError::Rejected(_)) => return (Outcome::NoToken(error), None),
            Err(error) => return (Outcome::Failed { why: error.to_string(), after: None }, None),
        },
    };
    // Nothing is borrowed while something is waited for.
    let (client, headers) = {
        let mut credentials = shared.credentials.borrow_mut();
        if let Err(error) = credentials.refresh(&shared.settings.access) {
            shared.around.tell(SinkEvent::NotReloaded(error));
        }
        let value = token.as_ref().map(|token| token.value.clone());
        (credentials.client().clone(), attempt::headers(&credentials, message, value))
    };
    (attempt::send(&shared.settings, client, headers, message).await, token)
}

/// Keeps what was refused for good. A full disk is waited out: a dead letter is all that is left of it.
async fn keep(shared: &Shared, why: &'static str, about: &Otlp, delivery: &Delivery) {
    let path = &shared.settings.dead_letter;
    let line = letter(why, about, delivery.bytes());
    let mut waiting = None;
    let mut pause = Duration::from_millis(limits::DISK_PAUSE_MS_MIN);
    loop {
        let kept = shared.letters.borrow_mut().keep(std::iter::once(line.as_slice()));
        let Err(error) = kept else { break };
        if waiting.is_none() {
            waiting = Some(Instant::now());
            shared.around.tell(SinkEvent::Waiting(path.clone(), error));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(limits::DISK_PAUSE_MS_MAX));
    }
    if let Some(since) = waiting {
        shared.around.tell(SinkEvent::Resumed(path.clone(), since.elapsed()));
    }
    let pause = Duration::from_secs(limits::REFUSAL_TOLD_SECONDS);
    if shared.refusal_told.get().is_none_or(|told| told.elapsed() >= pause) {
        shared.refusal_told.set(Some(Instant::now()));
        shared.around.tell(SinkEvent::RefusedOtlp(why, path.clone()));
    }
}

/// A dead letter: one line of JSON with the request in base64, so that it can be posted again.
fn letter(why: &'static str, about: &Otlp, request: &[u8]) -> Vec<u8> {
    let signal = match about.signal {
        Signal::Logs => "logs",
        Signal::Traces => "traces",
        Signal::Metrics => "metrics",
    };
    let encoding = match about.encoding {
        Encoding::Protobuf => "protobuf",
        Encoding::Json => "json",
    };
    let request = STANDARD.encode(request);
    format!("{{\"refused\":\"{why}\",\"signal\":\"{signal}\",\"encoding\":\"{encoding}\",\"request\":\"{request}\"}}\n")
        .into_bytes()
}
