//! `redactd explain`: reasons without values.

use std::process::{Command, Output};

fn explain(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redactd"));
    command.env_remove("REDACTD_KEY_FILE").arg("explain").args(arguments).output().expect("redactd runs")
}

const LINE: &str =
    r#"{"ann@corp.example":1,"msg":"card 4111 1111 1111 1112 via 10.0.0.1","password":"hunter2"}"#;

#[test]
fn every_span_and_near_miss_has_its_reason_and_no_value() {
    let output = explain(&[LINE]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    for reason in [
        "password, bytes",
        "mask by secrets/password",
        "(key), bytes 2..18: correlate by default/email (detector email)",
        "no ipv4: kept on purpose: private address",
    ] {
        assert!(text.contains(reason), "{reason} is missing in\n{text}");
    }
    for value in ["hunter2", "ann@corp.example"] {
        assert!(!text.contains(value), "{value} is shown in\n{text}");
    }
    assert!(!text.contains("~2"), "one key is one key:\n{text}");
}

#[test]
fn values_are_shown_only_when_asked_for_twice() {
    let refused = explain(&["--show-values", LINE]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--show-values=always"));
    let shown = explain(&["--show-values=always", "--format", "json", LINE]);
    let object: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("one JSON object");
    assert_eq!(object["version"], 1);
    let values: Vec<&str> =
        object["spans"].as_array().into_iter().flatten().filter_map(|span| span["value"].as_str()).collect();
    assert!(values.contains(&"hunter2"), "{object}");
}
