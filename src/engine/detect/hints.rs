//! What a path says about the text under it.

/// A set of facts read from the words of a path (`client_ip` → an address; `elapsed_ms` → a number that is kept).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints(u32);

macro_rules! hints {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        impl Hints { $($(#[$doc])* pub const $name: Hints = Hints(1 << $bit);)* }
    };
}
hints! {
    /// A phone or fax number is expected.
    PHONE = 0;
    /// A card number is expected.
    CARD = 1;
    /// A social security or other national or tax id is expected.
    NATIONAL_ID = 2;
    /// A bank account is expected.
    BANK = 3;
    /// An address of a machine is expected.
    IP = 4;
    /// A hardware address is expected.
    MAC = 5;
    /// A mail address is expected.
    EMAIL = 6;
    /// A secret is expected.
    SECRET = 7;
    /// A number that is no identifier: time, duration, size, count, offset, port, sequence, price.
    NUMBER = 8;
    /// A version or build.
    VERSION = 9;
    /// A digest, trace id, request id, commit.
    HASH = 10;
    /// A user agent string.
    USER_AGENT = 11;
}

impl Hints {
    /// No fact at all.
    pub const NONE: Hints = Hints(0);

    /// Whether one of `other`'s facts holds.
    pub fn any(self, other: Hints) -> bool {
        self.0 & other.0 != 0
    }

    /// Facts of both.
    #[must_use]
    pub fn with(self, other: Hints) -> Hints {
        Hints(self.0 | other.0)
    }

    /// Facts read from the lower-case words of one key (`["client", "ip"]`).
    pub fn of_words(words: &[&str]) -> Hints {
        let mut reading = Reading::default();
        words.iter().for_each(|word| reading.word(word.as_bytes()));
        reading.facts()
    }

    /// Facts read from one key as it stands (`clientIp`, `client-ip`, `http.client_ip`).
    pub fn of_key(key: &[u8]) -> Hints {
        Reading::of(key).facts()
    }

    /// Facts read from a key and the key above it: in `{"host":{"ip":…}}` the address is the host's. The upper key says
    /// only whose and of what sort a thing is, never that all its members are numbers or cards.
    pub fn below(parent: &[u8], key: &[u8]) -> Hints {
        let (mut reading, mut above) = (Reading::of(key), Reading::of(parent));
        if reading.seen & bit(Word::Person) != 0 {
            above.seen &= !bit(Word::Machine);
        }
        let whose = [Word::Person, Word::Machine, Word::User, Word::Traced];
        reading.seen |= above.seen & whose.iter().fold(0, |all, &word| all | bit(word));
        reading.facts()
    }

    /// The facts of `self` that are not in `other`.
    fn without(self, other: Hints) -> Hints {
        Hints(self.0 & !other.0)
    }
}

/// No word of the table is longer.
const WORD_BYTES_MAX: usize = 16;

/// The words of a key: runs of letters and digits, cut at camel humps (`remoteAddr`, `HTTPPort`) as well.
fn words_of(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += key.get(at..)?.iter().position(u8::is_ascii_alphanumeric)?;
        let start = at;
        at += 1;
        while at < key.len() && key[at].is_ascii_alphanumeric() {
            let capital = key[at].is_ascii_uppercase();
            let after_small = !key[at - 1].is_ascii_uppercase();
            let before_small = key.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            if capital && (after_small || before_small) {
                break;
            }
            at += 1;
        }
        Some(&key[start..at])
    })
}

/// What one word contributes. Words that mean something only beside another word are told apart here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Fact(Hints),
    /// An address of a machine if a person's side of the connection is named too.
    Address,
    /// Whose address: `client`, `remote`.
    Person,
    /// Whose address: ours, so no person's.
    Machine,
    /// Request, trace, span: with `id`, an id of that.
    Traced,
    Id,
    /// A key is a secret only if it says what it opens.
    Key,
    /// What a secret key opens: `api`, `access`.
    Opens,
    /// `pin` is a secret, `pin_no` is a contact of a chip.
    Pin,
    /// The chip's side of `pin`.
    Chip,
    User,
    Agent,
    Forwarded,
    /// What is sold and sent: with a word for its number, the number of that.
    Goods,
    /// `number`, `code`, `ref`.
    Ref,
    /// In front it counts (`num_cards`), behind it names (`card_num`).
    Num,
}

