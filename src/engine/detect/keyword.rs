//! Keywords near a candidate: what the words before a value say it is. A detector asks once and gets the set of all
//! labels in reach, so that forty kinds of ids cost one look.

use std::ops::Range;
use std::sync::LazyLock;

use super::Site;

/// How far before a candidate a keyword may begin, in bytes.
const NEAR_BYTES: usize = 40;

/// A set of things that words before a value can announce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels(u64);

impl Labels {
    /// Announced by nothing.
    pub const NONE: Labels = Labels(0);
    /// A phone number.
    pub const PHONE: Labels = Labels(1 << 0);
    /// Somebody is called.
    pub const CALL: Labels = Labels(1 << 1);
    /// Perhaps a phone number: somebody is reached, or just any number.
    pub const REACH: Labels = Labels(1 << 2);
    /// A payment card.
    pub const CARD: Labels = Labels(1 << 3);
    /// A US social security number.
    pub const SSN: Labels = Labels(1 << 4);
    /// A US taxpayer number.
    pub const ITIN: Labels = Labels(1 << 5);
    /// A US bank.
    pub const ROUTING: Labels = Labels(1 << 6);
    /// An address of a cryptocurrency.
    pub const WALLET: Labels = Labels(1 << 7);
    /// An id of a person; with a country it opens the schemes of that country.
    pub const ID: Labels = Labels(1 << 8);
    /// An id of a person of any country.
    pub const ANY: Labels = Labels(1 << 9);
    /// With a word for "id": an id of a person of any country.
    pub const TAX: Labels = Labels(1 << 10);
    /// A passport.
    pub const PASSPORT: Labels = Labels(1 << 11);
    /// A licence.
    pub const LICENCE: Labels = Labels(1 << 12);
    /// With a licence: one to drive.
    pub const DRIVER: Labels = Labels(1 << 13);
    /// An id in health care.
    pub const HEALTH: Labels = Labels(1 << 14);
    /// An id of the United States.
    pub const US: Labels = Labels(1 << 15);
    /// An id of the United Kingdom.
    pub const UK: Labels = Labels(1 << 16);
    /// An id of Germany.
    pub const DE: Labels = Labels(1 << 17);
    /// An id of France.
    pub const FR: Labels = Labels(1 << 18);
    /// An id of Spain.
    pub const ES: Labels = Labels(1 << 19);
    /// An id of Italy.
    pub const IT: Labels = Labels(1 << 20);
    /// An id of the Netherlands.
    pub const NL: Labels = Labels(1 << 21);
    /// An id of Belgium.
    pub const BE: Labels = Labels(1 << 22);
    /// An id of Austria.
    pub const AT: Labels = Labels(1 << 23);
    /// An id of Portugal.
    pub const PT: Labels = Labels(1 << 24);
    /// An id of Ireland.
    pub const IE: Labels = Labels(1 << 25);
    /// An id of Greece.
    pub const GR: Labels = Labels(1 << 26);
    /// An id of Luxembourg.
    pub const LU: Labels = Labels(1 << 27);
    /// An id of Finland.
    pub const FI: Labels = Labels(1 << 28);
    /// An id of Sweden.
    pub const SE: Labels = Labels(1 << 29);
    /// An id of Denmark.
    pub const DK: Labels = Labels(1 << 30);
    /// An id of Norway.
    pub const NO: Labels = Labels(1 << 31);
    /// An id of Estonia, Latvia or Lithuania.
    pub const BALTIC: Labels = Labels(1 << 32);
    /// An id of Poland.
    pub const PL: Labels = Labels(1 << 33);
    /// An id of Czechia or Slovakia.
    pub const CZ: Labels = Labels(1 << 34);
    /// An id of Hungary.
    pub const HU: Labels = Labels(1 << 35);
    /// An id of Romania.
    pub const RO: Labels = Labels(1 << 36);
    /// An id of Bulgaria.
    pub const BG: Labels = Labels(1 << 37);
    /// An id of Slovenia and its neighbours.
    pub const YU: Labels = Labels(1 << 38);
    /// An id of Croatia.
    pub const HR: Labels = Labels(1 << 39);
    /// An id of Switzerland.
    pub const CH: Labels = Labels(1 << 40);
    /// An id of India.
    pub const IN: Labels = Labels(1 << 41);
    /// An id of Brazil.
    pub const BR: Labels = Labels(1 << 42);
    /// An id of China.
    pub const CN: Labels = Labels(1 << 43);
    /// An id of Korea.
    pub const KR: Labels = Labels(1 << 44);
    /// An id of Japan.
    pub const JP: Labels = Labels(1 << 45);
    /// An id of Taiwan.
    pub const TW: Labels = Labels(1 << 46);
    /// An id of Hong Kong.
    pub const HK: Labels = Labels(1 << 47);
    /// An id of Singapore.
    pub const SG: Labels = Labels(1 << 48);
    /// An id of Thailand.
    pub const TH: Labels = Labels(1 << 49);
    /// An id of Australia.
    pub const AU: Labels = Labels(1 << 50);
    /// An id of New Zealand.
    pub const NZ: Labels = Labels(1 << 51);
    /// An id of South Africa.
    pub const ZA: Labels = Labels(1 << 52);
    /// An id of Israel.
    pub const IL: Labels = Labels(1 << 53);
    /// An id of Türkiye.
    pub const TR: Labels = Labels(1 << 54);
    /// An id of Argentina.
    pub const AR: Labels = Labels(1 << 55);
    /// An id of Chile.
    pub const CL: Labels = Labels(1 << 56);
    /// An id of Mexico.
    pub const MX: Labels = Labels(1 << 57);
    /// An id of Canada.
    pub const CA: Labels = Labels(1 << 58);
    /// An id of Nigeria.
    pub const NG: Labels = Labels(1 << 59);
    /// The name of one kind of id; a wrong check digit does not save what stands after it.
    pub const OWN: Labels = Labels(1 << 60);

