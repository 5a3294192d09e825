//! Configurations that are wrong and the screen that each gets; the schema; `redactd check -c`.

use std::fs;
use std::path::Path;

use redactd::daemon::config::{self, Depth, schema};
use redactd::document::Complaint;

use crate::harness::{Scratch, redactd, run, run_command};

/// Each case: a name, and the text of `redactd.yaml` (of `redactd.toml` or `redactd.json` where the name says so).
const BROKEN: &[(&str, &str)] = &[
    ("empty", ""),
    ("nothing but a version", "version: 1\n"),
    ("no version", "sources: {in: {type: stdin}}\nsinks: {out: {type: stdout}}\n"),
    ("another version", "version: 2\nsources: {in: {type: stdin}}\nsinks: {out: {type: stdout}}\n"),
    ("no map", "- sources\n- sinks\n"),
    ("broken yaml", "version: 1\nsources: {in: {type: stdin}\nsinks: {out: {type: stdout}}\n"),
    ("no components", "version: 1\nsources: {}\nsinks:\n"),
    ("lists of components", "version: 1\nsources: [{type: stdin}]\nsinks: stdout\n"),
    (
        "unknown keys",
        "version: 1\nsource: {in: {type: stdin}}\nsources: {in: {type: stdin, fromat: json}}\nsinks: {out: {type: stdout, color: red}}\n",
    ),
    (
        "a key that may be a secret",
        "version: 1\nsources: {in: {type: stdin}}\nsinks:\n  out: {type: stdout, password: hunter2, headers: {Authorization: Bearer tok}}\n",
    ),
    (
        "keys twice",
        "version: 1\nsources: {in: {type: stdin}, in: {type: stdin}}\nsinks: {out: {type: stdout, type: file}}\n",
    ),
    ("names", "version: 1\nsources: {1st: {type: stdin}}\nsinks: {the sink: {type: stdout}}\n"),
    (
        "types",
        "version: 1\nsources: {a: {type: stdn}, b: {type: zebra}, c: {}, d: stdin}\nsinks: {out: {type: files}, x: {type: 3}}\n",
    ),
    (
        "types of later versions",
        "version: 1\nsources: {b: {type: kafka}}\nsinks: {c: {type: protected, path: x}, d: {type: kafka}}\n",
    ),
    (
        "otlp",
        "version: 1\nsources:\n  a: {type: otlp}\n  b: {type: otlp, grpc: {address: 0.0.0.0:4317}, http: {port: 4318}, tls: {cert_file: c.crt}, max_request: 1GiB}\n  c: {type: otlp, http: {address: 10.0.0.1:4318}, forward_headers: [Host, 'a b']}\nsinks:\n  d: {type: otlp, protocol: http/json, endpoint: 'http://collector:4318', dead_letter: d}\n  e: {type: otlp, dead_letter: e, oauth2: {token_url: 'https://idp/', client_secret: hunter2}}\n",
    ),
    (
        "lines and otlp",
        "version: 1\ndata_dir: data\nsources: {app: {type: stdin}, sdks: {type: otlp, grpc: {address: 127.0.0.1:4317}, http: {address: 127.0.0.1:4317}}}\nsinks: {a: {type: stdout}, b: {type: otlp, endpoint: 'http://127.0.0.1:1', inputs: [app]}}\n",
    ),
    (
        "no path",
        "version: 1\nsources: {a: {type: file}}\nsinks: {b: {type: file}, c: {type: http}}\ndata_dir: data\n",
    ),
    (
        "words",
        "version: 1\ndata_dir: data\nsources: {a: {type: file, include: '*.log', read_from: start, format: ndjson, container: podman, multiline: all}}\nsinks: {b: {type: file, path: out, fsync: always, when_full: drop}}\n",
    ),
    (
        "inputs",
        "version: 1\nsources: {app: {type: stdin}}\nsinks: {out: {type: stdout, inputs: [ap, zebra]}, none: {type: file, path: x, inputs: []}}\n",
    ),
    (
        "used twice",
        "version: 1\nsources: {a: {type: stdin}, b: {type: stdin}}\nsinks: {c: {type: stdout}, d: {type: stdout}, e: {type: file, path: ./x}, f: {type: file, path: x}}\n",
    ),
    (
        "a circle",
        "version: 1\ndata_dir: data\nsources: {a: {type: file, include: ['logs/*.log', 'logs/safe*'], exclude: [tmp.log]}}\nsinks: {b: {type: file, path: logs/out.log}, c: {type: file, path: logs/safe}, d: {type: file, path: logs/tmp.log}}\n",
    ),
    (
        "globs",
        "version: 1\ndata_dir: data\nsources: {a: {type: file, include: '/var/log/[a.log'}, b: {type: file, include: []}}\nsinks: {c: {type: stdout}}\n",
    ),
    (
        "no data directory",
        "version: 1\nsources: {a: {type: file, include: '*.log'}}\nsinks: {b: {type: http, url: 'https://logs.example/'}}\n",
    ),
    (
        "durations and sizes",
        "version: 1\nsources: {in: {type: stdin}}\nsinks: {out: {type: stdout}}\nlimits: {line: 1GiB, batch: big, batch_age: 200, queue: 8, drain: 25 sec}\n",
    ),
    (
        "rotation",
        "version: 1\nsources: {in: {type: stdin}}\nsinks:\n  a: {type: file, path: a, rotate: {}}\n  b: {type: file, path: b, rotate: {size: 10, every: 1ms, keep: 0}}\n  c: {type: file, path: c, rotate: daily}\n  d: {type: file, path: d, rotate: {size: 1MiB, keep: all}}\n",
    ),
    (
        "urls",
        "version: 1\nsources: {in: {type: stdin}}\nsinks:\n  a: {type: http, url: logs.example, dead_letter: a}\n  b: {type: http, url: 'http://logs.example/in', dead_letter: b}\n  c: {type: http, url: 'https://user:hunter2@logs.example/in', dead_letter: c}\n  d: {type: http, url: 'http://127.0.0.1.example/', insecure: no, dead_letter: d}\n  e: {type: http, url: 'http://10.0.0.1/', insecure: false, dead_letter: e}\n",
    ),
    (
        "http",
        "version: 1\ndata_dir: data\nsources: {in: {type: stdin}}\nsinks:\n  a:\n    type: http\n    url: https://logs.example/\n    compression: brotli\n    tls: {cert_file: c.crt, ca: x}\n    oauth2: {client_id: x}\n    timeout: 1ms\n    retry: {initial: 10s, max: 5s, times: 3}\n",
    ),
    (
        "listeners",
        "version: 1\nsources: {in: {type: stdin}}\nsinks: {out: {type: stdout}}\nhealth: {adress: ':8686'}\nadmin: {address: 0.0.0.0:8687, socket: ./s}\n",
    ),
    (
        "listeners without address",
        "version: 1\nsources: {in: {type: stdin}}\nsinks: {out: {type: stdout}}\nhealth: {address: 8686}\nadmin: {}\n",
    ),
    (
        "variables",
        "version: 1\nsources: {in: {type: '${KIND}'}}\nsinks:\n  a: {type: file, path: '${DIR:?say where}/x', fsync: '${SECRET}'}\n  b: {type: file, path: '${DIR'}\nlimits: {drain: '${SECRET}', queue: '$${QUEUE}'}\n",
    ),
    (
        "files that are not there",
        "version: 1\npolicy: [default, ./none.yaml]\nkeys: ./ring\ndata_dir: none/data\nsources: {in: {type: stdin}}\nsinks: {out: {type: file, path: none/out}}\n",
    ),
    ("broken toml", "version = 1\n[sources.in\ntype = 'stdin'\n"),
    ("toml", "version = 1\n[sources.in]\ntype = 'stdn'\n[sinks.out]\ntype = 'stdout'\ntimeout = 5\n"),
    (
        "json",
        "{\"version\": 1,\n \"sources\": {\"in\": {\"type\": \"stdin\", \"format\": 5}},\n \"sinks\": {\"out\": {\"type\": \"stdout\", \"required\": \"maybe\"}}}\n",
    ),
];