/// The words of one key, put together.
#[derive(Default)]
struct Reading {
    facts: Hints,
    begun: bool,
    /// One bit per kind of word.
    seen: u32,
    last: Option<Word>,
}

impl Reading {
    fn of(key: &[u8]) -> Reading {
        let mut reading = Reading::default();
        let mut lower = [0; WORD_BYTES_MAX];
        for word in words_of(key) {
            if let Some(lower) = lower.get_mut(..word.len()) {
                lower.copy_from_slice(word);
                lower.make_ascii_lowercase();
                reading.word(lower);
            } else {
                reading.word(b"");
            }
        }
        reading
    }

    fn word(&mut self, word: &[u8]) {
        let found = WORDS.binary_search_by(|(name, _)| name.as_bytes().cmp(word));
        self.last = found.ok().map(|i| WORDS[i].1);
        let first = !std::mem::replace(&mut self.begun, true);
        match self.last {
            Some(Word::Num) if first => self.facts = self.facts.with(Hints::NUMBER),
            Some(Word::Fact(fact)) => self.facts = self.facts.with(fact),
            Some(word) => self.seen |= bit(word),
            None => {}
        }
    }

    fn facts(self) -> Hints {
        let seen = |word| self.seen & bit(word) != 0;
        let mut facts = self.facts;
        if seen(Word::Address) && (seen(Word::Person) || seen(Word::User)) || seen(Word::Forwarded) {
            facts = facts.with(Hints::IP);
        }
        if seen(Word::Machine) {
            facts = facts.without(Hints::IP);
        }
        if seen(Word::Traced) && (self.last == Some(Word::Id) || self.last == Some(Word::Traced)) {
            facts = facts.with(Hints::HASH);
        }
        // Ten in a hundred numbers of orders pass for a card of some brand. `order_card_number` says what it is.
        let named = matches!(self.last, Some(Word::Id | Word::Ref | Word::Num | Word::Chip | Word::Goods));
        if seen(Word::Goods) && named && facts == Hints::NONE {
            facts = Hints::NUMBER;
        }
        if seen(Word::Key) && seen(Word::Opens) && self.last == Some(Word::Key)
            || seen(Word::Pin) && !seen(Word::Chip)
        {
            facts = facts.with(Hints::SECRET);
        }
        if seen(Word::User) && seen(Word::Agent) {
            facts = facts.with(Hints::USER_AGENT);
        }
        if self.last == Some(Word::Id) {
            facts = facts.without(Hints::CARD);
        }
        // `token_count`, `card_expires_at`, `phone_hash`: what is counted or digested is not there itself.
        if facts.any(Hints::NUMBER.with(Hints::VERSION).with(Hints::HASH)) {
            let digits = Hints::PHONE.with(Hints::CARD).with(Hints::NATIONAL_ID).with(Hints::BANK);
            facts = facts.without(digits.with(Hints::SECRET));
        }
        facts
    }
}

const fn bit(word: Word) -> u32 {
    1 << match word {
        Word::Fact(_) => 0,
        Word::Address => 1,
        Word::Person => 2,
        Word::Machine => 3,
        Word::Traced => 4,
        Word::Id => 5,
        Word::Key => 6,
        Word::Opens => 7,
        Word::Pin => 8,
        Word::Chip => 9,
        Word::User => 10,
        Word::Agent => 11,
        Word::Forwarded => 12,
        Word::Num => 13,
        Word::Goods => 14,
        Word::Ref => 15,
    }
}

