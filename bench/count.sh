#!/usr/bin/env bash
# Instructions per decision, by callgrind: runs of N and 2 N decisions, and what the second has more, for each.
# Usage: ./count.sh [N]
set -euo pipefail
cd "$(dirname "$0")"

decisions=${1:-100000}
cargo build --quiet --release
bench=${CARGO_TARGET_DIR:-target}/release/tidegate-bench

instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" "$@" 2>&1 | sed -n 's/.*Collected : //p'
}

for what in hot uniform insert; do
    none=$(( $(instructions count nothing $what $((2 * decisions))) - $(instructions count nothing $what "$decisions") ))
    for engine in bare tidegate governor; do
        more=$(( $(instructions count $engine $what $((2 * decisions))) - $(instructions count $engine $what "$decisions") ))
        echo "$what $engine: $(( (more - none) / decisions )) instructions (the loop's own $((none / decisions)) taken off)"
    done
done

none=$(( $(instructions decide nothing $((2 * decisions))) - $(instructions decide nothing "$decisions") ))
for what in target 1-ip 1-bearer 3-ip 3-bearer; do
    more=$(( $(instructions decide $what $((2 * decisions))) - $(instructions decide $what "$decisions") ))
    echo "decide $what: $(( (more - none) / decisions )) instructions (the loop's own $((none / decisions)) taken off)"
done

none=$(( $(instructions door nothing $((2 * decisions))) - $(instructions door nothing "$decisions") ))
for who in absent told shut; do
    more=$(( $(instructions door $who $((2 * decisions))) - $(instructions door $who "$decisions") ))
    echo "door $who: $(( (more - none) / decisions )) instructions (the loop's own $((none / decisions)) taken off)"
done
