//! Policies that are right: what they compile to.

use super::*;
use crate::engine::detect;

fn compile(texts: &[(&str, &str)]) -> Policy {
    let sources: Vec<LayerSource> = texts.iter().map(|(name, text)| LayerSource::new(*name, *text)).collect();
    Policy::compile(&sources).unwrap_or_else(|errors| panic!("{}", errors.render(false, 100)))
}

fn rule<'p>(policy: &'p Policy, qualified: &str) -> &'p Rule {
    policy.rules.iter().find(|rule| rule.qualified == qualified).unwrap()
}

fn paths(policy: &Policy, path: &str) -> Vec<String> {
    let segments: Vec<Segment> = path.split(' ').flat_map(|key| selector::segments(key.as_bytes())).collect();
    let hits = policy.fields.decide(&segments, 0);
    hits.iter().map(|hit| policy.rules[usize::from(hit.rule)].id.clone()).collect()
}

const SHOP: &str = r"
version: 1
name: shop
extends: [./base.yaml]
rules:
  - id: customer-of-the-shop-by-its-number
    in: [customer.id, '$.customer_no']
    types: all
    do: correlate
    as: customer
  - {id: mail, find: [email, ipv4], do: {partial: {keep: domain}}, loosens: [mail]}
  - {id: staff, in: msg, find: {regex: 'EMP-\d{6}'}, kind: employee, do: correlate}
  - {id: seat, in: seat, do: {replace: '[seat]'}}
