#!/bin/bash
# `make install` into a fresh PREFIX: program, library, header, models, pages are where they belong, the example of docs/
# compiles against what was installed (shared and static), and the shared library exports dien_* and nothing else.
source "$(dirname "$0")/lib.sh"
build=${DIEN_BUILD:-$(dirname "$dien")}
source_folder=${DIEN_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
prefix=$work/prefix
sanitize=
if grep -q 'DIEN_SANITIZE:BOOL=ON' "$build/CMakeCache.txt"; then
    sanitize='-fsanitize=address,undefined'
fi

cmake --install "$build" --prefix "$prefix" >"$work/log" 2>&1 || fail "cmake --install: $(tail -n 3 "$work/log")"
for file in bin/dien include/dien.h share/man/man1/dien.1 share/man/man1/dien-help.1 share/bash-completion/completions/dien \
    share/zsh/site-functions/_dien share/fish/vendor_completions.d/dien.fish share/doc/dien/LICENSE share/doc/dien/NOTICE \
    share/dien/boutiques/dien-run.boutiques.json share/dien/selftest/volumes.tsv share/dien/selftest/files.tsv; do
    [ -s "$prefix/$file" ] || fail "expected $file in the prefix"
done
# The installed pages point at nothing that is not there.
for page in "$prefix"/share/doc/dien/README.md "$prefix"/share/doc/dien/docs/*/*.md; do
    for target in $(grep -oE '\]\([^)#]+' "$page" | sed 's/^](//' | grep -v '^https\?:'); do
        [ -e "$(dirname "$page")/$target" ] || fail "$(basename "$page") links to $target, which is not installed"
    done
done
[ "$("$prefix/bin/dien" --version)" = "$("$dien" --version)" ] || fail "the installed program says $("$prefix/bin/dien" --version)"
for model in "$source_folder"/models/*.safetensors; do
    [ -e "$model" ] || continue
    cmp -s "$model" "$prefix/share/dien/models/$(basename "$model")" || fail "$(basename "$model") was not installed"
    # Found by the installed program although it runs from elsewhere.
    (cd / && "$prefix/bin/dien" models list 2>&1) | grep -q "$(basename "$model" .safetensors)" ||
        fail "the installed program does not list $(basename "$model")"
done

# The configs are there, and read the tables that were installed with them.
for config in "$source_folder"/configs/*.yaml; do
    cmp -s "$config" "$prefix/share/dien/configs/$(basename "$config")" || fail "$(basename "$config") was not installed"
done
mkdir -p "$work/data/labelmaps/synthseg" "$work/data/ixi_2mm"
for file in labelmaps/synthseg/training_seg_01.nii.gz ixi_2mm/IXI01_T1w.nii.gz ixi_2mm/IXI01_dlmuse.nii.gz; do
    echo no scan >"$work/data/$file" # every path of the config is looked for before the first is read
done
mkdir -p "$work/elsewhere" && mv "$prefix" "$work/elsewhere/" && prefix=$work/elsewhere/prefix # the whole PREFIX may be moved
(
    cd / || exit 99
    unset DIEN_SHARE
    DIEN_DATA=$work/data "$prefix/bin/dien" train "$prefix/share/dien/configs/whole_head_coarse.yaml" --check -o "$work/run" >"$work/stdout" 2>"$work/stderr"
)
grep -q 'is a text file, not a scan' "$work/stderr" || fail "an installed config: expected to get as far as the first scan, found $(cat "$work/stderr")"

library=$(find "$prefix/lib" -name 'libdien.so' | head -n 1)
if [ -z "$library" ]; then
    fail "expected libdien.so under $prefix/lib"
    finish
fi
folder=$(dirname "$library")
sed -i "s|^prefix=.*|prefix=$prefix|; s|^libdir=.*|libdir=$folder|; s|^includedir=.*|includedir=$prefix/include|" "$folder/pkgconfig/dien.pc"
export PKG_CONFIG_PATH=$folder/pkgconfig
others=$(nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ && $2 != "A" {sub(/@.*/, "", $3); if ($3 !~ /^dien_/) print $3}')
[ -z "$others" ] || fail "libdien.so exports more than dien_*: $(echo "$others" | head -n 5 | tr '\n' ' ')"
for name in $(grep -oE '\bdien_[a-z_]+\(' "$prefix/include/dien.h" | tr -d '(' | sort -u); do
    nm -D --defined-only "$library" | grep -q " $name@\| $name\$" || fail "libdien.so lacks $name of dien.h"
done

flags="-std=c99 -Wall -Wextra -Wpedantic -Werror $sanitize"
# shellcheck disable=SC2046,SC2086 # words are meant
cc $flags "$prefix/share/doc/dien/example.c" -o "$work/shared" $(pkg-config --cflags --libs dien) 2>"$work/log" ||
    fail "the example does not compile: $(head -n 5 "$work/log")"
# shellcheck disable=SC2046,SC2086
cc $flags "$prefix/share/doc/dien/example.c" -o "$work/static" $(pkg-config --cflags dien) "$folder/libdien.a" \
    $(pkg-config --static --libs dien | sed 's/-ldien//') 2>"$work/log" || fail "the example does not link statically: $(head -n 5 "$work/log")"
if command -v c++ >/dev/null; then
    printf '#include <dien.h>\nint main() { return dien_version() == nullptr; }\n' >"$work/plus.cpp"
    # shellcheck disable=SC2046,SC2086
    c++ -Wall -Werror $sanitize "$work/plus.cpp" -o "$work/plus" $(pkg-config --cflags --libs dien) 2>"$work/log" ||
        fail "dien.h is not usable from C++: $(head -n 5 "$work/log")"
fi
export LD_LIBRARY_PATH=$folder
# A model of our own, so that the answer does not depend on what this user has imported.
"${DIEN_FIXTURE:?the program tests/fixture}" model "$work/tiny.safetensors" || fail "cannot make a model"
for program in shared static; do
    [ -x "$work/$program" ] || continue
    "$work/$program" "$work/missing.nii.gz" "$work/out" "$work/tiny.safetensors" >"$work/stdout" 2>"$work/stderr"
    code=$?
    [ "$code" -eq 3 ] || fail "$program example on a missing scan: expected 3, found $code: $(cat "$work/stderr")"
    grep -q 'missing.nii.gz' "$work/stderr" || fail "$program example: expected a sentence with the file's name, found: $(cat "$work/stderr")"
    expect_empty "$work/out"
done
finish
