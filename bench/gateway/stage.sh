# What compare.sh and count.sh share: the gateways, the server behind, the load. Read by them, not run. Never here: a figure.
. ../stage.sh

filled() {
    sed -e "s|@DIR@|$dir|; s|@UPSTREAM@|${port[upstream]}|; s|@PLAIN@|${port[plain]}|" \
        -e "s|@ADMITS@|${port[nginx_admits]}|; s|@REFUSES@|${port[nginx_refuses]}|; s|@PORT@|${2:-}|" "$1"
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
