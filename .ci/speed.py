#!/usr/bin/env python3
"""How much cheaper redactd is than `sed -E` with eight patterns: speed.py BINARY CORPUS [ROUNDS]

Both read the corpus from a file and write to /dev/null. Rounds are interleaved, because absolute rates drift on a
shared machine; what counts is the ratio of the median CPU times (user + system of the process, from wait4).
"""
import os
import statistics
import subprocess
import sys

# The eight kinds that tools of the field look for first, as one would write them for sed.
PATTERNS = [
    (r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+", "[JWT]"),
    (r"(Bearer|Basic) [A-Za-z0-9._~+/=-]{8,}", r"\1 [AUTH]"),
    (r"((password|passwd|secret|token|api_key|aws_secret_access_key)[=:] ?)[^ ,;\"]+", r"\1[SECRET]"),
    (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", "[EMAIL]"),
    (r"\b(4[0-9]{3}|5[1-5][0-9]{2}|6011)[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}\b|\b3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}\b", "[CARD]"),
    (r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b", "[SSN]"),
    (r"(\+1[ -])?\(?[2-9][0-9]{2}\)?[-. ][2-9][0-9]{2}[-. ][0-9]{4}", "[PHONE]"),
    (r"\b(AKIA|ASIA)[A-Z2-7]{16}\b", "[AWS]"),
]
SED = ["sed", "-E"] + [a for p, r in PATTERNS for a in ("-e", "s~%s~%s~g" % (p.replace("~", r"\~"), r))]


def usage(command, corpus, out=subprocess.DEVNULL):
    """CPU seconds and peak memory in MiB (never below what this script itself holds, about 20) of one run with the
    corpus, a path or an open file, as standard input."""
    stdin = corpus if hasattr(corpus, "fileno") else open(corpus, "rb")
    child = subprocess.Popen(command, stdin=stdin, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
    stdin.close()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit("%s: exit %d" % (command[0], child.returncode))
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def compare(binary, corpus, rounds=5):
    """Median CPU seconds of sed, of redactd, and their ratio."""
    sed, ours = [], []
    for command in (SED, [binary]):
        usage(command, corpus)  # warm: page cache, binary
    for _ in range(rounds):
        sed.append(usage(SED, corpus)[0])
        ours.append(usage([binary], corpus)[0])
    a, b = statistics.median(sed), statistics.median(ours)
    return a, b, a / b


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    a, b, ratio = compare(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 5)
    size = os.path.getsize(sys.argv[2]) / 1e6
    print(f"sed -E, 8 patterns: {a:.3f} s CPU ({size / a:.0f} MB/s)   redactd: {b:.3f} s CPU ({size / b:.0f} MB/s)   ratio {ratio:.1f}x")
