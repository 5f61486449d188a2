# dien stats agreement, dien stability, dien normative: results for good tables, one sentence and no file for bad ones.
source "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export DIEN_GNUPLOT=${DIEN_GNUPLOT:-gnuplot}
have_gnuplot=1
"$DIEN_GNUPLOT" --version >/dev/null 2>&1 || have_gnuplot=0

# Numbers that every awk makes alike.
awk 'function u() { s = (s * 16807) % 2147483647; return s / 2147483647 }
     function g(i, t) { t = -6; for (i = 0; i < 12; i++) t += u(); return t }
     BEGIN { s = 4711
       print "participant_id\tmanual\tnet\tother" > "cases.tsv"
       for (i = 1; i <= 30; i++) { v = 820 + 90 * g(); printf "sub-%02d\t%.2f\t%.2f\t%.2f\n", i, v, v - 10 + 40 * g(), v + 60 * g() > "cases.tsv" }
       print "participant_id\tscanner\ta\tb" > "repeats.tsv"
       for (c = 1; c <= 12; c++) { e = g(); for (r = 1; r <= 3; r++) printf "phantom\tscanner-%d\t%.3f\t%.3f\n", c, 15 + 0.28 * e + 0.08 * g(), 15 + 0.6 * e + 0.1 * g() > "repeats.tsv" }
       print "participant_id\tage\tsex\tscanner\ticv\tthalamus" > "norms.tsv"
       for (i = 1; i <= 300; i++) { a = 20 + 60 * u(); v = 1500 + 130 * g()
         printf "sub-%03d\t%.1f\t%s\tS%d\t%.1f\t%.3f\n", i, a, i % 2 ? "F" : "M", i % 5, v, 15 + 0.006 * (v - 1500) - 0.0004 * (a - 20) ^ 2 + 0.88 * g() > "norms.tsv" }
       print "participant_id\tage\tsex\tscanner\ticv\tthalamus" > "people.tsv"
       print "low\t50\tF\tS1\t1500\t9.5" > "people.tsv"; print "normal\t50\tM\tS1\t1500\t14.6" > "people.tsv"
       print "between\t50\tM\tS1\t1500\t12.6" > "people.tsv"; print "old\t99\tM\tS1\t1500\t12.5" > "people.tsv"
       print "above\t50\tM\tS1\t1500\t16.7" > "people.tsv"; print "unmeasured\t50\tM\tS1\t1500\tn/a" > "people.tsv"; print "new\t40\tM\tS77\t1500\t14.9" > "people.tsv" }'

cell() { # cell FILE KEY COLUMN: in the row whose first field is KEY
    awk -F'\t' -v key="$2" -v column="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i } $1 == key { print $c; exit }' "$1"
}

# Agreement
expect 0 stats agreement cases.tsv --value manual,net --unit mm3 -o good
for file in agreement.tsv agreement.txt; do [ -s "good/$file" ] || fail "agreement: no $file"; done
grep -q 'limits of agreement' "$work/stdout" || fail "agreement: no limits in the paragraph"
grep -q 'ICC(2,1)' good/agreement.tsv || fail "agreement: no ICC(2,1) in the table"
grep -qi 'nan\|inf	' good/agreement.tsv && fail "agreement: NaN in the table"
if [ $have_gnuplot = 1 ]; then
    for kind in svg pdf png gp tsv; do [ -s "good/bland_altman.$kind" ] || fail "agreement: no bland_altman.$kind"; done
