"""Every client of this folder in the played worlds, through `tidegate proxy`: each item answered 2xx, none lost or done
twice, no told wait cut short, no token in what the proxy says.

Usage: python3 matrix.py --tidegate PROGRAM [--reqwest PROGRAM] [--without-proxy] [--only TEXT]

Prints a row per client and world; fails if one isn't as it must be. Needs what the clients need: `run` installs it.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
TOKEN = "canary-" + hashlib.sha256(os.urandom(16)).hexdigest()
FILE_BYTES = 50 * 1024 * 1024
LONGEST_RUN = 180

# The worlds, and how much is asked for in each: some seconds of work, so that every trouble is met.
WORLDS = {
    "several-servers": {"ITEMS": "120", "AT_ONCE": "20"},
    "changing-limits": {"ITEMS": "100", "AT_ONCE": "20"},
    "unavailable": {"ITEMS": "100", "AT_ONCE": "20"},
    "resets": {"ITEMS": "100", "AT_ONCE": "20"},
    "garbage-retry-after": {"ITEMS": "100", "AT_ONCE": "20"},
    "everything": {"ITEMS": "120", "AT_ONCE": "20"},
}
UPLOADS = {
    "uploads-refused-at-once": {"ITEMS": "3", "AT_ONCE": "3"},
    "uploads-refused-midway": {"ITEMS": "3", "AT_ONCE": "3"},
}
# Those that meet every world; the others meet the first and the last.
EVERYWHERE = {"urllib", "urllib POST", "node fetch"}


class Program:
    """A program of ours that runs for one row, and what it says."""

    def __init__(self, command, stream, pattern):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes, env=os.environ | {"TIDEGATE_TOKEN": ""})
        self.said, found = [], threading.Event()

        def listen(lines, is_ours):
            for line in lines:
                self.said.append(line)
                if is_ours and (match := re.search(pattern, line)):
                    self.address = match[1]
                    found.set()
            found.set()

        for name in ["stdout", "stderr"]:
            lines = getattr(self.process, name)
            threading.Thread(target=listen, args=(lines, name == stream), daemon=True).start()
        if not found.wait(30) or not hasattr(self, "address"):
            self.stop()
            sys.exit(f"{' '.join(map(str, command))} didn't start:\n{''.join(self.said)}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.said.append("it didn't stop within 20 s when it was told to\n")
        return "".join(self.said)


def rows(options):
    """What is run: client, world, command, further environment."""
    python = [sys.executable]
    clients = {
        "urllib": [*python, "urllib_threads.py"],
        "urllib POST": [*python, "urllib_threads.py"],
        "requests": [*python, "requests_threads.py"],
        "httpx": [*python, "httpx_async.py"],
        "webexpythonsdk": [*python, "webex_sdk.py"],
        "node fetch": ["node", "node_fetch.mjs"],
        "curl": ["./curl_parallel.sh"],
    }
    if options.reqwest:
        clients["reqwest"] = [options.reqwest]
    for client, command in clients.items():
        worlds = list(WORLDS) if client in EVERYWHERE else [list(WORLDS)[0], list(WORLDS)[-1]]
        for world in worlds:
            method = "POST" if client.endswith("POST") else "GET"
            yield client, world, command, WORLDS[world] | {"METHOD": method}, []
    for client in ["curl", "requests", "node fetch"]:
        for world, work in UPLOADS.items():
            yield client, world, clients[client], work, [options.file]


def stats_of(simulation):
    # Not by way of whatever proxy the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{simulation.address}/_tidegate/stats") as answer:
        return json.load(answer)


def run(options, world, command, work, arguments):
    """One row: what the client told, what the fleet counted, what the proxy said, and how long it took."""
    file = HERE / "worlds" / f"{world}.toml"
    flags = ["--listen", "127.0.0.1:0", "--scenario", file, "--seed", str(options.seed)]
    simulation = Program([options.tidegate, "simulate", *flags], "stdout", r"listening on http://(\S+)")
    base, proxy, said = f"http://{simulation.address}", None, ""
    if not options.without_proxy:
        flags = ["--listen", "127.0.0.1:0", "--upstream", base]
        proxy = Program([options.tidegate, "proxy", *flags], "stderr", r"listens on http://(\S+)")
        base = f"http://{proxy.address}"
    started = time.monotonic()
    environment = os.environ | work | {"TOKEN": TOKEN, "NO_PROXY": "*", "no_proxy": "*"}
    try:
        process = subprocess.run(
            [*command, base, *arguments], cwd=HERE, env=environment, text=True, capture_output=True, timeout=LONGEST_RUN
        )
        told = json.loads(process.stdout)
    except subprocess.TimeoutExpired:
        told = {"ok": 0, "failed": int(work["ITEMS"]), "statuses": {f"no end within {LONGEST_RUN} s": 1}}
    except json.JSONDecodeError:
        told = {"ok": 0, "failed": int(work["ITEMS"]), "statuses": {process.stderr.strip()[-200:]: 1}}
    took, counted = time.monotonic() - started, stats_of(simulation)
    if proxy:
        said = proxy.stop()
    simulation.stop()
    return told, counted, said, took


def faults(work, told, counted, said):
    """What isn't as it must be, in words."""
    total = counted["total"]
    broken = total["resetBefore"] + total["resetAfter"]
    if told["ok"] != int(work["ITEMS"]) or told["failed"]:
        yield f"answers: {json.dumps(told['statuses'])}"
    for name in ["missing", "doubled", "violations", "never"]:
        if total[name]:
            yield f"{total[name]} {name}"
    if counted["strays"]:
        yield f"{counted['strays']} calls never came to the fleet"
    if total["repeated"] > broken:
        yield f"{total['repeated']} repeated for {broken} broken connections"
    if not total["limited"]:
        yield "no limit was met: this shows nothing"
    if TOKEN in said:
        yield "the token is in what the proxy said"
    for part in ["panicked", "didn't stop"]:
        if part in said:
            yield f"the proxy said: {said[-500:]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tidegate", required=True, type=os.path.abspath, help="the program to try")
    parser.add_argument("--reqwest", type=os.path.abspath, help="the example reqwest_tasks, built")
    parser.add_argument("--without-proxy", action="store_true", help="to see what the clients make of it alone")
    parser.add_argument("--only", default="", help="rows with this text in client or world")
    parser.add_argument("--seed", default=1, type=int, help="what the worlds' chance is drawn from")
    options = parser.parse_args()
    bad = 0
    print(f"{'client':<15}{'world':<25}{'ok':>9}{'calls':>7}{'429':>5}{'503':>5}{'broken':>7}{'seconds':>9}")
    with tempfile.NamedTemporaryFile() as file:
        file.write(os.urandom(FILE_BYTES))
        file.flush()
        options.file = file.name
        for client, world, command, work, arguments in rows(options):
            if options.only not in f"{client} {world}":
                continue
            told, counted, said, took = run(options, world, command, work, arguments)
            total = counted["total"]
            broken = total["resetBefore"] + total["resetAfter"]
            found = list(faults(work, told, counted, said))
            bad += bool(found)
            figures = f"{total['calls']:>7}{total['limited']:>5}{total['unavailable']:>5}{broken:>7}{took:>9.1f}"
            print(f"{client:<15}{world:<25}{told['ok']:>5}/{work['ITEMS']:<3}{figures}", *found, sep="  ", flush=True)
    sys.exit(f"{bad} rows aren't as they must be" if bad else 0)


if __name__ == "__main__":
    main()
