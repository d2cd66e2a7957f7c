#!/usr/bin/env bash
# Shows Sereno at work on this machine: a real Prometheus that watches itself, a real node_exporter and one
# service that is down, Sereno evaluating rules/ and routing with routes.yml, and a web server that takes its
# webhooks. Everything listens on the loopback and lives in target/run; Ctrl-C stops all of it.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly here="$PWD/target/run"
readonly bin="$PWD/target/tools/usr/bin"

say() { printf 'run-prometheus: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

mkdir -p target
exec 9>target/run.lock
flock -n 9 || fail "it already runs in this folder (or its last run was killed: look for prometheus)"

# Sereno is started last and stopped first, so that it drains while the others still answer.
pids=()
stop() {
    trap '' INT TERM
    local at pid
    for ((at = ${#pids[@]} - 1; at >= 0; at--)); do
        pid=${pids[at]}
        kill -TERM "$pid" 2>/dev/null || continue
        for ((tick = 0; tick < 120; tick++)); do # Sereno promises ten seconds
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null && say "process $pid had to be killed"
        wait "$pid" 2>/dev/null || true
    done
    say "stopped"
}
trap stop EXIT
trap 'exit 0' INT TERM

# start NAME COMMAND…: in the background, its output in target/run/NAME.log.
start() {
    local name=$1
    shift
    "$@" >"$here/$name.log" 2>&1 9>&- &
    pids+=($!)
}

# pick VARIABLE PORT: sets the variable to the first port from PORT on that is free and not picked yet.
picked=" "
pick() {
    local port=$2
    while [[ "$picked" == *" $port "* ]] || (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((port + 1))
    done
    picked+="$port "
    printf -v "$1" '%s' "$port"
}

# answers PORT PATH: whether an HTTP server there says 200.
answers() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
        read -r -t 2 status <&3
        [[ "$status" == *" 200 "* ]]
    ) 2>/dev/null
}

# wait_for NAME PORT PATH: until the server just started answers, half a minute at most.
wait_for() {
    local deadline=$((SECONDS + 30)) pid=${pids[-1]}
    until answers "$2" "$3"; do
        if ! kill -0 "$pid" 2>/dev/null || ((SECONDS >= deadline)); then
            tail -n 20 "$here/$1.log" >&2
            fail "$1 did not start; above are the last lines of target/run/$1.log"
        fi
        sleep 0.1
    done
}

scripts/tools.sh prometheus prometheus-node-exporter
say "building (a few minutes the first time)"
cargo build --quiet --locked --bin sereno --example webhook_sink
readonly built="${CARGO_TARGET_DIR:-$PWD/target}/debug"

rm -rf "$here"
mkdir -p "$here"
pick prometheus 9090
pick node 9100
pick sereno 9093
pick sink 5001
pick nobody 8080

cat >"$here/prometheus.yml" <<YAML
global:
  scrape_interval: 5s
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ['127.0.0.1:$prometheus']}]
  - job_name: node
    static_configs: [{targets: ['127.0.0.1:$node']}]
  # Nobody listens there: the service that is down.
  - job_name: checkout
    static_configs: [{targets: ['127.0.0.1:$nobody']}]
YAML

start node_exporter "$bin/prometheus-node-exporter" --web.listen-address="127.0.0.1:$node"
wait_for node_exporter "$node" /
start prometheus "$bin/prometheus" --config.file="$here/prometheus.yml" --storage.tsdb.path="$here/prometheus" \
    --web.listen-address="127.0.0.1:$prometheus" --web.enable-remote-write-receiver
wait_for prometheus "$prometheus" /-/ready
start webhook_sink "$built/examples/webhook_sink" "127.0.0.1:$sink" "$here/webhooks.jsonl"
wait_for webhook_sink "$sink" /

routes=routes.yml
if [[ "$sink" != 5001 ]]; then
    routes="$here/routes.yml"
    sed "s/127\.0\.0\.1:5001/127.0.0.1:$sink/" routes.yml >"$routes"
    say "port 5001 is taken; using a copy of routes.yml that says $sink"
fi

say "Prometheus     http://127.0.0.1:$prometheus  (job checkout on port $nobody is down)"
say "Sereno         http://127.0.0.1:$sereno  (rules: /api/v1/rules, alerts: /api/v1/alerts)"
say "webhooks       target/run/webhooks.jsonl"
say "In about ten seconds ServiceDown is pending, half a minute later it fires, ten seconds later the"
say "message is printed here. Then try: edit a rule and  curl -X POST http://127.0.0.1:$sereno/-/reload"
say "Ctrl-C stops everything."

# In a session of its own: Ctrl-C reaches all of a terminal's programs, and together with the TERM of `stop` it
# would be the second signal, which gives up notifications on their way.
setsid "$built/sereno" serve --rules 'rules/*.yml' --routes "$routes" --prometheus-url "http://127.0.0.1:$prometheus" \
    --evaluation-interval 5s --listen "127.0.0.1:$sereno" --data-dir "$here/data" \
    --remote-write-url "http://127.0.0.1:$prometheus/api/v1/write" 9>&- &
pids+=($!)
wait "${pids[-1]}"
