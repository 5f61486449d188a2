#!/bin/bash
# The page's own modules that need no browser (node alone): what belongs to one scan, the brush, label maps in every orientation, words and
# numbers, and that the texts of the page are all used and all there.
set -uo pipefail
command -v node >/dev/null || { echo "skipped: there is no node here"; exit 77; }
exec node "$(dirname "$0")/browser/modules.mjs" "${DIEN_SOURCE:?}/src/web/assets"
