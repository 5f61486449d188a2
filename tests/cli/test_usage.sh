# Every wrong use gives exit 2 and one sentence on stderr; help goes to stdout with exit 0.
source "$(dirname "$0")/lib.sh"

expect 2
grep -q 'Usage: dien COMMAND' "$work/stderr" || fail "dien without arguments: expected the usage on stderr"
expect_sentence 2 "there is no command 'segmnet'" segmnet
expect_sentence 2 "there is no command 'frobnicate'; 'dien --help' lists the commands" frobnicate
expect_sentence 2 "there is no command '--frobnicate'" --frobnicate
: >"$work/scan.nii.gz"
expect_sentence 2 "to measure a scan: dien segment $work/scan.nii.gz -o DIR" "$work/scan.nii.gz"
expect_sentence 2 "did you mean 'help'?" hepl
expect_sentence 2 "did you mean 'help'?" help hepl
expect_sentence 2 "--completion takes bash, zsh or fish, not 'tcsh'" help --completion tcsh
expect_sentence 2 "leave out 'c'" help a b c
expect_sentence 2 "dien icv has no subcommands; leave out 'b'" help icv b
expect_sentence 2 "there is no command ''" ""

expect 0 --version
grep -qE '^dien [0-9]+\.[0-9]+\.[0-9]+$' "$work/stdout" || fail "--version: expected 'dien X.Y.Z', found $(cat "$work/stdout")"
[ -s "$work/stderr" ] && fail "--version: expected an empty stderr"
expect 0 --help
grep -q 'not for clinical diagnosis' "$work/stdout" || fail "--help: expected the warning about clinical use"

# Rules that hold for every command, whatever its table says.
while IFS= read -r command; do
    read -ra words <<<"$command" # "stats groups" is two words
    expect 0 help "${words[@]}"
    cp "$work/stdout" "$work/page"
    for spelling in --help -h; do
        expect 0 "${words[@]}" "$spelling"
        cmp -s "$work/stdout" "$work/page" || fail "dien $command $spelling differs from dien help $command"
    done
    expect 0 "${words[@]}" --no-such-option --help # help wins: one who asks for it is not lectured
    expect_sentence 2 "has no option --no-such-option" "${words[@]}" --no-such-option
    expect_sentence 2 "has no option -Z" "${words[@]}" -Z
    expect_sentence 2 "--threads takes a whole number" "${words[@]}" --threads many
    expect_sentence 2 "did you mean --threads?" "${words[@]}" --thread 2
    expect_sentence 2 "--threads needs a value" "${words[@]}" --threads
    expect_sentence 2 "--quiet takes no value" "${words[@]}" --quiet=yes
    if grep -q '(required)' "$work/page"; then
        expect 2 "${words[@]}" x y
    fi
    if awk 'length > 80 && !/^  dien /' "$work/page" | grep -q .; then
        fail "dien help $command: expected at most 80 columns, found: $(awk 'length > 80 && !/^  dien /' "$work/page" | head -n 2)"
    fi
done < <("$dien" help --commands)

# A full disk on stdout is not success.
if [ -w /dev/full ]; then
    "$dien" --help >/dev/full 2>"$work/stderr"
    code=$?
    [ "$code" -eq 5 ] || fail "--help > /dev/full: expected exit 5, found $code"
    grep -q '^dien: cannot write' "$work/stderr" || fail "--help > /dev/full: expected a sentence, found $(cat "$work/stderr")"
fi
finish
