"""webexpythonsdk: every room, page after page, and people from many threads. Its own waiting is off.

Usage: TOKEN=... [ITEMS=50] [AT_ONCE=10] python webex_sdk.py BASE_URL

The first item is the list of rooms, whose pages are found by links: all must lead to where the first came from.
"""

import json
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests
from webexpythonsdk import ApiError, WebexAPI

base = sys.argv[1]
items, at_once = (int(os.environ.get(name, usual)) for name, usual in [("ITEMS", 50), ("AT_ONCE", 10)])
api = WebexAPI(os.environ["TOKEN"], base_url=f"{base}/v1/", wait_on_rate_limit=False)


def every_room():
    met = [room.id for room in api.rooms.list(max=50)]
    return 200 if met and len(met) == len(set(met)) else "rooms lost or doubled"


def person(item):
    return 200 if api.people.get(str(item)).id == str(item) else "somebody else"


def status(item):
    """What became of one item: its status, or what broke."""
    try:
        return every_room() if item == 1 else person(item)
    except ApiError as error:
        return error.status_code
    except requests.RequestException as error:
        return type(error).__name__


with ThreadPoolExecutor(at_once) as pool:
    statuses = Counter(map(str, pool.map(status, range(1, items + 1))))
ok = sum(count for status, count in statuses.items() if status.startswith("2"))
print(json.dumps({"ok": ok, "failed": items - ok, "statuses": statuses}))
