"""httpx, fifty at once in one thread. Knows nothing of rate limits.

Usage: TOKEN=... [ITEMS=50] [AT_ONCE=50] python httpx_async.py BASE_URL
"""

import asyncio
import json
import os
import sys
from collections import Counter

import httpx

base = sys.argv[1]
items, at_once = (int(os.environ.get(name, 50)) for name in ["ITEMS", "AT_ONCE"])


async def status(client, item):
    """What became of one item: its status, or what broke."""
    try:
        return (await client.get("/v1/people/me", params={"item": item})).status_code
    except httpx.HTTPError as error:
        return type(error).__name__


async def main():
    fields = {"Authorization": "Bearer " + os.environ["TOKEN"]}
    limits = httpx.Limits(max_connections=at_once)
    # Who waits for a limit answers late: the 5 s that httpx gives otherwise are too few.
    async with httpx.AsyncClient(base_url=base, headers=fields, limits=limits, timeout=None) as client:
        found = await asyncio.gather(*(status(client, item) for item in range(1, items + 1)))
    statuses = Counter(map(str, found))
    ok = sum(count for status, count in statuses.items() if status.startswith("2"))
    print(json.dumps({"ok": ok, "failed": items - ok, "statuses": statuses}))


asyncio.run(main())
