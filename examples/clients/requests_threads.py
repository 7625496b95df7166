"""requests, with a session in each of many threads. Knows nothing of rate limits.

Usage: TOKEN=... [ITEMS=50] [AT_ONCE=10] python requests_threads.py BASE_URL [FILE]

With a file, each item is an upload of it, streamed; it has arrived if the API tells the file's hash.
"""

import hashlib
import json
import os
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

base, file = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
items, at_once = (int(os.environ.get(name, usual)) for name, usual in [("ITEMS", 50), ("AT_ONCE", 10)])
here = threading.local()


def session():
    if not hasattr(here, "session"):
        here.session = requests.Session()
        here.session.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]
    return here.session


def read(item):
    return session().get(f"{base}/v1/people/me", params={"item": item}).status_code


def upload(item):
    with open(file, "rb") as body:
        sent = hashlib.file_digest(body, "sha256").hexdigest()
        body.seek(0)
        answer = session().put(f"{base}/v1/echo/{item}", data=body)
        return answer.status_code if not answer.ok or answer.json()["sha256"] == sent else "other bytes"


def status(item):
    """What became of one item: its status, or what broke."""
    try:
        return upload(item) if file else read(item)
    except requests.RequestException as error:
        return type(error).__name__


with ThreadPoolExecutor(at_once) as pool:
    statuses = Counter(map(str, pool.map(status, range(1, items + 1))))
ok = sum(count for status, count in statuses.items() if status.startswith("2"))
print(json.dumps({"ok": ok, "failed": items - ok, "statuses": statuses}))
