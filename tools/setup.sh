#!/usr/bin/env bash
# Set up what this project needs to run, and return at once when nothing is missing.
#
#   tools/setup.sh          (or: make setup; other targets of the Makefile call it first)
#   PYTHON=python3.12 ...   chooses the interpreter of a new environment
#
# Three things: bubblewrap (the sandbox), a virtual environment in .venv, and in it the packages
# pinned in constraints.txt.
#
# What it guarantees:
# - A finished environment carries a stamp, written last: a hash of what it was made from, and its
#   place. No stamp means that a set-up was cut short, and another place that the project was moved;
#   then the environment is made anew, because pip takes a package that was half copied for an
#   installed one, and the scripts in an environment hold its path. Another hash means that the pins
#   changed, and pip brings the environment up to date in place.
# - Two set-ups at once take turns.
# - Nothing outside the project is touched, but for system packages where that is allowed without
#   a question: as root, or where sudo needs no password.
#
# The pieces are functions and nothing runs when the file is sourced, so tests can call them.

set -euo pipefail

readonly STAMP=.venv/.set-up
readonly LOG=.venv/set-up.log
readonly OLDEST=3.11
readonly INTERPRETERS=(python3.14 python3.13 python3.12 python3.11 python3)

say() { printf '%s\n' "$*"; }

fail() {
    say "$@" >&2
    exit 1
}

# --- system packages -------------------------------------------------------------------------

# Run a command as root when that takes no password; fail otherwise.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@" 2>/dev/null
    fi
}

# Install one Debian package, with fresh package lists if the known ones do not have it.
install_system_package() {
    command -v apt-get >/dev/null || return 1
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=60)
    apt+=(-o Acquire::Retries=1 -o Acquire::http::Timeout=20 --no-install-recommends)
    as_root true || return 1
    say "Setting up: $1 ..."
    as_root "${apt[@]}" install "$1" >/dev/null 2>&1 && return 0
    as_root "${apt[@]}" update >/dev/null 2>&1 && as_root "${apt[@]}" install "$1" >/dev/null 2>&1
}

# The sandbox is wanted, not needed: what cannot run without it says so itself.
ensure_bubblewrap() {
    command -v bwrap >/dev/null && return 0
    install_system_package bubblewrap && return 0
    say "bubblewrap is missing, so nobody else's code can be run safely. To install it: sudo apt install bubblewrap" >&2
}

# --- interpreter -----------------------------------------------------------------------------

is_new_enough() {
    "$1" -c "import sys; sys.exit(sys.version_info < (${OLDEST/./, }))" >/dev/null 2>&1
}

# Print the first interpreter that is new enough. Each is run, not only found: a name may be a
# version manager's shim with nothing behind it.
find_interpreter() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} "${INTERPRETERS[@]}"; do
        if is_new_enough "$candidate"; then
            say "$candidate"
            return 0
        fi
        if [ "$candidate" = "${PYTHON:-}" ]; then
            fail "PYTHON=$PYTHON is not a Python $OLDEST or newer that can be run here."
        fi
    done
    fail "No Python $OLDEST or newer was found. On Debian or Ubuntu: sudo apt install python3 python3-venv"
}

# Debian ships ensurepip, without which venv makes no pip, in a package of its own.
ensure_venv_module() {
    local package
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    install_system_package "$package" && "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
    fail "$1 cannot make virtual environments. To install what is missing: sudo apt install $package"
}

# --- environment -----------------------------------------------------------------------------

# Print the hash of all that an environment is made from (pins, recipe, interpreter), and its place.
fingerprint() {
    local hash
    hash=$({ cat pyproject.toml constraints.txt tools/setup.sh && .venv/bin/python --version; } | sha256sum)
    say "${hash%% *} $(pwd -P)"
}

is_up_to_date() {
    [ -f "$STAMP" ] && [ -x .venv/bin/python ] && [ "$(cat "$STAMP")" = "$(fingerprint)" ]
}

# Finished once, in this place, with an interpreter that still runs and finds its packages.
is_whole() {
    [ -f "$STAMP" ] && [[ $(cat "$STAMP") = *" $(pwd -P)" ]] && .venv/bin/python -c 'import pip' >/dev/null 2>&1
}

make_environment() {
    local interpreter
    interpreter=$(find_interpreter)
    ensure_venv_module "$interpreter"
    [ ! -e .venv ] || say 'Setting up: the .venv found here is unfinished or from another place; making it anew.'
    say "Setting up: virtual environment ($("$interpreter" --version)) ..."
    rm -rf .venv
    "$interpreter" -m venv .venv
}

# pip with its remarks kept for the log. PIP_USER would contradict the environment.
quiet_pip() {
    PIP_USER=no PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off \
        .venv/bin/python -m pip "$@" >>"$LOG" 2>&1 </dev/null
}

# setuptools comes first, from its pin, so that the project itself is built with it too.
install_packages() {
    quiet_pip install -c constraints.txt setuptools &&
        quiet_pip install --no-compile -c constraints.txt --no-build-isolation -e '.[dev]' &&
        compile_packages
}

# pip would compile with one processor, and of what it installs in place nothing. Some packages
# hold files that no Python compiles.
compile_packages() {
    .venv/bin/python -m compileall -q -j 0 .venv/lib course grader >>"$LOG" 2>&1 </dev/null || true
}

# Print a dot every few seconds until killed, so that a long wait is seen to move. Its sleep holds
# neither the output nor the lock, which would keep others waiting for its end.
show_life() {
    while sleep 5 >/dev/null 2>&1 9<&-; do printf '.'; done
}

stop_showing_life() {
    kill "$life" 2>/dev/null || true
    wait "$life" 2>/dev/null || true
}

update_packages() {
    local status=0
    printf 'Setting up: packages (about two minutes the first time) ..'
    rm -f "$STAMP"
    : >"$LOG"
    show_life &
    life=$!
    trap stop_showing_life EXIT
    trap 'fail " interrupted; the next run begins again."' INT TERM
    install_packages || status=$?
    trap - EXIT INT TERM
    stop_showing_life
    if [ "$status" -ne 0 ]; then
        say ' failed.'
        tail -n 15 "$LOG" >&2
        fail "The packages could not be installed; the whole log is in $LOG. Run the same command again to retry (PYTHON=python3.12 chooses another interpreter)."
    fi
    say ' done.'
    fingerprint >"$STAMP.new"
    mv "$STAMP.new" "$STAMP"
}

# Hold the project's own file as the lock: it always exists and nothing is left behind.
take_turns() {
    command -v flock >/dev/null || return 0
    exec 9<pyproject.toml
    flock -n 9 && return 0
    say "Waiting for another set-up of this project to end ..."
    flock 9
}

main() {
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    ensure_bubblewrap
    is_up_to_date && return 0
    take_turns
    is_up_to_date && return 0
    is_whole || make_environment
    update_packages
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    main "$@"
fi