    /// Whether one of `other`'s labels is in the set.
    pub fn any(self, other: Labels) -> bool {
        self.0 & other.0 != 0
    }

    /// Those that are in `other` as well.
    #[must_use]
    pub const fn only(self, other: Labels) -> Labels {
        Labels(self.0 & other.0)
    }

    /// Those that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Labels) -> Labels {
        Labels(self.0 & !other.0)
    }

    /// Labels of both.
    #[must_use]
    pub const fn with(self, other: Labels) -> Labels {
        Labels(self.0 | other.0)
    }
}

/// All labels in the 40 bytes before `Site::at`, not before `Site::floor`.
pub fn labels(site: &Site<'_>) -> Labels {
    labels_within(site, NEAR_BYTES)
}

/// All labels in the `bytes` before `Site::at`, not before `Site::floor`.
pub fn labels_within(site: &Site<'_>, bytes: usize) -> Labels {
    let (window, mut at) = window(site, bytes);
    let text = &site.text[..site.at];
    let start = text.len() - window.len();
    let mut labels = Labels::NONE;
    while at < window.len() {
        if CLASSES[usize::from(window[at])] == Class::Other {
            at += 1;
            continue;
        }
        // A run of letters, cut at camel humps; as a whole it may be a word as well (`IdNr`).
        let run = at;
        let mut piece = at;
        let mut before = Class::Other;
        while let Some(byte) = window.get(at) {
            let class = CLASSES[usize::from(*byte)];
            match (before, class) {
                (_, Class::Other) => break,
                (Class::Small, Class::Capital) => {
                    labels = labels.with(announced(text, start + piece..start + at));
                    piece = at;
                }
                _ => {}
            }
            before = class;
            at += 1;
        }
        labels = labels.with(announced(text, start + piece..start + at));
        if piece > run {
            labels = labels.with(announced(text, start + run..start + at));
        }
    }
    labels
}

/// The `bytes` before `Site::at`, and where in them to begin so that no word is cut.
fn window<'a>(site: &Site<'a>, bytes: usize) -> (&'a [u8], usize) {
    let floor = site.floor.min(site.at);
    let from = site.at.saturating_sub(bytes).max(floor);
    let window = site.text.get(from..site.at).unwrap_or_default();
    let cut = from > floor && is_letter(&site.text[from - 1]);
    let first = if cut { window.iter().position(|b| !is_letter(b)).unwrap_or(window.len()) } else { 0 };
    (window, first)
}

/// What the word at `word` announces, unless it is a piece of a number.
fn announced(text: &[u8], word: Range<usize>) -> Labels {
    let label = label(&text[word.clone()]);
    if label != Labels::NONE && in_hexadecimal(text, word) { Labels::NONE } else { label }
}

