//! OTLP in and OTLP out by the real binary, over real sockets: to receivers that accept, refuse, hang and vanish, and from
//! clients that are slow, greedy and wrong.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::HeaderMap;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message;
use redactd::protocol::Code;
use redactd::protocol::grpc::{Called, Compressed, call};
use redactd::protocol::otlp::{Signal, method};
use rustix::process::Signal as Kill;

use crate::daemon::eventually;
use crate::harness::{Live, SOON, Scratch};
use crate::receiver::{Receiver, Reply, Request};

const MAIL: &str = "ann.lee@example.com";

fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A daemon between clients and a receiver.
struct Between {
    scratch: Scratch,
    live: Live,
    grpc: String,
    http: String,
}

impl Between {
    /// `source` and `sink` are further keys of both.
    fn start(protocol: &str, endpoint: &str, source: &str, sink: &str) -> Between {
        let (scratch, grpc, http) = (Scratch::new(), free(), free());
        let text = format!(
            "version: 1\ndata_dir: ./data\nsources:\n  in:\n    type: otlp\n    grpc: {{address: {grpc}}}\n    http: {{address: {http}}}\n{source}sinks:\n  out:\n    type: otlp\n    protocol: {protocol}\n    endpoint: {endpoint}\n    retry: {{initial: 20ms, max: 100ms}}\n{sink}"
        );
        scratch.file("tokens", "secret-token\n");
        scratch.file("secret", "s3cret\n");
        let config = scratch.file("redactd.yaml", text);
        let live = Live::start(&["run", "-q", "-c", &config]);
        eventually("listeners", || TcpStream::connect(&grpc).is_ok() && TcpStream::connect(&http).is_ok());
        Between { scratch, live, grpc, http }
    }

    fn stop(mut self) -> (i32, String) {
        self.live.signal(Kill::TERM);
        self.live.ends_within(SOON)
    }
}

fn logs(texts: &[&str]) -> ExportLogsServiceRequest {
    let text = |text: &str| Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) });
    let log_records = texts
        .iter()
        .enumerate()
        .map(|(number, body)| LogRecord {
            time_unix_nano: 1_700_000_000_000_000_000 + number as u64,
            body: text(body),
            attributes: vec![KeyValue {
                key: "user.email".to_owned(),
                value: text(MAIL),
                ..KeyValue::default()
            }],
            trace_id: vec![7; 16],
            span_id: vec![9; 8],
            ..LogRecord::default()
        })
        .collect();
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }] }
}

fn one(body: &str) -> Vec<u8> {
    logs(&[body]).encode_to_vec()
}

/// What an HTTP client hears.
#[derive(Debug)]
struct Heard {
    status: u16,
    head: String,
    body: Vec<u8>,
}

fn post(address: &str, path: &str, headers: &str, body: &[u8]) -> Heard {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    // One that is refused early may be closed before all of it was written.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Heard { status, head: head.to_lowercase(), body: answer[end + 4..].to_vec() }
}

