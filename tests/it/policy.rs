//! Policies that are wrong, and the screen that each gets.

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
        "version: 1\nlearn: record\nunlisted: mask\nloosens: [default/email]\nrules:
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
