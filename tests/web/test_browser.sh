#!/bin/bash
# The page in a real browser (Debian's chromium, driven by playwright-core) with the program's own server: from a dropped scan to the zip,
# correction, groups, cancel, reload, a bad file, two tabs, no serious fault for a screen reader (axe-core), 320 px, one page of paper.
# DIEN_SHOTS=FOLDER keeps pictures of each step; DIEN_BROWSER=all paints on scans of all eight orientations (make browser).
set -uo pipefail
chromium=${CHROMIUM:-$(command -v chromium)}
packages=${DIEN_WEB_NPM:-${DIEN_BUILD:?}/web-npm}
command -v node >/dev/null || { echo "skipped: there is no node here"; exit 77; }
[ -n "$chromium" ] || { echo "skipped: there is no chromium here (Debian's package chromium)"; exit 77; }
[ -d "$packages/node_modules/playwright-core" ] || { echo "skipped: no packages of npm; tools/web_npm.sh $packages installs them"; exit 77; }
"$1" serve --help 2>/dev/null | grep -q -- --folder || { echo "skipped: this program was built without dien serve"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/dien-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
"${DIEN_FIXTURE:?}" scan "$work/good.nii.gz" || exit 1
export OMP_WAIT_POLICY=passive
node "$(dirname "$0")/browser/main.mjs" "$1" "$work" "$packages" "$chromium"
