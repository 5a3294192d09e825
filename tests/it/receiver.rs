//! A receiver of HTTP requests on loopback that does what a test tells it to, with or without TLS.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// Behind the host.
    pub path: String,
    /// By lower-case name.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

/// What the receiver does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers.
    Status(u16),
    /// Answers with one more header.
    With(u16, &'static str, String),
    /// Closes the connection without a word.
    Close,
    /// Says nothing for this long, then closes.
    Hang(Duration),
}

type Script = dyn Fn(usize, &Request) -> Reply + Send + Sync;

/// A running receiver; it ends with the test.
pub struct Receiver {
    pub address: String,
    seen: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

impl Receiver {
    /// Answers the n-th request, from 0, as the script says.
    pub fn start(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Receiver {
        Receiver::listen("127.0.0.1:0", None, Arc::new(script))
    }

    /// The same at an address that is known.
    pub fn start_at(
        address: &str,
        script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Receiver {
        Receiver::listen(address, None, Arc::new(script))
    }

    /// Behind TLS; the configuration is asked for with each connection.
    pub fn start_tls(
        config: impl Fn() -> Arc<ServerConfig> + Send + Sync + 'static,
        script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Receiver {
        Receiver::listen("127.0.0.1:0", Some(Arc::new(config)), Arc::new(script))
    }

    fn listen(
        address: &str,
        tls: Option<Arc<dyn Fn() -> Arc<ServerConfig> + Send + Sync>>,
        script: Arc<Script>,
    ) -> Receiver {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let stop: Arc<AtomicBool> = Arc::default();
        let (all, ended) = (Arc::clone(&seen), Arc::clone(&stop));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (stream, script, all, tls) =
                    (stream.unwrap(), Arc::clone(&script), Arc::clone(&all), tls.clone());
                thread::spawn(move || match tls {
                    None => serve(stream, &script, &all),
                    Some(config) => {
                        let connection = ServerConnection::new(config()).unwrap();
                        serve(StreamOwned::new(connection, stream), &script, &all);
                    }
                });
            }
        });
        Receiver { address, seen, stop }
    }

    /// The requests from the n-th on, from 0.
    pub fn requests_from(&self, first: usize) -> Vec<Request> {
        self.seen.lock().unwrap()[first..].to_vec()
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Ends the wait for a connection, and with it the listener.
        let _ = TcpStream::connect(&self.address);
    }
}

/// One connection, request after request.
fn serve(stream: impl Read + Write, script: &Arc<Script>, all: &Mutex<Vec<Request>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream) {
        let number = {
            let mut all = all.lock().unwrap();
            all.push(request.clone());
            all.len() - 1
        };
        let (status, header) = match script(number, &request) {
            Reply::Status(status) => (status, String::new()),
            Reply::With(status, name, value) => (status, format!("{name}: {value}\r\n")),
            Reply::Close => return,
            Reply::Hang(time) => return thread::sleep(time),
        };
        let answer = format!("HTTP/1.1 {status} Said\r\n{header}Content-Length: 2\r\n\r\nok");
        if stream.get_mut().write_all(answer.as_bytes()).and_then(|()| stream.get_mut().flush()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|&bytes| bytes > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    Some(Request { path, headers, body })
}
