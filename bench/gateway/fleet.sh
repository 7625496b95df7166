#!/usr/bin/env bash
# Limits per server while servers come and go by reload, and die and return: what passes, against the target.
# Usage: bench/gateway/fleet.sh [debug]        prints figures; fails if one is not what it must be
set -euo pipefail
cd "$(dirname "$0")/../.."

profile=${1:-release}
flags=()
[ "$profile" = debug ] || flags=(--release)
exec cargo test ${flags[@]+"${flags[@]}"} -p tidegate-cli --test gateway what_passes_follows -- --include-ignored --nocapture --test-threads 1
