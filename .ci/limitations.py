#!/usr/bin/env python3
"""Writes the measured table of docs/limitations.md: limitations.py SCORE.json

SCORE.json comes from `score.py --json SCORE.json -- target/release/redactd`. Only what stands between the two markers
is replaced.
"""
import json
import math
import os
import sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../docs/limitations.md")
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
COLUMNS = [("msg", "in a message"), ("nested", "nested field"), ("embedded", "JSON in a string"), ("uescape", "`\\u` escapes"), ("plain", "plain text"), ("url", "in a URL")]


def missed(cell):
    """Percent, and for so few cases the interval in which the rate lies with 95 % (Wilson 1927)."""
    if not cell or not cell.get("pos"):
        return "–"
    cases, z = cell["pos"], 1.96
    rate = (cases - cell["gone"]) / cases
    middle = (rate + z * z / (2 * cases)) / (1 + z * z / cases)
    half = z / (1 + z * z / cases) * math.sqrt(rate * (1 - rate) / cases + z * z / (4 * cases * cases))
    return f"{100 * rate:.0f} ({100 * max(middle - half, 0):.0f}–{100 * (middle + half):.0f})"


def main():
    scored = json.load(open(sys.argv[1]))
    rows = ["| kind | cases | " + " | ".join(title for _, title in COLUMNS) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for name, cells in sorted(scored["categories"].items()):
        cases = max((c.get("pos", 0) for c in cells.values()), default=0)
        if cases:
            rows.append(f"| {name.replace('_', ' ')} | {cases} | " + " | ".join(missed(cells.get(v)) for v, _ in COLUMNS) + " |")
    total = {}
    for counts in scored["variants"].values():
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    kept = {kind: 100 * total[f"neg_{kind}_kept"] / total[f"neg_{kind}"] for kind in ("hard", "soft")}
    rows += ["", f"Of the texts with nothing to find, {kept['hard']:.1f} % came out unchanged; of those with broken or placeholder identifiers, {kept['soft']:.1f} %."]
    page = open(PAGE, encoding="utf-8").read()
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    open(PAGE, "w", encoding="utf-8").write(head + BEGIN + "\n".join(rows) + "\n" + END + tail)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
