#!/usr/bin/env bash
# Ten times what a server can do, nine in ten callers deaf: who listens is served.
# Usage: bench/gateway/overload.sh [debug]        prints figures; fails if one is not what it must be
set -euo pipefail
cd "$(dirname "$0")/../.."

profile=${1:-release}
flags=()
[ "$profile" = debug ] || flags=(--release)
exec cargo test ${flags[@]+"${flags[@]}"} -p tidegate-cli --test gateway who_listens -- --include-ignored --nocapture --test-threads 1