#[test]
fn every_broken_configuration_says_what_where_and_what_to_write() {
    let mut seen = std::collections::HashSet::new();
    for (name, text) in BROKEN {
        let scratch = Scratch::new();
        let file = match *name {
            name if name.contains("toml") => "redactd.toml",
            "json" => "redactd.json",
            _ => "redactd.yaml",
        };
        let path = scratch.file(file, text);
        let folder = Path::new(&path).parent().unwrap().to_str().unwrap();
        let variables = |name: &str| (name == "SECRET").then(|| "hunter2".to_owned());
        let errors = config::load(Path::new(&path), Depth::Check, Some(&variables)).err().expect(name);
        for error in &errors.errors {
            seen.insert(error.problem.code());
            assert!(error.span.as_ref().is_some_and(|span| span.end <= text.len()), "{name}: {error:?}");
            assert!(error.hint().is_none_or(|hint| !hint.is_empty()), "{name}: {error:?}");
            assert!(!error.to_string().ends_with('.'), "{name}: {error}");
        }
        let screen = errors.render(false, 100).replace(&format!("{folder}/"), "");
        for secret in ["hunter2", "Bearer tok"] {
            assert!(!screen.contains(secret), "{name}: {screen}");
        }
        insta::with_settings!({ omit_expression => true, description => *name, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("config_{}", name.replace(' ', "_")), screen);
        });
    }
    assert!(seen.len() >= 22, "{seen:?}");
}

