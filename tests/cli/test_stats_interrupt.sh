# Ctrl-C in the commands on tables: the first stops at the next step, the second at once; neither leaves half figures, nor folders of them.
source "$(dirname "$0")/lib.sh"
awk 'BEGIN { print "participant_id\tgroup\tv"; for (i = 1; i <= 30; i++) printf "s%d\t%s\t%.3f\n", i, i % 3, 800 + i * 7 % 31 }' >"$work/p.tsv"
# A gnuplot that never ends, and says when it has begun.
cat >"$work/gnuplot" <<EOF
#!/bin/sh
printf 'half' >groups_figure_v.png; printf 'half' >groups_figure_v.pdf
: >"$work/begun"
exec sleep 300
EOF
chmod +x "$work/gnuplot"

# interrupt TIMES: interrupts so often once the figure is being drawn; the exit code is in $code.
interrupt() {
    rm -rf "$work/begun" "$work/out"
    # A shell gives its background jobs an ignored SIGINT; python sets it as a terminal would.
    DIEN_GNUPLOT=$work/gnuplot python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$dien" stats groups "$work/p.tsv" --value v --group group -o "$work/out" >"$work/stdout" 2>"$work/stderr" &
    local run=$! n
    for n in $(seq 300); do
        [ -e "$work/begun" ] && break
        sleep 0.1
    done
    [ -e "$work/begun" ] || fail "the figure was never begun: $(cat "$work/stderr")"
    drawing=$(pgrep -P "$run" | head -n 1)
    kill -INT "$run"
    [ "$1" -eq 1 ] || kill -TERM "$run" 2>/dev/null # at once, and not merged with the first
    wait "$run"
    code=$?
}
for times in 1 2; do
    interrupt $times
    [ "$code" -eq 130 ] || fail "$times x Ctrl-C: expected exit 130, found $code: $(cat "$work/stderr")"
    left=$(find "$work/out" -name '.*' -o -name 'groups_figure*' | grep -v "^$work/out$")
    [ -z "$left" ] || fail "$times x Ctrl-C: expected no part of a figure, found $left"
    for file in groups.tsv groups_summary.tsv groups_people.tsv groups.txt; do
        [ -s "$work/out/$file" ] || fail "$times x Ctrl-C: $file did not wait for the figure, expected it in $(ls "$work/out")"
    done
    if [ -n "$drawing" ]; then
        sleep 0.3
        grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$drawing/status" 2>/dev/null && fail "$times x Ctrl-C: gnuplot is still there"
    fi
done

# Before the figure: a long computation (1000 resamples of many values) ends, too, and writes nothing.
awk 'BEGIN { print "participant_id\tgroup\tv"; for (i = 1; i <= 60000; i++) printf "s%d\t%s\t%.6f\n", i, i % 3, (i * 7919 % 60013) ^ 3 }' >"$work/long.tsv"
python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$dien" stats groups "$work/long.tsv" --value v --group group --test rank -o "$work/longer" >"$work/stdout" 2>"$work/stderr" &
run=$!
for n in $(seq 900); do # until then the shell's "ignore" holds, and a busy machine is slow to start Python
    [ "$(readlink "/proc/$run/exe")" = "$(readlink -f "$dien")" ] && break
    sleep 0.1
done
sleep 2
kill -INT "$run"
# shellcheck disable=SC2034
for n in $(seq 900); do # a busy machine is slow to notice
    kill -0 "$run" 2>/dev/null || break
    sleep 0.1
done
kill -0 "$run" 2>/dev/null && { fail "resamples: still running 90 s after Ctrl-C"; kill -KILL "$run"; }
wait "$run"
code=$?
[ "$code" -eq 130 ] || fail "resamples: expected exit 130, found $code: $(cat "$work/stderr")"
expect_empty "$work/longer"
finish
