//! From a request that was read to the answer: redact, hand over, wait for the sinks.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{AUTHORIZATION, HeaderMap};
use rustls::ServerConfig;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::held::{Held, Lease};
use super::serve::Wire;
use super::tls::Certificates;
use super::tokens::Tokens;
use super::{Notice, Settings, Tell, answers};
use crate::engine::otlp::OtlpError;
use crate::limits;
use crate::pipeline::{Closed, Gate, Otlp};
use crate::protocol::otlp::{Encoding, Signal};
use crate::protocol::{Failure, Partial};

/// What all connections of a source share.
pub struct Intake {
    /// Always there while the source runs.
    gate: RefCell<Gate>,
    pub settings: Settings,
    pub held: Held,
    tokens: RefCell<Option<Tokens>>,
    certificates: RefCell<Option<Certificates>>,
    /// Requests that the sinks have, by number.
    under_way: RefCell<HashMap<u64, UnderWay>>,
    /// Those whose client was told to come again, by identity: when it does, it waits for the one that is there.
    orphans: RefCell<HashMap<[u8; 16], u64>>,
    closed: Cell<bool>,
    tell: Tell,
}

struct UnderWay {
    identity: [u8; 16],
    /// Nobody waits for an orphan.
    answer: Option<oneshot::Sender<bool>>,
}

/// Makes a request an orphan when its client does not wait any more.
struct Waiting<'a> {
    intake: &'a Intake,
    number: u64,
}

impl Intake {
    pub fn new(
        gate: Gate,
        settings: Settings,
        tokens: Option<Tokens>,
        certificates: Option<Certificates>,
        tell: Tell,
    ) -> Intake {
        Intake {
            gate: RefCell::new(gate),
            settings,
            held: Held::default(),
            tokens: RefCell::new(tokens),
            certificates: RefCell::new(certificates),
            under_way: RefCell::default(),
            orphans: RefCell::default(),
            closed: Cell::new(false),
            tell,
        }
    }

    /// The gate, when nobody else holds the intake any more.
    pub fn into_gate(self: Rc<Self>) -> Gate {
        match Rc::try_unwrap(self) {
            Ok(intake) => intake.gate.into_inner(),
            // Tasks hold it, and they ended with their runtime.
            Err(_) => unreachable!("a task outlived its runtime"),
        }
    }

    /// Whether a request may be sent here.
    pub fn allows(&self, headers: &HeaderMap) -> bool {
        let mut tokens = self.tokens.borrow_mut();
        let Some(tokens) = tokens.as_mut() else { return true };
        if let Err(error) = tokens.refresh() {
            self.tell(Notice::NotReloaded(error));
        }
        tokens.allow(headers.get(AUTHORIZATION).map(|value| value.as_bytes()))
    }

    /// What the next connection is encrypted with.
    pub fn certificate(&self, wire: Wire) -> Option<Arc<ServerConfig>> {
        let mut certificates = self.certificates.borrow_mut();
        let certificates = certificates.as_mut()?;
        if let Err(error) = certificates.refresh() {
            self.tell(Notice::NotReloaded(error));
        }
        Some(certificates.of(wire))
    }

    pub fn tell(&self, notice: Notice) {
        (self.tell)(notice);
    }

    /// Takes no more requests.
    pub fn close(&self) {
        self.closed.set(true);
    }

    /// Whether requests are taken, as far as is known.
    pub fn is_open(&self) -> bool {
        !self.closed.get()
    }

    /// Whether the sinks have nothing more of it.
    pub fn is_idle(&self) -> bool {
        self.gate.borrow().in_flight() == 0
    }

    /// Whether it makes sense to read a request.
    ///
    /// # Errors
    /// If not.
    pub fn room(&self) -> Result<(), Failure> {
        if self.closed.get() {
            return Err(answers::CLOSING);
        }
        match self.gate.borrow_mut().has_room() {
            Ok(true) => Ok(()),
            Ok(false) => Err(answers::FULL),
            Err(Closed) => Err(answers::LOST),
        }
    }

    /// Redacts a request that came `since`, and waits until the sinks have it.
    ///
    /// # Errors
    /// If they do not, or not in time.
    pub async fn take(
        &self,
        (signal, encoding): (Signal, Encoding),
        headers: &HeaderMap,
        message: impl AsRef<[u8]>,
        lease: Arc<Lease>,
        since: Instant,
    ) -> Result<Partial, Failure> {
        self.room()?;
        let about = Otlp { signal, encoding, forwarded: self.forwarded(headers) };
        let redacted = self.gate.borrow_mut().redact(message.as_ref(), about);
        let request = redacted.map_err(|error| match error {
            OtlpError::Undecodable { .. } | OtlpError::Internal => answers::NO_REQUEST,
            OtlpError::TooManyRecords { .. } | OtlpError::TooLong { .. } => answers::TOO_LARGE,
        })?;
        drop(message);
        drop(lease);
        let partial = Partial { rejected: request.withheld() };
        if request.records() == 0 {
            return Ok(partial);
        }
        let (answer, answered) = oneshot::channel();
        let identity = request.identity();
        let orphan = self.orphans.borrow_mut().remove(&identity);
        let number = match orphan {
            Some(number) => number,
            None => self.gate.borrow_mut().send(request).map_err(|_| answers::LOST)?,
        };
        self.under_way.borrow_mut().insert(number, UnderWay { identity, answer: Some(answer) });
        let waiting = Waiting { intake: self, number };
        let until = since + Duration::from_millis(limits::OTLP_ANSWER_MS_MAX);
        let answer = tokio::time::timeout_at(until, answered).await;
        drop(waiting);
        match answer {
            Ok(Ok(true)) => Ok(partial),
            Ok(Ok(false) | Err(_)) => Err(answers::LOST),
            Err(_) => Err(answers::NOT_YET),
        }
    }

    /// Answers the clients whose requests the sinks have, or will not have.
    ///
    /// # Errors
    /// If a required sink is gone.
    pub fn settle(&self) -> Result<(), Closed> {
        let mut gate = self.gate.borrow_mut();
        let room = gate.has_room();
        for (delivered, positions) in [(true, gate.delivered()), (false, gate.lost())] {
            for position in positions {
                let Some(done) = self.under_way.borrow_mut().remove(&position.stream) else { continue };
                match done.answer {
                    // Its client may have gone away at this moment.
                    Some(answer) => drop(answer.send(delivered)),
                    None => drop(self.orphans.borrow_mut().remove(&done.identity)),
                }
            }
        }
        room.map(drop)
    }

    fn forwarded(&self, headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
        let mut forwarded = Vec::new();
        for name in &self.settings.forward_headers {
            for value in headers.get_all(name.as_str()) {
                forwarded.push((name.clone(), value.as_bytes().to_vec()));
            }
        }
        forwarded
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.intake.under_way.borrow_mut().get_mut(&self.number) {
            request.answer = None;
            self.intake.orphans.borrow_mut().insert(request.identity, self.number);
        }
    }
}