except:
  - {find: email, values: ['Noreply@shop.example', '*@test.example', 'bot-*'], loosens: [base/*]}
  - {in: [build.user]}
correlate: {canonical: {phone: {region: DE}}}
";

const BASE: &str = r"
version: 1
extends: []
rules:
  - {id: mail, find: email, do: mask}
  - {id: user, in: user, do: mask}
correlate: {scope: eu, canonical: {email: {plus: strip}, phone: {region: US}}}
";

fn shop() -> Policy {
    let shop = SHOP.replace("ipv4", detect::all()[1].name);
    compile(&[("base.yaml", BASE), ("shop.yaml", &shop)])
}

#[test]
fn rules_are_flattened_over_layers() {
    let policy = shop();
    let layers: Vec<(&str, bool)> =
        policy.layers.iter().map(|layer| (layer.name.as_str(), layer.pack)).collect();
    assert_eq!(layers, [("base", false), ("shop", false)]);
    let rules: Vec<(&str, u8, u16)> =
        policy.rules.iter().map(|rule| (rule.qualified.as_str(), rule.layer, rule.order)).collect();
    assert_eq!(
        rules,
        [
            ("base/mail", 0, 0),
            ("base/user", 0, 1),
            ("shop/customer-of-the-shop-by-its-number", 1, 0),
            ("shop/mail", 1, 1),
            ("shop/staff", 1, 2),
            ("shop/seat", 1, 3),
        ]
    );
    let customer = rule(&policy, "shop/customer-of-the-shop-by-its-number");
    assert!(customer.all_types);
    assert_eq!((customer.label.as_deref(), customer.kind.as_deref()), (Some("customer"), None));
    assert_eq!(customer.id_label, "customer_of_the_shop_by");
    assert_eq!(rule(&policy, "shop/mail").loosens, [0]);
    assert_eq!(rule(&policy, "shop/seat").action, Action::Replace("[seat]".to_owned()));
    assert_eq!(policy.patterns.len(), 1);
    assert_eq!((policy.patterns[0].rule, &rule(&policy, "shop/staff").find), (4, &Find::Pattern(0)));
}

#[test]
fn rules_are_found_by_detector_and_by_field() {
    let policy = shop();
    let email = usize::from(detect::by_name("email").unwrap());
    assert_eq!(policy.by_detector[email], [0, 3]);
    assert_eq!(paths(&policy, "customer id"), ["customer-of-the-shop-by-its-number"]);
    assert_eq!(paths(&policy, "x customerId"), ["customer-of-the-shop-by-its-number"]);
    assert_eq!(paths(&policy, "customer_no"), ["customer-of-the-shop-by-its-number"]);
    assert_eq!(paths(&policy, "x customer_no"), [""; 0]);
    assert_eq!(paths(&policy, "msg"), ["staff"]);
    let build = [selector::segments(b"build"), selector::segments(b"user")].concat();
    assert_eq!(policy.fields.decide_excepts(&build, 0), [1]);
}

#[test]
fn the_highest_layer_that_has_a_setting_decides() {
    let policy = shop();
    assert_eq!(policy.scope, "eu");
    let expected = CanonicalOptions { email_plus_strip: true, phone_region: Some("DE".to_owned()) };
    assert_eq!(policy.canonical, expected);
}

#[test]
fn exceptions_spare_what_they_name_and_their_own_file() {
    let policy = shop();
    let email = detect::by_name("email").unwrap();
    let spares = |except: usize, rule, detector, value: &str| {
        policy.excepts[except].spares(rule, detector, value.as_bytes())
    };
    for value in ["noreply@SHOP.example", "x@test.example", "BOT-7@a.example"] {
        assert!(spares(0, 0, Some(email), value), "{value}");
        assert!(spares(0, 3, Some(email), value), "{value}: a rule of its own file");
    }
    for value in ["noreply@shop.example.org", "x@test.example.org", "robot-7@a.example", ""] {
        assert!(!spares(0, 0, Some(email), value), "{value}");
    }
    assert!(!spares(0, 0, None, "noreply@shop.example"), "not found by the detector");
    assert!(!spares(1, 1, None, "x"), "base/user is not loosened");
    assert!(spares(1, 2, None, "x"));
}

#[test]
fn what_is_weakened_and_what_has_no_effect_is_said() {
    let policy = shop();
    let said: Vec<String> = policy
        .loosenings
        .iter()
        .map(|l| format!("{}: {}, not {} ({})", l.by, l.becomes, l.was, l.rule))
        .collect();
    assert_eq!(
        said,
        [
            "shop/mail: partial, not mask (base/mail)",
            "shop/except 1: kept, not mask (base/mail)",
            "shop/except 1: kept, not mask (base/user)",
        ]
    );
    let said: Vec<String> =
        policy.warnings.iter().map(|w| format!("{}:{} {}", w.file, w.line, w.message)).collect();
    assert_eq!(said, ["shop.yaml:16 no effect: `base/user` (mask) still redacts"]);

    let weak = "{version: 1, rules: [
        {id: a, find: email, do: {partial: {keep: domain}}},
        {id: b, in: [x, dob], do: correlate},
        {id: c, find: email, do: mask, loosens: [default/email]},
        {id: d, find: {regex: '[0-9]{7}'}, do: mask}],
      except: [{find: email, values: [a@b.example]}]}";
    let policy = compile(&[("weak.yaml", weak)]);
    let said: Vec<&str> = policy.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "`a` may have no effect: `default/email` (correlate) is stricter than `partial`; to weaken it, name it in `loosens`",
            "`b` may have no effect: `default/birth` (mask) is stricter than `correlate`; to weaken it, name it in `loosens`",
            "`c` loosens nothing of `default/email`: `correlate` is not stricter than `mask`",
            "`d` is slow: its pattern has no fixed text that could be looked for first",
            "no effect: `default/email` (correlate) still redacts",
        ]
    );
}

#[test]
fn the_id_says_what_rules_say_and_not_how_they_are_spelled() {
    let id = |text: &str| compile(&[("p.yaml", text)]).id;
    let plain = "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: mask}]}";
    let same = "# a comment\nrules:\n- do: mask\n  in: clientIp\n  id: a\nextends: []\nversion: 1\ntests: [{name: t, given: x, expect: unchanged}]\n";
    assert_eq!(id(plain), id(same));
    assert_eq!(id(plain).to_string().len(), 64);
    let mut seen = std::collections::HashSet::from([id(plain)]);
    for other in [
        "{version: 1, extends: [], rules: [{id: b, in: [client_ip], do: mask}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ips], do: mask}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [$.client_ip], do: mask}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: drop}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: {partial: {keep_last: 1}}}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: {partial: {keep_last: 2}}}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: {partial: {keep_first: 2}}}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: {replace: x}}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: mask, types: all}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: correlate}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: correlate, as: x}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: correlate, kind: x}]}",
        "{version: 1, extends: [], rules: [{id: a, find: {regex: client_ip}, do: mask}]}",
        "{version: 1, extends: [], rules: [{id: a, find: email, do: mask}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: mask}], correlate: {scope: eu}}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: mask}], correlate: {canonical: {email: {plus: strip}}}}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: mask}], except: [{values: [x]}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: mask}], except: [{values: [x*]}]}",
        "{version: 1, extends: [], rules: [{id: a, in: [client_ip], do: mask}], except: [{in: x}]}",
        "{version: 1, extends: [secrets], rules: [{id: a, in: [client_ip], do: mask}]}",
        "{version: 1, name: q, extends: [], rules: [{id: a, in: [client_ip], do: mask}]}",
    ] {
        assert!(seen.insert(id(other)), "{other}");
    }
}

#[test]
fn a_layer_counts_once_and_where_it_is_first_needed() {
    let low = "{version: 1, extends: [], rules: [{id: l, in: x, do: mask}]}";
    let left = "{version: 1, extends: [low.yaml], rules: [{id: a, in: x, do: mask}]}";
    let right = "{version: 1, extends: [./low.yaml], rules: [{id: b, in: x, do: mask}]}";
    let policy = compile(&[("left.yaml", left), ("right.yaml", right), ("low.yaml", low)]);
    let layers: Vec<&str> = policy.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(layers, ["low", "left", "right"]);
}

#[test]
fn limits_hold() {
    let too_many = |rules: usize, text: fn(usize) -> String| {
        let rules: Vec<String> = (0..rules).map(text).collect();
        let text = format!("{{version: 1, extends: [], rules: [{}]}}", rules.join(",\n"));
        Policy::compile(&[LayerSource::new("p.yaml", text)])
            .map(|_| ())
            .map_err(|e| e.errors[0].problem.clone())
    };
    let field = |i| format!("{{id: r{i}, in: f{i}, do: mask}}");
    assert_eq!(too_many(1000, field), Ok(()));
    assert_eq!(too_many(crate::limits::RULES_MAX + 1, field), Err(Problem::TooManyRules));
    let chain: Vec<LayerSource> = (0..40)
        .map(|i| {
            let text =
                format!("{{version: 1, extends: [p{}.yaml], rules: [{{id: a, in: x, do: mask}}]}}", i + 1);
            LayerSource::new(format!("p{i}.yaml"), text)
        })
        .collect();
    let errors = Policy::compile(&chain).unwrap_err();
    assert!(errors.errors.iter().any(|error| error.problem == Problem::TooManyLayers));
}

#[test]
fn any_text_compiles_or_says_why() {
    // Without the pattern: probing one costs more than all the rest.
    let shop = SHOP.replace("ipv4", "email").replace("{regex: 'EMP-\\d{6}'}", "[email]");
    let compile = |text: &str| {
        if let Err(errors) =
            Policy::compile(&[LayerSource::new("base.yaml", BASE), LayerSource::new("shop.yaml", text)])
        {
            assert!(!errors.errors.is_empty());
            for error in &errors.errors {
                let (line, column) = error.position();
                assert!(line >= 1 && column >= 1);
                let span = error.span.clone().unwrap_or(0..0);
                assert!(error.source.text.get(span).is_some(), "{error:?}");
            }
            let screen = errors.render(false, 80);
            assert!(screen.matches("policy::").count() >= errors.errors.len(), "{screen}");
        }
    };
    compile(&format!("\u{feff}{shop}"));
    compile(&shop.replace('\n', "\r\n"));
    for (at, c) in shop.char_indices() {
        let (before, after) = (&shop[..at], &shop[at + c.len_utf8()..]);
        let odd = ['é', '"', '\'', '[', '}', '*', '&', '\t', '\0', ':'][at % 10];
        compile(&match at % 4 {
            0 => format!("{before}{after}"),
            1 => before.to_owned(),
            _ => format!("{before}{odd}{after}"),
        });
    }
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_matter() {
    let text = "version: 1\nextends: []\nrules:\n  - {id: a, in: x, do: mask}\n";
    let plain = compile(&[("p.yaml", text)]).id;
    assert_eq!(compile(&[("p.yaml", &format!("\u{feff}{text}"))]).id, plain);
    assert_eq!(compile(&[("p.yaml", &text.replace('\n', "\r\n"))]).id, plain);
}
