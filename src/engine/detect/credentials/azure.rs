//! Secrets of Azure: client secrets (`…8Q~…`), keys that carry their service's mark inside, connection strings.

use super::super::check::alphabet::{ALNUM, Alphabet, B64};
use super::super::check::entropy::Makeup;
use super::super::{Anchor, Check, Detector, Family, NearMiss, Sample, Site, Why};
use super::edges::{begins, ends, rest};
use super::tokens::Part::{Lit, Maybe, Run};
use super::tokens::{Table, Token, firsts, literals, table};

pub(super) const AZURE_SECRET: Detector = Detector {
    name: "azure_secret",
    kind: "opaque",
    family: Family::Credentials,
    anchors: &[Anchor::Literal(KEYS.literals), Anchor::Literal(CLIENT)],
    check: |site| if site.text[site.at..].get(1..3) == Some(b"Q~") { client(site) } else { KEYS.find(site) },
    samples: &[
        Sample {
            field: "",
            text: "AccountName=toy;AccountKey=bm90LWEtcmVhbC1rZXktYXQtYWxsLW5vdC1hLXJlYWwta2V5QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYg==;E=x",
            hit: "bm90LWEtcmVhbC1rZXktYXQtYWxsLW5vdC1hLXJlYWwta2V5QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYg==",
        },
        Sample {
            field: "",
            text: "SharedAccessKeyName=toy;SharedAccessKey=bm90LWEtcmVhbC1rZXktYXQtYWxsLW5vdC1yZTQ=",
            hit: "bm90LWEtcmVhbC1rZXktYXQtYWxsLW5vdC1yZTQ=",
        },
        Sample {
            field: "",
            text: "pat n0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tRe9abJQQJ99AAAAn0tRealn0tRealn0tReal0 end",
            hit: "n0tRealn0tRealn0tRealn0tRealn0tRealn0tRealn0tRe9abJQQJ99AAAAn0tRealn0tRealn0tReal0",
        },
        Sample {
            field: "",
            text: "use n0t8Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz",
            hit: "n0t8Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz",
        },
        Sample {
            field: "",
            text: "\"n0t7Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz\"",
            hit: "n0t7Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz",
        },
        Sample {
            field: "",
            text: "s=~_.8Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz;",
            hit: "~_.8Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz",
        },
        Sample {
            field: "",
            text: "(abc9Q~R3al~N0tRe4l-N0tRea1_N0tReal0xyz)",
            hit: "abc9Q~R3al~N0tRe4l-N0tRea1_N0tReal0xyz",
        },
        Sample {
            field: "",
            text: "x n0t8Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz",
            hit: "n0t8Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz",
        },
        Sample {
            field: "",
            text: "n0t8Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz\n",
            hit: "n0t8Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz",
        },
    ],
    near_misses: &[
        NearMiss { field: "", text: "AccountKey=<YOUR_ACCOUNT_KEY>;" },
        NearMiss { field: "", text: "AccountName=X;AccountKey=X;" },
        NearMiss { field: "", text: "JQQJ99" },
        NearMiss { field: "", text: "AZDO is short for Azure DevOps" },
        NearMiss { field: "", text: "SharedAccessKey=${KEY}" },
        NearMiss { field: "", text: "SharedAccessKeyName=RootManageSharedAccessKey" },
        NearMiss { field: "", text: "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~" },
        NearMiss { field: "", text: "KB2552343~31bf3856ad364e35~amd64~~6.1.1.0" },
        NearMiss { field: "", text: "n0t8Q~short" },
        NearMiss { field: "", text: "FAQ~and then some more words that go on" },
        NearMiss { field: "", text: "8Q~R3al.N0tRe4l-N0tRea1_N0tReal0xyz" },
        NearMiss { field: "", text: "~/bin" },
    ],
};

/// The middle of a client secret: three characters before, about 32 after.
const CLIENT: &[&str] = &["0Q~", "1Q~", "2Q~", "3Q~", "4Q~", "5Q~", "6Q~", "7Q~", "8Q~", "9Q~"];
const SECRET: Alphabet = ALNUM.and(b"_~.-");

/// The mark of a service stands at a fixed place of its keys.
const KEYS: Table = table![
    Token::new("AccountKey=", &[Run(B64, 40, 120)]).keep(),
    Token::new("SharedAccessKey=", &[Run(B64, 32, 120)]).keep(),
    Token::new("SharedAccessSignature=", &[Run(B64.and(b"%&_-.?:"), 32, 600)]).keep(),
    Token::new("JQQJ9", &[Run(ALNUM, 25, 27)]).after(ALNUM, 50, 54),
    Token::new("AZDO", &[Run(ALNUM, 4, 4)]).after(ALNUM, 76, 76),
    Token::new("AzSe", &[Run(ALNUM, 6, 6)]).after(ALNUM, 42, 42),
    Token::new("AzCa", &[Run(ALNUM, 6, 7), Maybe(&[Lit("=")])]).after(ALNUM, 33, 33),
    Token::new("AzFu", &[Run(ALNUM, 5, 8), Maybe(&[Lit("==")])]).after(B64, 44, 44),
    Token::new("+ASt", &[Run(ALNUM, 6, 6), Lit("==")]).after(B64, 76, 76),
    Token::new("+ACR", &[Run(ALNUM, 6, 6)]).after(B64, 42, 42),
    Token::new("+ASb", &[Run(ALNUM, 6, 6), Maybe(&[Lit("=")])]).after(B64, 33, 33),
    Token::new("+AEh", &[Run(ALNUM, 6, 6), Maybe(&[Lit("=")])]).after(B64, 33, 33),
    Token::new("AIoT", &[Run(ALNUM, 5, 6), Maybe(&[Lit("=")])]).after(B64, 33, 33),
    Token::new("ACDb", &[Run(ALNUM, 6, 6), Lit("==")]).after(B64, 76, 76),
];

fn client(site: &Site<'_>) -> Check {
    // Three characters, the digit of the anchor, `Q~`.
    let Some(first) = site.at.checked_sub(3).filter(|&first| first >= site.part.start) else {
        return Check::No;
    };
    let body_at = site.at + 3;
    let body = rest(site, body_at);
    let length = SECRET.run(body, 40);
    let end = body_at + length;
    match () {
        () if SECRET.run(&site.text[first..], 3) < 3 || length < 30 => Check::No,
        () if !begins(site, first) || !ends(site, end) || length > 36 => Check::Miss(Why::Boundary),
        () if !Makeup::of(&body[..length]).looks_drawn() => Check::Miss(Why::LowEntropy),
        () => Check::Hit { start: first, end },
    }
}
