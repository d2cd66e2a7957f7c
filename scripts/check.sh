#!/usr/bin/env bash
# Everything about the code that can be said without running it. The network is used once, to build the two
# cargo tools into target/cargo-tools (about three minutes on two cores).
set -euo pipefail
cd "$(dirname "$0")/.."

readonly cargo_tools="$PWD/target/cargo-tools"

step() { printf 'check: %s\n' "$*" >&2; }

cargo_tool() { # NAME VERSION
    [[ "$("$cargo_tools/bin/$1" --version 2>/dev/null)" == *"$2" ]] && return
    step "building $1 $2 once"
    cargo install --quiet --locked --force --root "$cargo_tools" --version "$2" "$1"
}

step "format"
cargo fmt --check

step "clippy"
cargo clippy --quiet --locked --all-targets -- -D warnings

# Otherwise both would be built with a part of the dependencies each, and the library twice.
step "features of dependencies: tests have those of the program"
features() { cargo tree --quiet --locked --prefix none --format '{p} {f}' --edges "$1" | sed 's/ (\*)$//' | sort -u; }
differing=$(comm -23 <(features normal,build) <(features normal,build,dev))
if [[ -n "$differing" ]]; then
    printf '%s\n' "$differing" "have more features in tests: name those in [dependencies], too" >&2
    exit 1
fi

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --no-deps

step "snapshots waiting for a decision"
waiting=$(find src tests -name '*.snap.new' -o -name '*.pending-snap')
if [[ -n "$waiting" ]]; then
    printf '%s\n' "$waiting" "accept (INSTA_UPDATE=always) or delete them" >&2
    exit 1
fi

step "licences, bans and sources of dependencies"
cargo_tool cargo-deny 0.20.2
"$cargo_tools/bin/cargo-deny" --offline --locked check --hide-inclusion-graph bans licenses sources

step "dependencies that nothing uses"
cargo_tool cargo-machete 0.9.2
"$cargo_tools/bin/cargo-machete" --skip-target-dir
