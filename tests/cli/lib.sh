# Sourced by the scripts here: counts what fails, prints expected and found. $1 of the script is the program.
dien=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/dien-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# expect CODE ARGUMENTS...: runs dien, keeps its output in $work/stdout and $work/stderr, and checks the exit code.
expect() {
    local wanted=$1 found
    shift
    "$dien" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null
    found=$?
    if [ "$found" -ne "$wanted" ]; then
        fail "dien $*: expected exit $wanted, found $found; stderr: $(head -c 600 "$work/stderr")"
    fi
}

# expect_sentence CODE PART ARGUMENTS...: and stderr ends with one line "dien: ...PART...", with no second one.
expect_sentence() {
    local wanted=$1 part=$2 count
    shift 2
    expect "$wanted" "$@"
    count=$(grep -c '^dien: ' "$work/stderr" | cat)
    if [ "$(grep '^dien: ' "$work/stderr" | grep -vc '^dien: warning: ')" -ne 1 ]; then
        fail "dien $*: expected one line 'dien: ...', found $count: $(head -c 600 "$work/stderr")"
    fi
    if ! tail -n 1 "$work/stderr" | grep -qF -- "$part"; then
        fail "dien $*: expected \"$part\" in the message, found: $(tail -n 1 "$work/stderr")"
    fi
}

# expect_empty FOLDER: nothing was left there (or the folder was never made).
expect_empty() {
    local left
    left=$(find "$1" -mindepth 1 2>/dev/null | head -n 5)
    if [ -n "$left" ]; then
        fail "expected nothing in $1, found: $left"
    fi
}

# expect_no_temporaries FOLDER: finished files may be there, half-written ones not.
expect_no_temporaries() {
    local left
    left=$(find "$1" -name '*.tmp*' 2>/dev/null | head -n 5)
    if [ -n "$left" ]; then
        fail "expected no temporary files in $1, found: $left"
    fi
}

finish() {
    if [ "$failures" -gt 0 ]; then
        echo "$failures failed"
        exit 1
    fi
    echo "all as expected"
    exit 0
}

# Whether the program was built under sanitizers, which need terabytes of addresses and a process of their own to look for leaks.
sanitized() {
    grep -q 'DIEN_SANITIZE:BOOL=ON' "${DIEN_BUILD:-.}/CMakeCache.txt" 2>/dev/null
}
# ulimit -v KB, where that can be.
limit_addresses() {
    sanitized || ulimit -v "$1"
}