fi
expect 0 stats agreement cases.tsv --value manual,net,other --reference other --percent --limits approximate
grep -q 'manual minus other' "$work/stdout" || fail "agreement: --reference is not obeyed"
expect 0 stats agreement cases.tsv --scores --value manual,net,other --label Dice
grep -q 'Greenhouse-Geisser' "$work/stdout" || fail "scores: no Greenhouse-Geisser"
expect_sentence 2 "needs at least two columns" stats agreement cases.tsv --value manual
expect_sentence 2 "the column net is named twice (--value manual,network)" stats agreement cases.tsv --value net,net
expect_sentence 2 "not among the columns that are compared (--reference)" stats agreement cases.tsv --value manual,net --reference nobody
expect_sentence 3 "manual" stats agreement cases.tsv --value manul,net
{ cat cases.tsv; echo 'sub-01	1	2	3'; } >twice.tsv
expect_sentence 3 "sub-01" stats agreement twice.tsv --value manual,net
sed '5s/	[0-9.]*/	many/' cases.tsv >text.tsv
expect_sentence 3 "many" stats agreement text.tsv --value manual,net
sed '5s/\([0-9]\)\.\([0-9]*\)	/\1,\2	/' cases.tsv >comma.tsv
expect_sentence 3 "line 5" stats agreement comma.tsv --value manual,net
awk -F'\t' 'BEGIN { OFS = FS } NR == 1 { print; next } { $3 = $2; print }' cases.tsv >equal.tsv
expect_sentence 3 "same column twice" stats agreement equal.tsv --value manual,net
head -3 cases.tsv >two.tsv
expect_sentence 3 "at least 3 pairs" stats agreement two.tsv --value manual,net
sed '4s/	[0-9.]*/	n\/a/' cases.tsv >hole.tsv
expect 0 stats agreement hole.tsv --value manual,net
tr '\n' ' ' <"$work/stdout" | grep -q 'Left out as incomplete: sub-03 (no manual)' || fail "agreement: who is left out is not said"