fn post_logs(address: &str, body: &[u8]) -> Heard {
    post(address, "/v1/logs", "Content-Type: application/x-protobuf\r\n", body)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn call_logs(address: &str, request: Vec<u8>, compressed: Option<Compressed>, headers: HeaderMap) -> Called {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(no_tls())
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let url = reqwest::Url::parse(&format!("http://{address}")).unwrap();
    runtime().block_on(call(&client, &url, method(Signal::Logs), headers, request.into(), compressed))
}

fn no_tls() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

/// Path, headers and body of a request.
type Seen = (String, HeaderMap, Vec<u8>);

/// A gRPC receiver that knows nothing of the library the program uses: HTTP/2, five bytes, a message, trailers.
struct GrpcReceiver {
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl GrpcReceiver {
    /// Answers the n-th request, from 0, with what the script says: trailers.
    fn start(script: impl Fn(usize) -> Vec<(&'static str, String)> + Send + Sync + 'static) -> GrpcReceiver {
        let address = free();
        let listener = TcpListener::bind(&address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let seen: Arc<Mutex<Vec<_>>> = Arc::default();
        let (all, script) = (Arc::clone(&seen), Arc::new(script));
        thread::spawn(move || {
            runtime().block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let (all, script) = (Arc::clone(&all), Arc::clone(&script));
                    let service =
                        hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                            let (all, script) = (Arc::clone(&all), Arc::clone(&script));
                            async move {
                                let (parts, body) = request.into_parts();
                                let body = body.collect().await?.to_bytes();
                                let number = {
                                    let mut all = all.lock().unwrap();
                                    all.push((parts.uri.path().to_owned(), parts.headers, body.to_vec()));
                                    all.len() - 1
                                };
                                let mut trailers = HeaderMap::new();
                                for (name, value) in script(number) {
                                    trailers.insert(name, value.parse().unwrap());
                                }
                                let answer = Full::new(Bytes::from_static(&[0; 5]));
                                let answer = answer.with_trailers(async move { Some(Ok(trailers)) });
                                let mut response = hyper::Response::new(answer);
                                response
                                    .headers_mut()
                                    .insert("content-type", "application/grpc".parse().unwrap());
                                Ok::<_, hyper::Error>(response)
                            }
                        });
                    tokio::spawn(async move {
                        let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                    });
                }
            });
        });
        GrpcReceiver { address, seen }
    }

    fn ok() -> GrpcReceiver {
        GrpcReceiver::start(|_| vec![("grpc-status", "0".to_owned())])
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// The messages, decompressed.
    fn messages(&self) -> Vec<Vec<u8>> {
        let unpack = |body: &[u8]| {
            assert_eq!(u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize, body.len() - 5);
            if body[0] == 0 {
                return body[5..].to_vec();
            }
            let mut out = Vec::new();
            flate2::read::GzDecoder::new(&body[5..]).read_to_end(&mut out).unwrap();
            out
        };
        self.seen.lock().unwrap().iter().map(|(_, _, body)| unpack(body)).collect()
    }
}

fn accepting() -> Receiver {
    Receiver::start(|_, _| Reply::Status(200))
}

/// Every record arrived with its ids and its time, and without the person.
fn arrived(message: &[u8], texts: &[&str]) {
    let request = ExportLogsServiceRequest::decode(message).unwrap();
    let records: Vec<_> =
        request.resource_logs.iter().flat_map(|r| &r.scope_logs).flat_map(|s| &s.log_records).collect();
    assert_eq!(records.len(), texts.len());
    for ((number, record), text) in records.into_iter().enumerate().zip(texts) {
        assert_eq!(record.time_unix_nano, 1_700_000_000_000_000_000 + number as u64);
        assert_eq!((record.trace_id.as_slice(), record.span_id.as_slice()), (&[7; 16][..], &[9; 8][..]));
        let shown = format!("{:?} {:?}", record.body, record.attributes);
        assert!(!shown.contains(MAIL) && shown.contains("email_"), "{shown}");
        assert!(shown.contains(text.split(' ').next().unwrap()), "{shown}");
    }
}

const TEXTS: [&str; 3] = ["one mail to ann.lee@example.com", "two", "three ann.lee@example.com"];

#[test]
fn requests_pass_through_over_http_redacted() {
    let receiver = accepting();
    let between = Between::start("http", &format!("http://{}/otlp", receiver.address), "", "");
    let heard = post_logs(&between.http, &logs(&TEXTS).encode_to_vec());
    assert_eq!((heard.status, heard.body.len()), (200, 0), "{heard:?}");
    assert!(heard.head.contains("content-type: application/x-protobuf"));
    let requests = receiver.requests();
    assert_eq!((requests.len(), requests[0].path.as_str()), (1, "/otlp/v1/logs"));
    arrived(&requests[0].body, &TEXTS);
    assert_eq!(requests[0].headers["content-type"], "application/x-protobuf");
    assert_eq!(requests[0].headers["idempotency-key"].len(), 34);
    assert_eq!(between.stop().0, 0);
}

