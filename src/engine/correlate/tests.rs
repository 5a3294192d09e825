use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::derive::{Epoch, EpochError, derive};
use super::ring::{self, Entry, LineFault, parse_master};
use super::*;
use crate::limits::{DERIVED_EPOCHS_MAX, RING_BYTES_MAX, RING_KEYS_MAX};

/// K_id is bytes 0 to 31, K_chk 32 to 63.
const MAKE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
/// K_chk of the same key.
const VERIFY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
/// Bytes 100 to 131.
const MASTER: &str = "redactd-master-1 ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=";

fn ring(text: &str) -> Keyring {
    let mut ring = Keyring::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    ring.select(0);
    ring
}

fn fixed() -> Keyring {
    ring(&format!("k3yz - - {MAKE}"))
}

fn id(ring: &Keyring, label: &str, kind: &str, scope: &str, value: &str) -> String {
    let mut out = Vec::new();
    ring.append_id(label, kind, scope, value.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

/// Noise that is the same in every run (xorshift64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn symbols(&mut self, count: usize) -> String {
        let alphabet = b"0123456789abcdefghjkmnpqrstvwxyz";
        (0..count).map(|_| char::from(alphabet[(self.next() >> 20) as usize % 32])).collect()
    }
}

// Computed with another implementation of RFC 2104 and RFC 5869 (Python's `hmac`) from the formulas in the module docs.

#[test]
fn known_ids() {
    for (label, kind, scope, value, expected) in [
        ("email", "email", "", "ann@corp.example", "email_k3yzkknvt3a2ac900tfgqgn9nfch"),
        ("customer", "email", "", "ann@corp.example", "customer_k3yzkknvt3a2ac900tfgqgn9nfch"),
        ("phone", "phone", "", "+12025550123", "phone_k3yz4s9aaqtp7hv59snwh2ah7x78"),
        ("email", "email", "tenant-7", "ann@corp.example", "email_k3yzweex2b3fde33ag585kjmrvcy"),
        ("x", "opaque", "", "", "x_k3yzkpt7q3cne2m97zytaq83n13h"),
    ] {
        assert_eq!(id(&fixed(), label, kind, scope, value), expected);
        assert_eq!(fixed().recognise(expected.as_bytes()), Recognised::Genuine);
    }
}

#[test]
fn known_derived_keys() {
    let master = parse_master(MASTER.as_bytes()).unwrap();
    let first = Epoch::containing(1_772_582_400, 86_400).unwrap();
    let keys = derive(&master, first, 3, false).unwrap();
    assert_eq!(
        *ring::write("two lines\nof title", &keys),
        "# two lines\n# of title\n# kid not-before not-after secret\n\
         vc3p 2026-03-04T00:00:00Z 2026-03-05T00:00:00Z lD5xAZWHg1XhodyM9RLMIoJXa6pAkmv8++tMHq9KEmr6D2n08au5EHedroB47/Va39c8CxGlTkW3+GqEVIDbkg==\n\
         n87y 2026-03-05T00:00:00Z 2026-03-06T00:00:00Z iR0zxOYY+sNlZUyDHwlbx/cZ/iPsOUqqwc6JDIrtTM/8ajG0GP3tfejkGzV3CwHQlRrQC7KueXvTmMZV9CZPFw==\n\
         jc29 2026-03-06T00:00:00Z 2026-03-07T00:00:00Z WXlM/hgp1MFJKCQvNSHucmIxhw9F4GYZ/0NZO07l7JyS7IgUduW6N1DwUEeaT6C7CamENi2BWhuy2mcR4TL9fg==\n"
    );
    let verify = derive(&master, first, 1, true).unwrap();
    assert!(ring::write("", &verify).contains(" +g9p9PGruRB3na6AeO/1Wt/XPAsRpU5Ft/hqhFSA25I=\n"));
    let mut made = Keyring::from_entries(&keys);
    assert_eq!(made.select(1_772_582_400).unwrap().as_str(), "vc3p");
    assert_eq!(id(&made, "email", "email", "", "ann@corp.example"), "email_vc3pbdy3y5bn54mhakfyvhzmartt");
    // The first 20 bits of this epoch's kid begin with `t`: the next group's count.
    let skipped = Epoch::containing(1_770_076_800, 86_400).unwrap();
    assert_eq!(derive(&master, skipped, 1, false).unwrap()[0].kid.as_str(), "svds");
}

