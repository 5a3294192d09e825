//! The sentences. Each has a literal that gives it away; the name stands after it or before it.

/// A sentence in which the name of an account stands.
#[derive(Debug)]
pub(super) struct Idiom {
    /// What gives it away, case-sensitive.
    pub literal: &'static str,
    /// Where the name is.
    pub place: Place,
}

/// Where the name stands, seen from the literal.
#[derive(Debug)]
pub(super) enum Place {
    /// At once after it, and after the name one of these, or the end of the text. `invalid user ` may stand between.
    After(&'static [&'static str]),
    /// At once after it, and before it a session with its number.
    OfSession,
    /// After it and after blanks, up to the next blank: a column.
    Column,
    /// After it, up to the quotation mark that is the last byte of the literal. The literal begins a word.
    Quoted,
    /// At once before it, and before the name one of these; the empty one is the beginning of the text.
    Before(&'static [&'static str]),
    /// The last segment of the path after it, in the name of a cloud's resource.
    Arn,
    /// In an access log: before the `[` and the two digits that stand before it.
    BeforeDate,
}

use Place::{After, Arn, Before, BeforeDate, Column, OfSession, Quoted};

const fn after(literal: &'static str, followers: &'static [&'static str]) -> Idiom {
    Idiom { literal, place: After(followers) }
}

const fn before(literal: &'static str, leaders: &'static [&'static str]) -> Idiom {
    Idiom { literal, place: Before(leaders) }
}

const fn dated(literal: &'static str) -> Idiom {
    Idiom { literal, place: BeforeDate }
}

const fn arn(literal: &'static str) -> Idiom {
    Idiom { literal, place: Arn }
}

const fn column(literal: &'static str) -> Idiom {
    Idiom { literal, place: Column }
}

const fn quoted(literal: &'static str) -> Idiom {
    Idiom { literal, place: Quoted }
}

/// After a name that an SSH server writes.
const SSH: &[&str] = &[" from ", " port ", " ssh2", " [preauth]", ": "];
/// After a name at the end of a clause.
const CLAUSE: &[&str] =
    &[" from ", " by ", " at ", " on ", "(uid=", " (uid=", ", ", "; ", ". ", ": ", " [", " ("];

/// All of them. From the sources of OpenSSH, Linux-PAM, sudo, shadow, cron, systemd, PostgreSQL, MySQL, MongoDB, nginx, Apache
/// httpd, vsftpd, OpenVPN, Squid, Cisco ASA, and the texts of Windows security events.
pub(super) const IDIOMS: &[Idiom] = &[
    after("Failed password for ", SSH),
    after("Accepted password for ", SSH),
    after("Failed publickey for ", SSH),
    after("Accepted publickey for ", SSH),
    after("Postponed publickey for ", SSH),
    after("keyboard-interactive/pam for ", SSH),
    after("keyboard-interactive for ", SSH),
    after("hostbased for ", SSH),
    after("gssapi-with-mic for ", SSH),
    after("Failed none for ", SSH),
    after("attempts exceeded for ", SSH),
    after("invalid user ", SSH_USER),
    after("Invalid user ", SSH_USER),
    after("illegal user ", SSH_USER),
    after("Illegal user ", SSH_USER),
    after("authenticating user ", SSH_USER),
    after("Disconnected from user ", SSH_USER),
    after("disconnected from user ", SSH_USER),
    after("opened for user ", CLAUSE),
    after("closed for user ", CLAUSE),
    after("failure for user ", CLAUSE),
    after("failed for user ", CLAUSE),
    after("login for user ", CLAUSE),
    after("logged in as ", CLAUSE),
    after("Logged in as ", CLAUSE),
    after("authenticated as ", CLAUSE),
    after("Authenticated as ", CLAUSE),
    after("as principal ", CLAUSE),
    after("password changed for ", &[]),
    after("FTP LOGIN FROM ", &[]),
    after(" su for ", &[" by "]),
    after("su for root by ", &[]),
    after("SU (to root) ", &[" on "]),
    after("new user: name=", &[","]),
    Idiom { literal: " of user ", place: OfSession },
    Idiom { literal: " of User ", place: OfSession },
    after("User Slice of ", &["."]),
    before(" : TTY=", BLANK),
    before(" : user NOT in sudoers", BLANK),
    before(" : command not allowed", BLANK),
    before(") CMD (", &["("]),
    before(" logged in", USER),
    before(" logged out", USER),
    before(" has logged ", USER),
    before(": authentication failure for", USER),
    before(" not found: /", USER),
    before("] OK LOGIN: ", &["["]),
    before("] FAIL LOGIN: ", &["["]),
    before("] Peer Connection Initiated", &["["]),
    before(" DIRECT/", BLANK),
    before(" HIER_", BLANK),
    before(" FIRSTUP_PARENT/", BLANK),
    after("> User <", &["> IP <"]),
    after("User[", &["]"]),
    quoted("user '"),
    quoted("User '"),
    quoted("user \""),
    quoted("User \""),
    quoted("role \""),
    quoted("Role \""),
    column("Account Name:"),
    column("User Name:"),
    column("Logon Account:"),
    column("Source User:"),
    arn(":user/"),
    arn(":assumed-role/"),
    dated("/Jan/20"),
    dated("/Feb/20"),
    dated("/Mar/20"),
    dated("/Apr/20"),
    dated("/May/20"),
    dated("/Jun/20"),
    dated("/Jul/20"),
    dated("/Aug/20"),
    dated("/Sep/20"),
    dated("/Oct/20"),
    dated("/Nov/20"),
    dated("/Dec/20"),
];

/// Before a name that stands alone.
const BLANK: &[&str] = &[" ", ""];
/// Before a name in a sentence.
const USER: &[&str] = &["ser ", "ser: ", "ccount "];
/// After a name that an SSH server writes after `user`: an address may follow without a word between.
const SSH_USER: &[&str] =
    &[" from ", " port ", " ssh2", " [preauth]", " 1", " 2", " 3", " 4", " 5", " 6", " 7", " 8", " 9"];

/// The literals alone, for the anchor.
pub(super) const LITERALS: [&str; IDIOMS.len()] = {
    let mut literals = [""; IDIOMS.len()];
    let mut at = 0;
    while at < IDIOMS.len() {
        literals[at] = IDIOMS[at].literal;
        at += 1;
    }
    literals
};
