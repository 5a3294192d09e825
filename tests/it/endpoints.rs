//! What a running daemon answers: probes, metrics, reload, policy, status.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::daemon::{content, eventually, fill};
use crate::harness::{Live, SOON, Scratch, run};

/// An answer: status, head, body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// Where a daemon of a test listens.
#[derive(Clone)]
pub struct Places {
    pub health: SocketAddr,
    pub admin: std::path::PathBuf,
}

impl Places {
    /// A free address, and a socket in the folder.
    pub fn new(scratch: &Scratch) -> Places {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        Places { health: free.local_addr().unwrap(), admin: scratch.path("admin.sock") }
    }

    /// For the configuration.
    pub fn text(&self) -> String {
        format!("health: {{address: '{}'}}\nadmin: {{socket: ./admin.sock}}\n", self.health)
    }

    pub fn health(&self, path: &str) -> Answer {
        self.ask_health(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
    }

    fn ask_health(&self, request: &str) -> Answer {
        ask(TcpStream::connect(self.health).unwrap(), request)
    }

    pub fn admin(&self, method: &str, path: &str) -> Answer {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        ask(UnixStream::connect(&self.admin).unwrap(), &request)
    }

    pub fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.admin("GET", path).body).unwrap()
    }

    /// All samples by name and labels, as one scrape has them.
    pub fn scrape(&self) -> BTreeMap<String, f64> {
        samples(&self.health("/metrics").body)
    }
}

