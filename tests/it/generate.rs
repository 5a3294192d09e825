//! Made-up records, realistic in form, with nobody in them: for tests and benches. Everything follows from a seed, so that
//! a failure comes back. A record lists the values that were planted in it, as they read once all escapes are undone.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A small generator of numbers (SplitMix64): the same sequence everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound as u64) as usize
    }

    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    /// A word of `length` characters of `alphabet`.
    pub fn word(&mut self, alphabet: &str, length: usize) -> String {
        (0..length).map(|_| char::from(alphabet.as_bytes()[self.below(alphabet.len())])).collect()
    }
}

const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A JSON value as it is to be written: numbers as text, order kept.
pub enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    Text(String),
    Raw(String),
}

/// How JSON is written.
#[derive(Clone, Copy, Default)]
pub struct Style {
    /// A blank after `:` and `,`.
    pub spaces: bool,
    /// What is no ASCII becomes `\uXXXX`.
    pub ascii: bool,
    /// Every n-th character of a string becomes `\uXXXX`, whatever it is; 0 for none.
    pub escape_every: usize,
    /// `/` becomes `\/`.
    pub slashes: bool,
}

/// An object of (key, value) pairs.
pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

pub fn text(value: impl Into<String>) -> Json {
    Json::Text(value.into())
}

pub fn raw(value: impl ToString) -> Json {
    Json::Raw(value.to_string())
}

impl Json {
    pub fn write(&self, style: Style) -> String {
        let mut out = String::new();
        self.append(style, &mut out);
        out
    }

    fn append(&self, style: Style, out: &mut String) {
        let comma = if style.spaces { ", " } else { "," };
        match self {
            Json::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { comma } else { "" });
                    quote(key, Style { escape_every: 0, ..style }, out);
                    out.push_str(if style.spaces { ": " } else { ":" });
                    value.append(style, out);
                }
                out.push('}');
            }
            Json::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { comma } else { "" });
                    item.append(style, out);
                }
                out.push(']');
            }
            Json::Text(value) => quote(value, style, out),
            Json::Raw(value) => out.push_str(value),
        }
    }
}

