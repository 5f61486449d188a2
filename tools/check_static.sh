#!/bin/bash
# Errors fail. Warnings, half of which are wrong, are only written to BUILD/cppcheck.txt.
# (An address handed out through memcpy is not a leak, the linker made the two template symbols one object, and cppcheck cannot read "? (type){0} :".)
# cppcheck over our sources (with the compile commands of build folder $1), and shellcheck where it is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
cppcheck --project="$build/compile_commands.json" --quiet --error-exitcode=1 --inline-suppr -j "$(nproc)" \
    --enable=warning,portability --suppress=missingIncludeSystem --suppress='*:/usr/*' \
    --suppress=memleak:src/base/memory.c --suppress=internalAstError --suppress=comparePointers:src/register/head_template.c \
    --suppress=unknownMacro --suppress=normalCheckLevelMaxBranches --suppress=checkersReport \
    -i tests 2>&1 | { grep -v '^$' || true; } >"$build/cppcheck.txt" || true
if grep -qE ': error:' "$build/cppcheck.txt"; then
    grep -A 3 -E ': error:' "$build/cppcheck.txt" >&2
    exit 1
fi
echo "cppcheck: ok ($(grep -cE ': (warning|portability):' "$build/cppcheck.txt" || true) warnings in $build/cppcheck.txt)"
if command -v shellcheck >/dev/null; then
    git ls-files -co --exclude-standard '*.sh' .ci/run | while IFS= read -r file; do
        if [ -e "$file" ]; then shellcheck -s bash -S warning -e SC1091,SC2154 "$file"; fi
    done
    echo "shellcheck: ok"
fi