#[test]
fn known_ephemeral_key() {
    let random = std::array::from_fn(|i| i as u8);
    let ring = Keyring::ephemeral(&random);
    assert!(ring.selected().unwrap().is_ephemeral());
    assert_eq!(id(&ring, "ip", "ip", "", "192.0.2.1"), "ip_t2tbb2gq2696wmdw2aexz0bs9t4f");
}

#[test]
fn ten_thousand_genuine_ids_verify_and_are_found() {
    let (ring, mut noise) = (fixed(), Noise(7));
    let mut text = Vec::new();
    for i in 0..10_000 {
        let start = text.len();
        let value = noise.next().to_be_bytes();
        ring.append_id("user_id", "opaque", "", &value[..i % 9], &mut text);
        assert_eq!(ring.recognise(&text[start..]), Recognised::Genuine);
        text.push(b" ,\"/&"[i % 5]);
    }
    assert_eq!(find_ids(&text).count(), 10_000);
}

#[test]
fn forged_ids_fail() {
    let (ring, mut noise) = (fixed(), Noise(11));
    let accepted = (0..100_000)
        .filter(|_| {
            let token = format!("email_k3yz{}", noise.symbols(24));
            ring.recognise(token.as_bytes()) == Recognised::Genuine
        })
        .count();
    assert!(accepted <= 1, "{accepted} of 100000; 0.1 expected");
}

#[test]
fn any_changed_symbol_fails() {
    let (ring, good) = (fixed(), id(&fixed(), "email", "email", "", "ann@corp.example"));
    for at in 6..good.len() {
        let mut bad = good.clone().into_bytes();
        bad[at] = if bad[at] == b'0' { b'1' } else { b'0' };
        let expected = if at < 10 { Recognised::UnknownKey } else { Recognised::Forged };
        assert_eq!(ring.recognise(&bad), expected, "symbol {at}");
    }
    // The label is not part of it.
    assert_eq!(ring.recognise(good.replace("email", "person").as_bytes()), Recognised::Genuine);
    for none in ["", "email", &good[6..], &good[..good.len() - 1], &format!("{good}0"), &good.to_uppercase()]
    {
        assert_eq!(ring.recognise(none.as_bytes()), Recognised::NotAnId, "{none}");
    }
}

#[test]
fn verify_only_keys_recognise_and_make_nothing() {
    let mut ring = Keyring::parse(format!("k3yz - - {VERIFY}").as_bytes()).unwrap();
    assert_eq!(ring.select(0), None);
    assert_eq!(ring.recognise(b"email_k3yzkknvt3a2ac900tfgqgn9nfch"), Recognised::Genuine);
    assert_eq!(id(&ring, "email", "email", "", "ann@corp.example"), "[redacted:no_key]");
    let key = ring.keys().next().unwrap();
    let mut out = Vec::new();
    assert!(
        !key.can_make()
            && !key.append_id("email", "email", "", b"ann@corp.example", &mut out)
            && out.is_empty()
    );
    // With a key of the process it can do both.
    ring.add_ephemeral(&[9; 64]);
    assert!(ring.select(0).unwrap().is_ephemeral());
    assert_eq!(ring.recognise(b"email_k3yzkknvt3a2ac900tfgqgn9nfch"), Recognised::Genuine);
    assert_eq!(ring.recognise(id(&ring, "ip", "ip", "", "192.0.2.1").as_bytes()), Recognised::Genuine);
}

