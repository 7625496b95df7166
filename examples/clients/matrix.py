"""Every client of this folder in the played worlds, through `tidegate proxy`: each item answered 2xx, none lost or done
twice, no told wait cut short, no token in what the proxy says.

Usage: python3 matrix.py --tidegate PROGRAM [--reqwest PROGRAM] [--client NAME] [--world NAME] [--way WAY]

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
from typing import NamedTuple

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
    "uploads-cut": {"ITEMS": "3", "AT_ONCE": "3"},
}
# Those that meet every world; the others meet the first and the last.
EVERYWHERE = {"urllib", "urllib-post", "node"}

# How clients come to the proxy: by its address in place of the API's, or by the environment; or not at all, to see
# what becomes of them alone.
WAYS = ["base-url", "forward", "alone"]
# Node 20 takes no proxy from the environment.
NEVER_FORWARD = {"node"}
UPLOADERS = {"curl", "requests", "node"}


class Row(NamedTuple):
    """What is run: how it comes to the API, which client in which world, and how much it is to do."""

    way: str
    client: str
    world: str
    work: dict
    file: str | None = None


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


def commands(options):
    """How each client is called, as far as it is there."""
    python = [sys.executable]
    found = {
        "urllib": [*python, "urllib_threads.py"],
        "urllib-post": [*python, "urllib_threads.py"],
        "requests": [*python, "requests_threads.py"],
        "httpx": [*python, "httpx_async.py"],
        "webexpythonsdk": [*python, "webex_sdk.py"],
        "node": ["node", "node_fetch.mjs"],
        "curl": ["./curl_parallel.sh"],
    }
    return found | ({"reqwest": [options.reqwest]} if options.reqwest else {})


def rows(clients, file):
    """All that can be run."""
    first, *_, last = WORLDS
    for client in clients:
        method = {"METHOD": "POST" if client == "urllib-post" else "GET"}
        for world in WORLDS if client in EVERYWHERE else [first, last]:
            for way in ["base-url", "alone"]:
                yield Row(way, client, world, WORLDS[world] | method)
        if client not in NEVER_FORWARD:
            yield Row("forward", client, first, WORLDS[first] | method)
        if client in UPLOADERS:
            for world, work in UPLOADS.items():
                yield Row("base-url", client, world, work, file)


def asked_for(options, row):
    """Whether the flags leave a row: without the proxy it is run only if that is asked for."""
    way = row.way == options.way if options.way else row.way != "alone"
    return way and options.client in (None, row.client) and options.world in (None, row.world)


def stats_of(simulation):
    # Not by way of whatever proxy the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{simulation.address}/_tidegate/stats") as answer:
        return json.load(answer)


def run(options, row, command):
    """One row: what the client told, what the fleet counted, what the proxy said, and how long it took."""
    file = HERE / "worlds" / f"{row.world}.toml"
    flags = ["--listen", "127.0.0.1:0", "--scenario", file, "--seed", str(options.seed)]
    simulation = Program([options.tidegate, "simulate", *flags], "stdout", r"listening on http://(\S+)")
    base, proxy, said = f"http://{simulation.address}", None, ""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= row.work | {"TOKEN": TOKEN}
    if row.way != "alone":
        mode = ["--upstream", base] if row.way == "base-url" else ["--forward"]
        flags = ["--listen", "127.0.0.1:0", *mode]
        proxy = Program([options.tidegate, "proxy", *flags], "stderr", r"listens on http://(\S+)")
        if row.way == "base-url":
            base = f"http://{proxy.address}"
        else:
            environment |= {"http_proxy": f"http://{proxy.address}"}
    command = [*command, base, *([row.file] if row.file else [])]
    started = time.monotonic()
    try:
        pipes = {"text": True, "capture_output": True, "timeout": LONGEST_RUN}
        process = subprocess.run(command, cwd=HERE, env=environment, **pipes)
        told = json.loads(process.stdout)
    except subprocess.TimeoutExpired:
        told = {"ok": 0, "failed": int(row.work["ITEMS"]), "statuses": {f"no end within {LONGEST_RUN} s": 1}}
    except json.JSONDecodeError:
        told = {"ok": 0, "failed": int(row.work["ITEMS"]), "statuses": {process.stderr.strip()[-200:]: 1}}
    took, counted = time.monotonic() - started, stats_of(simulation)
    if proxy:
        said = proxy.stop()
    simulation.stop()
    return told, counted, said, took


def faults(row, told, counted, said):
    """What isn't as it must be, in words."""
    total = counted["total"]
    broken = total["resetBefore"] + total["resetAfter"]
    if told["ok"] != int(row.work["ITEMS"]) or told["failed"]:
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
    parser.add_argument("--client", help="only this one")
    parser.add_argument("--world", help="only this one")
    parser.add_argument("--way", choices=WAYS, help="only so; `alone` is without the proxy")
    parser.add_argument("--seed", default=1, type=int, help="what the worlds' chance is drawn from")
    options = parser.parse_args()
    clients, bad = commands(options), 0
    print(f"{'client':<15}{'world':<24}{'way':<10}{'ok':>7}{'calls':>7}{'429':>5}{'503':>5}{'broken':>7}{'seconds':>9}")
    with tempfile.NamedTemporaryFile() as file:
        wanted = [row for row in rows(clients, file.name) if asked_for(options, row)]
        if any(row.file for row in wanted):
            file.write(os.urandom(FILE_BYTES))
            file.flush()
        for row in wanted:
            told, counted, said, took = run(options, row, clients[row.client])
            total = counted["total"]
            broken = total["resetBefore"] + total["resetAfter"]
            found = list(faults(row, told, counted, said))
            bad += bool(found)
            name = f"{row.client:<15}{row.world:<24}{row.way:<10}{told['ok']:>3}/{row.work['ITEMS']:<3}"
            figures = f"{total['calls']:>7}{total['limited']:>5}{total['unavailable']:>5}{broken:>7}{took:>9.1f}"
            print(f"{name}{figures}", *found, sep="  ", flush=True)
    if not wanted:
        sys.exit("nothing was run: no such client, world or way, or what it needs wasn't named")
    sys.exit(f"{bad} of {len(wanted)} rows aren't as they must be" if bad else 0)


if __name__ == "__main__":
    main()
