# dien stats normalise: head size taken out of volumes, against R (tools/reference_normalise.R).
source "$(dirname "$0")/lib.sh"
people="$DIEN_SOURCE/tests/stats/normalise_people.tsv"
expected="$DIEN_SOURCE/tests/stats/normalise_expected.tsv"

for how in ratio residual power; do
    for who in CON everyone; do
        [ "$who" = CON ] && control=(--group group --control CON) || control=()
        expect 0 stats normalise "$people" --value hypothalamus,thalamus --icv icv --normalise $how "${control[@]}" -o "$work/$how-$who"
        # Columns by name; every expected number found, and to 1e-9.
        awk -F'\t' -v how=$how -v who=$who '
            NR == FNR { if (FNR == 1) { for (c = 1; c <= NF; c++) at[$c] = c } else for (v in at) if (v ~ /_normalised$/) found[v, $1] = $at[v]; next }
            FNR > 1 && $2 == who && $3 == how {
                f = found[$1 "_normalised", $4]; n++
                if (f == "" || f == "n/a" || (f - $5) ^ 2 > (1e-9 * $5) ^ 2) { print $1, $4, how, who ": expected", $5 ", found", f; bad = 1 }
            }
            END { if (n != 45) { print "expected 45 comparisons, made", n; bad = 1 } exit bad }
        ' "$work/$how-$who/normalised.tsv" "$expected" || fail "$how by $who differs from R"
        [ "$(grep -c 'n/a' "$work/$how-$who/normalised.tsv")" -eq 2 ] || fail "expected two people without a number"
    done
done
tr '\n' ' ' <"$work/stdout" | grep -qF "slope of the line through their logarithms" || fail "the paragraph does not say what was done: $(cat "$work/stdout")"
grep -qF $'hypothalamus\tpower\t22\t22\t' "$work/power-everyone/normalisation.tsv" || fail "normalisation.tsv: $(cat "$work/power-everyone/normalisation.tsv")"
grep -q "warning: 2 of 24 people lack hypothalamus or icv" "$work/stderr" || fail "expected a warning about two people: $(cat "$work/stderr")"

expect_sentence 2 "stats normalise needs --icv COLUMN" stats normalise "$people" --value hypothalamus -o "$work/no"
expect_sentence 2 "the name of the control group (--group COLUMN and --control NAME)" stats normalise "$people" --value hypothalamus --icv icv --control CON -o "$work/no"
expect_sentence 3 "nobody with group = XXX" stats normalise "$people" --value hypothalamus --icv icv --group group --control XXX -o "$work/no"
sed 's/1490000/0/' "$people" >"$work/zero.tsv"
expect_sentence 3 "both must be above 0" stats normalise "$work/zero.tsv" --value hypothalamus --icv icv -o "$work/no"
finish
