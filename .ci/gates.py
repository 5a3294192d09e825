#!/usr/bin/env python3
"""Numbers that must not get worse: gates.py BINARY SHARED GATE...

GATE is one of  quality  fp  corpus:MIB  chain:MIB  rss:MIB  speed:MIB.  SHARED is the folder with the project's data
for measuring (quality/ and bench/). All thresholds of the project stand in this file.
"""
import ast
import json
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import speed  # noqa: E402

# Categories that have detectors in this version; the rest is what detectors of later versions are measured by.
FIRST_SET = """aws_access_key aws_secret_key credit_card db_url_password email field_name_secret generic_secret
    github_token gitlab_token google_key iban ip jwt mac phone private_key slack_token stripe_key url_or_basic_auth us_ssn""".split()
RECALL_MIN = {"msg": 92, "nested": 92, "uescape": 92, "plain": 92, "embedded": 90, "url": 75}  # macro, % of FIRST_SET
RECALL_ALL_MSG_MIN = 78  # macro, % of every category
KEPT_HARD_MIN, KEPT_SOFT_MIN, BENIGN_MIN = 98, 60, 95  # %
# Changed tokens in 32,000 lines of real logs that are no address or mail. Some 330 are names in the
# sentences of sshd and PAM, which are meant.
FP_OTHER_MAX = 400
LEAKED_MAX, CLEAN_MIN, WORDS_MIN = 0.3, 99.9, 88  # %
SPEED_MIN = 0.8  # times cheaper than sed; the goal is 4 and not reached: this only keeps it from getting worse
RSS_MAX = 48  # MiB, whatever comes

results = []


def gate(name, value, least=None, most=None):
    ok = (least is None or value >= least) and (most is None or value <= most)
    results.append(ok)
    bound = f">= {least}" if most is None else f"<= {most}"
    print(f"  {'ok    ' if ok else 'FAILED'} {name:<44} {value:>9.2f}  {bound}", flush=True)


def quality(binary, shared, _):
    """Recall and over-redaction on labelled cases."""
    report = os.path.join(scratch, "score.json")
    subprocess.run([sys.executable, f"{shared}/quality/score.py", "--quiet", "--json", report, "--", binary], check=True)
    scored = json.load(open(report))
    categories = scored["categories"]

    def macro(names, variant):
        cells = [categories[c][variant] for c in names if categories[c].get(variant, {}).get("pos")]
        return 100 * sum(c["gone"] / c["pos"] for c in cells) / len(cells)

    for variant, least in RECALL_MIN.items():
        gate(f"recall, first set, {variant}", macro(FIRST_SET, variant), least)
    gate("recall, all categories, msg", macro(categories, "msg"), RECALL_ALL_MSG_MIN)
    total = {}
    for counts in scored["variants"].values():
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    gate("hard negatives kept", 100 * total["neg_hard_kept"] / total["neg_hard"], KEPT_HARD_MIN)
    gate("soft negatives kept", 100 * total["neg_soft_kept"] / total["neg_soft"], KEPT_SOFT_MIN)
    gate("benign parts kept", 100 * total["ben_ok"] / total["ben"], BENIGN_MIN)
    for name in ("missing", "bad_json", "fields_changed", "prefix_bytes_changed", "partial"):
        gate(f"validity, {name}", total.get(name, 0), most=0)


def fp(binary, shared, _):
    """Over-redaction on real logs with nothing in them."""
    out = subprocess.run([sys.executable, f"{shared}/quality/fp.py", "--show", "20", "--", binary], check=True, capture_output=True, text=True).stdout
    line = next(l for l in out.splitlines() if l.startswith("TOTAL"))
    print("  " + line)
    counts = ast.literal_eval(line[len("TOTAL "):].split(" unparseable=")[0])
    gate("real logs, tokens of no sensitive class", counts.get("other", 0), most=FP_OTHER_MAX)
    gate("real logs, lines broken", int(line.rsplit("=", 1)[1]), most=0)
    if not results[-2]:
        print("\n".join(l for l in out.splitlines() if l.startswith("  other:")))