/// Whether the letters are digits of a hash, a UUID or an address, like the `cc` of `f5862cc65891`.
fn in_hexadecimal(text: &[u8], letters: Range<usize>) -> bool {
    const HASH_DIGITS_MIN: usize = 7;
    const GROUPED_DIGITS_MIN: usize = 12;
    const REACH_BYTES: usize = 64;
    if !text[letters.clone()].iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let around = |part: fn(&u8) -> bool| {
        let before = text[..letters.start].iter().rev().take(REACH_BYTES).take_while(|b| part(b));
        let after = text[letters.end..].iter().take(REACH_BYTES).take_while(|b| part(b));
        letters.len() + before.chain(after).filter(|b| b.is_ascii_hexdigit()).count()
    };
    around(u8::is_ascii_hexdigit) >= HASH_DIGITS_MIN
        || around(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b':')) >= GROUPED_DIGITS_MIN
}

/// What one word announces, in any case (of ASCII letters).
pub fn label(word: &[u8]) -> Labels {
    let bucket = &TABLE[bucket(word)];
    let known = bucket.iter().filter(|(known, _)| word.eq_ignore_ascii_case(known.as_bytes()));
    known.fold(Labels::NONE, |labels, (_, label)| labels.with(*label))
}

/// The words (runs of letters, cut at camel humps) in the `bytes` before `Site::at`, nearest first. A word cut by the
/// window is left out.
pub fn words_before<'a>(site: &Site<'a>, bytes: usize) -> impl Iterator<Item = &'a [u8]> {
    let (window, first) = window(site, bytes);
    let mut rest = &window[first..];
    let runs = std::iter::from_fn(move || {
        let end = rest.iter().rposition(is_letter)? + 1;
        let start = rest[..end].iter().rposition(|b| !is_letter(b)).map_or(0, |i| i + 1);
        let run = &rest[start..end];
        rest = &rest[..start];
        Some(run)
    });
    runs.flat_map(pieces)
}

/// A run of letters cut at camel humps, the last piece first.
fn pieces(mut run: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let hump = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
        let start = run.windows(2).rposition(hump).map_or(0, |i| i + 1);
        let piece = &run[start..];
        run = &run[..start];
        (!piece.is_empty()).then_some(piece)
    })
}

/// What a byte is to a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Small,
    Capital,
    /// Part of a letter of another script; the bytes that only spaces and punctuation begin with are none.
    Foreign,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' => Class::Small,
            b'A'..=b'Z' => Class::Capital,
            0x80..=0xbf | 0xc3..=0xdf | 0xe1 | 0xe3..=0xed => Class::Foreign,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

fn is_letter(byte: &u8) -> bool {
    CLASSES[usize::from(*byte)] != Class::Other
}

/// The lists as one table, in buckets of which most are empty: most words of a log end there.
static TABLE: LazyLock<Vec<Vec<(&'static str, Labels)>>> = LazyLock::new(|| {
    let mut table = vec![Vec::new(); BUCKETS];
    for (label, list) in LISTS {
        for word in list.split_ascii_whitespace() {
            table[bucket(word.as_bytes())].push((word, *label));
        }
    }
    table
});

const BUCKETS: usize = 4096;

/// The bucket of a word: its first, middle and last byte and its length.
fn bucket(word: &[u8]) -> usize {
    let byte = |i: usize| word.get(i).map_or(0, |b| usize::from(b.to_ascii_lowercase()));
    let last = word.len().saturating_sub(1);
    (byte(0) * 31 + byte(word.len() / 2) * 517 + byte(last) * 7 + word.len() * 1031) % BUCKETS
}

