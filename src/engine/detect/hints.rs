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
    pub fn of_words(_words: &[&str]) -> Hints {
        Hints::NONE
    }
}
