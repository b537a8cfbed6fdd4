#!/usr/bin/env bash
# Write constraints.txt anew (make pins): install the project and its tools without pins into a
# throw-away environment made with the same interpreter as .venv, and note what came. Run it with
# the oldest Python at hand: pip then leaves out what only newer ones can install.
#
# torch and what its GPU build brings in keep their pins, since results and the size of the download
# hang on them: change those lines by hand first. The part of a version that names a build ("+cpu")
# is dropped, so that the same file serves every machine.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
sed '/^[^#]/,$d' constraints.txt >"$scratch/header"
sed -n '/^# What the GPU build/,$p' constraints.txt >"$scratch/gpu"
{ grep '^torch==' constraints.txt; cat "$scratch/gpu"; } >"$scratch/kept"

echo 'Installing the newest packages into a throw-away environment (minutes) ...'
.venv/bin/python -m venv "$scratch/env"
pip() { "$scratch/env/bin/python" -m pip --disable-pip-version-check "$@"; }
pip install -qq -c "$scratch/kept" --upgrade setuptools
pip install -qq -c "$scratch/kept" --no-build-isolation -e '.[dev]'

pip freeze --all --exclude pip --exclude-editable | sed 's/+[a-z0-9.]*$//' >"$scratch/found"
{
    cat "$scratch/header"
    grep -vxFf "$scratch/gpu" "$scratch/found"
    echo
    cat "$scratch/gpu"
} >"$scratch/pins"
cp "$scratch/pins" constraints.txt
git --no-pager diff --stat -- constraints.txt
echo 'Wrote constraints.txt. Run make test before you commit it.'
