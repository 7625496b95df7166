#!/usr/bin/env bash
# Instructions of the gateway's own per request, by callgrind: what a longer load has more than a shorter one.
# The kernel's part isn't in it. Usage: ./count.sh [admits|refuses]...; TIDEGATE names a binary, as for compare.sh.
set -euo pipefail
cd "$(dirname "$0")"
. ./stage.sh
needs nginx wrk valgrind
build
stage 64 upstream

# Instructions and requests of one load, which lasts so many seconds.
counted() {
    local what=$1 seconds=$2 instructions requests
    start counted 1 valgrind --tool=callgrind --callgrind-out-file="${PROFILE:-/dev/null}" "$TIDEGATE" gateway --config "$dir/$what.toml" --workers 1
    await "${port[tidegate_$what]}" "$dir/counted.log"
    requests=$(load "tidegate_$what" "$seconds" | awk '/requests in/ { print $1 }')
    kill "${pid[counted]}"
    wait "${pid[counted]}" || true
    instructions=$(sed -n 's/.*Collected : //p' "$dir/counted.log")
    echo "$instructions $requests"
}

for what in "${@:-admits refuses}"; do
    for one in $what; do
        read -r less few < <(counted "$one" 2)
        read -r more many < <(counted "$one" 8)
        echo "$one: $(((more - less) / (many - few))) instructions per request ($many requests)"
    done
done
