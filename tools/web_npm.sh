#!/bin/bash
# Installs what package-lock.json in tools/web pins (NiiVue, and playwright-core and axe-core for the tests of the page) into the folder
# named; npm compares each package with its SHA-512 there. Exit code 75: there is no npm here, or it reaches no registry.
set -uo pipefail
folder=${1:?folder}
here=$(cd "$(dirname "$0")/web" && pwd)
mkdir -p "$folder" || exit 1
if cmp -s "$here/package-lock.json" "$folder/installed-lock.json" && [ -d "$folder/node_modules/@niivue/niivue" ]; then
    exit 0
fi
command -v npm >/dev/null || { echo "there is no npm here: the tests of the page in a browser are left out"; exit 75; }
cp "$here/package.json" "$here/package-lock.json" "$folder/" || exit 1
npm ci --prefix "$folder" --no-audit --no-fund --silent || { echo "npm cannot install the packages of tools/web: left out"; exit 75; }
cp "$here/package-lock.json" "$folder/installed-lock.json"