#[test]
fn the_newest_valid_key_makes_ids_and_all_verify() {
    let text = format!(
        "c000 2026-03-05T00:00:00Z 2026-03-06T00:00:00Z {MAKE}\n\
         a000 - - {MAKE}\n\
         b000 2026-03-04T00:00:00Z 2026-03-05T00:00:00Z {MAKE}\n\
         d000 2026-03-05T00:00:00Z - {VERIFY}\n"
    );
    let mut ring = Keyring::parse(text.as_bytes()).unwrap();
    assert_eq!(ring.selected(), None, "the engine has no clock");
    let day = 1_772_582_400; // 2026-03-04
    for (now, kid) in [
        (0, "a000"),
        (day - 1, "a000"),
        (day, "b000"),
        (day + 86_399, "b000"),
        (day + 86_400, "c000"),
        (day + 2 * 86_400 - 1, "c000"),
        (day + 2 * 86_400, "a000"),
        (i64::MAX, "a000"),
        (i64::MIN, "a000"),
    ] {
        assert_eq!(ring.select(now).unwrap().as_str(), kid, "at {now}");
        let made = id(&ring, "email", "email", "", "ann@corp.example");
        assert_eq!(&made[6..10], kid);
        ring.select(0);
        assert_eq!(ring.recognise(made.as_bytes()), Recognised::Genuine, "expired and future keys verify");
    }
    let order: Vec<String> = ring.keys().map(|key| key.kid().to_string()).collect();
    assert_eq!(order, ["d000", "c000", "b000", "a000"]);
}

#[test]
fn between_equally_old_keys_the_later_line_wins() {
    let mut ring = Keyring::parse(format!("a000 - - {MAKE}\nb000 - - {MAKE}").as_bytes()).unwrap();
    assert_eq!(ring.select(0).unwrap().as_str(), "b000");
}

#[test]
fn a_shared_ring_chooses_for_itself() {
    let old = ring(&format!("a000 - 2026-03-04T00:00:00Z {MAKE}\nb000 2026-03-04T00:00:00Z - {MAKE}"));
    let mut next = old.share();
    next.select(1_772_582_400);
    assert_eq!((old.selected().unwrap().as_str(), next.selected().unwrap().as_str()), ("a000", "b000"));
}

#[test]
fn a_ring_without_valid_keys_gets_an_ephemeral_one_until_a_key_becomes_valid() {
    let mut ring = Keyring::parse(format!("b000 2026-03-04T00:00:00Z - {MAKE}").as_bytes()).unwrap();
    assert_eq!(ring.select(0), None);
    ring.add_ephemeral(&[1; 64]);
    assert!(ring.select(0).unwrap().is_ephemeral());
    assert_eq!(ring.select(1_772_582_400).unwrap().as_str(), "b000");
}

#[test]
fn neighbouring_epochs_share_nothing() {
    let master = parse_master(MASTER.as_bytes()).unwrap();
    let of = |at, seconds| {
        let mut ring = Keyring::from_entries(
            &derive(&master, Epoch::containing(at, seconds).unwrap(), 1, false).unwrap(),
        );
        ring.select(at);
        id(&ring, "email", "email", "", "ann@corp.example")
    };
    let day = 1_772_582_400;
    let ids = [of(day, 86_400), of(day + 86_400, 86_400), of(day, 7 * 86_400), of(day, 3600)];
    for (i, a) in ids.iter().enumerate() {
        for b in &ids[i + 1..] {
            assert_ne!(a[6..], b[6..]);
        }
    }
    assert_eq!(ids[0], of(day + 86_399, 86_400), "one ID per person and day");
}

#[test]
fn epochs_begin_at_midnight_and_on_mondays() {
    let day = 1_772_582_400; // Wednesday 2026-03-04
    let start = |at, hours: u32| Epoch::containing(at, hours * 3600).map(Epoch::start);
    assert_eq!(start(day, 24), Ok(day));
    assert_eq!(start(day + 86_399, 24), Ok(day));
    assert_eq!(start(day + 5, 1), Ok(day));
    assert_eq!(start(day, 168), Ok(day - 2 * 86_400));
    assert_eq!(start(day, 0), Err(EpochError::Length));
    assert_eq!(start(day, 24 * 367), Err(EpochError::Length));
    assert_eq!(Epoch::containing(day, 5400), Err(EpochError::Length));
    assert_eq!(start(-86_400, 24), Err(EpochError::Range));
    assert_eq!(start(i64::MIN, 24), Err(EpochError::Range));
    assert_eq!(start(i64::MAX, 24), Err(EpochError::Range));
    assert_eq!(start(0, 168), Err(EpochError::Range), "that week begins in 1969");
}