/// Lower case. A word may stand in several lists.
const LISTS: &[(Labels, &str)] = &[
    (
        Labels::PHONE,
        "phone phones phonenumber tel telephone telefon telefono teléfono téléphone telephones mobile mob \
         cell cellphone celular fax sms msisdn whatsapp gsm handy rufnummer telefoon puhelin telefone \
         movil móvil cep mobil portable telnr ph",
    ),
    (Labels::CALL, "call called caller calling callback dial dialed dialled dialing hotline landline"),
    (Labels::REACH, "contact reach reached text texted message messages number numbers numara numarası"),
    (
        Labels::CARD,
        "card cards cardnumber cardno ccnum ccnumber cc credit creditcard debit debitcard visa mastercard \
         amex maestro discover diners jcb unionpay pan pans karte kreditkarte kartennummer carte tarjeta \
         cartao cartão carta",
    ),
    (Labels::SSN, "ssn ssns social socialsecurity"),
    (Labels::ITIN, "itin itins taxpayer tin"),
    (Labels::ROUTING, "routing aba rtn rtns transit"),
    (
        Labels::WALLET,
        "wallet wallets btc bitcoin eth ethereum ether crypto payout deposit xmr monero ltc litecoin usdt \
         usdc erc address addr",
    ),
    (
        Labels::ID,
        "id ids identity identification identifier identificación number num no nr nummer numero número \
         code card register registry registration resident social tin tins ssn nin vat pin kişi numarası \
         aadhaar aadhar abn acn adhar adóazonosító afm ahv ahvn amka arztnummer asmens ausweis \
         ausweisnummer avs betriebsstättennummer bsn bsnr burgerservicenummer bvn cf cif cislo cnp cnpj \
         codicefiscale contribuinte cpf cpr cuil cuit curp davcna davčna dea dic dni dowod dowód dvla egn \
         ein emso emšo extranjero fiscale fnr fodselsnummer frn fødselsnummer gstin henkilotunnus \
         henkilötunnus hetu hkid idnr insee insurance insz ird isikukood iva jmbg kimlik krankenkasse \
         krankenversicherung kvnr lanr matricule mbi medicare mynumber navs nhs nie nif nino nip nir niss \
         npi nric nrn nuss oib organisationsnummer pan pass passnummer paye personalausweis personas \
         personnummer pesel piva pps ppsn regon reisepass rentenversicherung rentenversicherungsnummer \
         rfc rijksregister rijksregisternummer rodne rodné rrn rsa rut rvnr samordningsnummer securite \
         sin sofinummer sozialversicherung sozialversicherungsnummer steuer steuerid steueridnr svnr \
         sécurité taj tckn teudat tfn tnin trn uidai utr versichertennummer voter číslo егн マイナンバー 身份证 \
         주민등록번호",
    ),
    (Labels::ANY, "nationalid taxid nif tin tins taxpayer identification identity"),
    (Labels::TAX, "tax fiscal national personal citizen"),
    (Labels::PASSPORT, "passport passports passeport pasaporte passaporto reisepass paspoort pasaport"),
    (Labels::LICENCE, "licence licences license licenses dvla führerschein fuehrerschein permis"),
    (Labels::DRIVER, "driver drivers driving dvla führerschein fuehrerschein permis"),
    (Labels::HEALTH, "npi dea mbi medicare medicaid nhs medical provider prescriber ehic"),
    (Labels::US, "npi dea mbi medicare ein"),
    (Labels::UK, "uk british nino nhs trn utr paye dvla insurance"),
    (
        Labels::DE,
        "german germany deutsche deutscher steuer steuerid steueridnr idnr ausweis personalausweis \
         ausweisnummer rvnr svnr rentenversicherung rentenversicherungsnummer sozialversicherung \
         sozialversicherungsnummer versichertennummer krankenversicherung krankenkasse kvnr lanr bsnr \
         arztnummer betriebsstättennummer reisepass passnummer pass",
    ),
    (Labels::FR, "french france nir insee sécurité securite nif fiscale"),
    (Labels::ES, "spain spanish español dni nie nif nuss cif extranjero"),
    (Labels::IT, "italy italian codicefiscale fiscale iva piva cf"),
    (Labels::NL, "dutch netherlands bsn burgerservicenummer sofinummer"),
    (Labels::BE, "belgium belgian rijksregister rijksregisternummer rrn nrn insz niss"),
    (Labels::AT, "austria austrian österreich svnr sozialversicherungsnummer"),
    (Labels::PT, "portugal portuguese nif contribuinte"),
    (Labels::IE, "irish ireland pps ppsn"),
    (Labels::GR, "greek greece amka afm"),
    (Labels::LU, "luxembourg luxembourgish matricule"),
    (Labels::FI, "finnish finland hetu henkilötunnus henkilotunnus"),
    (Labels::SE, "sweden swedish personnummer samordningsnummer organisationsnummer"),
    (Labels::DK, "danish denmark cpr"),
    (Labels::NO, "norwegian norway fodselsnummer fødselsnummer fnr personnummer"),
    (Labels::BALTIC, "estonia estonian latvia latvian lithuania lithuanian isikukood asmens personas"),
    (Labels::PL, "poland polish pesel nip regon dowód dowod"),
    (Labels::CZ, "czech slovak slovakia rodne rodné cislo číslo dic"),
    (Labels::HU, "hungary hungarian taj adóazonosító"),
    (Labels::RO, "romania romanian cnp cif"),
    (Labels::BG, "bulgaria bulgarian egn егн"),
    (
        Labels::YU,
        "slovenia slovenian serbia serbian bosnia bosnian macedonia macedonian montenegro emso emšo jmbg \
         davcna davčna",
    ),
    (Labels::HR, "croatia croatian oib jmbg"),
    (Labels::CH, "switzerland swiss ahv avs ahvn navs"),
    (Labels::IN, "india indian aadhaar aadhar adhar uidai pan gstin voter"),
    (Labels::BR, "brazil brazilian brasil cpf cnpj"),
    (Labels::CN, "china chinese 身份证"),
    (Labels::KR, "korea korean rrn frn 주민등록번호"),
    (Labels::JP, "japan japanese mynumber マイナンバー"),
    (Labels::TW, "taiwan taiwanese"),
    (Labels::HK, "hong kong hkid"),
    (Labels::SG, "singapore nric"),
    (Labels::TH, "thai thailand tnin"),
    (Labels::AU, "australia australian tfn abn acn medicare"),
    (Labels::NZ, "zealand ird"),
    (Labels::ZA, "african refugee permanent rsa"),
    (Labels::IL, "israel israeli teudat"),
    (Labels::TR, "turkey turkish türk birinci ikinci tckn kimlik"),
    (Labels::AR, "argentina argentine cuit cuil"),
    (Labels::CL, "chile chilean rut"),
    (Labels::MX, "mexico mexican curp rfc"),
    (Labels::CA, "canada canadian sin"),
    (Labels::NG, "nigeria nigerian bvn"),
    (
        Labels::OWN,
        "pesel nino nhs utr hetu henkilötunnus henkilotunnus amka afm bsn personnummer fodselsnummer \
         fødselsnummer egn cnp oib jmbg emso emšo aadhaar aadhar cpf cnpj nric tckn curp cuit steuerid \
         idnr steueridnr burgerservicenummer codicefiscale isikukood ahv rijksregisternummer ppsn tfn abn \
         dvla bvn hkid nuss lanr bsnr kvnr npi mbi",
    ),
];

