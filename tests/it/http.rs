//! The HTTP sink of the real binary against receivers that accept, refuse, hang, vanish and change their certificates.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustix::process::Signal;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use redactd::daemon::config::{Depth, SourceKind};
use redactd::daemon::{Handles, Notice, Signals, Tell};
use redactd::source::Origin;

use crate::daemon::{content, eventually};
use crate::harness::{Live, SOON, Scratch, redactd, run};
use crate::receiver::{Receiver, Reply, Request};

/// A folder with a configuration for one stdin source and this sink.
fn with_sink(url: &str, more: &str) -> (Scratch, String) {
    let scratch = Scratch::new();
    let text = format!(
        "version: 1\ndata_dir: ./data\nsources: {{in: {{type: stdin}}}}\nsinks:\n  out:\n    type: http\n    url: {url}\n    retry: {{initial: 20ms, max: 100ms}}\n{more}"
    );
    let path = scratch.file("redactd.yaml", text);
    (scratch, path)
}

fn start(config: &str) -> Live {
    Live::start(&["run", "-q", "-c", config])
}

fn bodies(requests: &[Request]) -> String {
    requests.iter().map(|request| String::from_utf8(request.body.clone()).unwrap()).collect()
}

#[test]
fn records_arrive_redacted_as_json_lines_with_headers_of_a_file() {
    let receiver = Receiver::start(|_, _| Reply::Status(200));
    let (scratch, config) =
        with_sink(&format!("http://{}/in", receiver.address), "    headers_file: ./headers\n");
    scratch.file("headers", "Authorization: Bearer tok\nX-Team: ops\n");
    let ran =
        run(&["run", "-q", "-c", &config], b"{\"password\":\"hunter2\"}\nplain password=hunter2 \"text\"\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let requests = receiver.requests();
    let expected = "{\"password\":\"[redacted:password]\"}\n{\"message\":\"plain password=[redacted:password] \\\"text\\\"\"}\n";
    assert_eq!(bodies(&requests), expected);
    let header = |name: &str| requests[0].headers[name].as_str();
    assert_eq!(header("content-type"), "application/x-ndjson");
    assert_eq!((header("authorization"), header("x-team")), ("Bearer tok", "ops"));
    assert_eq!(header("idempotency-key").len(), 34);
}

#[test]
fn bodies_are_compressed_as_configured() {
    for (compression, unpack) in [
        (
            "gzip",
            (|body| {
                let mut text = String::new();
                flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
                text
            }) as fn(&[u8]) -> String,
        ),
        ("zstd", |body| String::from_utf8(zstd::bulk::decompress(body, 1 << 20).unwrap()).unwrap()),
    ] {
        let receiver = Receiver::start(|_, _| Reply::Status(204));
        let url = format!("http://{}/", receiver.address);
        let (_scratch, config) = with_sink(&url, &format!("    compression: {compression}\n"));
        assert_eq!(run(&["run", "-q", "-c", &config], b"{\"a\":1}\n").code, 0);
        let request = &receiver.requests()[0];
        assert_eq!(request.headers["content-encoding"], compression);
        assert_eq!(unpack(&request.body), "{\"a\":1}\n");
    }
}

/// One trouble, one line, though there were six of a kind.
const TOLD: &str = "redactd: warning: the sink `out` waits: its receiver takes nothing: status 503\n";

#[test]
fn a_retry_sends_the_same_bytes_under_the_same_key_and_equal_lines_are_different_requests() {
    // What is not confirmed is sent again, whatever happened to it.
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::Status(503),
        1 => Reply::Close,
        2 => Reply::Hang(Duration::from_secs(5)),
        3 => Reply::With(429, "Retry-After", "0".to_owned()),
        4 => Reply::With(502, "Retry-After", "soon".to_owned()),
        5 => Reply::Status(504),
        _ => Reply::Status(200),
    });
    let (_scratch, config) = with_sink(&format!("http://{}/", receiver.address), "    timeout: 300ms\n");
    let mut live = start(&config);
    live.write(b"{\"beat\":1}\n");
    eventually("the seventh attempt", || receiver.requests().len() == 7);
    live.write(b"{\"beat\":1}\n");
    live.end_input();
    assert_eq!(live.ends_within(SOON), (0, TOLD.to_owned()));
    let requests = receiver.requests();
    let key = |request: &Request| request.headers["idempotency-key"].clone();
    assert!(
        requests[..7]
            .iter()
            .all(|request| key(request) == key(&requests[0]) && request.body == requests[0].body)
    );
    assert_eq!((requests.len(), bodies(&requests[7..]).as_str()), (8, "{\"beat\":1}\n"));
    assert_ne!(key(&requests[7]), key(&requests[0]), "else the receiver would take it for the first");
}