macro_rules! words {
    ($($name:literal => $word:expr),* $(,)?) => { &[$(($name, $word)),*] };
}
const PHONE: Word = Word::Fact(Hints::PHONE);
const CARD: Word = Word::Fact(Hints::CARD);
const NATIONAL_ID: Word = Word::Fact(Hints::NATIONAL_ID);
const BANK: Word = Word::Fact(Hints::BANK);
const IP: Word = Word::Fact(Hints::IP);
const MAC: Word = Word::Fact(Hints::MAC);
const EMAIL: Word = Word::Fact(Hints::EMAIL);
const SECRET: Word = Word::Fact(Hints::SECRET);
const NUMBER: Word = Word::Fact(Hints::NUMBER);
const VERSION: Word = Word::Fact(Hints::VERSION);
const HASH: Word = Word::Fact(Hints::HASH);
const USER_AGENT: Word = Word::Fact(Hints::USER_AGENT);
/// Sorted. What it does not know says nothing.
const WORDS: &[(&str, Word)] = words![
    "aadhaar" => NATIONAL_ID,
    "aba" => BANK,
    "access" => Word::Opens,
    "accesskey" => SECRET,
    "accesstoken" => SECRET,
    "account" => BANK,
    "accountnumber" => BANK,
    "acct" => BANK,
    "addr" => Word::Address,
    "address" => Word::Address,
    "addresses" => Word::Address,
    "age" => NUMBER,
    "agent" => Word::Agent,
    "amount" => NUMBER,
    "amt" => NUMBER,
    "api" => Word::Opens,
    "apikey" => SECRET,
    "apitoken" => SECRET,
    "at" => NUMBER,
    "attempt" => NUMBER,
    "attempts" => NUMBER,
    "auth" => SECRET,
    "authorization" => SECRET,
    "authtoken" => SECRET,
    "avg" => NUMBER,
    "backend" => Word::Machine,
    "balance" => NUMBER,
    "bank" => BANK,
    "barcode" => Word::Goods,
    "bban" => BANK,
    "bcm" => Word::Chip,
    "bearer" => SECRET,
    "bic" => BANK,
    "bind" => Word::Machine,
    "board" => Word::Chip,
    "broadcast" => Word::Machine,
    "bsn" => NATIONAL_ID,
    "bssid" => MAC,
    "build" => VERSION,
    "bytes" => NUMBER,
    "caller" => Word::Person,
    "capacity" => NUMBER,
    "card" => CARD,
    "cardno" => CARD,
    "cardnumber" => CARD,
    "cc" => CARD,
    "ccnum" => CARD,
    "ccnumber" => CARD,
    "cell" => PHONE,
    "cellphone" => PHONE,
    "celular" => PHONE,
    "checksum" => HASH,
    "client" => Word::Person,
    "clientip" => IP,
    "clientsecret" => SECRET,
    "cluster" => Word::Machine,
    "cnp" => NATIONAL_ID,
    "cnpj" => NATIONAL_ID,
    "code" => Word::Ref,
    "codicefiscale" => NATIONAL_ID,
    "commit" => HASH,
    "connecting" => Word::Person,
    "consignment" => Word::Goods,
    "container" => Word::Machine,
    "correlation" => Word::Traced,
    "cost" => NUMBER,
    "count" => NUMBER,
    "counter" => NUMBER,
    "cpf" => NATIONAL_ID,
    "cpr" => NATIONAL_ID,
    "cpu" => NUMBER,
    "crc" => HASH,
    "crc32" => HASH,
    "created" => NUMBER,
    "credential" => SECRET,
    "credentials" => SECRET,
    "creditcard" => CARD,
    "creditcardnumber" => CARD,
    "csrf" => SECRET,
    "curp" => NATIONAL_ID,
    "cvc" => SECRET,
    "cvv" => SECRET,
    "date" => NUMBER,
    "datetime" => NUMBER,
    "day" => NUMBER,
    "days" => NUMBER,
    "deadline" => NUMBER,
    "delay" => NUMBER,
    "depth" => NUMBER,
    "dest" => Word::Machine,
    "destination" => Word::Machine,
    "digest" => HASH,
    "distance" => NUMBER,
    "dni" => NATIONAL_ID,
    "dns" => Word::Machine,
    "driverlicense" => NATIONAL_ID,
    "drivinglicence" => NATIONAL_ID,
    "dst" => Word::Machine,
    "duration" => NUMBER,
    "ean" => Word::Goods,
    "egn" => NATIONAL_ID,
    "ein" => NATIONAL_ID,
    "elapsed" => NUMBER,
    "email" => EMAIL,
    "emailaddress" => EMAIL,
    "emails" => EMAIL,
    "encryption" => Word::Opens,
    "end" => NUMBER,
    "epoch" => NUMBER,
    "eta" => NUMBER,
    "etag" => HASH,
    "exp" => NUMBER,
    "expiration" => NUMBER,
    "expire" => NUMBER,
    "expires" => NUMBER,
    "expiry" => NUMBER,
    "fax" => PHONE,
    "fingerprint" => HASH,
    "firmware" => VERSION,
    "fiscal" => NATIONAL_ID,
    "fnr" => NATIONAL_ID,
    "forwarded" => Word::Forwarded,
    "free" => NUMBER,
    "gateway" => Word::Machine,
    "gpio" => Word::Chip,
    "gsm" => PHONE,
    "gtin" => Word::Goods,
    "guid" => HASH,
    "gw" => Word::Machine,
    "handset" => PHONE,
    "handy" => PHONE,
    "hash" => HASH,
    "hashes" => HASH,
    "heap" => NUMBER,
    "height" => NUMBER,
    "hetu" => NATIONAL_ID,
    "hkid" => NATIONAL_ID,
    "host" => Word::Machine,
    "hour" => NUMBER,
    "hours" => NUMBER,
    "hwaddr" => MAC,
    "hwaddress" => MAC,
    "iban" => BANK,
    "ibans" => BANK,
    "id" => Word::Id,
    "ids" => Word::Id,
    "idx" => NUMBER,
    "index" => NUMBER,
    "internal" => Word::Machine,
    "interval" => NUMBER,
    "invoice" => Word::Goods,
    "ip" => IP,
    "ipaddr" => IP,
    "ipaddress" => IP,
    "ips" => IP,
    "ipv4" => IP,
    "ipv6" => IP,
    "isbn" => Word::Goods,
    "iso" => NUMBER,
    "itin" => NATIONAL_ID,
    "jmbg" => NATIONAL_ID,
    "kb" => NUMBER,
    "key" => Word::Key,
    "keys" => Word::Key,
    "lag" => NUMBER,
    "lat" => NUMBER,
    "latency" => NUMBER,
    "latitude" => NUMBER,
    "len" => NUMBER,
    "length" => NUMBER,
    "level" => NUMBER,
    "limit" => NUMBER,
    "line" => NUMBER,
    "lines" => NUMBER,
    "listen" => Word::Machine,
    "lng" => NUMBER,
    "local" => Word::Machine,
    "lon" => NUMBER,
    "longitude" => NUMBER,
    "mac" => MAC,
    "macaddr" => MAC,
    "macaddress" => MAC,
    "mail" => EMAIL,
    "mails" => EMAIL,
    "mailto" => EMAIL,
    "master" => Word::Opens,
    "max" => NUMBER,
    "mb" => NUMBER,
    "mbi" => NATIONAL_ID,
    "md5" => HASH,
    "mem" => NUMBER,
    "memory" => NUMBER,
    "micros" => NUMBER,
    "microseconds" => NUMBER,
    "millis" => NUMBER,
    "milliseconds" => NUMBER,
    "min" => NUMBER,
    "mins" => NUMBER,
    "minute" => NUMBER,
    "minutes" => NUMBER,
    "mobile" => PHONE,
    "mobiles" => PHONE,
    "month" => NUMBER,
    "months" => NUMBER,
    "ms" => NUMBER,
    "msec" => NUMBER,
    "msisdn" => PHONE,
    "nanos" => NUMBER,
    "nanoseconds" => NUMBER,
    "nat" => Word::Machine,
    "national" => NATIONAL_ID,
    "nationalid" => NATIONAL_ID,
    "nbr" => Word::Ref,
    "nhs" => NATIONAL_ID,
    "nie" => NATIONAL_ID,
    "nif" => NATIONAL_ID,
    "nin" => NATIONAL_ID,
    "nino" => NATIONAL_ID,
    "nip" => NATIONAL_ID,
    "no" => Word::Chip,
    "node" => Word::Machine,
    "npi" => NATIONAL_ID,
    "nr" => Word::Chip,
    "nric" => NATIONAL_ID,
    "ns" => NUMBER,
    "nsec" => NUMBER,
    "num" => Word::Num,
    "number" => Word::Ref,
    "offset" => NUMBER,
    "oib" => NATIONAL_ID,
    "order" => Word::Goods,
    "orders" => Word::Goods,
    "origin" => Word::Person,
    "otp" => SECRET,
    "pad" => Word::Chip,
    "page" => NUMBER,
    "pan" => CARD,
    "pans" => CARD,
    "parcel" => Word::Goods,
    "passcode" => SECRET,
    "passphrase" => SECRET,
    "passport" => NATIONAL_ID,
    "passwd" => SECRET,
    "password" => SECRET,
    "passwords" => SECRET,
    "peer" => Word::Person,
    "percent" => NUMBER,
    "personnummer" => NATIONAL_ID,
    "pesel" => NATIONAL_ID,
    "phone" => PHONE,
    "phonenumber" => PHONE,
    "phones" => PHONE,
    "pid" => NUMBER,
    "pin" => Word::Pin,
    "pod" => Word::Machine,
    "port" => NUMBER,
    "ports" => NUMBER,
    "position" => NUMBER,
    "price" => NUMBER,
    "private" => Word::Machine,
    "privatekey" => SECRET,
    "progress" => NUMBER,
    "proxy" => Word::Machine,
    "pw" => SECRET,
    "pwd" => SECRET,
    "qty" => NUMBER,
    "quantity" => NUMBER,
    "rank" => NUMBER,
    "rate" => NUMBER,
    "ratio" => NUMBER,
    "real" => Word::Person,
    "ref" => Word::Ref,
    "reference" => Word::Ref,
    "refreshtoken" => SECRET,
    "release" => VERSION,
    "remote" => Word::Person,
    "remoteaddr" => IP,
    "remoteip" => IP,
    "request" => Word::Traced,
    "requestid" => HASH,
    "retries" => NUMBER,
    "retry" => NUMBER,
    "rev" => VERSION,
    "revision" => VERSION,
    "rhost" => IP,
    "routing" => BANK,
    "rows" => NUMBER,
    "rrn" => NATIONAL_ID,
    "rss" => NUMBER,
    "rtt" => NUMBER,
    "score" => NUMBER,
    "sec" => NUMBER,
    "second" => NUMBER,
    "seconds" => NUMBER,
    "secret" => SECRET,
    "secretkey" => SECRET,
    "secrets" => SECRET,
    "seq" => NUMBER,
    "sequence" => NUMBER,
    "server" => Word::Machine,
    "service" => Word::Machine,
    "sessionid" => SECRET,
    "sha" => HASH,
    "sha1" => HASH,
    "sha256" => HASH,
    "sha512" => HASH,
    "shared" => Word::Opens,
    "shipment" => Word::Goods,
    "signing" => Word::Opens,
    "sin" => NATIONAL_ID,
    "size" => NUMBER,
    "sizes" => NUMBER,
    "sku" => Word::Goods,
    "social" => NATIONAL_ID,
    "socialsecurity" => NATIONAL_ID,
    "source" => Word::Person,
    "sourceip" => IP,
    "span" => Word::Traced,
    "spanid" => HASH,
    "speed" => NUMBER,
    "src" => Word::Person,
    "srcip" => IP,
    "ssh" => Word::Opens,
    "ssn" => NATIONAL_ID,
    "stamp" => NUMBER,
    "start" => NUMBER,
    "status" => NUMBER,
    "step" => NUMBER,
    "storage" => Word::Opens,
    "subscription" => Word::Opens,
    "sum" => NUMBER,
    "swift" => BANK,
    "target" => Word::Machine,
    "tax" => NATIONAL_ID,
    "taxid" => NATIONAL_ID,
    "taxpayer" => NATIONAL_ID,
    "tckn" => NATIONAL_ID,
    "tel" => PHONE,
    "telefon" => PHONE,
    "telefono" => PHONE,
    "telephone" => PHONE,
    "telephones" => PHONE,
    "temperature" => NUMBER,
    "tfn" => NATIONAL_ID,
    "threads" => NUMBER,
    "thumbprint" => HASH,
    "ticket" => Word::Goods,
    "tid" => NUMBER,
    "time" => NUMBER,
    "timeout" => NUMBER,
    "times" => NUMBER,
    "timestamp" => NUMBER,
    "tin" => NATIONAL_ID,
    "token" => SECRET,
    "took" => NUMBER,
    "total" => NUMBER,
    "totals" => NUMBER,
    "trace" => Word::Traced,
    "traceid" => HASH,
    "traceparent" => HASH,
    "tracking" => Word::Goods,
    "transaction" => Word::Traced,
    "ts" => NUMBER,
    "ttl" => NUMBER,
    "tz" => NUMBER,
    "ua" => USER_AGENT,
    "ulid" => HASH,
    "upc" => Word::Goods,
    "updated" => NUMBER,
    "upstream" => Word::Machine,
    "uptime" => NUMBER,
    "usec" => NUMBER,
    "used" => NUMBER,
    "user" => Word::User,
    "useragent" => USER_AGENT,
    "userip" => IP,
    "utc" => NUMBER,
    "uuid" => HASH,
    "vat" => NATIONAL_ID,
    "ver" => VERSION,
    "version" => VERSION,
    "versions" => VERSION,
    "viewer" => Word::Person,
    "visitor" => Word::Person,
    "voltage" => NUMBER,
    "voucher" => Word::Goods,
    "waybill" => Word::Goods,
    "weight" => NUMBER,
    "whatsapp" => PHONE,
    "width" => NUMBER,
    "xff" => IP,
    "xsrf" => SECRET,
    "xxhash" => HASH,
    "year" => NUMBER,
    "years" => NUMBER,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_words_fit() {
        assert!(WORDS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(WORDS.iter().all(|(word, _)| word.len() <= WORD_BYTES_MAX));
    }

    #[test]
    fn keys_are_cut_into_words() {
        let cut = |key: &'static str| {
            words_of(key.as_bytes()).map(|w| String::from_utf8_lossy(w).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(cut("remoteAddr"), ["remote", "Addr"]);
        assert_eq!(cut("X-Forwarded-For"), ["X", "Forwarded", "For"]);
        assert_eq!(cut("HTTPPort"), ["HTTP", "Port"]);
        assert_eq!(cut("user.ip_v4"), ["user", "ip", "v4"]);
        assert_eq!(cut("clientIP"), ["client", "IP"]);
        assert_eq!(cut("--"), Vec::<String>::new());
    }

    #[test]
    fn keys_give_facts() {
        let rows: &[(&str, Hints)] = &[
            ("client_ip", Hints::IP),
            ("clientIP", Hints::IP),
            ("remoteAddr", Hints::IP),
            ("x-forwarded-for", Hints::IP),
            ("rhost", Hints::IP),
            ("address", Hints::NONE),
            ("server_ip", Hints::NONE),
            ("pod_ip", Hints::NONE),
            ("listen_addr", Hints::NONE),
            ("phoneNumber", Hints::PHONE),
            ("msisdn", Hints::PHONE),
            ("phone_count", Hints::NUMBER),
            ("order_no", Hints::NUMBER),
            ("orderNumber", Hints::NUMBER),
            ("tracking-id", Hints::NUMBER),
            ("order_notes", Hints::NONE),
            ("order_card_number", Hints::CARD),
            ("order_phone", Hints::PHONE),
            ("card_number", Hints::CARD),
            ("card_num", Hints::CARD),
            ("num_cards", Hints::NUMBER),
            ("card_id", Hints::NONE),
            ("card_exp_month", Hints::NUMBER),
            ("ssn", Hints::NATIONAL_ID),
            ("tax_id", Hints::NATIONAL_ID),
            ("tax_amount", Hints::NUMBER),
            ("iban", Hints::BANK),
            ("bank_account", Hints::BANK),
            ("account_balance", Hints::NUMBER),
            ("mac", Hints::MAC),
            ("mac_address", Hints::MAC),
            ("email_address", Hints::EMAIL),
            ("user_email", Hints::EMAIL),
            ("password", Hints::SECRET),
            ("refresh_token", Hints::SECRET),
            ("api_key", Hints::SECRET),
            ("cache_key", Hints::NONE),
            ("token_count", Hints::NUMBER),
            ("max_tokens", Hints::NUMBER),
            ("pin", Hints::SECRET),
            ("pin_no", Hints::NONE),
            ("gpio_pin", Hints::NONE),
            ("duration_ms", Hints::NUMBER),
            ("ts", Hints::NUMBER),
            ("client_version", Hints::VERSION),
            ("git.sha", Hints::HASH),
            ("request_id", Hints::HASH),
            ("request_phone", Hints::PHONE),
            ("trace.id", Hints::HASH),
            ("traceparent", Hints::HASH),
            ("user_agent", Hints::USER_AGENT),
            ("userAgent", Hints::USER_AGENT),
            ("message", Hints::NONE),
        ];
        for (key, facts) in rows {
            assert_eq!(Hints::of_key(key.as_bytes()), *facts, "{key}");
        }
        assert_eq!(Hints::of_words(&["client", "ip"]), Hints::IP);
    }

    #[test]
    fn the_key_above_says_whose() {
        let rows: &[(&str, &str, Hints)] = &[
            ("host", "ip", Hints::NONE),
            ("client", "ip", Hints::IP),
            ("client", "address", Hints::IP),
            ("server", "address", Hints::NONE),
            ("service", "client_ip", Hints::IP),
            ("request", "id", Hints::HASH),
            ("user", "agent", Hints::USER_AGENT),
            ("count", "phone", Hints::PHONE),
            ("", "ip", Hints::IP),
        ];
        for (parent, key, facts) in rows {
            assert_eq!(Hints::below(parent.as_bytes(), key.as_bytes()), *facts, "{parent}.{key}");
        }
    }
}