/// Appends `value` as a JSON string.
fn quote(value: &str, style: Style, out: &mut String) {
    out.push('"');
    for (index, c) in value.chars().enumerate() {
        let forced = style.escape_every > 0 && index % style.escape_every == style.escape_every - 1;
        match c {
            c if forced || (style.ascii && !c.is_ascii()) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            '"' | '\\' => out.extend(['\\', c]),
            '/' if style.slashes => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The text in percent-encoding: everything but letters, digits and `-._~`.
pub fn percent(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    value.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

pub fn base64(value: &str) -> String {
    STANDARD.encode(value)
}

/// Values of one kind each. None is anybody's: domains are reserved (RFC 2606), numbers are drawn.
pub mod value {
    use super::*;

    const FIRST: [&str; 12] = [
        "Quillan",
        "Brunhilde",
        "Osgood",
        "Thessaly",
        "Marceline",
        "Ignatius",
        "Zephyrine",
        "Lorcan",
        "Jürgen",
        "Saoirse",
        "Wilhelmina",
        "Ptolemy",
    ];
    const LAST: [&str; 12] = [
        "Featherstitch",
        "Vantongeren",
        "Okonjowski",
        "Hollowbrook",
        "Zimmerwald",
        "Pennyfarthing",
        "Großmann",
        "Delacroixe",
        "Underhillow",
        "Katzenbach",
        "Nightengall",
        "Ravensworthy",
    ];
    const DOMAINS: [&str; 6] = [
        "corp.example",
        "mail.example.org",
        "shop.test",
        "bücher.example",
        "a-b.co.example",
        "uni.example.net",
    ];

    pub fn first_name(random: &mut Random) -> String {
        random.pick(&FIRST).to_owned()
    }

    pub fn last_name(random: &mut Random) -> String {
        random.pick(&LAST).to_owned()
    }

    /// An address in ASCII, sometimes with a tag or capitals.
    pub fn email(random: &mut Random) -> String {
        let ascii = |name: &str| name.to_lowercase().replace('ü', "ue").replace('ß', "ss");
        let (first, last) = (first_name(random), last_name(random));
        let number = random.between(10, 9999);
        let (first, last) = match random.below(4) {
            0 => (first.replace('ü', "ue"), last.replace('ß', "ss")),
            _ => (ascii(&first), ascii(&last)),
        };
        let local = match random.below(3) {
            0 => format!("{first}.{last}{number}"),
            1 => format!("{first}_{last}+tag{number}"),
            _ => format!("{last}{number}"),
        };
        let domain = random.pick(&DOMAINS);
        format!("{local}@{}", if domain.is_ascii() { domain } else { DOMAINS[0] })
    }

    /// An address whose domain has a letter outside of ASCII.
    pub fn international_email(random: &mut Random) -> String {
        format!("kontakt{}@{}", random.between(100, 9999), DOMAINS[3])
    }

    /// A public address: none of the ranges that stay.
    pub fn ipv4(random: &mut Random) -> String {
        let first =
            random.pick(&[&5u8, &8, &23, &31, &45, &62, &77, &81, &93, &104, &139, &151, &185, &201, &212]);
        let (b, c, d) = (random.between(1, 250), random.between(1, 250), random.between(1, 250));
        format!("{first}.{b}.{c}.{d}")
    }

    pub fn private_ipv4(random: &mut Random) -> String {
        let (c, d) = (random.between(0, 250), random.between(1, 250));
        match random.below(3) {
            0 => format!("10.{c}.{d}.7"),
            1 => format!("192.168.{c}.{d}"),
            _ => format!("172.20.{c}.{d}"),
        }
    }

    pub fn ipv6(random: &mut Random) -> String {
        let groups: Vec<String> = (0..6).map(|_| format!("{:x}", random.between(0x1000, 0xffff))).collect();
        format!("2a02:{:x}:{}", random.between(0x100, 0xfff), groups.join(":"))
    }

    pub fn mac(random: &mut Random) -> String {
        let groups: Vec<String> = (0..5).map(|_| random.word(HEX, 2)).collect();
        format!("3c:{}", groups.join(":"))
    }

    /// A number with the prefix, length and check digit of a card.
    pub fn card(random: &mut Random) -> String {
        let (prefix, length) =
            [("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("37", 15), ("6011", 16)][random.below(6)];
        let mut number = format!("{prefix}{}", random.word(DIGITS, length - prefix.len() - 1));
        let check = (0..10).find(|check| luhn(&format!("{number}{check}"))).unwrap_or(0);
        number.push_str(&check.to_string());
        match (length, random.below(3)) {
            (16, 0) => grouped(&number, 4, " "),
            (16, 1) => grouped(&number, 4, "-"),
            _ => number,
        }
    }

    /// A card number but for the check digit.
    pub fn no_card(random: &mut Random) -> String {
        loop {
            let number = format!("4{}", random.word(DIGITS, 15));
            if !luhn(&number) {
                return number;
            }
        }
    }

    /// The check of ISO/IEC 7812-1, annex B.
    pub fn luhn(number: &str) -> bool {
        let digits = number.bytes().rev().filter(u8::is_ascii_digit).map(|b| u32::from(b - b'0'));
        let sum: u32 =
            digits.enumerate().map(|(i, d)| if i % 2 == 0 { d } else { d * 2 / 10 + d * 2 % 10 }).sum();
        sum.is_multiple_of(10)
    }

    pub fn grouped(number: &str, size: usize, separator: &str) -> String {
        let groups: Vec<&str> =
            (0..number.len()).step_by(size).map(|at| &number[at..number.len().min(at + size)]).collect();
        groups.join(separator)
    }

    pub fn iban(random: &mut Random) -> String {
        let (country, bank) = if random.chance(50) {
            ("DE", random.word(DIGITS, 18))
        } else {
            ("GB", format!("WEST{}", random.word(DIGITS, 14)))
        };
        let number = |text: &str| {
            text.chars().fold(0u32, |sum, c| {
                let digit = c.to_digit(36).unwrap_or(0);
                (sum * if digit > 9 { 100 } else { 10 } + digit) % 97
            })
        };
        let check = 98 - number(&format!("{bank}{country}00"));
        format!("{country}{check:02}{bank}")
    }

    pub fn ssn(random: &mut Random) -> String {
        let area = loop {
            let area = random.between(1, 899);
            if area != 666 {
                break area;
            }
        };
        format!("{area:03}-{:02}-{:04}", random.between(1, 99), random.between(1, 9999))
    }

    /// A number that its country keeps for fiction.
    pub fn phone(random: &mut Random) -> String {
        match random.below(3) {
            0 => {
                format!("+1 {} 555 01{}", random.pick(&["212", "312", "415", "617"]), random.word(DIGITS, 2))
            }
            1 => format!("+44 20 7946 0{}", random.word(DIGITS, 3)),
            _ => format!("+49 30 23125{}", random.word(DIGITS, 3)),
        }
    }

    pub fn jwt(random: &mut Random) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let claims = format!(
            r#"{{"sub":"u-{}","iat":{}}}"#,
            random.between(1000, 99999),
            1_764_000_000 + random.below(9999)
        );
        format!("{header}.{}.{}", URL_SAFE_NO_PAD.encode(claims), random.word(ALNUM, 43))
    }

    pub fn opaque_token(random: &mut Random) -> String {
        random.word(ALNUM, 40)
    }

    pub fn password(random: &mut Random) -> String {
        format!(
            "{}{}!{}",
            random.pick(&["Kestrel", "Gantry", "Obelisk", "Saffron"]),
            random.between(100, 999),
            random.word(ALNUM, 6)
        )
    }

    pub fn aws_key(random: &mut Random) -> String {
        format!("AKIA{}", random.word("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))
    }

    pub fn github_token(random: &mut Random) -> String {
        let entropy = random.word(ALNUM, 30);
        let mut check = crc32(entropy.as_bytes());
        let mut suffix = Vec::new();
        for _ in 0..6 {
            suffix
                .push(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[check as usize % 62]);
            check /= 62;
        }
        suffix.reverse();
        format!("ghp_{entropy}{}", String::from_utf8_lossy(&suffix))
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        })
    }

    pub fn uuid(random: &mut Random) -> String {
        let hex = random.word(HEX, 32);
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    pub fn hex(random: &mut Random, length: usize) -> String {
        random.word(HEX, length)
    }
}

/// One line, without its newline, and what was planted in it.
pub struct Record {
    pub line: String,
    pub planted: Vec<String>,
}

/// The kinds of line that performance is reported for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// JSON of a web service with nobody in it.
    CleanHttp,
    /// JSON full of people and credentials.
    Personal,
    /// JSON with escapes in most strings.
    Escaped,
    /// JSON documents of tens of kilobytes.
    Large,
    /// Plain text: access logs, logfmt, syslog.
    Plain,
    /// JSON in strings of JSON.
    Embedded,
}

/// One record of a class.
pub fn record(class: Class, random: &mut Random) -> Record {
    let mut made = Maker { random, planted: Vec::new() };
    let line = match class {
        Class::CleanHttp => made.http().write(Style::default()),
        Class::Personal => made.personal(),
        Class::Escaped => made.escaped(),
        Class::Large => made.large(),
        Class::Plain => made.plain(),
        Class::Embedded => made.embedded(),
    };
    Record { line, planted: made.planted }
}

/// A record of some class, in about the shares that real streams have; a large one is rare.
pub fn any(random: &mut Random) -> Record {
    let class = match random.below(100) {
        0..40 => Class::CleanHttp,
        40..60 => Class::Personal,
        60..70 => Class::Escaped,
        70..72 => Class::Large,
        72..90 => Class::Plain,
        _ => Class::Embedded,
    };
    record(class, random)
}

struct Maker<'r> {
    random: &'r mut Random,
    planted: Vec<String>,
}

impl Maker<'_> {
    fn plant(&mut self, make: fn(&mut Random) -> String) -> String {
        let value = make(self.random);
        self.planted.push(value.clone());
        value
    }

    fn clock(&mut self) -> String {
        let (h, m, s, ms) =
            (self.random.below(24), self.random.below(60), self.random.below(60), self.random.below(1000));
        format!("2026-11-{:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z", self.random.between(1, 28))
    }

    /// The members that every record of a service has.
    fn head(&mut self) -> Vec<(String, Json)> {
        let clock = self.clock();
        let members = [
            ("ts", text(clock)),
            ("level", text(self.random.pick(&["info", "warn", "error", "debug"]))),
            ("service", object([("name", text("checkout")), ("version", text("2.14.0"))])),
            ("host", text(format!("web-{}.internal", self.random.below(40)))),
            ("trace_id", text(value::hex(self.random, 32))),
            ("span_id", text(value::hex(self.random, 16))),
        ];
        members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    fn http(&mut self) -> Json {
        let mut members = self.head();
        let path = format!("/v2/orders/{}/items", self.random.between(1000, 99999));
        let http = object([
            ("method", text(self.random.pick(&["GET", "POST", "PUT"]))),
            ("path", text(path)),
            ("status", raw(self.random.pick(&[&200, &201, &204, &304, &404, &503]))),
            ("bytes", raw(self.random.below(90_000))),
            (
                "user_agent",
                text("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/124.0.0.0 Safari/537.36"),
            ),
        ]);
        members.push(("http".into(), http));
        members.push((
            "duration_ms".into(),
            raw(format!("{}.{}", self.random.below(900), self.random.below(10))),
        ));
        members.push(("request_id".into(), text(value::uuid(self.random))));
        members.push(("upstream".into(), text(value::private_ipv4(self.random))));
        members.push((
            "msg".into(),
            text(self.random.pick(&[
                "request served",
                "cache miss, fetched from origin",
                "retrying after 250 ms (attempt 2 of 5)",
                "password policy loaded, 14 rules",
                "session store compacted: 1204 kept, 3 gone",
            ])),
        ));
        Json::Object(members)
    }

    fn personal(&mut self) -> String {
        let mut members = self.head();
        let email = self.plant(value::email);
        let user = object([
            ("email", text(&email)),
            ("first_name", text(self.plant(value::first_name))),
            ("last_name", text(self.plant(value::last_name))),
            ("phone", text(self.plant(value::phone))),
            ("role", text("member")),
        ]);
        members.push(("user".into(), user));
        members.push(("client_ip".into(), text(self.plant(value::ipv4))));
        let secret = match self.random.below(4) {
            0 => ("password", text(self.plant(value::password))),
            1 => ("api_key", text(self.plant(value::opaque_token))),
            2 => ("accessToken", text(self.plant(value::opaque_token))),
            _ => ("pin", raw(self.random.between(1000, 9999))),
        };
        members.push((secret.0.into(), secret.1));
        if self.random.chance(50) {
            let bearer = format!("Bearer {}", self.plant(value::jwt));
            let cookie = format!("sid={}; theme={}", self.plant(value::opaque_token), "dark");
            let headers =
                object([("Authorization", text(bearer)), ("Cookie", text(cookie)), ("Accept", text("*/*"))]);
            members.push(("headers".into(), headers));
        }
        if self.random.chance(50) {
            let payment = object([
                ("card_number", text(self.plant(value::card))),
                ("iban", text(self.plant(value::iban))),
                ("amount", raw("129.90")),
            ]);
            members.push(("payment".into(), payment));
        }
        let message = self.sentence(&email);
        members.push(("msg".into(), text(message)));
        Json::Object(members).write(Style { spaces: self.random.chance(30), ..Style::default() })
    }

    /// A sentence with one or two values in it.
    fn sentence(&mut self, email: &str) -> String {
        match self.random.below(9) {
            0 => format!("mail to {email} bounced, asked {} instead", self.plant(value::email)),
            1 => format!("charged {} twice", self.plant(value::card)),
            2 => format!("login from {} refused", self.plant(value::ipv4)),
            3 => format!("GET https://api.example/v1/me?email={}&page=2 took 12 ms", percent(email)),
            4 => format!("ssn {} verified", self.plant(value::ssn)),
            5 => format!("called {}, no answer", self.plant(value::phone)),
            6 => format!("pushed with {}", self.plant(value::github_token)),
            7 => format!("upload by {} done", self.plant(value::aws_key)),
            _ => format!("lease for {} given to {}", self.plant(value::mac), self.plant(value::ipv6)),
        }
    }

    fn escaped(&mut self) -> String {
        let mut members = self.head();
        let email = match self.random.below(4) {
            0 => self.plant(value::international_email),
            _ => self.plant(value::email),
        };
        let trace = "panic: short read\n\tat handler.serve (\"/srv/app/handler.rs\":118)\n\tat main\n";
        members.push(("stack".into(), text(trace)));
        members.push(("note".into(), text("Größe überprüft, \"ok\" für Straße 7 — Привет, 世界 🙂")));
        members.push(("path".into(), text("C:\\users\\app\\logs\\today.log")));
        let sentence = format!("line one\n{}\tend", self.sentence(&email));
        members.push(("msg".into(), text(sentence)));
        members.push(("user_email".into(), text(email)));
        let escape_every = self.random.pick(&[&0, &1, &3, &5]);
        let style = Style {
            ascii: true,
            slashes: self.random.chance(50),
            escape_every: *escape_every,
            spaces: false,
        };
        Json::Object(members).write(style)
    }

    fn large(&mut self) -> String {
        let mut members = self.head();
        let mut items = Vec::new();
        for index in 0..self.random.between(60, 250) {
            let buyer = if self.random.chance(4) { self.plant(value::email) } else { String::new() };
            items.push(object([
                ("sku", text(format!("SKU-{:06}", self.random.below(1_000_000)))),
                ("index", raw(index)),
                ("price", raw(format!("{}.99", self.random.below(500)))),
                ("tags", Json::Array(vec![text("new"), text("outdoor"), text("gift")])),
                ("buyer", text(buyer)),
                ("digest", text(value::hex(self.random, 40))),
            ]));
        }
        members.push(("items".into(), Json::Array(items)));
        Json::Object(members).write(Style::default())
    }

    fn plain(&mut self) -> String {
        let clock = self.clock();
        let path = format!("/v2/orders/{}", self.random.between(1000, 99999));
        match self.random.below(6) {
            0 => {
                let (ip, bytes) = (self.plant(value::ipv4), self.random.below(90_000));
                format!(
                    "{ip} - - [24/Nov/2026:10:11:12 +0000] \"GET {path} HTTP/1.1\" 200 {bytes} \"-\" \"curl/8.7.1\""
                )
            }
            1 => {
                let (email, password) = (self.plant(value::email), self.plant(value::password));
                format!(
                    "ts={clock} level=warn msg=\"login failed\" email={email} password={password} attempt=3"
                )
            }
            2 => {
                format!("{clock} INFO [worker-{}] cache warmed: 1204 entries in 18 ms", self.random.below(16))
            }
            3 => {
                let url = format!("postgres://svc:{}@db-1.internal:5432/app", self.plant(value::password));
                format!("{clock} ERROR cannot reach {url}: connection refused")
            }
            4 => {
                let basic = base64(&format!("svc:{}", value::password(self.random)));
                self.planted.push(basic.clone());
                format!("> GET {path} HTTP/1.1 Authorization: Basic {basic}")
            }
            _ => {
                let email = self.plant(value::email);
                format!("{clock} NOTICE {}", self.sentence(&email))
            }
        }
    }

    fn embedded(&mut self) -> String {
        let inner =
            if self.random.chance(60) { self.personal() } else { self.http().write(Style::default()) };
        let inner = if self.random.chance(30) {
            object([("stream", text("stdout")), ("log", text(inner))]).write(Style::default())
        } else {
            inner
        };
        let mut members = self.head();
        members.push(("raw".into(), text(inner)));
        Json::Object(members).write(Style::default())
    }
}
