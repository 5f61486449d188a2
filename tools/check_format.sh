#!/bin/bash
# Every C file is as clang-format would write it.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=$(git ls-files -co --exclude-standard '*.c' '*.h' | while IFS= read -r file; do
    [ -e "$file" ] || continue
    clang-format --dry-run --Werror "$file" >/dev/null 2>&1 || echo "$file"
done)
if [ -n "$bad" ]; then
    echo "not formatted (make format does it):" >&2
    echo "$bad" >&2
    exit 1
fi
echo "format: ok"
