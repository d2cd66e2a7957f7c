#!/usr/bin/env bash
# CPU and memory of `sereno serve` beside vmalert: the same Prometheus, the same rule files, the same
# interval, at the same time. Prints both and their ratio. Loopback only; ends by itself.
#
#   benches/beside_vmalert.sh [RULES_DIR] [SECONDS]
#
# RULES_DIR holds *.yml rule files (default: the 954 rules of the corpora, else our own rules/).
set -euo pipefail
cd "$(dirname "$0")/.."

corpora=${SERENO_CORPORA:-../shared/corpora}
rules=${1:-}
[ -n "$rules" ] || { [ -d "$corpora/rules/awesome" ] && rules=$corpora/rules/awesome || rules=rules; }
seconds=${2:-60}
interval=5
tools=target/tools/usr/bin
sereno=target/release/sereno
work=$(mktemp -d)
pids=()
stop() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT

for program in "$tools/prometheus" "$tools/vmalert" "$tools/prometheus-node-exporter" "$sereno"; do
    [ -x "$program" ] || { echo "missing $program: run 'make tools' and 'cargo build --release' first" >&2; exit 2; }
done

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
prometheus_port=$(free_port) node_port=$(free_port) vmalert_port=$(free_port)

cat > "$work/prometheus.yml" <<YAML
global: {scrape_interval: 5s}
scrape_configs:
- {job_name: prometheus, static_configs: [{targets: ['127.0.0.1:$prometheus_port']}]}
- {job_name: node, static_configs: [{targets: ['127.0.0.1:$node_port']}]}
YAML
cat > "$work/routes.yml" <<YAML
route: {receiver: nobody}
receivers: [{name: nobody}]
YAML

"$tools/prometheus-node-exporter" --web.listen-address="127.0.0.1:$node_port" > "$work/node.log" 2>&1 & pids+=($!)
"$tools/prometheus" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
    --web.listen-address="127.0.0.1:$prometheus_port" > "$work/prometheus.log" 2>&1 & pids+=($!)
prometheus=http://127.0.0.1:$prometheus_port
for _ in $(seq 100); do curl -fs "$prometheus/-/ready" > /dev/null 2>&1 && break; sleep 0.1; done

# vmalert wants a notifier: ours takes no alerts, so it gets a closed port and counts its errors.
"$tools/vmalert" -rule="$rules/*.yml" -datasource.url="$prometheus" -notifier.url=http://127.0.0.1:9 \
    -evaluationInterval=${interval}s -httpListenAddr="127.0.0.1:$vmalert_port" > "$work/vmalert.log" 2>&1 &
vmalert_pid=$!; pids+=("$vmalert_pid")
"$sereno" serve --rules "$rules/*.yml" --routes "$work/routes.yml" --prometheus-url "$prometheus" \
    --evaluation-interval ${interval}s --listen 127.0.0.1:0 --data-dir "$work/data" > "$work/sereno.log" 2>&1 &
sereno_pid=$!; pids+=("$sereno_pid")

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
rss() { awk '/VmRSS/ {print $2}' "/proc/$1/status"; }
sleep $((interval * 4)) # let both load and spread their groups
before_v=$(ticks "$vmalert_pid") before_s=$(ticks "$sereno_pid")
sleep "$seconds"
after_v=$(ticks "$vmalert_pid") after_s=$(ticks "$sereno_pid")

count=$(grep -rhE '^\s*-? *(alert|record):' "$rules" | wc -l)
awk -v v=$((after_v - before_v)) -v s=$((after_s - before_s)) -v hz="$(getconf CLK_TCK)" -v t="$seconds" \
    -v rv="$(rss "$vmalert_pid")" -v rs="$(rss "$sereno_pid")" -v n="$count" -v i=$interval 'BEGIN {
    printf "%d rules every %d s, %d s measured\n", n, i, t
    printf "%-8s %8.1f ms CPU per second %8.1f MB resident\n", "vmalert", v / hz / t * 1000, rv / 1024
    printf "%-8s %8.1f ms CPU per second %8.1f MB resident\n", "sereno", s / hz / t * 1000, rs / 1024
    printf "ratio    %8.2f of the CPU        %8.2f of the memory\n", s / v, rs / rv
}'
