# What the scripts here share: the programs, the server behind, the proxies. Read by them, not run. Never here: a figure.
. ../stage.sh

# Finds or makes the proxy, and what tries it.
build_both() {
    build
    cargo build --quiet --release
    tool=${CARGO_TARGET_DIR:-../target}/release/tidegate-bench-proxy
}

start_upstream() {
    port[upstream]=$(free_port)
    sed -e "s|@DIR@|$dir|; s|@UPSTREAM@|${port[upstream]}|" ../gateway/upstream.conf >"$dir/upstream.conf"
    start upstream 0 nginx -c "$dir/upstream.conf" -e stderr
    await "${port[upstream]}" "$dir/upstream.log"
}

# Starts one of the proxies on core 1, under whatever is named besides.
start_proxy() {
    local name=$1
    shift
    port[$name]=$(free_port)
    case $name in
    plain) start plain 1 "$@" "$tool" plain "${port[plain]}" "127.0.0.1:${port[upstream]}" ;;
    tidegate)
        cat >"$dir/tidegate.toml" <<EOF
[proxy]
listen = ["127.0.0.1:${port[tidegate]}"]
admin  = "off"

[[upstream]]
url = "http://127.0.0.1:${port[upstream]}"
EOF
        start tidegate 1 "$@" "$TIDEGATE" proxy --config "$dir/tidegate.toml" --workers 1
        ;;
    esac
    await "${port[$name]}" "$dir/$name.log"
}

# A load on whoever is named: for so long, at so many calls a second if that is said.
load() {
    local name=$1
    shift
    taskset -c 0 "$tool" load "127.0.0.1:${port[$name]}" "$connections" "$@"
}
