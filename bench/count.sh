#!/usr/bin/env bash
# Instructions per decision, by callgrind: runs of N and 2 N decisions, and what the second has more, for each.
# Usage: ./count.sh [N]
set -euo pipefail
cd "$(dirname "$0")"

decisions=${1:-100000}
cargo build --quiet --release
bench=${CARGO_TARGET_DIR:-target}/release/tidegate-bench

instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" count "$@" 2>&1 | sed -n 's/.*Collected : //p'
}

for what in hot uniform insert; do
    none=$(( $(instructions nothing $what $((2 * decisions))) - $(instructions nothing $what "$decisions") ))
    for engine in bare tidegate governor; do
        more=$(( $(instructions $engine $what $((2 * decisions))) - $(instructions $engine $what "$decisions") ))
        echo "$what $engine: $(( (more - none) / decisions )) instructions (the loop's own $((none / decisions)) taken off)"
    done
done