#[test]
fn refused_records_are_kept_redacted_before_anything_goes_on() {
    for status in [400, 401, 404, 413, 500, 501, 301] {
        let receiver =
            Receiver::start(move |number, _| Reply::Status(if number == 0 { status } else { 200 }));
        let (scratch, config) = with_sink(&format!("http://{}/", receiver.address), "");
        let mut live = start(&config);
        live.write(b"password=hunter2 first\n");
        let letters = "data/dead-letters/out.ndjson";
        let first = "password=[redacted:password] first\n";
        eventually("a dead letter", || content(&scratch, letters) == first);
        live.write(b"second\n");
        eventually("the second", || receiver.requests().len() == 2);
        live.end_input();
        let (code, stderr) = live.ends_within(SOON);
        assert_eq!((code, content(&scratch, letters).as_str()), (0, first), "{status}");
        assert!(stderr.contains(&format!("refused records for good (status {status})")), "{stderr}");
        let mode = |name: &str| {
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(scratch.path(name)).unwrap().permissions())
        };
        assert_eq!((mode(letters) & 0o777, mode("data/dead-letters") & 0o777), (0o600, 0o700));
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start(|_, _| Reply::Status(200));
    let location = format!("http://{}/", elsewhere.address);
    let receiver = Receiver::start(move |_, _| Reply::With(307, "Location", location.clone()));
    let (scratch, config) = with_sink(&format!("http://{}/", receiver.address), "");
    assert_eq!(run(&["run", "-q", "-c", &config], b"line\n").code, 0);
    assert_eq!((elsewhere.requests().len(), receiver.requests().len()), (0, 1));
    assert_eq!(content(&scratch, "data/dead-letters/out.ndjson"), "line\n");
}

#[test]
fn a_receiver_that_is_down_loses_nothing_and_is_told_of_once() {
    let address = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().to_string()
    };
    let (scratch, config) = with_sink(&format!("http://{address}/"), "");
    let stderr = fs::File::create(scratch.path("stderr")).unwrap();
    let mut command = redactd(&["run", "-c", &config]);
    let mut live = Live::spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(stderr));
    let lines: String = (0..1000).map(|line| format!("{{\"line\":{line}}}\n")).collect();
    live.write(lines.as_bytes());
    eventually("the trouble is told", || content(&scratch, "stderr").contains("its receiver takes nothing"));
    let receiver = Receiver::start_at(&address, |_, _| Reply::Status(200));
    eventually("all lines", || bodies(&receiver.requests()) == lines);
    live.signal(Signal::TERM);
    let code = live.ends_within(SOON).0;
    let stderr = content(&scratch, "stderr");
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(stderr.matches("its receiver takes nothing").count(), 1, "{stderr}");
    assert_eq!(stderr.matches("goes on after").count(), 1, "{stderr}");
    assert!(stderr.contains("Connection refused"), "{stderr}");
}

#[test]
fn a_receiver_that_stays_down_ends_with_75_after_the_time_to_drain() {
    let receiver = Receiver::start(|_, _| Reply::Status(503));
    let (scratch, config) = with_sink(&format!("http://{}/", receiver.address), "limits: {drain: 300ms}\n");
    let mut live = start(&config);
    live.write(b"line\n");
    eventually("an attempt", || !receiver.requests().is_empty());
    let began = Instant::now();
    live.signal(Signal::TERM);
    assert_eq!(live.ends_within(SOON).0, 75);
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert!(!scratch.path("data/dead-letters").exists(), "not delivered is not refused");
}

#[test]
fn a_sink_that_hangs_does_not_delay_the_other() {
    let receiver = Receiver::start(|_, _| Reply::Hang(Duration::from_secs(60)));
    let (scratch, config) = with_sink(
        &format!("http://{}/", receiver.address),
        "  safe: {type: file, path: out}\nlimits: {drain: 200ms}\n",
    );
    let mut live = start(&config);
    for round in 1..=50 {
        live.write(b"line\n");
        eventually("the line in the file", || content(&scratch, "out") == "line\n".repeat(round));
    }
    live.signal(Signal::TERM);
    assert_eq!(live.ends_within(SOON).0, 75, "the receiver confirmed nothing");
}

