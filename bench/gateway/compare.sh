#!/usr/bin/env bash
# CPU per request in front of a trivial server: Tidegate beside nginx, admitting all and refusing all, by turns.
# Usage: ./compare.sh [ROUNDS] [SECONDS]; TIDEGATE names a binary, else the release build of this tree is made and taken.
# The load and the server behind run on core 0, the gateways, one at a time, on core 1; each is one thread.
set -euo pipefail
cd "$(dirname "$0")"
. ./stage.sh
rounds=${1:-5}
seconds=${2:-5}
needs nginx wrk
build
stage 64 upstream nginx tidegate

# The time that a process and all its threads have had of a processor, in microseconds.
cpu() { awk -v tick="$(getconf CLK_TCK)" '{ printf "%d", ($14 + $15) * 1000000 / tick }' "/proc/$1/stat"; }

# One turn: a line with CPU microseconds per request, requests per second, and the 99th percentile.
turn() {
    local name=$1 before out
    before=$(cpu "${pid[$name]}")
    out=$(load "$name" "$2")
    awk -v name="$name" -v used=$(($(cpu "${pid[$name]}") - before)) '
        /requests in/ { all = $1 } /Requests\/sec/ { rate = $2 } / 99%/ { p99 = $2 } /Non-2xx/ { refused = $NF }
        /Socket errors/ { print name ": " $0 > "/dev/stderr" }
        END {
            part = refused / all
            if (name ~ /refuses/ ? part < 0.99 : part > 0) { print name ": " refused " of " all " refused" > "/dev/stderr"; exit 1 }
            printf "%.2f %.0f %s\n", used / all, rate, p99
        }' <<<"$out"
}

contenders=(plain nginx_admits tidegate_admits nginx_refuses tidegate_refuses)
for name in "${contenders[@]}"; do turn "$name" 1 >/dev/null; done
for round in $(seq "$rounds"); do
    for name in "${contenders[@]}"; do turn "$name" "$seconds" >>"$dir/$name.turns"; done
    echo "round $round of $rounds: load $(cut -d' ' -f1 /proc/loadavg)" >&2
done

printf '%-18s %s\n' "" "CPU us per request (min-max), requests/s, p99: medians"
for name in "${contenders[@]}"; do
    sort -n "$dir/$name.turns" | awk -v name="$name" '
        { us[NR] = $1; rate[NR] = $2; p99[NR] = $3 }
        END { m = int((NR + 1) / 2); printf "%-18s %.2f (%.2f-%.2f) %d %s\n", name, us[m], us[1], us[NR], rate[m], p99[m] }'
done

# The median, over the rounds, of what one took by what another took in the same round.
ratio() {
    paste -d' ' <(cut -d' ' -f1 "$dir/$1.turns") <(cut -d' ' -f1 "$dir/$2.turns") | awk '{ print $1 / $2 }' | sort -n |
        awk '{ r[NR] = $1 } END { printf "%.2f (%.2f-%.2f)", r[int((NR + 1) / 2)], r[1], r[NR] }'
}
echo "admitted: tidegate / nginx limit_req $(ratio tidegate_admits nginx_admits), goal 1.15; / nginx without $(ratio tidegate_admits plain)"
echo "refused:  tidegate / nginx limit_req $(ratio tidegate_refuses nginx_refuses), goal 1.00"
