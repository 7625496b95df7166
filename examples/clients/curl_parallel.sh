#!/usr/bin/env bash
# curl, many at once, without --retry: it knows nothing of rate limits.
# Usage: TOKEN=... [ITEMS=50] [AT_ONCE=10] curl_parallel.sh BASE_URL [FILE]
# With a file, each item is an upload of it; it has arrived if the API tells the file's hash.
set -euo pipefail

base=$1 file=${2:-}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# What becomes of each item, a line each: its status, 000 where there was no answer, and the file with its body. The
# token isn't on the command line, where everyone could read it.
calls() {
    printf 'header = "Authorization: Bearer %s"\n' "$TOKEN" |
        curl -sS --no-progress-meter --config - --parallel --parallel-immediate --parallel-max "${AT_ONCE:-10}" \
            -w '%{http_code} %{filename_effective}\n' -o "$dir/#1" "$@" || true
}

if [ -n "$file" ]; then
    sent=$(sha256sum "$file" | cut -d ' ' -f 1)
    calls -T "$file" "$base/v1/echo/[1-${ITEMS:-50}]" | while read -r status told; do
        case $status in 2*) grep -q "\"sha256\":\"$sent\"" "$told" || status="other bytes" ;; esac
        echo "$status"
    done >"$dir/statuses"
else
    calls "$base/v1/people/me?item=[1-${ITEMS:-50}]" | cut -d ' ' -f 1 >"$dir/statuses"
fi
sort "$dir/statuses" | uniq -c | awk '
    { count = $1; sub(/^ *[0-9]+ /, ""); all += count; told = told (told ? ", " : "") "\"" $0 "\": " count }
    /^2/ { ok += count }
    END { printf "{\"ok\": %d, \"failed\": %d, \"statuses\": {%s}}\n", ok, all - ok, told }'
