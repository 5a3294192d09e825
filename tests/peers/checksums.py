"""The checksums of ids against those of python-stdnum: what it calls valid, redactd must find after a word that says what it is.

checksums.py BINARY: draws random ids of each layout, keeps those that python-stdnum calls valid, and looks for each in the
output. A kind of id of which nothing is found at all, or of which some stay, is printed; any makes the exit status 1."""
import importlib
import random
import subprocess
import sys

EACH = 25
# Words before the id, module of python-stdnum, layout: 9 a digit, A a letter, X either, the rest as it is.
KINDS = [
    ("pesel", "pl.pesel", "99999999999"),
    ("nip", "pl.nip", "9999999999"),
    ("regon", "pl.regon", "999999999"),
    ("cpf", "br.cpf", "99999999999"),
    ("cnpj", "br.cnpj", "99999999999999"),
    ("bsn", "nl.bsn", "999999999"),
    ("rijksregister", "be.nn", "99999999999"),
    ("hetu", "fi.hetu", "999999-999X"),
    ("personnummer", "se.personnummer", "999999-9999"),
    ("fodselsnummer", "no.fodselsnummer", "99999999999"),
    ("cnp", "ro.cnp", "9999999999999"),
    ("egn", "bg.egn", "9999999999"),
    ("oib", "hr.oib", "99999999999"),
    ("emso", "si.emso", "9999999999999"),
    ("amka", "gr.amka", "99999999999"),
    ("afm", "gr.vat", "999999999"),
    ("dni", "es.dni", "99999999A"),
    ("nie", "es.nie", "X9999999A"),
    ("codice fiscale", "it.codicefiscale", "AAAAAA99A99A999A"),
    ("partita iva", "it.iva", "99999999999"),
    ("steuer id", "de.idnr", "99999999999"),
    ("nir", "fr.nir", "199999999999999"),
    ("ahv", "ch.ssn", "756.9999.9999.99"),
    ("svnr", "at.vnr", "9999999999"),
    ("nif", "pt.nif", "999999999"),
    ("pps", "ie.pps", "9999999A"),
    ("isikukood", "ee.ik", "99999999999"),
    ("rodne cislo", "cz.rc", "999999/9999"),
    ("nhs number", "gb.nhs", "9999999999"),
    ("aadhaar", "in_.aadhaar", "999999999999"),
    ("pan", "in_.pan", "AAAPA9999A"),
    ("sin", "ca.sin", "999999999"),
    ("curp", "mx.curp", "AAAA999999HDFAAAX9"),
    ("rut", "cl.rut", "999999999"),
    ("cuit", "ar.cuit", "99999999999"),
    ("tfn", "au.tfn", "999999999"),
    ("abn", "au.abn", "99999999999"),
    ("ird", "nz.ird", "999999999"),
    ("rsa id", "za.idnr", "9999999999999"),
    ("tckn", "tr.tckimlik", "99999999999"),
    ("teudat zehut id", "il.idnr", "999999999"),
    ("chinese resident id", "cn.ric", "11010120109999999X"),
    ("korean rrn", "kr.rrn", "9999999999999"),
    ("thai id number", "th.pin", "9999999999999"),
]

# What python-stdnum takes though the rules of the state do not give it out.
NEVER_GIVEN = {
    "rodne cislo": lambda number: int(number[2:4]) % 50 not in {*range(1, 13), *range(21, 33)},
    "korean rrn": lambda number: number[6] in "09",  # born before 1900
}


def draw(layout):
    pick = {"9": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "X": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    return "".join(random.choice(pick[c]) if c in pick else c for c in layout)


def valid(module, layout, never_given):
    found, tries = [], 0
    while len(found) < EACH and tries < 200_000:
        tries += 1
        number = draw(layout)
        if module.is_valid(number) and not never_given(number):
            found.append(number)
    return found


def main():
    random.seed(7)
    lines, kinds = [], []
    for words, name, layout in KINDS:
        for number in valid(importlib.import_module("stdnum." + name), layout, NEVER_GIVEN.get(words, lambda _: False)):
            lines.append(f"{words} {number} on file")
            kinds.append((words, number))
    run = subprocess.run([sys.argv[1]], input="\n".join(lines).encode() + b"\n", stdout=subprocess.PIPE, check=True)
    out = run.stdout.decode().splitlines()
    left = {}
    for (words, number), line in zip(kinds, out, strict=True):
        if number in line:
            left.setdefault(words, []).append(number)
    for words, numbers in left.items():
        of = sum(1 for kind in kinds if kind[0] == words)
        print(f"{words}: {len(numbers)} of {of} stay, such as {numbers[0]}")
    drawn = {words for words, _ in kinds}
    for words, _, _ in KINDS:
        if words not in drawn:
            print(f"{words}: none could be drawn")
    print(f"{len(drawn)} kinds, {len(kinds)} ids, {sum(map(len, left.values()))} stay")
    return 1 if left else 0


sys.exit(main())
