#!/usr/bin/env bash
# Instructions per call of the proxy and of a plain one, by callgrind: what twice as many calls have more.
# The kernel's part isn't in it. Usage: ./count.sh [CALLS]; TIDEGATE names a binary; PROFILE a file for the profile.
set -euo pipefail
cd "$(dirname "$0")"
. ./stage.sh
calls=${1:-10000}
connections=16
needs nginx valgrind
build_both
start_upstream

# Instructions of one proxy for so many calls.
counted() {
    local name=$1
    start_proxy "$name" valgrind --tool=callgrind --callgrind-out-file="${PROFILE:-/dev/null}"
    load "$name" "$2" >&2
    kill "${pid[$name]}"
    wait "${pid[$name]}" || true
    sed -n 's/.*Collected : //p' "$dir/$name.log"
}

for name in plain tidegate; do
    less=$(counted $name "$calls")
    more=$(counted $name $((2 * calls)))
    echo "$name: $(((more - less) / calls)) instructions per call"
done
