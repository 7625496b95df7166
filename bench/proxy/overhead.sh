#!/usr/bin/env bash
# What the proxy adds in front of a server without limits, beside a plain proxy of hyper and hyper-util, by turns.
# Usage: ./overhead.sh [ROUNDS] [SECONDS]; TIDEGATE names a binary, else the release build of this tree is made and taken.
# The load and the server behind run on core 0, the proxies, one at a time, on core 1; each proxy is one thread.
# Fails if at half its own top rate the proxy adds more than 1 ms at the 99th percentile.
set -euo pipefail
cd "$(dirname "$0")"
. ./stage.sh
rounds=${1:-5}
seconds=${2:-5}
connections=64
needs nginx
build_both
start_upstream
for name in plain tidegate; do start_proxy $name; done

# CPU time that a process and all its threads have had, in microseconds.
cpu() { awk -v tick="$(getconf CLK_TCK)" '{ printf "%d", ($14 + $15) * 1000000 / tick }' "/proc/$1/stat"; }

# One turn at full speed: a line with calls per second and CPU microseconds per call.
top() {
    local name=$1 before out
    before=$(cpu "${pid[$name]}")
    out=$(load "$name" "${seconds}s")
    awk -v used=$(($(cpu "${pid[$name]}") - before)) '{ print $3, used / $1 }' <<<"$out"
}

# One turn at a rate: a line with the median and the 99th percentile, in microseconds.
paced() { load "$1" "${seconds}s" "$2" | awk '{ print $7, $11 }'; }

# The middle one of a column over the rounds, the least and the most.
middle() { sort -n -k "$2,$2" "$dir/$1" | awk -v column="$2" '{ all[NR] = $column } END { printf "%.0f (%.0f to %.0f)", all[int((NR + 1) / 2)], all[1], all[NR] }'; }

# The middle one of what one took by what another took in the same round.
ratio() {
    paste -d' ' "$dir/$1" "$dir/$2" | awk -v column="$3" '{ print $column / $(column + 2) }' | sort -n |
        awk '{ all[NR] = $1 } END { printf "%.2f (%.2f to %.2f)", all[int((NR + 1) / 2)], all[1], all[NR] }'
}

for name in plain tidegate; do load $name 1s >/dev/null; done
for round in $(seq "$rounds"); do
    for name in plain tidegate; do top $name >>"$dir/$name.top"; done
    echo "top, round $round of $rounds: load $(cut -d' ' -f1 /proc/loadavg)" >&2
done
for name in plain tidegate; do
    echo "$name: $(middle $name.top 1) calls a second, $(middle $name.top 2) us of CPU each"
done
echo "tidegate / plain: $(ratio tidegate.top plain.top 1) times the rate, $(ratio tidegate.top plain.top 2) times the CPU"

half=$(sort -n "$dir/tidegate.top" | awk '{ all[NR] = $1 } END { printf "%d", all[int((NR + 1) / 2)] / 2 }')
for round in $(seq "$rounds"); do
    for name in upstream plain tidegate; do paced $name "$half" >>"$dir/$name.paced"; done
    echo "at $half a second, round $round of $rounds: load $(cut -d' ' -f1 /proc/loadavg)" >&2
done
for name in upstream plain tidegate; do
    echo "$name at $half a second: p50 $(middle $name.paced 1), p99 $(middle $name.paced 2) us"
done
added() { paste -d' ' "$dir/tidegate.paced" "$dir/$1.paced" | awk -v column="$2" '{ print $column - $(column + 2) }' >"$dir/added"; middle added 1; }
for than in upstream plain; do
    echo "tidegate takes longer than $than: p50 $(added $than 1), p99 $(added $than 2) us"
done
p99=$(added upstream 2)
[ "${p99%% *}" -le 1000 ] || { echo "that is more than 1 ms at p99" >&2; exit 1; }