#[test]
fn a_full_queue_drops_the_newest_only_where_that_was_asked_for() {
    let open = Arc::new(AtomicBool::new(false));
    let waits = Arc::clone(&open);
    let receiver = Receiver::start(move |_, _| {
        while !waits.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
        }
        Reply::Status(200)
    });
    let (scratch, config) = with_sink(
        &format!("http://{}/", receiver.address),
        "    when_full: drop_newest\n  safe: {type: file, path: out}\nlimits: {queue: 64KiB, batch: 16KiB}\n",
    );
    let mut live = start(&config);
    let lines: String = (0..40_000).map(|line| format!("{{\"line\":\"{line:06}\"}}\n")).collect();
    live.write(lines.as_bytes());
    eventually("everything in the file", || content(&scratch, "out") == lines);
    open.store(true, Ordering::Relaxed);
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
    let arrived = bodies(&receiver.requests());
    assert!(lines.starts_with(arrived.get(..1000).unwrap()) && arrived.len() < lines.len() / 2);
}

// ---- headers and certificates that change

#[test]
fn headers_are_read_again_when_they_change() {
    let receiver = Receiver::start(|_, _| Reply::Status(200));
    let (scratch, config) =
        with_sink(&format!("http://{}/", receiver.address), "    headers_file: ./headers\n");
    scratch.file("headers", "Authorization: one\n");
    let mut live = start(&config);
    let beat = |live: &mut Live| {
        live.write(b"{}\n");
        thread::sleep(Duration::from_millis(50));
    };
    beat(&mut live);
    eventually("the first", || receiver.requests().len() == 1);
    // Broken: the old one stays.
    scratch.file("headers", "no header\n");
    thread::sleep(Duration::from_millis(1100));
    beat(&mut live);
    eventually("the second", || receiver.requests().len() == 2);
    scratch.file("headers", "Authorization: two\n");
    thread::sleep(Duration::from_millis(1100));
    beat(&mut live);
    eventually("the third", || receiver.requests().len() == 3);
    live.end_input();
    let (code, stderr) = live.ends_within(SOON);
    let sent: Vec<_> =
        receiver.requests().iter().map(|request| request.headers["authorization"].clone()).collect();
    assert_eq!((code, sent), (0, vec!["one".to_owned(), "one".to_owned(), "two".to_owned()]));
    assert!(stderr.contains("line 1 of") && !stderr.contains("no header\n"), "{stderr}");
}

/// An authority and what it signed, as PEM files of a folder.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, scratch: &Scratch, name: &str, host: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        scratch.file(&format!("{name}.crt"), certificate.pem());
        scratch.file(&format!("{name}.key"), key.serialize_pem());
    }
}

fn server(folder: &Path, name: &str, clients: Option<&Authority>) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = CertificateDer::pem_file_iter(folder.join(format!("{name}.crt"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        }
    };
    Arc::new(config.with_single_cert(chain.map(Result::unwrap).collect(), key).unwrap())
}

