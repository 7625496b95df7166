#!/usr/bin/env bash
# Ten thousand callers wait in one bucket: what they take in memory, how soon their places are free when they hang up, and
# how evenly ten callers with unequal loads are served.
# Usage: ./queue.sh [CALLERS] [SECONDS]; TIDEGATE names a binary, else the release build of this tree is made and taken.
# Fails if a place is free later than 10 ms after its caller hung up, or if Jain's index is below 0.95.
set -euo pipefail
cd "$(dirname "$0")"
. ./stage.sh
callers=${1:-10000}
seconds=${2:-30}
# Each caller has a connection, and so has each call of the unequal ones.
ulimit -n $((callers > 2100 ? callers + 1000 : 3100))
build_both

# A simulated API with a limit on one of its paths, and the proxy in front of it, where so many may wait.
stand() {
    port[$1.api]=$(free_port)
    port[$1]=$(free_port)
    port[$1.desk]=$(free_port)
    start "$1.api" 0-1 "$TIDEGATE" simulate --quiet --servers 1 --listen "127.0.0.1:${port[$1.api]}" --limit "GET /v1/rooms: $2"
    await "${port[$1.api]}" "$dir/$1.api.log"
    cat >"$dir/$1.toml" <<EOF
[proxy]
listen  = ["127.0.0.1:${port[$1]}"]
admin   = "127.0.0.1:${port[$1.desk]}"
callers = ["X-Caller"]

[proxy.queue]
waiters = $3

[[upstream]]
url = "http://127.0.0.1:${port[$1.api]}"
EOF
    start "$1" 0-1 "$TIDEGATE" proxy --config "$dir/$1.toml"
    await "${port[$1]}" "$dir/$1.log"
}

stand queue "1 per 50 minutes" "$callers"
"$tool" queue "127.0.0.1:${port[queue]}" "127.0.0.1:${port[queue.desk]}" "$callers" "${pid[queue]}" | tee "$dir/queue.says"
stand fair "200 per second, burst 20" 10000
"$tool" fair "127.0.0.1:${port[fair]}" "$seconds" | tee "$dir/fair.says"

awk '/^one hangs up/ { exit $11 > 10000 }' "$dir/queue.says" || { echo "that is later than 10 ms" >&2; exit 1; }
awk '{ exit $NF < 0.95 }' "$dir/fair.says" || { echo "that is less than 0.95" >&2; exit 1; }
