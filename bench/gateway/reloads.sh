#!/usr/bin/env bash
# A thousand reloads under load, with servers that come and go: no error, no count lost.
# Usage: bench/gateway/reloads.sh [debug]        prints figures; fails if one is not what it must be
set -euo pipefail
cd "$(dirname "$0")/../.."

profile=${1:-release}
flags=()
[ "$profile" = debug ] || flags=(--release)
exec cargo test ${flags[@]+"${flags[@]}"} -p tidegate-cli --test gateway a_thousand_reloads -- --include-ignored --nocapture --test-threads 1