#[test]
fn certificates_are_verified_shown_and_read_again() {
    let (authority, scratch_certs) = (Authority::new(), Scratch::new());
    authority.sign(&scratch_certs, "server", "localhost");
    authority.sign(&scratch_certs, "client", "client");
    let config = server(&scratch_certs.path(""), "server", Some(&authority));
    let accepted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&accepted);
    let connections = Arc::new(AtomicUsize::new(0));
    let connected = Arc::clone(&connections);
    let receiver = Receiver::start_tls(
        move || {
            connected.fetch_add(1, Ordering::Relaxed);
            Arc::clone(&config)
        },
        move |_, _| {
            counter.fetch_add(1, Ordering::Relaxed);
            Reply::Status(200)
        },
    );
    let port = receiver.address.rsplit_once(':').unwrap().1;
    let (scratch, path) = with_sink(
        &format!("https://localhost:{port}/"),
        "    tls: {ca_file: ./ca.crt, cert_file: ./client.crt, key_file: ./client.key}\n",
    );
    for name in ["client.crt", "client.key"] {
        fs::copy(scratch_certs.path(name), scratch.path(name)).unwrap();
    }
    // Whoever signed the server is nobody we trust; then the right authority comes.
    scratch.file("ca.crt", Authority::new().0.pem());
    let mut live = start(&path);
    live.write(b"{}\n");
    eventually("a second connection", || connections.load(Ordering::Relaxed) > 1);
    assert_eq!(accepted.load(Ordering::Relaxed), 0);
    scratch.file("ca.crt", authority.0.pem());
    eventually("the request, once the right authority is trusted", || accepted.load(Ordering::Relaxed) == 1);
    live.end_input();
    let (code, stderr) = live.ends_within(SOON);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("invalid peer certificate"), "{stderr}");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let (authority, scratch_certs) = (Authority::new(), Scratch::new());
    authority.sign(&scratch_certs, "server", "other.example");
    let config = server(&scratch_certs.path(""), "server", None);
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let connect = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&config)
    };
    let receiver = Receiver::start_tls(connect, |_, _| Reply::Status(200));
    let port = receiver.address.rsplit_once(':').unwrap().1;
    let more = "    tls: {ca_file: ./ca.crt}\nlimits: {drain: 100ms}\n";
    let (scratch, path) = with_sink(&format!("https://localhost:{port}/"), more);
    scratch.file("ca.crt", authority.0.pem());
    let mut live = start(&path);
    live.write(b"{}\n");
    eventually("a second connection", || connections.load(Ordering::Relaxed) > 1);
    live.signal(Signal::TERM);
    assert_eq!(live.ends_within(SOON).0, 75);
    assert!(receiver.requests().is_empty());
}

#[test]
fn files_that_hold_no_certificates_stop_the_start() {
    let (scratch, config) = with_sink(
        "https://localhost:1/",
        "    headers_file: ./headers\n    tls: {ca_file: ./ca.crt, cert_file: ./c.crt, key_file: ./c.key}\n",
    );
    let said = |text: &str| {
        for command in [&["run", "-q", "-c", &config][..], &["check", "-c", &config]] {
            let ran = run(command, b"line\n");
            assert_eq!(ran.code, 78, "{}", ran.stderr);
            // The screen breaks long lines.
            let screen = ran.stderr.replace("\n  │ ", " ");
            assert!(screen.contains(text), "{text}: {screen}");
            assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
        }
    };
    said("cannot read");
    for name in ["headers", "ca.crt", "c.crt", "c.key"] {
        scratch.file(name, "secret\n");
    }
    said("line 1 of");
    scratch.file("headers", "X: secret\n");
    said("holds no PEM certificate");
    let authority = Authority::new();
    scratch.file("ca.crt", authority.0.pem());
    authority.sign(&scratch, "c", "client");
    scratch.file("c.key", "secret");
    said("holds no PEM private key");
    authority.sign(&scratch, "d", "client");
    fs::copy(scratch.path("d.key"), scratch.path("c.key")).unwrap();
    said("does not fit the certificate");
}

