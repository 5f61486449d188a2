#!/bin/bash
# libFuzzer over every target of tests/fuzz, FUZZ_SECONDS each (60). Failures are kept in build-fuzz/found.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
cmake -S . -B build-fuzz -DCMAKE_C_COMPILER=clang -DDIEN_FUZZ=ON >/dev/null
targets=$(for file in tests/fuzz/fuzz_*.c; do basename "$file" .c; done)
for target in $targets; do
    cmake --build build-fuzz -j "$(nproc)" --target "$target" "${target}_seeds" | { grep -vE '^\[' || true; }
done
mkdir -p build-fuzz/found
export LSAN_OPTIONS=suppressions=$PWD/tests/support/lsan.supp
bad=0
for target in $targets; do
    mkdir -p "build-fuzz/corpus/$target"
    "build-fuzz/tests/${target}_seeds" --seeds "build-fuzz/corpus/$target"
    [ ! -d "tests/fuzz/corpus/$target" ] || cp "tests/fuzz/corpus/$target"/* "build-fuzz/corpus/$target"
    echo "== $target for $seconds s"
    "build-fuzz/tests/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="build-fuzz/found/$target-" "build-fuzz/corpus/$target" 2>&1 | tail -n 12
    [ "${PIPESTATUS[0]}" -eq 0 ] || bad=1
done
if [ "$bad" -ne 0 ]; then
    echo "inputs that failed are in build-fuzz/found; again: build-fuzz/tests/TARGET FILE" >&2
    exit 1
fi
