# Sourced after lib.sh by tests in which memory ends: every request for memory of a command fails once, or a sample of them does.
# What a command may do then: the same as with enough memory, or end with 5 and a sentence. Never another number, never a crash.
shim=${DIEN_FAILING_MALLOC:-}
[ -n "$shim" ] && [ -e "$shim" ] || { echo "skipped: no library that lets malloc fail (a build under sanitizers has none)"; exit 77; }
samples=${DIEN_STARVE_SAMPLES:-10} # of each command; 0: all
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive

# A figure takes gnuplot a third of a second; what is tested here is not what it draws.
cat >"$work/gnuplot" <<'EOF'
#!/bin/sh
[ "$1" = --version ] && exit 0
name=$(basename "$2" .gp)
printf '\211PNG\r\n\032\n\0\0\0\0IEND\256B`\202' >"$name.png"
{ printf '%%PDF-1.5\n'; head -c 100 /dev/zero | tr '\0' ' '; printf '\nxref\nstartxref\n110\n%%%%EOF\n'; } >"$name.pdf"
printf '<?xml version="1.0"?>\n<svg></svg>\n' >"$name.svg"
EOF
chmod +x "$work/gnuplot"
export DIEN_GNUPLOT=$work/gnuplot

# same FOLDER FOLDER: the same files, but for those that tell the time, and for the picture of a training run, which may be missed.
same() {
    diff -r -x 'curves.*' -x times.tsv "$1" "$2" >"$work/difference" 2>&1
}

# starve NAME ARGUMENTS...: dien ARGUMENTS, which write into the folder "out" or nowhere.
starve() {
    local name=$1 total wanted found n step at kinds how
    shift
    mkdir -p "$work/starve/$name" && cd "$work/starve/$name" || exit 1
    rm -rf out whole
    LD_PRELOAD=$shim DIEN_FAIL_AT=0 DIEN_FAIL_COUNT=$PWD/count "$dien" "$@" >whole.stdout 2>whole.stderr </dev/null
    wanted=$?
    total=$(cat count 2>/dev/null || echo 0)
    if [ "$wanted" -ne 0 ] && [ "$wanted" -ne 4 ] || [ "$total" -lt 10 ]; then
        fail "$name: exit $wanted with enough memory, $total requests: $(tail -n 3 whole.stderr)"
        cd "$work" || exit
        return
    fi
    mkdir -p out
    mv out whole
    step=1
    [ "$samples" -gt 0 ] && step=$(((total + samples - 1) / samples))
    # Two kinds: memory is back at once, or never.
    for ((at = 1 + RANDOM % step; at <= total; at += step)); do
        n=$at
        kinds=$((at % 3 == 0))
        rm -rf out
        LD_PRELOAD=$shim DIEN_FAIL_AT=$n DIEN_FAIL_ON=$kinds "$dien" "$@" >stdout 2>stderr </dev/null
        found=$?
        mkdir -p out
        how="$name, request $n of $total$([ $kinds -eq 1 ] && echo ' and all after it')"
        if [ "$found" -eq 5 ]; then
            grep '^dien: ' stderr | tail -n 1 | grep -q '^dien: ..* .*' || fail "$how: exit 5 without a sentence: $(tail -c 300 stderr)"
        elif [ "$found" -ne "$wanted" ]; then
            fail "$how: exit $found: $(tail -c 400 stderr)"
        elif ! cmp -s stdout whole.stdout; then
            fail "$how: exit $found with other numbers: $(diff whole.stdout stdout | head -n 4)"
        elif ! same whole out; then
            fail "$how: exit $found with other files: $(head -n 4 "$work/difference")"
        fi
        [ -z "$(find . -name '*.tmp*' -o -name '.dien-*')" ] || { fail "$how: left $(find . -name '*.tmp*' -o -name '.dien-*' | head -n 3)"; find . \( -name '*.tmp*' -o -name '.dien-*' \) -exec rm -rf {} +; }
    done
    starved=$((${starved:-0} + 1))
    [ -z "${DIEN_STARVE_TALK:-}" ] || echo "$name: $total requests, $SECONDS s"
    cd "$work" || exit 1
}
