#!/bin/bash
# Checks which folder includes which, and what only some folders may do. The compiler already refuses a forbidden include of our own
# headers (see dn_layer in CMakeLists.txt); this script explains it in a sentence, and checks rules that a compiler does not know.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=0
fail() { echo "layers: $1" >&2; failed=1; }

# allowed[x]: every layer that x may include, from the dn_layer lines, through all levels.
declare -A direct allowed
while read -r name rest; do direct[$name]=$rest; done < <(
    grep -oE '^dn_layer\([^)]*\)' CMakeLists.txt |
        sed -E 's/^dn_layer\(([a-z]+) ?(DEPENDS ([a-z ]*))?.*/\1 \3/')
closure() {
    local one; for one in ${direct[$1]}; do
        case " ${allowed[$2]:-} " in *" $one "*) ;; *) allowed[$2]+=" $one"; closure "$one" "$2";; esac
    done
}
for layer in "${!direct[@]}"; do allowed[$layer]=" $layer"; closure "$layer" "$layer"; done

for layer in "${!direct[@]}"; do
    [ -d "src/$layer" ] || continue
    while IFS=: read -r file line folder; do
        case " ${allowed[$layer]} " in
            *" $folder "*) ;;
            *) fail "$file:$line includes \"$folder/...\"; $layer may include only:${allowed[$layer]}";;
        esac
    done < <(grep -rnE '^ *# *include +"[a-z]+/' "src/$layer" --include='*.[ch]' | sed -E 's/^([^:]+):([0-9]+):.*"([a-z]+)\/.*/\1:\2:\3/')
done
for folder in src/*/; do
    [ -n "${direct[$(basename "$folder")]+x}" ] || fail "$folder has no dn_layer line in CMakeLists.txt"
done

# A library of others has one home, so that replacing it touches one folder.
only() { # header, folders
    local header=$1; shift
    local pattern; pattern=$(printf '|^%s/' "$@"); pattern=${pattern#|}
    while IFS= read -r hit; do fail "$hit: $header belongs to $* only"; done < <(
        grep -rnE "^ *# *include +<([a-z0-9]+/)?$header" src --include='*.[ch]' | grep -vE "$pattern" | cut -d: -f1,2)
}
only 'archive[a-z_]*\.h' src/base
only 'dnnl[a-z_]*\.h' src/net/engine
only 'nifti[a-z0-9_]*\.h' src/image
only 'hdf5\.h' src/models/keras
only 'mpi\.h' src/train/parallel
only 'cairo[a-z-]*\.h' src/chart
only 'gsl_[a-z_]*\.h' src/stats src/register
only 'microhttpd\.h' src/web
only 'sqlite3\.h' src/web

# A text becomes JSON in one place, which has the limit, the sentence and the watch over memory.
while IFS= read -r hit; do fail "$hit: only src/base/json.c parses JSON; call dn_json_read or dn_json_parse (base/json.h)"; done < <(
    grep -rnE '(^|[^a-z_])json_load[a-z_]* *\(' src --include='*.c' | grep -v '^src/base/json\.c:' | cut -d: -f1,2)

# Nothing below cli/ prints, exits or aborts.
while IFS= read -r hit; do fail "$hit: only cli/ prints, exits or aborts"; done < <(
    grep -rnE '(^|[^a-z_0-9])(printf|puts|putchar|perror|exit|abort) *\(|f(printf|puts|putc|write) *\(([^;]*, *)?std(out|err)[ ,)]' src --include='*.c' |
        grep -vE '^src/cli/|^[^:]+:[0-9]+: *(/?\*|//)' | cut -d: -f1,2)

# Only cli/ knows the options and the commands of the program: below it, messages and pages state facts, so that they are true for a library and a
# page of a browser, too; the words for a remedy come from cli/terminal/remedy.c (base/remedy.h). Allowed are options of gnuplot and of Slurm with the scripts for it, the command in a report that repeats its comparison, variables of CSS, the
# name of a file format, and the note in a model file that says how it was made.
allowed_words='^src/(cohort/group/comparison\.c:|cohort/group/report\.c:|cohort/slurm/slurm\.c:|chart/figure_write\.c:[0-9]+: --version$|report/page_style\.c:|stats/normative_file\.c:[0-9]+: dien normative model$|train/trainer_model\.c:[0-9]+: .*dien train, %)'
commands=$(sed -nE 's/^ +X\(([a-z]+)\).*/\1/p' src/cli/commands.c | paste -sd'|')
[ -n "$commands" ] || fail "src/cli/commands.c: the table of commands was not found"
strings() { # file:line: text, of each string literal of the files
    awk '/^ *(#|\*|\/\*|\/\/)/ && !/#define/ { next }
        { line = $0; gsub(/\047"\047/, "", line)
          while (match(line, /"([^"\\]|\\.)*"|\/\*/)) {
              if (substr(line, RSTART, 2) == "/*") break
              print FILENAME ":" FNR ": " substr(line, RSTART + 1, RLENGTH - 2)
              line = substr(line, RSTART + RLENGTH) } }' "$@"
}
while IFS= read -r hit; do fail "$hit: only cli/ names options and commands; state the fact, and offer a remedy (base/remedy.h)"; done < <(
    mapfile -d '' files < <(find src -name '*.[ch]' ! -path 'src/cli/*' -print0 | sort -z)
    strings "${files[@]}" | grep -E "^[^ ]+ (.*[^-])?(--[a-z%]|dien ($commands)([^a-z]|$)|([ (]|^)-o([ ),.;]|$))" | grep -vE "$allowed_words")

# The first line of a source file says what is in it.
while IFS= read -r hit; do fail "$hit begins without a comment that says what is in it"; done < <(
    find src -name '*.c' -print0 | sort -z | xargs -0 awk 'FNR == 1 && !/^\/\*/ { print FILENAME }')

# net never sees an image (design.md); the bridge is above both.
[ "$failed" -eq 0 ] && echo "layers: ok"
exit "$failed"
