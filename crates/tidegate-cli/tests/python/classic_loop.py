"""Pull every room of an account, one page after another, and wait when told to.

Usage: TOKEN=... python3 classic_loop.py http://HOST/v1/rooms?max=10

Prints the ID of every room, one on a line.
"""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request


def fetch(url, token):
    """One page: its rooms, and the address of the next page, if there is one."""
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request) as response:
        rooms = json.load(response)["items"]
        following = re.search(r'<([^>]+)>;\s*rel="next"', response.headers.get("Link", ""))
        return rooms, following.group(1) if following else None


def sleep_in_slices(seconds):
    """Sleeps the whole time, and shows every ten seconds that it is still alive."""
    while seconds > 0:
        part = min(seconds, 10)
        print("rate limited, %d s to go" % seconds, file=sys.stderr)
        time.sleep(part)
        seconds -= part


def main():
    url, token = sys.argv[1], os.environ["TOKEN"]
    while url:
        try:
            rooms, url = fetch(url, token)
        except urllib.error.HTTPError as error:
            if error.code != 429:
                raise
            sleep_in_slices(int(error.headers["Retry-After"]))
            continue
        for room in rooms:
            print(room["id"])


if __name__ == "__main__":
    main()