#[test]
fn requests_pass_through_over_grpc_redacted() {
    let receiver = GrpcReceiver::ok();
    let between =
        Between::start("grpc", &format!("http://{}", receiver.address), "", "    compression: gzip\n");
    let request = logs(&TEXTS).encode_to_vec();
    for compressed in [None, Some(Compressed::Gzip), Some(Compressed::Zstd)] {
        let called = call_logs(&between.grpc, request.clone(), compressed, HeaderMap::new());
        assert!(matches!(&called, Called::Ok(answer) if answer.is_empty()), "{compressed:?} {called:?}");
    }
    let messages = receiver.messages();
    assert_eq!(messages.len(), 3);
    messages.iter().for_each(|message| arrived(message, &TEXTS));
    let (path, headers, _) = receiver.seen.lock().unwrap()[0].clone();
    assert_eq!(
        (path.as_str(), &headers["grpc-encoding"]),
        (method(Signal::Logs), &"gzip".parse::<hyper::header::HeaderValue>().unwrap())
    );
    // The other door, to the same receiver.
    assert_eq!(post_logs(&between.http, &request).status, 200);
    assert_eq!(receiver.count(), 4);
    assert_eq!(between.stop().0, 0);
}

#[test]
fn an_untouched_request_arrives_byte_for_byte() {
    let receiver = GrpcReceiver::ok();
    let between = Between::start("grpc", &format!("http://{}", receiver.address), "", "");
    let mut request = logs(&["nothing here"]);
    request.resource_logs[0].scope_logs[0].log_records[0].attributes.clear();
    let request = request.encode_to_vec();
    assert!(matches!(call_logs(&between.grpc, request.clone(), None, HeaderMap::new()), Called::Ok(_)));
    assert_eq!(receiver.messages(), [request]);
    assert_eq!(between.stop().0, 0);
}

#[test]
fn grpc_mistakes_have_their_codes_and_what_is_too_large_is_not_worth_another_try() {
    let receiver = GrpcReceiver::ok();
    let between = Between::start(
        "grpc",
        &format!("http://{}", receiver.address),
        "    bearer_tokens_file: ./tokens\n    max_request: 64KiB\n",
        "",
    );
    let mut token = HeaderMap::new();
    token.insert("authorization", "Bearer secret-token".parse().unwrap());
    let large = vec![0; 80 << 10];
    for (request, compressed, headers, expected) in [
        (one("x"), None, HeaderMap::new(), Code::Unauthenticated),
        (b"\xff\xff\xff".to_vec(), None, token.clone(), Code::InvalidArgument),
        (large.clone(), None, token.clone(), Code::ResourceExhausted),
        (vec![0; 8 << 20], Some(Compressed::Gzip), token.clone(), Code::ResourceExhausted),
        (vec![0; 8 << 20], Some(Compressed::Zstd), token.clone(), Code::ResourceExhausted),
    ] {
        match call_logs(&between.grpc, request, compressed, headers) {
            Called::Status { code, after } => assert_eq!((code, after), (expected, None)),
            other => panic!("{expected:?}: {other:?}"),
        }
    }
    assert_eq!(receiver.count(), 0);
    assert!(matches!(call_logs(&between.grpc, one("x"), None, token), Called::Ok(_)));
    assert_eq!(between.stop().0, 0);
}

#[test]
fn every_grpc_code_is_retried_or_refused_as_the_specification_says() {
    for number in 1..=16 {
        let receiver = GrpcReceiver::start(move |count| {
            vec![("grpc-status", if count == 0 { number.to_string() } else { "0".to_owned() })]
        });
        let between = Between::start("grpc", &format!("http://{}", receiver.address), "", "");
        assert!(matches!(call_logs(&between.grpc, one("x"), None, HeaderMap::new()), Called::Ok(_)));
        let retried = [1, 4, 10, 11, 14, 15].contains(&number);
        assert_eq!(receiver.count(), if retried { 2 } else { 1 }, "code {number}");
        let letters = between.scratch.path("data/dead-letters/out.ndjson");
        assert_eq!(letters.exists(), !retried, "code {number}");
        drop(between);
    }
}

