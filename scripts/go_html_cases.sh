#!/usr/bin/env bash
# Asks Alertmanager's own tool what Go's html/template makes of the templates in
# tests/fixtures/go_html_cases.tsv, and writes its answers into the second column. Run it after adding
# templates (a line with nothing but the template is enough). Needs jq and `scripts/tools.sh`'s amtool.
#
# The third and fourth column are kept: what a newer Go answers, and since when or why.
#
# usage: scripts/go_html_cases.sh [AMTOOL]
set -euo pipefail
cd "$(dirname "$0")/.."

readonly amtool=${1:-target/tools/usr/bin/amtool}
readonly cases=tests/fixtures/go_html_cases.tsv
readonly data=tests/fixtures/go_html_data.json

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/empty.tmpl"

answer() { # TEMPLATE (a JSON string)
    local text
    text=$(jq -j . <<<"$1"; printf x)
    if "$amtool" template render --template.glob="$work/empty.tmpl" --template.type=html \
        --template.text="${text%x}" --template.data="$data" >"$work/out" 2>"$work/error"; then
        jq -Rsac . "$work/out"
    else
        sed -n 's/^amtool: error: //; /./p' "$work/error" | jq -Rsac '"ERR " + rtrimstr("\n")'
    fi
}

{
    grep '^#' "$cases" || true
    grep -v '^#' "$cases" | while IFS=$'\t' read -r template _ newer why; do
        line="$template"$'\t'"$(answer "$template")"
        [ -z "$newer" ] || line+=$'\t'"$newer"$'\t'"$why"
        printf '%s\n' "$line"
    done
} >"$work/cases"
mv "$work/cases" "$cases"
