#!/bin/bash
# Installs bids-validator (npm, the version below) into the folder named, for tests/cli/test_run_validator.sh. Exit code 75: there is no npm
# here, or it reaches no registry.
set -uo pipefail
folder=${1:?folder}
version=1.15.0
program=$folder/node_modules/.bin/bids-validator
if [ -x "$program" ] && [ "$("$program" --version 2>/dev/null)" = $version ]; then
    exit 0
fi
command -v npm >/dev/null || { echo "there is no npm here: bids-validator is left out"; exit 75; }
mkdir -p "$folder"
npm install --prefix "$folder" --no-audit --no-fund --silent "bids-validator@$version" || { echo "npm cannot install bids-validator: left out"; exit 75; }
"$program" --version
