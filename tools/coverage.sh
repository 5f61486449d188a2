#!/bin/bash
# What the tests reached: asks gcov for the counts of every source in src/ and writes BUILD/coverage.tsv (file, functions, functions that
# no test reaches, lines, lines reached) and BUILD/unreached.tsv (file, function). Prints a line for each folder.
set -euo pipefail
build=${1:?usage: tools/coverage.sh BUILD}
cd "$(dirname "$0")/.."
root=$PWD
gcov=${GCOV:-gcov}
find "$build" -name '*.gcno' -path '*/src/*' | sort >"$build/coverage.list"
[ -s "$build/coverage.list" ] || { echo "$build has no counts: build it with -DDIEN_COVERAGE=ON (make coverage)" >&2; exit 1; }
(cd "$build" && sed "s|^$build/||" coverage.list | xargs -n 1 "$gcov" --function-summaries --no-output 2>/dev/null) >"$build/coverage.txt"
awk -v root="$root/" -v tsv="$build/coverage.tsv" -v unreached="$build/unreached.tsv" '
    function percent(part, all) { return all > 0 ? 100 * part / all : 0 }
    BEGIN { print "file\tfunctions\tunreached\tlines\treached" >tsv; print "file\tfunction" >unreached }
    # The functions of a file stand before its name.
    /^Function / { name = $2; gsub("\047", "", name); what = "function"; next }
    /^File / { file = $2; gsub("\047", "", file); sub(root, "", file); sub(/^(\.\.\/)+/, "", file); what = "file"; next }
    /^(Lines executed:|No executable lines)/ && what == "function" {
        share = $0; sub(/^Lines executed:/, "", share); sub(/%.*/, "", share)
        names[n] = name; missed[n++] = /^Lines/ && share + 0 == 0; what = ""; next
    }
    /^Lines executed:/ && what == "file" {
        share = $0; sub(/^Lines executed:/, "", share); sub(/%.*/, "", share)
        lines = $NF
        if (file ~ /^src\/.*\.c$/ && !(file in seen)) {
            seen[file] = 1; zero = 0
            for (i = 0; i < n; ++i) if (missed[i]) { ++zero; printf "%s\t%s\n", file, names[i] >unreached }
            reached = int(share * lines / 100 + 0.5)
            printf "%s\t%d\t%d\t%d\t%d\n", file, n, zero, lines, reached >tsv
            folder = file; sub(/^src\//, "", folder); sub(/\/.*/, "", folder)
            f[folder] += n; z[folder] += zero; l[folder] += lines; r[folder] += reached
            F += n; Z += zero; L += lines; R += reached
        }
        n = file ~ /\.c$/ ? 0 : n; what = ""; next
    }
    END {
        printf "%-12s %10s %10s %10s %8s\n", "folder", "functions", "unreached", "lines", "reached"
        for (folder in f) printf "%-12s %10d %10d %10d %7.1f%%\n", folder, f[folder], z[folder], l[folder], percent(r[folder], l[folder]) | "sort"
        close("sort")
        printf "%-12s %10d %10d %10d %7.1f%%\n", "all", F, Z, L, percent(R, L)
    }' "$build/coverage.txt"
echo "by file: $build/coverage.tsv; functions that no test reaches: $build/unreached.tsv"
