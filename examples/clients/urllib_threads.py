"""Python's own urllib, from many threads. Knows nothing of rate limits: whatever isn't 2xx has failed.

Usage: TOKEN=... [ITEMS=50] [AT_ONCE=10] [METHOD=POST] python3 urllib_threads.py BASE_URL
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

base, method = sys.argv[1], os.environ.get("METHOD", "GET")
items, at_once = (int(os.environ.get(name, usual)) for name, usual in [("ITEMS", 50), ("AT_ONCE", 10)])


def request(item):
    """Reads the same person for each item, or posts a message under a key, so that a broken call can be repeated."""
    fields = {"Authorization": "Bearer " + os.environ["TOKEN"]}
    if method == "GET":
        return urllib.request.Request(f"{base}/v1/people/me?item={item}", headers=fields)
    fields |= {"Content-Type": "application/json", "Idempotency-Key": f"item-{item}"}
    body = json.dumps({"id": str(item), "text": "Good morning"}).encode()
    return urllib.request.Request(f"{base}/v1/messages", body, fields)


def status(item):
    """What became of one item: its status, or what broke."""
    try:
        with urllib.request.urlopen(request(item)) as response:
            response.read()
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return type(error).__name__


with ThreadPoolExecutor(at_once) as pool:
    statuses = Counter(map(str, pool.map(status, range(1, items + 1))))
ok = sum(count for status, count in statuses.items() if status.startswith("2"))
print(json.dumps({"ok": ok, "failed": items - ok, "statuses": statuses}))