def generated(shared, mib):
    """A corpus that nobody has tuned for: the seed is new each time, and printed."""
    corpus, truth, seed = f"{scratch}/{mib}.in", f"{scratch}/{mib}.truth", random.randrange(1 << 31)
    if not os.path.exists(corpus):
        print(f"  corpus of {mib} MiB, seed {seed}", flush=True)
        subprocess.run([sys.executable, f"{shared}/bench/gen_corpus.py", mib, corpus, truth, "--seed", str(seed)], check=True, stdout=subprocess.DEVNULL)
    return corpus, truth


def corpus(binary, shared, mib):
    """Planted values gone, everything else byte for byte."""
    lines, truth = generated(shared, mib)
    out = f"{scratch}/{mib}.out"
    with open(out, "wb") as f:
        speed.usage([binary], lines, f)
    text = subprocess.run([sys.executable, f"{shared}/bench/check.py", lines, truth, out], check=True, capture_output=True, text=True).stdout
    print(re.sub(r"(?m)^", "  | ", text.strip()))

    def number(pattern):
        return float(re.search(pattern, text)[1])

    gate("planted values leaked, %", number(r"LEAKED \d+/\d+ = ([\d.]+)%"), most=LEAKED_MAX)
    gate("JSON lines broken", number(r"json broken by tool: (\d+)"), most=0)
    gate("lines missing", number(r"dropped/unaligned (\d+)"), most=0)
    gate("clean lines unharmed, %", number(r"CLEAN unharmed ([\d.]+)%"), CLEAN_MIN)
    gate("words kept on planted lines, %", number(r"WORDS kept on planted lines ([\d.]+)%"), WORDS_MIN)


def chain(binary, shared, mib):
    """Two processes that share a ring change nothing the first has not changed; two that do not reveal nothing."""
    lines, truth = generated(shared, mib)
    ring, once, twice = (f"{scratch}/{n}" for n in ("ring", "once", "twice"))
    if not os.path.exists(ring):
        subprocess.run([binary, "keys", "new", "-o", ring], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for source, target in [(lines, once), (once, twice)]:
        with open(target, "wb") as f:
            speed.usage([binary, "--key-file", ring], source, f)
    gate("second pass with the ring, files that differ", int(open(once, "rb").read() != open(twice, "rb").read()), most=0)
    with open(twice, "wb") as f:
        speed.usage([binary], once, f)
    text = subprocess.run([sys.executable, f"{shared}/bench/check.py", lines, truth, twice], check=True, capture_output=True, text=True).stdout
    gate("leaked by a chain without the ring, %", float(re.search(r"LEAKED \d+/\d+ = ([\d.]+)%", text)[1]), most=LEAKED_MAX)


def rss(binary, _, mib):
    """One line of that size and no newline."""
    reader, writer = os.pipe()
    feeder = subprocess.Popen([sys.executable, "-c", "import sys\nb = b'x' * (1 << 20)\nfor _ in range(int(sys.argv[1])): sys.stdout.buffer.write(b)", mib], stdout=writer)
    os.close(writer)
    # Measured from a fresh process: a child's peak is never below what its parent holds, and this one has read corpora.
    measure = "import sys; sys.path.insert(0, sys.argv[1]); import speed; print(speed.usage([sys.argv[2]], sys.stdin.buffer)[1])"
    here = os.path.dirname(os.path.abspath(__file__))
    peak = float(subprocess.run([sys.executable, "-c", measure, here, binary], stdin=reader, check=True, capture_output=True, text=True).stdout)
    os.close(reader)
    feeder.wait()
    gate(f"memory for a line of {mib} MiB, MiB", peak, most=RSS_MAX)


def speed_gate(binary, shared, mib):
    """Process CPU against sed."""
    lines, _ = generated(shared, mib)
    a, b, ratio = speed.compare(binary, lines)
    print(f"  sed {a:.2f} s, redactd {b:.2f} s CPU")
    gate("times cheaper than sed -E, 8 patterns", ratio, SPEED_MIN)


GATES = {"quality": quality, "fp": fp, "corpus": corpus, "chain": chain, "rss": rss, "speed": speed_gate}

if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    binary, shared = os.path.abspath(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="redactd-gates-") as scratch:
        for wanted in sys.argv[3:]:
            name, _, size = wanted.partition(":")
            print(f"{wanted}: {GATES[name].__doc__}", flush=True)
            GATES[name](binary, shared, size)
    print(f"gates: {sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)
