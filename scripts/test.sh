#!/usr/bin/env bash
# Runs all tests, or those that the arguments for `cargo test` name, then looks for snapshot files that no test
# has read: those were left behind by a test that was renamed or removed, and check nothing any more.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p target
used="$PWD/target/snapshots-used"
rm -f "$used"
# insta appends the path of every snapshot file that it compares with.
INSTA_SNAPSHOT_REFERENCES_FILE="$used" cargo test --locked "${@:---tests}"

touch "$used"
unused=$(comm -23 \
    <(find src tests -name '*.snap' -exec realpath {} + | sort -u) \
    <(xargs -r -d '\n' realpath -m <"$used" | sort -u))
if [[ -n "$unused" ]]; then
    printf 'test: no test reads these snapshots; delete them:\n%s\n' "$unused" >&2
    exit 1
fi