#[test]
fn epochs_are_bounded_and_never_share_a_kid() {
    let master = parse_master(MASTER.as_bytes()).unwrap();
    let first = Epoch::containing(1_772_582_400, 86_400).unwrap();
    for count in [0, DERIVED_EPOCHS_MAX + 1] {
        assert_eq!(derive(&master, first, count, false).err(), Some(EpochError::Count));
    }
    let last = Epoch::containing(253_370_000_000, 86_400).unwrap();
    assert_eq!(derive(&master, last, DERIVED_EPOCHS_MAX, false).err(), Some(EpochError::Range));
    // A clash is rare but certain to be found: what is derived always parses.
    match derive(&master, first, DERIVED_EPOCHS_MAX, false) {
        Ok(keys) => assert!(keys.iter().all(|key| !key.kid.is_ephemeral())),
        Err(error) => assert!(matches!(error, EpochError::Clash(..))),
    }
}

#[test]
fn written_rings_read_back() {
    let entries = [
        Entry::local(&std::array::from_fn(|i| i as u8)),
        Entry::local(&std::array::from_fn(|i| 255 - i as u8)),
    ];
    let text = ring::write("a ring", &entries);
    let again = ring::parse(text.as_bytes()).unwrap();
    assert_eq!(*ring::write("a ring", &again), *text);
    assert!(entries.iter().all(|entry| entry.not_before.is_none() && entry.not_after.is_none()));
}

#[test]
fn blanks_and_comments_do_not_count() {
    let ring = ring(&format!("# ring\r\n\n \t\n  k3yz\t-  - {MAKE} # the only one\r\n#\n"));
    assert_eq!(ring.keys().count(), 1);
}

#[test]
fn broken_rings_are_refused_by_line_without_their_contents() {
    use LineFault::*;
    let columns = |found| Columns { expected: 4, found };
    let secret = || Secret("64 bytes (or 32 to recognise only)");
    let first = format!("a000 - - {MAKE}\n");
    for (line, fault) in [
        (MAKE.to_owned(), columns(1)),
        (format!("k3yz - {MAKE}"), columns(3)),
        (format!("k3yz - - {MAKE} x"), columns(5)),
        (format!("k3y - - {MAKE}"), Kid),
        (format!("k3yzz - - {MAKE}"), Kid),
        (format!("K3YZ - - {MAKE}"), Kid),
        (format!("k3yu - - {MAKE}"), Kid),
        (format!("\u{fc}yz - - {MAKE}"), Kid),
        (format!("t3yz - - {MAKE}"), EphemeralKid),
        (format!("k3yz now - {MAKE}"), Time { column: "not-before" }),
        (format!("k3yz - 2026-13-01T00:00:00Z {MAKE}"), Time { column: "not-after" }),
        (format!("k3yz - {MAKE} -"), Time { column: "not-after" }),
        (format!("k3yz 2026-03-04T00:00:00Z 2026-03-04T00:00:00Z {MAKE}"), NeverValid),
        (format!("k3yz - - {}", &MAKE[..84]), secret()),
        (format!("k3yz - - {}", &MAKE[..87]), secret()),
        (format!("k3yz - - {}", MAKE.trim_end_matches('=')), secret()),
        (format!("k3yz - - {MAKE}{MAKE}"), secret()),
        (format!("k3yz - - {}", "A".repeat(4000)), secret()),
        ("k3yz - - -".to_owned(), secret()),
        (format!("a000 - - {VERIFY}"), Duplicate { first: 1 }),
    ] {
        let error = Keyring::parse(format!("{first}# comment\n{line}\n").as_bytes()).err().unwrap();
        assert_eq!(error, RingError::Line { line: 3, fault }, "{line}");
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert!(!shown.contains(&MAKE[..8]) && !shown.contains(&VERIFY[..8]), "{shown}");
    }
    for empty in ["", "\n\n", "# nothing\n"] {
        assert_eq!(Keyring::parse(empty.as_bytes()).err(), Some(RingError::Empty));
    }
    let long = format!("{first}#{}", "x".repeat(RING_BYTES_MAX));
    assert_eq!(Keyring::parse(long.as_bytes()).err(), Some(RingError::TooLong));
    let mut many = String::new();
    let mut noise = Noise(3);
    let mut kids = std::collections::BTreeSet::new();
    while kids.len() <= RING_KEYS_MAX {
        kids.insert(format!("a{}", noise.symbols(3)));
    }
    for kid in kids {
        many.push_str(&format!("{kid} - - {VERIFY}\n"));
    }
    assert_eq!(Keyring::parse(many.as_bytes()).err(), Some(RingError::TooManyKeys));
}