#[test]
fn the_key_of_a_batch_tells_runs_apart() {
    let keys: Arc<Mutex<Vec<String>>> = Arc::default();
    for _ in 0..2 {
        let seen = Arc::clone(&keys);
        let receiver = Receiver::start(move |_, request| {
            seen.lock().unwrap().push(request.headers["idempotency-key"].clone());
            Reply::Status(200)
        });
        let (_scratch, config) = with_sink(&format!("http://{}/", receiver.address), "");
        assert_eq!(run(&["run", "-q", "-c", &config], b"{\"beat\":1}\n").code, 0);
    }
    let keys = keys.lock().unwrap();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn the_accounting_of_every_sink_adds_up_at_every_moment() {
    // One sink that takes, refuses and fails, one that drops, one that does what it should; looked at all the time.
    let receiver = Receiver::start(|number, _| Reply::Status([200, 400, 503, 200][number % 4]));
    let slow = Receiver::start(|_, _| {
        thread::sleep(Duration::from_secs(2));
        Reply::Status(200)
    });
    let (scratch, config) = with_sink(
        &format!("http://{}/", receiver.address),
        &format!(
            "  drops:\n    type: http\n    url: http://{}/\n    when_full: drop_newest\n  safe: {{type: file, path: out}}\nlimits: {{queue: 64KiB, batch: 4KiB}}\n",
            slow.address
        ),
    );
    let lines: String = (0..60_000).map(|line| format!("{{\"line\":\"{line:06}\"}}\n")).collect();
    let input = scratch.file("input", &lines);
    let loaded = redactd::daemon::config::load(Path::new(&config), Depth::Start, None).unwrap();
    let mut config = loaded.config.unwrap();
    config.sources[0].kind =
        SourceKind::Stream { origins: vec![Origin::File(input.into())], drain_input: false };
    let (send, started) = std::sync::mpsc::channel();
    let send = Mutex::new(send);
    let tell: Tell = Arc::new(move |notice| {
        if let Notice::Started(handles) = notice {
            send.lock().unwrap().send(handles).unwrap();
        }
    });
    let running =
        thread::spawn(move || redactd::daemon::run(config, &Signals::none().unwrap(), tell).unwrap());
    let metrics = Arc::clone(&started.recv().unwrap().metrics);
    let mut in_flight_seen = 0;
    while !running.is_finished() {
        let snapshot = metrics.snapshot();
        for sink in &snapshot.sinks {
            let settled: u64 = sink.dead_lettered.values().chain(sink.dropped.values()).sum();
            assert_eq!(sink.received, sink.delivered + settled + sink.in_flight, "{sink:?}");
            assert_eq!(sink.received, snapshot.received[0]);
            in_flight_seen = in_flight_seen.max(sink.in_flight);
        }
    }
    assert!(running.join().unwrap().is_drained());
    assert!(in_flight_seen > 0);
    let sinks = metrics.snapshot().sinks;
    let count = |counts: &std::collections::BTreeMap<&str, u64>| counts.values().sum::<u64>();
    let [mixed, drops, safe] = sinks.as_slice() else { panic!("{sinks:?}") };
    assert_eq!((safe.delivered, safe.in_flight), (60_000, 0));
    assert_eq!((mixed.delivered + mixed.dead_lettered["400"], mixed.in_flight), (60_000, 0));
    assert_eq!((drops.delivered + drops.dropped["queue_full"], drops.in_flight), (60_000, 0));
    assert!(count(&drops.dropped) > 0 && count(&mixed.dead_lettered) > 0);
    let letters = content(&scratch, "data/dead-letters/out.ndjson").lines().count() as u64;
    assert_eq!(letters, mixed.dead_lettered["400"]);
    let attempts = &metrics.sinks[0];
    let (ok, failed) = (attempts.attempts_ok.value(), attempts.attempts_failed.value());
    assert_eq!((ok + failed, attempts.attempts_unknown.value()), (receiver.requests().len() as u64, 0));
    assert_eq!(metrics.sinks[2].bytes.value(), lines.len() as u64);
}

#[test]
fn an_attempt_without_an_answer_is_neither_ok_nor_failed() {
    for reply in [Reply::Close, Reply::Hang(Duration::from_secs(3))] {
        let receiver =
            Receiver::start(move |number, _| if number == 0 { reply.clone() } else { Reply::Status(200) });
        let (scratch, config) = with_sink(&format!("http://{}/", receiver.address), "    timeout: 200ms\n");
        let input = scratch.file("input", "{}\n");
        let loaded = redactd::daemon::config::load(Path::new(&config), Depth::Start, None).unwrap();
        let mut config = loaded.config.unwrap();
        config.sources[0].kind =
            SourceKind::Stream { origins: vec![Origin::File(input.into())], drain_input: false };
        let metrics: Arc<Mutex<Option<Arc<Handles>>>> = Arc::default();
        let keep = Arc::clone(&metrics);
        let tell: Tell = Arc::new(move |notice| {
            if let Notice::Started(handles) = notice {
                *keep.lock().unwrap() = Some(handles);
            }
        });
        redactd::daemon::run(config, &Signals::none().unwrap(), tell).unwrap();
        let handles = metrics.lock().unwrap().take().unwrap();
        let sink = &handles.metrics.sinks[0];
        let outcomes =
            (sink.attempts_ok.value(), sink.attempts_failed.value(), sink.attempts_unknown.value());
        assert_eq!((outcomes, sink.delivered.value(), receiver.requests().len()), ((1, 0, 1), 1, 2));
    }
}