#[test]
fn what_is_no_request_gets_the_status_of_its_mistake() {
    let receiver = accepting();
    let between = Between::start(
        "http",
        &format!("http://{}", receiver.address),
        "    bearer_tokens_file: ./tokens\n    max_request: 64KiB\n",
        "",
    );
    let token = "Authorization: Bearer secret-token\r\n";
    let protobuf = "Content-Type: application/x-protobuf\r\n";
    let good = one("x");
    let zeros = flate_zeros(8 << 20);
    for (path, headers, body, status) in [
        ("/v1/logs", format!("{token}{protobuf}"), good.as_slice(), 200),
        ("/v1/logs", protobuf.to_owned(), good.as_slice(), 401),
        ("/v1/logs", format!("Authorization: Bearer secret-toke\r\n{protobuf}"), good.as_slice(), 401),
        ("/v1/log", format!("{token}{protobuf}"), good.as_slice(), 404),
        ("/v1development/profiles", format!("{token}{protobuf}"), good.as_slice(), 404),
        ("/v1/logs", format!("{token}Content-Type: application/json\r\n"), b"{}", 415),
        ("/v1/logs", format!("{token}Content-Type: text/plain\r\n"), good.as_slice(), 415),
        ("/v1/logs", format!("{token}{protobuf}Content-Encoding: br\r\n"), good.as_slice(), 415),
        ("/v1/logs", format!("{token}{protobuf}Content-Encoding: gzip\r\n"), good.as_slice(), 400),
        ("/v1/logs", format!("{token}{protobuf}Content-Encoding: gzip\r\n"), &zeros, 413),
        ("/v1/logs", format!("{token}{protobuf}"), &[b' '; 80 << 10], 413),
        ("/v1/logs", format!("{token}{protobuf}"), b"\xff\xff\xff", 400),
    ] {
        let heard = post(&between.http, path, &headers, body);
        assert_eq!(heard.status, status, "{path} {headers} {heard:?}");
        assert_eq!(heard.head.contains("retry-after"), status == 503, "{heard:?}");
    }
    let mut stream = TcpStream::connect(&between.http).unwrap();
    stream.write_all(b"GET /v1/logs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.to_lowercase().contains("allow: post"), "{answer}");
    assert_eq!(receiver.requests().len(), 1);
    let (code, stderr) = between.stop();
    assert_eq!((code, stderr.contains("secret")), (0, false));
}

fn flate_zeros(bytes: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![0; bytes]).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_may_be_retried_is_sent_again_under_the_same_key_and_the_rest_becomes_a_dead_letter() {
    let replies = |number: usize, _: &Request| match number {
        0 => Reply::Status(503),
        1 => Reply::With(429, "Retry-After", "0".to_owned()),
        2 => Reply::Close,
        3 => Reply::Status(200),
        _ => Reply::Status(400),
    };
    let receiver = Receiver::start(replies);
    let between = Between::start("http", &format!("http://{}", receiver.address), "", "");
    assert_eq!(post_logs(&between.http, &one("first")).status, 200);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 4);
    let keys: Vec<_> = requests.iter().map(|request| &request.headers["idempotency-key"]).collect();
    assert!(keys.iter().all(|key| *key == keys[0]) && requests.iter().all(|r| r.body == requests[0].body));
    // Kept on disk, so that its client need not come again.
    assert_eq!(post_logs(&between.http, &one(&format!("refused {MAIL}"))).status, 200);
    let letters = std::fs::read_to_string(between.scratch.path("data/dead-letters/out.ndjson")).unwrap();
    let letter: serde_json::Value = serde_json::from_str(&letters).unwrap();
    assert_eq!((&letter["refused"], &letter["encoding"]), (&"400".into(), &"protobuf".into()));
    assert!(!letters.contains("ann.lee"));
    assert_eq!(between.stop().0, 0);
}

