# What compare.sh and count.sh share: programs, ports, the load. Read by them, not run. Never here: a figure.

# Installs what is missing.
needs() {
    local missing=()
    for tool in "$@"; do
        command -v "$tool" >/dev/null || missing+=("${tool/#nginx/nginx-light}")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "${missing[@]}" >&2
    fi
}

# Finds or makes the gateway.
build() {
    if [ -z "${TIDEGATE:-}" ]; then
        cargo build --quiet --release --manifest-path ../../Cargo.toml -p tidegate-cli
        TIDEGATE=${CARGO_TARGET_DIR:-../../target}/release/tidegate
    fi
}

declare -A port pid
started=()
dir=$(mktemp -d)

end() {
    kill "${started[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap end EXIT

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port that nobody listens on, below those that the system gives to whoever calls.
free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); listens "$port"; do :; done
    echo "$port"
}

# Waits until somebody listens on a port; else shows the log.
await() {
    for _ in $(seq 300); do
        if listens "$1"; then return; fi
        sleep 0.1
    done
    echo "nobody listens on port $1; the log says:" >&2
    cat "$2" >&2
    exit 1
}

filled() {
    sed -e "s|@DIR@|$dir|; s|@UPSTREAM@|${port[upstream]}|; s|@PLAIN@|${port[plain]}|" \
        -e "s|@ADMITS@|${port[nginx_admits]}|; s|@REFUSES@|${port[nginx_refuses]}|; s|@PORT@|${2:-}|" "$1"
}

# Starts a program on a core; its process is the program itself.
start() {
    local name=$1 core=$2
    shift 2
    taskset -c "$core" "$@" >"$dir/$name.log" 2>&1 &
    started+=($!)
    pid[$name]=$!
}

# Chooses ports, writes all files, and starts what is named of: upstream nginx tidegate.
stage() {
    local who what
    connections=$1
    shift
    for who in upstream plain nginx_admits nginx_refuses tidegate_admits tidegate_refuses; do port[$who]=$(free_port); done
    filled upstream.conf >"$dir/upstream.conf"
    filled nginx.conf >"$dir/nginx.conf"
    for what in admits refuses; do filled $what.toml "${port[tidegate_$what]}" >"$dir/$what.toml"; done
    for who in "$@"; do "start_$who"; done
}

start_upstream() {
    start upstream 0 nginx -c "$dir/upstream.conf" -e stderr
    await "${port[upstream]}" "$dir/upstream.log"
}

start_nginx() {
    local who
    start nginx 1 nginx -c "$dir/nginx.conf" -e stderr
    await "${port[plain]}" "$dir/nginx.log"
    for who in plain nginx_admits nginx_refuses; do pid[$who]=${pid[nginx]}; done
}

start_tidegate() {
    local what
    for what in admits refuses; do
        start tidegate_$what 1 "$TIDEGATE" gateway --config "$dir/$what.toml" --workers 1
        await "${port[tidegate_$what]}" "$dir/tidegate_$what.log"
    done
}

# What wrk says of a load of so many seconds.
load() {
    taskset -c 0 wrk --latency -t 1 -c "$connections" -d "${2}s" -H 'Authorization: Bearer an-example-of-a-token-0123456789' \
        "http://127.0.0.1:${port[$1]}/v1/rooms?max=50"
}
