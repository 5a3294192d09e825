//! Policies that are wrong and the screen that each gets; `redactd check`.

use std::process::{Command, Stdio};

use redactd::document::Complaint;
use redactd::engine::policy::{LayerSource, Policy};

/// Each case: a name, and the text of `shop.yaml` (of `shop.toml` where the name says so). All of a case's errors are on
/// its screen.
const BROKEN: &[(&str, &str)] = &[
    ("empty file", ""),
    ("only a comment", "# nothing yet\n"),
    ("nothing but a name", "version: 1\nname: shop\n"),
    ("no version", "rules:\n  - {id: a, in: x, do: mask}\n"),
    ("another version", "version: 2\nrules:\n  - {id: a, in: x, do: mask}\n"),
    ("no rules", "version: 1\nrules: []\n"),
    ("no rules at all", "version: 1\nextends: []\ntests:\n  - {name: t, given: a, expect: unchanged}\n"),
    ("not a map", "- version: 1\n"),
    ("broken yaml", "version: 1\nrules:\n  - {id: a, in: [x, do: mask}\n"),
    ("bad indentation", "version: 1\nrules:\n  - id: a\n    in: x\n   do: mask\n"),
    ("unknown keys", "version: 1\nnmae: shop\nrules:\n  - {id: a, inn: x, do: mask, color: red}\n"),
    (
        "words of later versions",
        "version: 1\nlearn: record\nunlisted: mask\nrules:
  - id: a
    find: {regex: 'A-\\d+', near: [account]}
    do: {message: gone}
    seal: true
    mode: shadow
  - id: b
    find: {words: [Sable]}
    do: withhold
  - id: c
    find: {secrets_from: [/run/secrets/x]}
    do: generalize\n",
    ),
    ("a key twice", "version: 1\nrules:\n  - id: a\n    in: x\n    do: mask\n    in: y\n"),
    (
        "a rule id twice",
        "version: 1\nrules:\n  - {id: order, in: order_id, do: mask}\n  - {id: order, in: order_no, do: mask}\n",
    ),
    ("rules without parts", "version: 1\nrules:\n  - {in: x, do: mask}\n  - {id: b, do: mask}\n  - {id: c, in: x}\n"),
    ("ids and labels", "version: 1\nname: The Shop\nrules:\n  - {id: Order ID, in: x, do: correlate, as: 1st, kind: no-kind}\n"),
    ("unknown detector", "version: 1\nrules:\n  - {id: a, find: e-mail, do: mask}\n  - {id: b, find: [ipv4, zebra], do: mask}\n"),
    ("unknown actions", "version: 1\nrules:\n  - {id: a, in: x, do: redact}\n  - {id: b, in: x, do: masked}\n  - {id: c, in: x, do: hash}\n"),
    (
        "actions without what they need",
        "version: 1\nrules:
  - {id: a, in: x, do: partial}
  - {id: b, in: x, do: {partial: {keep_last: 0}}}
  - {id: c, in: x, do: {partial: {keep: ends}}}
  - {id: d, in: x, do: {partial: {keep: domain, keep_last: 2}}}
  - {id: e, in: x, do: {replace: \"\"}}
  - {id: f, in: x, do: {mask: yes}}
  - {id: g, in: x, do: {partial: {}}}
  - {id: h, in: x, do: [mask]}\n",
    ),
    (
        "selectors",
        "version: 1\nrules:
  - id: a
    in: [\"\", user..email, \"items[0].name\", \"a, b\", $user, \"x.***\", \"a.-.b\"]
    do: mask\n",
    ),
    (
        "patterns",
        "version: 1\nrules:
  - {id: a, find: {regex: 'é EMP-(\\d{6}'}, do: mask}
  - {id: b, find: {regex: '(?=x)y'}, do: mask}
  - {id: c, find: {regex: '[0-9]*'}, do: mask}
  - {id: d, find: {regex: '\\w{400}'}, do: mask}
  - {id: e, find: {regex: \"x\\\\d{2,1}\"}, do: mask}
  - {id: f, find: {}, do: mask}\n",
    ),
    ("a pattern that scans again", "version: 1\nrules:\n  - {id: a, find: {regex: '.*[^A-Z]|[A-Z]'}, do: mask}\n"),
    ("labels without IDs", "version: 1\nrules:\n  - {id: a, in: x, do: mask, as: person, kind: person}\n"),
    ("types", "version: 1\nrules:\n  - {id: a, in: x, do: mask, types: every}\n  - {id: b, in: x, find: email, do: mask, types: all}\n"),
    (
        "loosens",
        "version: 1\nrules:
  - {id: a, find: email, do: {partial: {keep: domain}}, loosens: [default/e-mail]}
  - {id: b, find: email, do: mask, loosens: [a, nothing/*]}\n",
    ),
    ("loosens of a whole policy", "version: 1\nloosens: [Mail, default/email/x, shop/*, gone]\nrules:\n  - {id: a, in: x, do: mask}\n"),
    ("extends", "version: 1\nextends: [defualt, ./none.yaml, zebra]\nrules:\n  - {id: a, in: x, do: mask}\n"),
    ("a file that extends itself", "version: 1\nextends: [./shop.yaml]\nrules:\n  - {id: a, in: x, do: mask}\n"),
    ("the name of a pack", "version: 1\nname: default\nrules:\n  - {id: a, in: x, do: mask}\n"),
    (
        "exceptions",
        "version: 1\nexcept:
  - {loosens: [default/email]}
  - {find: email, values: [\"*\", \"a*b\", 12]}
  - {find: {regex: x}, in: y}
  - {in: []}\n",
    ),
    (
        "correlate",
        "version: 1\ncorrelate: {scope: 3, canonical: {email: {plus: remove}, phone: {region: usa}, iban: {}}}\nrules:
  - {id: a, in: x, do: mask}\n",
    ),
    (
        "tests that are no tests",
        "version: 1\nrules:\n  - {id: a, in: x, do: mask}\ntests:\n  - {name: t, given: {x: 1}}\n  - {given: 3, expect: 4, then: 5}\n  - mask\n",
    ),
    ("wrong types", "version: 1\nname: 12\nrules:\n  id: a\nexcept: {}\ntests: later\nextends: {a: b}\n"),
    ("quotes are missing", "version: 1\nrules:\n  - {id: 12, in: [true, 7], do: mask, loosens: 3}\n"),
    ("toml", "version = 1\n[[rules]]\nid = 'a'\nin = 'x'\ndo = 'msak'\n[[rules]]\nid = 'a'\nfind = 'emial'\ndo = 'mask'\n"),
    ("broken toml", "version = 1\n[[rules]\nid = 'a'\n"),
    ("wide characters before the error", "version: 1\nrules:\n  - {id: größe, in: 'größe ü', do: mäsk}\n"),
];

#[test]
fn every_broken_policy_says_what_where_and_what_to_write() {
    let mut seen = std::collections::HashSet::new();
    for (name, text) in BROKEN {
        let file = if name.contains("toml") { "shop.toml" } else { "shop.yaml" };
        let errors = Policy::compile(&[LayerSource::new(file, *text)]).expect_err(name);
        for error in &errors.errors {
            seen.insert(error.problem.code());
            assert!(error.span.as_ref().is_some_and(|span| span.end <= text.len()), "{name}: {error:?}");
            assert!(error.problem.hint().is_none_or(|hint| !hint.is_empty()), "{name}: {error:?}");
            assert!(!error.to_string().ends_with('.'), "{name}: {error}");
        }
        let screen = format!("{}\n{}", text.trim_end(), errors.render(false, 100));
        insta::with_settings!({ omit_expression => true, description => *name, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name.replace(' ', "_"), screen);
        });
    }
    assert!(seen.len() >= 25, "{seen:?}");
}

/// The program run on a policy in a directory of its own: its exit status and what it said.
struct Shop(tempfile::TempDir);

impl Shop {
    fn new(policy: &str) -> Shop {
        let shop = Shop(tempfile::tempdir().unwrap());
        shop.write("shop.yaml", policy);
        shop
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
        self.mode(name, 0o644);
    }

    fn mode(&self, name: &str, mode: u32) {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(self.0.path().join(name), mode).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_redactd"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("REDACTD_KEY_FILE")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

const SHOP: &str = "version: 1
rules:
  - {id: mail, find: email, do: {partial: {keep: domain}}, loosens: [default/email]}
  - {id: staff, find: {regex: 'EMP-\\d{6}'}, kind: employee, do: correlate, as: staff}
tests:
  - name: the domain stays
    given: {to: [ann@corp.example, EMP-004711], by: EMP-004711}
    expect: {to: ['***@corp.example', <staff#1>], by: <staff#1>}
  - name: nothing to do
    given: version 1.2.3
    expect: unchanged
";

#[test]
fn check_tells_layers_loosenings_and_tests() {
    let (status, out, err) = Shop::new(SHOP).run(&["check", "--policy", "shop.yaml"]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    let mut lines = out.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("policy    ") && line.len() == 74), "{out}");
    assert!(lines.next().is_some_and(|line| line.starts_with("layer     secrets: ")), "{out}");
    assert!(lines.next().is_some_and(|line| line.starts_with("layer     default: ")), "{out}");
    let rest: Vec<&str> = lines.collect();
    assert_eq!(
        rest,
        [
            "layer     shop: 2 rules (shop.yaml)",
            "loosens   shop/mail: partial, not correlate (default/email)",
            "tests     2 passed, 0 failed",
        ]
    );
}

#[test]
fn a_failing_test_is_shown_as_a_difference() {
    let policy =
        SHOP.replace("EMP-004711], by", "EMP-004712], by").replace("version 1.2.3", "mail ann@corp.example");
    let shop = Shop::new(&policy);
    let (status, out, _) = shop.run(&["check", "--policy", "shop.yaml"]);
    assert_eq!(status, 1);
    let failures = &out[out.find("tests ").unwrap()..];
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("failing_tests", failures);
    });
    let (status, out, err) = shop.run(&["--policy", "shop.yaml"]);
    assert_eq!((status, out.as_str()), (78, ""), "a policy that fails its own tests never becomes active");
    assert!(err.contains("2 of the policy's 2 tests fail"), "{err}");
    assert!(err.contains("redactd check --policy shop.yaml"), "{err}");
}

#[test]
fn check_speaks_json() {
    let shop = Shop::new(SHOP);
    let (status, out, _) = shop.run(&["check", "--format", "json", "--policy", "shop.yaml"]);
    let result: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status, 0);
    assert_eq!(result["valid"], true);
    assert_eq!(result["layers"][2]["rules"], 2);
    assert_eq!(result["loosens"][0]["rule"], "default/email");
    assert_eq!(result["tests"]["passed"], 2);
    shop.write("shop.yaml", "version: 1\nrules:\n  - {id: a, in: x, do: msak}\n");
    let (status, out, err) = shop.run(&["check", "--format", "json", "--policy", "shop.yaml"]);
    let result: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, err.as_str()), (78, ""));
    let expected = serde_json::json!({
        "schema": 1, "valid": false,
        "errors": [{"code": "policy::unknown_action", "message": "there is no action `msak`",
                    "hint": "did you mean `mask`?", "file": "shop.yaml", "line": 3, "column": 24}],
    });
    assert_eq!(result, expected);
}

#[test]
fn a_policy_that_cannot_be_used_stops_the_program_before_it_reads() {
    let shop = Shop::new("version: 1\nextends: [./base.yaml]\nrules:\n  - {id: a, in: x, do: mask}\n");
    let said = |name: &str, text: &str| {
        for arguments in [&["check", "--policy", name][..], &["--policy", name]] {
            let (status, out, err) = shop.run(arguments);
            assert_eq!((status, out.as_str()), (78, ""), "{err}");
            assert!(err.contains(text), "{err}");
            assert!(err.ends_with("redactd: error: the policy is not valid: 1 error\n"), "{err}");
        }
    };
    said("shop.yaml", "shop.yaml:2:11");
    said("none.yaml", "none.yaml: the policy file cannot be used: there is no such file");
    said(".", "it is a directory, not a file");
    shop.write("base.yaml", "version: 1\nextends: []\nrules:\n  - {id: a, in: x, do: mask}\n");
    shop.mode("base.yaml", 0o622);
    said("shop.yaml", "others than its owner can write it (mode 0622)");
    shop.mode("base.yaml", 0o644);
    let (status, _, err) = shop.run(&["check", "--policy", "shop.yaml"]);
    assert_eq!(status, 0, "{err}");
}

#[test]
fn the_packs_pass_their_own_tests() {
    for arguments in [&["check"][..], &["check", "--policy", "secrets"]] {
        let (status, out, _) = Shop::new(SHOP).run(arguments);
        assert_eq!(status, 0, "{out}");
    }
}

const DOCUMENTATION: &str = "docs/policy.md";

fn documentation() -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENTATION)).unwrap()
}

#[test]
fn examples_of_the_documentation_compile_and_pass_their_tests() {
    let text = documentation();
    let examples: Vec<&str> =
        text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 7);
    for example in examples {
        let policy = Policy::compile(&[LayerSource::new("example.yaml", example)])
            .unwrap_or_else(|errors| panic!("{example}\n{}", errors.render(false, 100)));
        assert_eq!(policy.warnings, [], "{example}");
        let policy = std::sync::Arc::new(policy);
        assert_eq!(redactd::engine::selftest::run(&policy), [], "{example}");
    }
}

#[test]
fn the_documentation_knows_all_keys_actions_and_reserved_words() {
    let text = documentation();
    for word in [
        "version",
        "name",
        "extends",
        "rules",
        "except",
        "correlate",
        "tests",
        "id",
        "in",
        "find",
        "do",
        "types",
        "kind",
        "as",
        "loosens",
        "values",
        "given",
        "expect",
        "scope",
        "canonical",
        "region",
        "plus",
        "regex",
        "drop",
        "mask",
        "replace",
        "shape",
        "partial",
        "keep_first",
        "keep_last",
        "keep: domain",
        "unchanged",
        "near",
        "not_near",
        "words",
        "words_file",
        "entropy",
        "secrets_from",
        "message",
        "generalize",
        "withhold",
        "seal",
        "mode",
        "numbers",
        "unlisted",
        "listed",
        "learn",
    ] {
        assert!(text.contains(word), "{word}");
    }
}

/// `docs/detectors.md` from the table of detectors.
#[test]
fn the_page_of_detectors_is_true() {
    use redactd::engine::detect::{Family, all};
    let code = |text: &str| format!("`{}`", text.replace('\n', "⏎").replace('|', "\\|").replace('`', "'"));
    let mut page = String::from(
        "# Detectors\n\nEach finds one kind of value; `find: NAME` in a policy asks for it. Made from their table, with one text in \
         which each finds something and one in which it must not. All texts are made up.\n",
    );
    for family in Family::ALL {
        page += &format!(
            "\n## {family:?}\n\n| name | kind of its IDs | finds | in | leaves alone |\n|---|---|---|---|---|\n"
        );
        for detector in all().iter().filter(|d| d.family == family) {
            let (sample, miss) = (&detector.samples[0], &detector.near_misses[0]);
            let field = if sample.field.is_empty() {
                String::new()
            } else {
                format!(" under {}", code(sample.field))
            };
            page += &format!(
                "| `{}` | {} | {}{field} | {} | {} |\n",
                detector.name,
                detector.kind,
                code(sample.hit),
                code(sample.text),
                code(miss.text)
            );
        }
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/detectors.md");
    if std::env::var_os("REDACTD_BLESS").is_some() {
        std::fs::write(path, page).unwrap();
    } else {
        assert_eq!(std::fs::read_to_string(path).unwrap(), page, "run the tests with REDACTD_BLESS=1");
    }
}

#[test]
fn the_documentation_lists_all_detectors() {
    use redactd::engine::detect::{Family, all};
    let mut list = String::from("| family | detectors |\n|---|---|\n");
    for family in Family::ALL {
        let names: Vec<String> =
            all().iter().filter(|d| d.family == family).map(|d| format!("`{}`", d.name)).collect();
        list += &format!("| {} | {} |\n", format!("{family:?}").to_lowercase(), names.join(", "));
    }
    let text = documentation();
    let start = text.find("<!-- detectors").and_then(|at| Some(at + text[at..].find('\n')? + 1)).unwrap();
    let end = start + text[start..].find("<!-- end -->").unwrap();
    if std::env::var_os("REDACTD_BLESS").is_some() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENTATION);
        std::fs::write(path, format!("{}{list}{}", &text[..start], &text[end..])).unwrap();
    } else {
        assert_eq!(&text[start..end], list, "run the tests with REDACTD_BLESS=1");
    }
}
