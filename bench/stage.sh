# What the scripts share that set up programs and measure them: tools, ports, processes. Read by them in their own folder,
# one below this one, not run. Never here: a figure, a load.

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

# Starts a program on a core; its process is the program itself.
start() {
    local name=$1 core=$2
    shift 2
    taskset -c "$core" "$@" >"$dir/$name.log" 2>&1 &
    started+=($!)
    pid[$name]=$!
}