fn ask(mut stream: impl Read + Write, request: &str) -> Answer {
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

/// Sum of all series of a metric that have this label.
fn sum(scrape: &BTreeMap<String, f64>, name: &str, label: &str) -> f64 {
    let of = |(key, _): &(&String, &f64)| {
        key.strip_prefix(name).is_some_and(|rest| rest.starts_with('{') && rest.contains(label))
    };
    scrape.iter().filter(of).map(|(_, value)| value).sum()
}

/// Received by the inputs of a sink = delivered + dead-lettered + dropped + in flight.
pub fn adds_up(scrape: &BTreeMap<String, f64>, sink: &str) -> f64 {
    let label = format!("sink=\"{sink}\"");
    let of = |name: &str| sum(scrape, name, &label);
    let settled = of("redactd_records_delivered_total")
        + of("redactd_records_dead_lettered_total")
        + of("redactd_records_dropped_total");
    let received = sum(scrape, "redactd_records_received_total", "source=");
    assert_eq!(received, settled + of("redactd_records_in_flight"), "{scrape:#?}");
    received
}

/// A daemon from standard input to standard output and a file, with both listeners.
fn start(scratch: &Scratch, more: &str) -> (Live, Places) {
    let places = Places::new(scratch);
    let text = format!(
        "version: 1\nsources: {{in: {{type: stdin}}}}\nsinks: {{out: {{type: stdout}}, safe: {{type: file, path: safe}}}}\n{}{more}",
        places.text()
    );
    let config = scratch.file("redactd.yaml", text);
    let live = Live::start(&["run", "-q", "-c", &config]);
    eventually("the listeners", || UnixStream::connect(&places.admin).is_ok());
    (live, places)
}

fn policy(number: usize) -> String {
    format!(
        "{{version: 1, name: shop, extends: [], rules: [{{id: pin, in: pin, do: {{replace: v{number}}}}}]}}\n"
    )
}

fn write_policy(scratch: &Scratch, text: &str) {
    scratch.file("policy.new", text);
    fs::set_permissions(scratch.path("policy.new"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::rename(scratch.path("policy.new"), scratch.path("policy.yaml")).unwrap();
}

// ---- requests

#[test]
fn paths_are_a_short_list_and_each_has_one_method() {
    let scratch = Scratch::new();
    let (_live, places) = start(&scratch, "");
    for (path, status) in [
        ("/livez", 200),
        ("/readyz", 200),
        ("/readyz?verbose", 200),
        ("/metrics", 200),
        ("/", 404),
        ("/reload", 404),
        ("/policy", 404),
        ("/livez/", 404),
        ("/config", 404),
    ] {
        assert_eq!(places.health(path).status, status, "{path}");
    }
    for (method, path, status) in [
        ("GET", "/policy", 200),
        ("GET", "/status", 200),
        ("POST", "/reload", 200),
        ("GET", "/reload", 405),
        ("POST", "/policy", 405),
        ("DELETE", "/status", 405),
        ("GET", "/metrics", 404),
        ("GET", "/tap", 404),
    ] {
        assert_eq!(places.admin(method, path).status, status, "{method} {path}");
    }
    assert!(places.admin("GET", "/reload").head.contains("\r\nallow: post"));
    let mode = fs::metadata(&places.admin).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn requests_are_bounded() {
    let scratch = Scratch::new();
    let (_live, places) = start(&scratch, "");
    let get = "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    let big = format!("{get}x: {}\r\n\r\n", "y".repeat(100 << 10));
    assert_eq!(places.ask_health(&big).status, 431);
    let many: String = (0..200).map(|n| format!("h{n}: 1\r\n")).collect();
    assert_eq!(places.ask_health(&format!("{get}{many}\r\n")).status, 431);
    let body = "GET /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n";
    assert_eq!(places.ask_health(body).status, 413);
    assert_eq!(places.ask_health("nonsense\r\n\r\n").status, 400);
    let page = "POST /reload HTTP/1.1\r\nhost: x\r\norigin: http://evil.example\r\nconnection: close\r\n\r\n";
    assert_eq!(ask(UnixStream::connect(&places.admin).unwrap(), page).status, 403);
    // Who connects and says nothing takes a place, and no more places than there are.
    let silent: Vec<_> = (0..60).map(|_| TcpStream::connect(places.health).unwrap()).collect();
    assert_eq!(places.health("/livez").status, 200);
    drop(silent);
}

// ---- probes

#[test]
fn not_ready_says_why() {
    let scratch = Scratch::new();
    write_policy(&scratch, &policy(0));
    let (mut live, places) = start(&scratch, "policy: [./policy.yaml]\n");
    let verbose = places.health("/readyz?verbose").body;
    assert_eq!(verbose, "policy: ok\nsources: ok\nsinks: ok\nstalled: ok\nauth_failed: ok\ndraining: ok\n");
    write_policy(&scratch, "");
    assert_eq!(places.admin("POST", "/reload").status, 422);
    let answer = places.health("/readyz?verbose");
    assert_eq!(answer.status, 200, "the old policy works");
    assert!(answer.body.contains("policy: ok (the last reload was refused: invalid"), "{}", answer.body);

    let address = places.health.to_string();
    let probe = run(&["health", "--address", &address], b"");
    assert_eq!((probe.code, String::from_utf8(probe.stdout).unwrap().as_str()), (0, "ok\n"));
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
    let probe = run(&["health", "--address", &address], b"");
    assert_eq!(probe.code, 74);
    assert!(probe.stderr.contains("no answer from"), "{}", probe.stderr);
}

#[test]
fn it_is_not_ready_while_it_drains() {
    let scratch = Scratch::new();
    let places = Places::new(&scratch);
    let config = scratch.file(
        "redactd.yaml",
        format!(
            "version: 1\nsources: {{in: {{type: stdin}}}}\nsinks: {{out: {{type: stdout}}}}\nlimits: {{drain: 5s, queue: 64KiB}}\n{}",
            places.text()
        ),
    );
    let mut live = Live::unread(&["run", "-q", "-c", &config]);
    let writer = fill(&mut live);
    assert_eq!(places.health("/readyz").status, 200);
    let began = Instant::now();
    live.signal(Signal::TERM);
    eventually("not ready", || places.health("/readyz").status == 503);
    // 100 ms on a quiet machine.
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(places.health("/readyz").body, "draining: a stop was asked for\n");
    assert_eq!(places.health("/livez").status, 200);
    let scrape = places.scrape();
    assert!(adds_up(&scrape, "out") > 0.0 && scrape["redactd_records_in_flight{sink=\"out\"}"] > 0.0);
    let probe = run(&["health", "--address", &places.health.to_string()], b"");
    assert_eq!((probe.code, probe.stdout.as_slice()), (1, &b"draining: a stop was asked for\n"[..]));
    // With a reader it ends well.
    live.read_output();
    live.rest();
    assert_eq!(live.ends_within(SOON).0, 0);
    assert!(!places.admin.exists(), "the socket goes with its process");
    writer.join().unwrap();
}

#[test]
fn a_sink_that_fails_makes_it_not_ready_until_it_goes_on() {
    let scratch = Scratch::new();
    let places = Places::new(&scratch);
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let receiver = free.local_addr().unwrap();
    drop(free);
    let config = scratch.file(
        "redactd.yaml",
        format!(
            "version: 1\ndata_dir: ./data\nsources: {{in: {{type: stdin}}}}\nlimits: {{drain: 100ms}}
sinks: {{far: {{type: http, url: 'http://{receiver}/', retry: {{initial: 10ms, max: 50ms}}}}}}\n{}",
            places.text()
        ),
    );
    let mut live = Live::start(&["run", "-q", "-c", &config]);
    eventually("the listeners", || UnixStream::connect(&places.admin).is_ok());
    assert_eq!(places.health("/readyz").status, 200);
    live.write(b"line\n");
    eventually("not ready", || places.health("/readyz").status == 503);
    assert_eq!(places.health("/readyz").body, "sinks: the last attempt of far failed\n");
    assert_eq!(places.json("/status")["sinks"][0]["last_outcome"], "failed");
    assert_eq!(places.health("/livez").status, 200);
    let address = places.health.to_string();
    let probe = run(&["health", "--address", &address], b"");
    assert_eq!(probe.code, 1, "{}", probe.stderr);
    assert!(String::from_utf8(probe.stdout).unwrap().starts_with("sinks: "));

    // Somebody who knows nobody.
    let listener = TcpListener::bind(receiver).unwrap();
    let answering = |status: &'static str| {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        let mut seen = String::new();
        while !seen.contains("line\"}") {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "{seen}");
            seen += &String::from_utf8_lossy(&buffer[..read]);
        }
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    };
    answering("401 Unauthorized");
    eventually("not ready", || places.health("/readyz").body.contains("auth_failed: the receiver of far"));
    live.write(b"next line\n");
    answering("200 OK");
    eventually("ready", || places.health("/readyz").status == 200);
    let scrape = places.scrape();
    assert_eq!(adds_up(&scrape, "far"), 2.0);
    assert_eq!(scrape["redactd_records_dead_lettered_total{sink=\"far\",reason=\"401\"}"], 1.0);
    assert!(scrape["redactd_delivery_attempts_total{sink=\"far\",outcome=\"failed\"}"] >= 2.0);
}

#[test]
fn a_run_on_the_last_good_copy_is_not_ready() {
    let scratch = Scratch::new();
    write_policy(&scratch, &policy(0));
    let more = "policy: [./policy.yaml]\ndata_dir: ./data\n";
    let (mut live, _) = start(&scratch, more);
    eventually("the copy", || {
        fs::read_dir(scratch.path("data")).is_ok_and(|dir| {
            dir.flatten().any(|entry| entry.file_name().to_string_lossy().ends_with(".json"))
        })
    });
    live.end_input();
    assert_eq!(live.ends_within(SOON).0, 0);
    write_policy(&scratch, "");
    let (mut live, places) = start(&scratch, more);
    live.write(b"{\"pin\":1}\n");
    assert_eq!(live.line(), "{\"pin\":\"v0\"}\n");
    let answer = places.health("/readyz");
    assert_eq!(answer.status, 503);
    assert!(
        answer.body.starts_with("policy: the files are not valid, the last good copy"),
        "{}",
        answer.body
    );
    assert!(places.scrape()["redactd_policy_reloads_total{result=\"invalid\"}"] >= 1.0);
    write_policy(&scratch, &policy(0));
    eventually("ready again", || places.health("/readyz").status == 200);
}

// ---- reload and policy

#[test]
fn a_reload_says_what_it_led_to() {
    let scratch = Scratch::new();
    write_policy(&scratch, &policy(0));
    let (mut live, places) = start(&scratch, "policy: [./policy.yaml]\n");
    let reload = || {
        let answer = places.admin("POST", "/reload");
        (answer.status, serde_json::from_str::<Value>(&answer.body).unwrap())
    };
    let id = places.json("/policy")["policy_id"].clone();
    assert_eq!(reload(), (200, serde_json::json!({"policy_id": id, "changed": false})));
    write_policy(&scratch, &policy(1));
    let (status, answer) = reload();
    assert_eq!((status, answer["changed"].clone()), (200, Value::Bool(true)));
    assert_ne!(answer["policy_id"], id);
    live.write(b"{\"pin\":1}\n{\"pin\":2}\n");
    assert_eq!(live.line(), "{\"pin\":\"v1\"}\n");
    assert_eq!(live.line(), "{\"pin\":\"v1\"}\n");
    write_policy(&scratch, "version: 1\nrules: [{id: pin, in: [pin, do: mask}]\n");
    let (status, answer) = reload();
    assert_eq!(status, 422);
    let error = answer["errors"][0].as_str().unwrap();
    assert!(error.contains("policy.yaml:2:"), "{error}");
    write_policy(&scratch, &policy(2).replace("in: pin", "in: nip"));
    let (status, answer) = reload();
    assert_eq!(status, 422);
    assert!(
        answer["errors"][0].as_str().unwrap().starts_with("`shop/pin` looks at fewer fields"),
        "{answer}"
    );

    let policy = places.json("/policy");
    assert_eq!(policy["layers"], serde_json::json!([{"name": "shop", "pack": false}]));
    assert_eq!(
        policy["rules"],
        serde_json::json!([{"id": "shop/pin", "action": "replace", "mode": "apply", "count": 2}])
    );
    assert_eq!(policy["refused"], "weaker");
    assert!(!policy.to_string().contains("v1"), "texts of the policy are nobody's business: {policy}");
    let scrape = places.scrape();
    for (result, least) in [("ok", 1.0), ("unchanged", 1.0), ("invalid", 1.0), ("weaker", 1.0)] {
        let name = format!("redactd_policy_reloads_total{{result=\"{result}\"}}");
        assert_eq!(scrape[&name], least, "{name}");
    }
    assert_eq!(scrape["redactd_redactions_total{rule=\"shop/pin\",action=\"replace\"}"], 2.0);
    assert!(scrape.keys().any(|name| name.starts_with("redactd_policy_info{policy_id=\"")));
}

#[test]
fn several_policies_are_answered_as_a_list() {
    let scratch = Scratch::new();
    write_policy(&scratch, &policy(0));
    fs::create_dir(scratch.path("logs")).unwrap();
    let places = Places::new(&scratch);
    let text = format!(
        "version: 1\ndata_dir: ./data\nsources:\n  in: {{type: stdin, policy: [./policy.yaml]}}\n  also: {{type: file, include: [logs/*], policy: [./policy.yaml]}}\n  other: {{type: file, include: [logs/*]}}\nsinks: {{out: {{type: stdout}}}}\n{}",
        places.text()
    );
    let config = scratch.file("redactd.yaml", text);
    let _live = Live::start(&["run", "-q", "-c", &config]);
    eventually("the listeners", || UnixStream::connect(&places.admin).is_ok());
    assert_eq!(places.json("/policy").as_array().map(Vec::len), Some(2), "two of three sources share one");
    let answer = places.admin("POST", "/reload");
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer.as_array().map(Vec::len), Some(2));
    eventually("ready", || places.health("/readyz").status == 200);
}

#[test]
fn a_socket_of_a_crashed_process_is_replaced_and_of_a_living_one_not() {
    let scratch = Scratch::new();
    let (mut live, places) = start(&scratch, "");
    let again = run(&["run", "-q", "-c", scratch.path("redactd.yaml").to_str().unwrap()], b"");
    assert_eq!(again.code, 74, "{}", again.stderr);
    assert!(again.stderr.contains("cannot listen on"), "{}", again.stderr);
    live.signal(Signal::KILL);
    live.ends_within(SOON);
    assert!(places.admin.exists());
    let (_live, places) = start(&scratch, "");
    assert_eq!(places.admin("GET", "/status").status, 200);
}

// ---- metrics

#[test]
fn every_metric_of_the_contract_is_there() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("logs")).unwrap();
    scratch.file("logs/a.log", "{\"password\":\"x\"}\n");
    let places = Places::new(&scratch);
    let config = scratch.file(
        "redactd.yaml",
        format!(
            "version: 1\ndata_dir: ./data\nsources: {{app: {{type: file, include: [logs/*]}}}}\nsinks: {{out: {{type: file, path: out}}}}\n{}",
            places.text()
        ),
    );
    let _live = Live::start(&["run", "-q", "-c", &config]);
    eventually("the line", || content(&scratch, "out").ends_with('\n'));
    let old = places.health("/metrics");
    assert!(old.head.contains("content-type: text/plain; version=0.0.4"), "{}", old.head);
    let accept = "GET /metrics HTTP/1.1\r\nhost: x\r\naccept: application/openmetrics-text; version=1.0.0\r\nconnection: close\r\n\r\n";
    let open = places.ask_health(accept);
    assert!(open.head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{}", open.head);
    assert!(open.body.ends_with("# EOF\n"));
    for (name, kind) in [
        ("redactd_build_info", "gauge"),
        ("redactd_policy_info", "gauge"),
        ("redactd_records_received_total", "counter"),
        ("redactd_bytes_received_total", "counter"),
        ("redactd_records_withheld_total", "counter"),
        ("redactd_redactions_total", "counter"),
        ("redactd_records_delivered_total", "counter"),
        ("redactd_bytes_delivered_total", "counter"),
        ("redactd_records_dead_lettered_total", "counter"),
        ("redactd_records_dropped_total", "counter"),
        ("redactd_records_in_flight", "gauge"),
        ("redactd_queue_bytes", "gauge"),
        ("redactd_delivery_attempts_total", "counter"),
        ("redactd_policy_reloads_total", "counter"),
        ("redactd_policy_loaded_timestamp_seconds", "gauge"),
        ("redactd_file_lag_bytes", "gauge"),
        ("redactd_oldest_unread_seconds", "gauge"),
        ("redactd_open_files", "gauge"),
        ("redactd_foreign_ids_total", "counter"),
        ("redactd_distinct_ids", "gauge"),
        ("redactd_record_seconds", "histogram"),
    ] {
        assert!(old.body.contains(&format!("# TYPE {name} {kind}\n")), "{name}\n{}", old.body);
        let plain = name.strip_suffix("_total").unwrap_or(name);
        assert!(open.body.contains(&format!("# TYPE {plain} {kind}\n")), "{plain}\n{}", open.body);
    }
    let types = old.body.lines().filter(|line| line.starts_with("# TYPE")).count();
    assert_eq!(types, 21, "nothing that the contract does not have");
    eventually("the record is settled", || {
        places.scrape()["redactd_record_seconds_count{source=\"app\"}"] == 1.0
    });
    let scrape = places.scrape();
    assert_eq!(scrape["redactd_records_received_total{source=\"app\"}"], 1.0);
    assert_eq!(scrape["redactd_open_files{source=\"app\"}"], 1.0);
    assert_eq!(scrape["redactd_records_delivered_total{sink=\"out\"}"], 1.0);
    let redactions = "redactd_redactions_total{rule=\"secrets/password\",action=\"mask\"}";
    assert_eq!(scrape[redactions], 1.0);
}