# Stability
expect 0 stability repeats.tsv --value a,b --unit mL --between-sd 0.88,1.09 -o stable
grep -q 'between-subject SD' "$work/stdout" || fail "stability: no ratio"
[ -s stable/stability_tests.tsv ] || fail "stability: no tests"
grep -qi 'nan' stable/*.tsv && fail "stability: NaN in a table"
expect_sentence 2 "there are 1 SDs between people for 2 methods (--between-sd)" stability repeats.tsv --value a,b --between-sd 0.88
expect_sentence 2 "is not a number above 0 (--between-sd)" stability repeats.tsv --value a --between-sd zero
expect_sentence 3 "scanner" stability cases.tsv --value net
awk -F'\t' 'BEGIN { OFS = FS } NR > 1 { $1 = "p" NR; $2 = "s" NR } { print }' repeats.tsv >single.tsv
expect_sentence 3 "needs repeats" stability single.tsv --value a
awk -F'\t' 'BEGIN { OFS = FS } NR == 3 { $2 = "" } { print }' repeats.tsv >noscanner.tsv
expect_sentence 3 "line 3 has no scanner" stability noscanner.tsv --value a

# Norms
expect 0 normative fit norms.tsv --value thalamus --unit mL --scanner-sd 0.28 --simulated --source "made up" -o norm
grep -q 'SIMULATED' "$work/stdout" || fail "fit: --simulated is not said"
grep -q '"simulated": true' norm/norm.json || fail "fit: --simulated is not in the norm"
expect 0 normative apply norm/norm.json people.tsv -o people
table=people/normative.tsv
[ "$(cell $table low reduced)" = 1 ] || fail "apply: low should be reduced"
[ "$(cell $table normal reduced)" = 0 ] || fail "apply: normal should not be reduced"
[ "$(cell $table between reduced)" = 0 ] && [ "$(cell $table between reduced_one_sample)" = 1 ] || fail "apply: between should differ by rule"
[ "$(cell $table above enlarged)" = 0 ] && [ "$(cell $table above enlarged_one_sample)" = 1 ] || fail "apply: above should differ by rule, found $(cell $table above z)"
grep -E '^(participant_id|above)' people.tsv >above.tsv && expect 0 normative apply norm/norm.json above.tsv -o above
tr '\n' ' ' <above/normative.txt | grep -q 'above the normal interval, but a change of scanner can explain this' || fail "apply: above is said to be normal: $(cat above/normative.txt)"
case $(cell $table old outside) in *"age outside"*) ;; *) fail "apply: old should be outside by age, found $(cell $table old outside)" ;; esac
case $(cell $table new outside) in *"scanner not"*) ;; *) fail "apply: new should be outside by scanner" ;; esac
[ "$(cell $table normal outside)" = n/a ] || fail "apply: normal should be inside"
[ -z "$(cell $table unmeasured z)" ] || fail "apply: unmeasured should be left out"
tr '\n' ' ' <people/normative.txt | grep -q 'unmeasured (no thalamus)' || fail "apply: unmeasured is not named"
grep -q 'SIMULATED norm' people/normative.txt || fail "apply: the norm is simulated and nobody says so"
awk -F'\t' 'BEGIN { OFS = FS } { print $0, NR == 1 ? "own_sd" : $1 == "between" ? 0.02 : "" }' people.tsv >own.tsv
expect 0 normative apply norm/norm.json own.tsv --scanner-sd-column own_sd -o own_sd
[ "$(cell own_sd/normative.tsv between reduced)" = 1 ] || fail "apply: a steadier scanner should decide between"
for method in huber bisquare quantile; do
    expect 0 normative fit norms.tsv --value thalamus --method $method -o "norm_$method"
    expect 0 normative apply "norm_$method/norm.json" people.tsv -o "people_$method"
    [ "$(cell "people_$method/normative.tsv" low reduced)" = 1 ] || fail "$method: low should be reduced"
    grep -qi 'nan' "people_$method/normative.tsv" && fail "$method: NaN in the table"
done
expect 0 normative fit norms.tsv --value thalamus --with-sex -o norm_sex
expect_sentence 2 "normative fit needs --value COLUMN" normative fit norms.tsv -o nothing
expect_sentence 2 "there is no 'dien normative fti'" normative fti norms.tsv
expect_sentence 2 "normative apply needs all of NORM TABLE..." normative apply norm/norm.json
expect_sentence 2 "there is no person X with all the numbers that are needed for a chart (--chart)" normative apply norm/norm.json people.tsv --chart X -o nothing_chart
expect_sentence 3 "norms.tsv is not valid JSON (line 1: " normative apply norms.tsv people.tsv
echo '{"a": 1}' >other.json
expect_sentence 3 "is not a norm" normative apply other.json people.tsv
head -9 norms.tsv >few.tsv
expect_sentence 3 "at least 12 people" normative fit few.tsv --value thalamus -o nothing
awk -F'\t' 'BEGIN { OFS = FS } NR > 1 { $2 = 50 } { print }' norms.tsv >one_age.tsv
expect_sentence 3 "the same age" normative fit one_age.tsv --value thalamus -o nothing
awk -F'\t' 'BEGIN { OFS = FS } NR == 7 { $3 = "x" } { print }' norms.tsv >sex.tsv
expect_sentence 3 "given as 'x'" normative fit sex.tsv --value thalamus -o nothing
awk -F'\t' 'BEGIN { OFS = FS } NR > 1 { $5 *= 1000 } { print }' people.tsv >unit.tsv
expect_sentence 3 "unit of the norm" normative apply norm/norm.json unit.tsv
awk -F'\t' 'BEGIN { OFS = FS } NR > 1 && $6 != "n/a" { $6 *= 1000 } { print }' people.tsv >unit.tsv
expect_sentence 3 "is the volume in mL?" normative apply norm/norm.json unit.tsv
expect_empty nothing
expect_empty nothing_chart

# gnuplot absent: the numbers are there, and the sentence says what to install.
DIEN_GNUPLOT=/nonexistent/gnuplot expect 0 stats agreement cases.tsv --value manual,net -o without
grep -q 'apt-get install gnuplot-nox' "$work/stderr" || fail "without gnuplot: expected what to install, found $(cat "$work/stderr")"
[ -s without/agreement.tsv ] || fail "without gnuplot: no numbers"
[ -s without/bland_altman.gp ] || fail "without gnuplot: no script"
for folder in good stable norm people without; do expect_no_temporaries $folder; done
[ -z "$(find . -name '.dien-figure-*')" ] || fail "folders of figures were left behind"
finish
