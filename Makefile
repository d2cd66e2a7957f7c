# `make help` lists what there is.
.PHONY: help run run-prometheus test test-core check bench tools
.DEFAULT_GOAL := help

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Show Sereno at work on made-up services; needs nothing but Rust, Ctrl-C stops it
	@cargo run --locked --bin sereno -- demo

run-prometheus: ## Show it at work with a real Prometheus on this machine; Ctrl-C stops all of it
	@scripts/run-prometheus.sh

test: tools ## Run all tests; fetches the Debian programs they use into target/tools first
	@scripts/test.sh

test-core: ## Run the tests that need only Rust
	@cargo test --locked --tests -- --skip needs_tools

check: ## Format, lints, documentation, licences and unused dependencies
	@scripts/check.sh

bench: tools ## Measure, in release mode, alone and beside vmalert (takes minutes)
	@cargo bench --locked
	@cargo build --quiet --locked --release
	@benches/beside_vmalert.sh

tools: ## Unpack Prometheus, Alertmanager, VictoriaMetrics, a mail server and others into target/tools
	@scripts/tools.sh