/// All keys that there are.
const FULL: &str = "version: 1
data_dir: ./data
policy: [default]
sources:
  app:
    type: file
    include: [./logs/*.log]
    exclude: [\"*.gz\"]
    read_from: beginning
    format: auto
    container: auto
    multiline: {start: '^\\d{4}-'}
    policy: [default]
  in: {type: stdin, format: json}
sinks:
  safe:
    type: file
    path: ./safe.ndjson
    rotate: {size: 100MiB, every: 24h, keep: 7}
    fsync: batch
  archive:
    type: http
    inputs: [app]
    url: https://logs.example/ingest
    compression: zstd
    headers_file: ./headers
    tls: {ca_file: ./ca.crt, cert_file: ./c.crt, key_file: ./c.key}
    timeout: 10s
    retry: {initial: 1s, max: 30s}
    dead_letter: ./refused.ndjson
    required: false
    when_full: drop_newest
  console: {type: stdout, required: '${REQUIRED:-false}'}
health: {address: 127.0.0.1:8686}
admin: {socket: ./admin.sock}
limits: {line: 1MiB, batch: 256KiB, batch_age: 200ms, queue: 8MiB, drain: 25s}
";

#[test]
fn the_committed_schema_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/config.schema.json");
    let text = schema::text_of_schema();
    if std::env::var_os("REDACTD_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "run the tests with REDACTD_BLESS=1");
    let printed = run(&["schema", "config"], b"");
    assert_eq!((printed.code, String::from_utf8(printed.stdout).unwrap()), (0, text));
}

#[test]
fn samples_are_valid_by_schema_and_by_check() {
    let validator = jsonschema::validator_for(&schema::schema()).unwrap();
    let sidecar =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/sidecar/redactd.yaml"))
            .unwrap();
    let otlp =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/otlp/redactd.yaml")).unwrap();
    let scratch = Scratch::new();
    for text in [FULL, &sidecar, &otlp] {
        let value: serde_json::Value = serde_saphyr::from_str(text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let path = scratch.file("redactd.yaml", text);
        let checked = run(&["check", "-c", &path, "--no-environment"], b"");
        assert_eq!(checked.code, 0, "{}", checked.stderr);
    }
    for wrong in [
        "{version: 2, sources: {a: {type: stdin}}, sinks: {b: {type: stdout}}}",
        "{version: 1, sources: {a: {type: stdin, x: 1}}, sinks: {b: {type: stdout}}}",
        "{version: 1, sources: {a: {type: stdin}}, sinks: {b: {type: file}}}",
        "{version: 1, sources: {a: {type: stdin}}, sinks: {b: {type: stdout}}, limits: {drain: soon}}",
        "{version: 1, data_dir: null, sources: {a: {type: stdin}}, sinks: {b: {type: stdout}}}",
    ] {
        let value: serde_json::Value = serde_saphyr::from_str(wrong).unwrap();
        assert!(!validator.is_valid(&value), "{wrong}");
    }
}

#[test]
fn check_looks_at_what_is_named_unless_told_not_to() {
    let scratch = Scratch::new();
    let text = "version: 1\nkeys: ./ring\nsources: {in: {type: stdin}}\nsinks: {out: {type: file, path: '${DIR}/out'}}\n";
    let path = scratch.file("redactd.yaml", text);
    assert_eq!(run(&["check", "-c", &path], b"").code, 78);
    assert_eq!(run(&["check", "-c", &path, "--no-environment"], b"").code, 0);
    scratch.ring();
    let mut command = redactd(&["check", "-c", &path, "--format", "json"]);
    command.env("DIR", scratch.path(""));
    let checked = run_command(command, b"");
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(
        (checked.code, &report["valid"], &report["warnings"]),
        (0, &true.into(), &serde_json::json!([]))
    );
    assert!(!scratch.path("out").exists(), "checking makes nothing");
    scratch.file("redactd.yaml", text.replace("type: stdin", "type: stdn"));
    let checked = run(&["check", "-c", &path, "--format", "json", "--no-environment"], b"");
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((checked.code, &report["errors"][0]["code"]), (78, &"config::unknown_type".into()));
    assert_eq!((&report["errors"][0]["line"], &report["errors"][0]["column"]), (&3.into(), &22.into()));
}

#[test]
fn policies_that_are_named_are_checked_too() {
    let scratch = Scratch::new();
    let text = "version: 1\npolicy: [default, ./p.yaml]\nsources: {in: {type: stdin}}\nsinks: {out: {type: stdout}}\n";
    let path = scratch.file("redactd.yaml", text);
    scratch.file("p.yaml", "version: 1\nrules:\n  - {id: a, in: x, do: msak}\n");
    let checked = run(&["check", "-c", &path], b"");
    assert_eq!(checked.code, 78);
    assert!(checked.stderr.contains("there is no action `msak`"), "{}", checked.stderr);
    assert!(checked.stderr.contains("the policy named here is not valid: 1 error"), "{}", checked.stderr);
    scratch.file(
        "p.yaml",
        "version: 1\nrules: [{id: a, in: x, do: mask}]\ntests: [{name: t, given: {x: 1}, expect: {x: 1}}]\n",
    );
    let failing = run(&["run", "-c", &path], b"{\"x\":1}\n");
    assert_eq!((failing.code, failing.stdout), (78, Vec::new()));
    assert!(failing.stderr.contains("1 of its 1 tests fail, first `t`"), "{}", failing.stderr);
}

#[test]
fn a_configuration_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let path = scratch
        .file("redactd.yaml", "version: 1\nsources: {in: {type: stdin}}\nsinks: {out: {type: stdout}}\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let run = run(&["run", "-c", &path], b"secret\n");
    assert_eq!((run.code, run.stdout), (78, Vec::new()));
    assert!(run.stderr.contains("(mode 0666)"), "{}", run.stderr);
}
