#!/usr/bin/env bash
# Unpacks the Debian programs that tests and `make run-prometheus` use into target/tools. Needs no root, installs
# nothing on the system, starts no service. Does nothing when all is there.
#
# usage: scripts/tools.sh [PACKAGE…]      without arguments: all packages
set -euo pipefail
cd "$(dirname "$0")/.."

readonly tools="$PWD/target/tools"
readonly bin="$tools/usr/bin"

# Which programs we use of each package.
declare -A programs=(
    [prometheus]="prometheus promtool"
    [prometheus-node-exporter]="prometheus-node-exporter"
    [prometheus-alertmanager]="prometheus-alertmanager amtool"
    [victoria-metrics]="victoria-metrics vmalert vmagent"
    [alertmanager-irc-relay]="alertmanager-irc-relay"
    [chasquid]="chasquid chasquid-util"
    [exim4-daemon-light]="../sbin/exim4"
    [libnss-wrapper]=""
)

say() { printf 'tools: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

# Where a machine has no package lists, or old ones, we fetch our own and leave the system's alone.
own_lists=(-o "Dir::State::Lists=$tools/apt/lists" -o "Dir::Cache=$tools/apt/cache")

download() { # PACKAGE FOLDER [apt options]
    local package=$1 folder=$2
    (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root "${@:3}" download "$package")
}

# Unpacks the libraries that the package of a program names and the machine does not have.
fetch_libraries() { # DEB
    local library
    for library in $(dpkg-deb -f "$1" Depends | grep -oE '\blib[a-z0-9.+-]+' | sort -u); do
        dpkg-query -W -f '${db:Status-Abbrev}' "$library" 2>/dev/null | grep '^ii' >/dev/null || fetch "$library"
    done
}

# Which libraries a program does not find, here and among those that were unpacked.
missing_libraries() { # PROGRAM
    LD_LIBRARY_PATH=$(printf '%s:' "$tools"/{usr/,}lib/*-linux-*) ldd "$1" | grep 'not found'
}

fetch() { # PACKAGE
    local package=$1 folder program
    for command in apt-get dpkg-deb; do
        command -v "$command" >/dev/null || fail "no $command here, so not a Debian-like system." \
            "Put these programs into target/tools/usr/bin yourself, then try again: ${programs[$package]-}." \
            "What needs only Rust runs with: make test-core"
    done
    say "downloading the package $package and unpacking it into target/tools"
    folder=$(mktemp -d "$tools/download.XXXXXX")
    if ! download "$package" "$folder" 2>"$folder/errors"; then
        say "not found in the system's package lists; fetching lists into target/tools/apt"
        mkdir -p "$tools/apt/lists/partial" "$tools/apt/cache/archives/partial"
        apt-get -qq -o APT::Sandbox::User=root "${own_lists[@]}" update >&2 \
            || fail "cannot fetch package lists; is there a network?"
        download "$package" "$folder" "${own_lists[@]}" \
            || fail "cannot download $package (first try: $(head -n 1 "$folder/errors"))"
    fi
    dpkg-deb -x "$folder"/*.deb "$tools"
    for program in ${programs[$package]-}; do
        chmod u-s "$bin/$program" # what runs as somebody else takes no libraries of ours
        ! missing_libraries "$bin/$program" >/dev/null || fetch_libraries "$folder"/*.deb
    done
    rm -rf "$folder"
}

# Whether every program of the package is there and starts.
works() { # PACKAGE
    local program
    if [[ $1 == lib* ]]; then
        compgen -G "$tools/usr/lib/*/${1//-/_}.so" >/dev/null
        return
    fi
    for program in ${programs[$1]}; do
        [[ -x "$bin/$program" ]] || return 1
        if [[ $1 == exim4-* ]]; then # starts only for users that the tests make up
            ! missing_libraries "$bin/$program" >&2 || return 1
            continue
        fi
        # The relay and chasquid-util know no --version.
        "$bin/$program" --version >/dev/null 2>&1 || "$bin/$program" --help >/dev/null 2>&1 || { say "$program does not start:" \
            "$("$bin/$program" --version 2>&1 | head -n 1)"; return 1; }
    done
}

packages=("$@")
[[ $# -gt 0 ]] || packages=(prometheus prometheus-node-exporter prometheus-alertmanager victoria-metrics \
    alertmanager-irc-relay chasquid exim4-daemon-light libnss-wrapper)
mkdir -p "$tools"
exec 9>"$tools/lock"
flock 9 # two runs at once: the second waits, then finds all there
for package in "${packages[@]}"; do
    [[ -v "programs[$package]" ]] || fail "unknown package $package; known: ${!programs[*]}"
    works "$package" && continue
    fetch "$package"
    works "$package" || fail "$package was unpacked but does not work here"
    say "ready: ${programs[$package]:-$package}"
done