#[cfg(test)]
mod tests {
    use super::super::Hints;
    use super::*;

    fn before(text: &str, floor: usize) -> Labels {
        let at = text.find('#').unwrap();
        let part = 0..text.len();
        labels(&Site { text: text.as_bytes(), part, floor, at, key: b"", hints: Hints::NONE })
    }

    #[test]
    fn words_are_lower_case_letters() {
        for (word, _) in TABLE.iter().flatten() {
            assert!(word.bytes().all(|b| is_letter(&b)), "{word}");
            assert_eq!(word.to_ascii_lowercase(), **word);
        }
    }

    #[test]
    fn labels_are_whole_words_within_reach() {
        assert!(before("Phone: #", 0).any(Labels::PHONE));
        assert!(before("phoneNumber=#", 0).any(Labels::PHONE));
        assert!(before("IdNr. #", 0).any(Labels::DE));
        assert!(before("my_TEL #", 0).any(Labels::PHONE));
        assert!(before("Téléphone #", 0).any(Labels::PHONE));
        assert!(!before("microphone #", 0).any(Labels::PHONE));
        assert!(!before("phone, then a very long stretch of other words #", 0).any(Labels::PHONE));
        assert!(!before("phone #", 5).any(Labels::PHONE));
        assert_eq!(before("#", 0), Labels::NONE);
        assert!(before("nif #", 0).any(Labels::PT) && before("nif #", 0).any(Labels::ANY));
    }

    #[test]
    fn digits_of_a_hash_announce_nothing() {
        for text in [
            "f79a889b6eb8dd3b72eceb362cc658914a5a73d3 order #",
            "9b1deb4d-3b7d-4cc3-9bdd-2b0d7b3dcb6d order #",
            "3c:22:cc:01:02:03 order #",
            "cc658914 order #",
        ] {
            assert_eq!(before(text, 0), Labels::NONE, "{text}");
        }
        for text in ["cc #", "cc1: #", "cc-#", "2026-11-24 cc #", "(cc) #", "cc:#", "my_cc=#"] {
            assert!(before(text, 0).any(Labels::CARD), "{text}");
        }
    }
}
