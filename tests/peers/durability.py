#!/usr/bin/env python3
"""Is what a checkpoint says is delivered on disk? durability.py BINARY FSYNC

kill -9 keeps the page cache, so a crash test cannot tell a program that syncs from one that does not. This one looks at
the system calls, under strace: before a checkpoint takes its name, a sync of the output must have ended that began after
all bytes were written which the checkpoint covers; the checkpoint itself must be synced before, and its directory after.
Exits 0 if so for every checkpoint, else 1 with the first one that is not covered. FSYNC is `batch` or `never`.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

CALLS = "openat,write,fdatasync,fsync,rename,renameat,renameat2"
CALL = re.compile(rb"^(\d+) +(\w+)\((.*)$")
RESUMED = re.compile(rb"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
PATH = re.compile(rb"^\d+<([^>]*)>")
LINES, ROUNDS = 2000, 4


def record(binary, fsync, folder):
    """Runs the daemon on a file that grows, so that it writes several checkpoints."""
    os.mkdir("logs")
    with open("redactd.yaml", "w") as f:
        f.write(f"""version: 1
data_dir: {folder}/data
sources: {{app: {{type: file, include: [{folder}/logs/app.log], multiline: none}}}}
sinks: {{safe: {{type: file, path: {folder}/out.log, fsync: {fsync}}}}}
""")
    open("logs/app.log", "w").close()
    command = ["strace", "-f", "-y", "-s", "65536", "-e", "trace=" + CALLS, "-o", "trace", binary, "run", "-q", "-c", "redactd.yaml"]
    daemon = subprocess.Popen(command, start_new_session=True)
    written = 0
    for round in range(ROUNDS):
        with open("logs/app.log", "a") as log:
            for _ in range(LINES):
                log.write(f"line {written:09} of a log with nobody in it\n")
                written += 1
        wait(lambda: os.path.exists("out.log") and open("out.log").read().count("\n") == written, daemon)
        time.sleep(1.2)  # until the next checkpoint
    # strace passes nothing on: its child is told.
    pid = int(open(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read().split()[0])
    os.kill(pid, signal.SIGTERM)
    if daemon.wait(timeout=60) != 0:
        sys.exit(f"the daemon ended with {daemon.returncode}")


def wait(holds, daemon):
    for _ in range(600):
        if holds():
            return
        if daemon.poll() is not None:
            sys.exit(f"the daemon ended with {daemon.returncode}")
        time.sleep(0.05)
    daemon.kill()
    sys.exit("the lines did not arrive")


def calls():
    """Beginnings and ends of calls, in the order of the trace: (begins, thread, name, arguments, result, None before the end)."""
    for line in open("trace", "rb"):
        line = line.rstrip()
        if m := RESUMED.match(line):
            yield False, m[1], m[2].decode(), b"", result_of(line)
        elif m := CALL.match(line):
            unfinished = m[3].endswith(b"<unfinished ...>")
            yield True, m[1], m[2].decode(), m[3], None if unfinished else result_of(line)


def result_of(line):
    return int(re.search(rb"= (-?\d+)[^=]*$", line)[1])


def text_of(arguments):
    """The bytes of a traced write."""
    quoted = re.search(rb'"((?:[^"\\]|\\.)*)"', arguments)[1]
    return quoted.decode("unicode_escape").encode("latin-1")


def check(folder):
    out, state = f"{folder}/out.log".encode(), f"{folder}/data/checkpoints".encode()
    fresh, current = state + b"/app.new", state + b"/app.json"
    written = synced = 0  # bytes of the output
    checkpoint, checkpoint_synced = b"", False
    open_calls, owed, checked = {}, False, 0
    out_named = False  # the directory that has the output's name is synced
    for begins, thread, name, arguments, result in calls():
        if begins:
            path = PATH.match(arguments)
            path = path[1] if path else b""
            open_calls[thread] = (name, path, arguments, written, checkpoint)
            if name == "write" and path == fresh:
                checkpoint, checkpoint_synced = checkpoint + text_of(arguments), False
            elif name == "openat" and fresh in arguments and b"O_TRUNC" in arguments:
                if owed:
                    return "the directory of the checkpoints is not synced before the next one"
                checkpoint = b""
            elif name.startswith("rename") and current in arguments and fresh in arguments:
                covered = json.loads(checkpoint)["files"]
                offset = sum(entry["offset"] for entry in covered)
                checked += offset > 0
                if not checkpoint_synced:
                    return "a checkpoint takes its name before it is on disk"
                if offset > synced:
                    return f"a checkpoint covers {offset} bytes, and {synced} of the output are on disk"
                if offset and not out_named:
                    return "the name of the output is not on disk"
                owed = True
        if result is not None:
            name, path, _, written_then, checkpoint_then = open_calls.pop(thread, (name, b"", b"", 0, b""))
            if name == "write" and path == out:
                written += result
            elif name in ("fdatasync", "fsync") and result == 0:
                # It covers what was written before it began.
                if path == out:
                    synced = max(synced, written_then)
                elif path == fresh:
                    checkpoint_synced = checkpoint_then == checkpoint
                elif path == state:
                    owed = False
                elif path == folder.encode():
                    out_named = True
    if owed:
        return "the directory of the checkpoints is not synced at the end"
    if checked < ROUNDS:
        return f"only {checked} checkpoints in {ROUNDS} rounds: nothing was tested"
    print(f"{checked} checkpoints, {synced} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="redactd-durability-") as folder:
        folder = os.path.realpath(folder)
        os.chdir(folder)
        record(binary, sys.argv[2], folder)
        sys.exit(check(folder))