#[test]
fn masters_and_rings_are_told_apart() {
    let error = Keyring::parse(format!("# m\n{MASTER}\n").as_bytes()).err().unwrap();
    assert_eq!(error, RingError::Master { line: 2 });
    assert!(error.hint().unwrap().contains("keys derive"));
    let newer = MASTER.replace("master-1", "master-2");
    assert_eq!(Keyring::parse(newer.as_bytes()).err(), Some(RingError::Master { line: 1 }));

    for (text, expected) in [
        (format!("k3yz - - {MAKE}"), RingError::NotMaster { line: 1 }),
        (newer, RingError::NotMaster { line: 1 }),
        (format!("{MASTER}\n{MASTER}"), RingError::NotMaster { line: 2 }),
        ("# nothing".to_owned(), RingError::Empty),
        (
            "redactd-master-1".to_owned(),
            RingError::Line { line: 1, fault: LineFault::Columns { expected: 2, found: 1 } },
        ),
        (
            format!("redactd-master-1 {MAKE}"),
            RingError::Line { line: 1, fault: LineFault::Secret("32 bytes") },
        ),
    ] {
        assert_eq!(parse_master(text.as_bytes()).err(), Some(expected));
    }
    let secret = parse_master(MASTER.as_bytes()).unwrap();
    assert_eq!(*ring::write_master("a master", &secret), format!("# a master\n{MASTER}\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, rng_seed: RngSeed::Fixed(2), ..ProptestConfig::default() })]

    #[test]
    fn only_label_free_parts_decide(
        a in ("[a-z_]{0,6}", "[a-z]{0,6}", "[ -~]{0,20}"),
        b in ("[a-z_]{0,6}", "[a-z]{0,6}", "[ -~]{0,20}"),
        labels in ("[a-z][a-z0-9_]{0,23}", "[a-z][a-z0-9_]{0,23}"),
    ) {
        let ring = fixed();
        let first = id(&ring, &labels.0, &a.0, &a.1, &a.2);
        let second = id(&ring, &labels.1, &b.0, &b.1, &b.2);
        let tail = |id: &str| id[id.len() - TAIL_BYTES..].to_owned();
        prop_assert_eq!(tail(&first) == tail(&second), a == b);
        prop_assert_eq!(ring.recognise(first.as_bytes()), Recognised::Genuine);
        prop_assert_eq!(find_ids(first.as_bytes()).collect::<Vec<_>>(), [(0, first.len())]);
    }

    /// Moving a border between two parts makes another ID: `a`+`bc` is not `ab`+`c`.
    #[test]
    fn borders_count(text in "[a-z]{2,12}", cuts in (0usize..12, 0usize..12, 0usize..12, 0usize..12)) {
        let ring = fixed();
        let cut = |i: usize, j: usize| {
            let (i, j) = (i.min(j) % (text.len() + 1), i.max(j) % (text.len() + 1));
            let (i, j) = (i.min(j), i.max(j));
            (&text[..i], &text[i..j], &text[j..])
        };
        let (a, b) = (cut(cuts.0, cuts.1), cut(cuts.2, cuts.3));
        prop_assert_eq!(id(&ring, "x", a.0, a.1, a.2) == id(&ring, "x", b.0, b.1, b.2), a == b);
    }

    #[test]
    fn any_bytes_are_a_ring_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Keyring::parse(&bytes).is_err());
        let _ = parse_master(&bytes);
        for (start, end) in find_ids(&bytes) {
            prop_assert!(start < end && end <= bytes.len());
        }
    }

    #[test]
    fn ids_are_found_in_any_surroundings(before in "\\PC{0,8}", after in "\\PC{0,8}", text in "[ -~]{0,20}") {
        let made = id(&fixed(), "us_ssn", "us_ssn", "", &text);
        let line = format!("{before} {made}\u{201d}{after}");
        let start = before.len() + 1;
        prop_assert!(find_ids(line.as_bytes()).any(|found| found == (start, start + made.len())));
        prop_assert_eq!(id_ending_at(line.as_bytes(), start + made.len()), Some(start));
    }
}