#[test]
fn a_client_hears_in_time_that_its_request_waits_and_finds_it_there_when_it_comes_again() {
    let open = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&open);
    let receiver =
        Receiver::start(move |_, _| Reply::Status(if answers.load(Ordering::Relaxed) { 200 } else { 503 }));
    let between = Between::start("http", &format!("http://{}", receiver.address), "", "");
    let began = Instant::now();
    let heard = post_logs(&between.http, &one("waits"));
    assert_eq!(heard.status, 503);
    assert!(heard.head.contains("retry-after: 2"), "{heard:?}");
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!(heard.body[..2], [0x08, 14], "google.rpc.Status");
    let again = {
        let (http, body) = (between.http.clone(), one("waits"));
        thread::spawn(move || post_logs(&http, &body).status)
    };
    thread::sleep(Duration::from_millis(300));
    let tried = receiver.requests().len();
    open.store(true, Ordering::Relaxed);
    assert_eq!(again.join().unwrap(), 200);
    let delivered = receiver.requests().len() - tried;
    assert!(delivered <= 2, "it was there once: {delivered}");
    assert_eq!(between.stop().0, 0);
}

#[test]
fn five_hundred_clients_that_say_nothing_do_not_stop_one_that_does() {
    let receiver = accepting();
    let between = Between::start("http", &format!("http://{}", receiver.address), "", "");
    let silent: Vec<_> = (0..500)
        .map(|number| {
            let address = if number % 2 == 0 { &between.http } else { &between.grpc };
            let mut stream = TcpStream::connect(address).unwrap();
            let begin: &[u8] = match number % 3 {
                0 => b"",
                1 => b"PRI * HT",
                _ => b"POST /v1/logs HTTP/1.1\r\nContent-Length: 9",
            };
            let _ = stream.write_all(begin);
            stream
        })
        .collect();
    let began = Instant::now();
    assert_eq!(post_logs(&between.http, &one("good")).status, 200);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    drop(silent);
    assert_eq!(between.stop().0, 0);
}

#[test]
fn headers_that_are_named_go_on_and_no_others() {
    let receiver = accepting();
    let between = Between::start(
        "http",
        &format!("http://{}", receiver.address),
        "    forward_headers: [X-Scope-OrgID]\n",
        "",
    );
    let headers = "Content-Type: application/x-protobuf\r\nX-Scope-OrgID: tenant-7\r\nAuthorization: Bearer no\r\nX-Other: no\r\n";
    assert_eq!(post(&between.http, "/v1/logs", headers, &one("x")).status, 200);
    let request = &receiver.requests()[0];
    assert_eq!(request.headers["x-scope-orgid"], "tenant-7");
    assert!(!request.headers.contains_key("authorization") && !request.headers.contains_key("x-other"));
    assert_eq!(between.stop().0, 0);
}

#[test]
fn a_gzip_bomb_costs_no_more_than_a_request() {
    let receiver = accepting();
    let between = Between::start("http", &format!("http://{}", receiver.address), "", "");
    let before = between.live.status_kib("VmRSS");
    let bomb = flate_zeros(1 << 30);
    let headers = "Content-Type: application/x-protobuf\r\nContent-Encoding: gzip\r\n";
    assert_eq!(post(&between.http, "/v1/logs", headers, &bomb).status, 413);
    let peak = between.live.status_kib("VmHWM");
    assert!(peak < before + (80 << 10), "{before} KiB before, {peak} KiB at its highest");
    assert_eq!(between.stop().0, 0);
}

#[test]
fn nothing_is_sent_without_the_access_token_that_is_asked_for() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    // The stub's answers have the body `ok`, which is no token: what matters here is that nothing is sent without one.
    let idp = Receiver::start(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        Reply::Status(500)
    });
    let receiver = accepting();
    let between = Between::start(
        "http",
        &format!("http://{}", receiver.address),
        "",
        &format!(
            "    oauth2: {{token_url: 'http://{}/token', client_id: redactd, client_secret_file: ./secret}}\n",
            idp.address
        ),
    );
    assert_eq!(post_logs(&between.http, &one("x")).status, 503);
    assert_eq!(receiver.requests().len(), 0);
    let request = &idp.requests()[0];
    assert_eq!(request.headers["authorization"], "Basic cmVkYWN0ZDpzM2NyZXQ=");
    assert_eq!(request.body, b"grant_type=client_credentials");
    assert!(asked.load(Ordering::Relaxed) > 1, "an error of the server's is worth another try");
    drop(between);
}
