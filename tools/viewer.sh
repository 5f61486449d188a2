#!/bin/bash
# The viewer of the page, NiiVue: `tools/viewer.sh check` compares the committed file with its SHA-256 and, where npm has installed the
# package that tools/web/package-lock.json pins, with the file in it. `tools/viewer.sh update` installs that package and copies its file.
set -euo pipefail
cd "$(dirname "$0")/.."
file=src/web/assets/niivue.umd.js
packages=${DIEN_WEB_NPM:-build/web-npm}
source=$packages/node_modules/@niivue/niivue/dist/niivue.umd.js
case ${1:-check} in
update)
    tools/web_npm.sh "$packages"
    cp "$source" "$file"
    sha256sum "$file" | cut -d' ' -f1 >tools/web/niivue.sha256
    ;;
check)
    [ "$(sha256sum "$file" | cut -d' ' -f1)" = "$(cat tools/web/niivue.sha256)" ] ||
        { echo "viewer: $file is not the file that tools/web/niivue.sha256 names; tools/viewer.sh update fetches it" >&2; exit 1; }
    if [ -e "$source" ]; then
        cmp -s "$source" "$file" || { echo "viewer: $file differs from the package that tools/web/package-lock.json pins" >&2; exit 1; }
        echo "viewer: ok (compared with the package)"
    else
        echo "viewer: ok"
    fi
    ;;
*)
    echo "tools/viewer.sh check|update" >&2
    exit 2
    ;;
esac