#[test]
fn reloads_under_load_lose_nothing_and_the_accounting_holds_in_every_scrape() {
    let scratch = Scratch::new();
    write_policy(&scratch, &policy(0));
    let (mut live, places) = start(&scratch, "policy: [./policy.yaml]\n");
    let seconds = std::env::var("REDACTD_RELOAD_SECONDS").map_or(10, |seconds| seconds.parse().unwrap());
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut stdin = live.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let mut written = 0;
        while Instant::now() < until {
            let lines: String =
                (written..written + 100).map(|n| format!("{{\"pin\":1,\"n\":{n}}}\n")).collect();
            stdin.write_all(lines.as_bytes()).unwrap();
            written += 100;
            thread::sleep(Duration::from_millis(4));
        }
        written
    });
    let scraped = places.clone();
    let scraper = thread::spawn(move || {
        let (mut scrapes, mut before) = (0, 0.0);
        while Instant::now() + Duration::from_secs(1) < until {
            let scrape = scraped.scrape();
            let received = adds_up(&scrape, "out");
            assert_eq!(adds_up(&scrape, "safe"), received);
            assert!(received >= before);
            before = received;
            scrapes += 1;
        }
        scrapes
    });
    let mut reloads = 0;
    while Instant::now() + Duration::from_secs(1) < until {
        write_policy(&scratch, &policy(reloads + 1));
        assert_eq!(places.admin("POST", "/reload").status, 200);
        reloads += 1;
    }
    let (written, scrapes) = (writer.join().unwrap(), scraper.join().unwrap());
    let rest = live.rest();
    assert_eq!(live.ends_within(SOON).0, 0);
    let out = String::from_utf8(rest).unwrap();
    let mut last = 0;
    for (number, line) in out.lines().enumerate() {
        let (version, n) = line.strip_prefix("{\"pin\":\"v").unwrap().split_once("\",\"n\":").unwrap();
        assert_eq!(n.trim_end_matches('}').parse::<usize>().unwrap(), number, "in order, each once");
        let version: usize = version.parse().unwrap();
        assert!(version >= last, "never back to an older policy");
        last = version;
    }
    assert_eq!(out.lines().count(), written);
    assert!(content(&scratch, "safe") == out);
    println!("{reloads} reloads, {scrapes} scrapes, {written} records in {seconds} s");
    assert!(
        reloads >= 20 && scrapes >= 40 && last >= 20,
        "{reloads} reloads, {scrapes} scrapes, up to v{last}"
    );
}

#[test]
fn ids_that_are_none_and_how_many_different_ones_there_are_is_counted() {
    let scratch = Scratch::new();
    let (mut live, places) = start(&scratch, "");
    for n in 0..50 {
        live.write(format!("{{\"email\":\"person{}@corp.example\"}}\n", n % 20).as_bytes());
    }
    let first = live.line();
    for _ in 1..50 {
        live.line();
    }
    let scrape = places.scrape();
    let distinct = scrape["redactd_distinct_ids{source=\"in\"}"];
    assert!((18.0..=22.0).contains(&distinct), "{distinct}");
    assert!(!scrape.keys().any(|name| name.starts_with("redactd_foreign_ids_total{")));
    // One of ours comes back, and one that somebody made up.
    let id = first.split('"').nth(3).unwrap();
    live.write(format!("{{\"seen\":\"{id}\"}}\nemail_k3yzkknvt3a2ac900tfgqgn9nfch\n").as_bytes());
    live.line();
    live.line();
    let scrape = places.scrape();
    assert_eq!(scrape["redactd_foreign_ids_total{source=\"in\",reason=\"unknown_key\"}"], 1.0);
    assert_eq!(scrape.keys().filter(|name| name.starts_with("redactd_foreign_ids_total{")).count(), 1);
}
