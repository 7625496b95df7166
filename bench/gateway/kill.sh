#!/usr/bin/env bash
# A server is killed under load: no GET is lost, no POST is sent twice.
# Usage: bench/gateway/kill.sh [debug]        prints figures; fails if one is not what it must be
set -euo pipefail
cd "$(dirname "$0")/../.."

profile=${1:-release}
flags=()
[ "$profile" = debug ] || flags=(--release)
exec cargo test ${flags[@]+"${flags[@]}"} -p tidegate-cli --test gateway a_kill -- --include-ignored --nocapture --test-threads 1
