# dien stats: results from tables, and one sentence for every table or option that cannot be used. No NaN ever gets into a table.
source "$(dirname "$0")/lib.sh"

# Two groups of a fixed, plainly normal shape (i's quantiles), with ICV, age, sex; a volume and an age are missing.
awk 'BEGIN {
    print "participant_id\tgroup\thypothalamus\ticv\tage\tsex\talsfrs\tmonths"
    for (i = 1; i <= 40; i++) {
        x = (i * 17 % 41) / 41 - 0.5; z = 4.91 * (((x + 0.5) ^ 0.14) - ((0.5 - x) ^ 0.14))
        als = i % 2
        printf "sub-%02d\t%s\t%s\t%.0f\t%s\t%s\t%s\t%s\n", i, als ? "ALS" : "CON", i == 4 ? "n/a" : sprintf("%.1f", 850 - 60 * als + 40 * z),
            1500000 + 40000 * (i * 7 % 11 - 5), i == 9 ? "" : 45 + i % 23, i % 3 ? "F" : "M", als ? 30 + i % 17 : "n/a", als ? 6 + i : "n/a"
    }
}' >"$work/p.tsv"

expect 0 stats groups "$work/p.tsv" --value hypothalamus --group group --control CON --icv icv --covariates age,sex -o "$work/out"
for part in "ALS vs. CON" "t(" "95 % CI" "Cohen's d" "Shapiro-Wilk" "sub-04 (no hypothalamus)" "analysis of covariance" "sub-09"; do
    tr '\n' ' ' <"$work/stdout" | grep -qF -- "$part" || fail "groups: expected \"$part\" in $(cat "$work/stdout")"
done
for file in groups.tsv groups_summary.tsv groups_people.tsv groups.txt groups_figure_hypothalamus.tsv groups_figure_hypothalamus.gp; do
    [ -s "$work/out/$file" ] || fail "groups: expected $file in $(ls "$work/out")"
done
cmp -s "$work/stdout" "$work/out/groups.txt" || fail "groups: groups.txt is not what was printed"
if command -v gnuplot >/dev/null; then
    [ -s "$work/out/groups_figure_hypothalamus.png" ] || fail "groups: expected a figure"
fi
grep -il -E '(^|	)-?(nan|inf)(	|$)' "$work"/out/*.tsv && fail "a NaN or an infinity in a table"
expect_no_temporaries "$work/out"

# The same from two joined files, one with Windows line ends and without "sub-".
cut -f1,2,5,6 "$work/p.tsv" >"$work/participants.tsv"
cut -f1,3,4 "$work/p.tsv" | sed 's/^sub-//; s/\t/,/g; s/$/\r/' >"$work/volumes.csv"
cp "$work/stdout" "$work/first"
expect 0 stats groups "$work/participants.tsv" "$work/volumes.csv" --value hypothalamus --group group --control CON --icv icv --covariates age,sex
cmp -s "$work/stdout" "$work/first" || fail "joined tables: expected the same paragraph, found $(cat "$work/stdout")"

# From volumes of scans as `dien segment` writes them; these know that they are in mm3. What their JSON says: test_gather.sh.
header='structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\taccepted\n'
mkdir -p "$work/scans/sub-x"
tail -n +2 "$work/p.tsv" | while IFS=$'\t' read -r id _ v icv _; do
    printf "${header}hypothalamus\tB\t%s\t1\t0.9\tyes\nicv\tB\t%s\t1\tn/a\tyes\n" "$v" "$icv" >"$work/scans/sub-x/${id}_volumes.tsv"
done
expect 0 stats groups "$work/participants.tsv" "$work/volumes.csv" --value hypothalamus --group group --control CON --icv icv --covariates age,sex --unit mm³
cp "$work/stdout" "$work/first"
expect 0 stats groups "$work/participants.tsv" "$work/scans" --value hypothalamus --group group --control CON --icv icv --covariates age,sex
cmp -s "$work/stdout" "$work/first" || fail "gathered volumes: expected the same paragraph, found $(cat "$work/stdout")"

# Two sessions a person: one is chosen, or the command says that people are there twice.
mkdir -p "$work/sessions"
for i in 01 02 03 04 05 06; do
    for s in 1 2; do
        printf "${header}hypothalamus\tB\t%s\t1\t0.9\tyes\n" "$((700 + 10#$i * 13 % 7 * 11 + s))" >"$work/sessions/sub-${i}_ses-${s}_volumes.tsv"
    done
done
expect_sentence 3 'sub-01_ses-2_volumes.tsv; choose a session (--session ses-1)' stats groups "$work/participants.tsv" "$work/sessions" --value hypothalamus --group group
expect 0 stats groups "$work/participants.tsv" "$work/sessions" --value hypothalamus --group group --where session=ses-2
cp "$work/stdout" "$work/first"
expect 0 stats groups "$work/participants.tsv" "$work/sessions" --value hypothalamus --group group --session 2
grep -qi "in only one of" "$work/stderr" || fail "sessions: expected a warning that names those without volumes, found $(cat "$work/stderr")"
cmp -s "$work/stdout" "$work/first" || fail "--session: expected the same as --where session=ses-2, found $(cat "$work/stdout")"
expect_sentence 3 'there are: ses-1, ses-2' stats groups "$work/participants.tsv" "$work/sessions" --value hypothalamus --group group --session 5
expect_sentence 3 "sub-01_ses-1_volumes.tsv and in $work/sessions/sub-01_ses-2_volumes.tsv" stats correlate "$work/sessions" --x hypothalamus --y session
expect 0 stats groups "$work/sessions" --paired --value hypothalamus --group session
# The control is what differences are from, whichever comes first; what pairs cannot do is refused.
printf 'id\tvisit\thyp\nA\tpost\t90\nB\tpost\t95\nC\tpost\t91\nD\tpost\t93\nA\tpre\t100\nB\tpre\t102\nC\tpre\t101\nD\tpre\t99\n' >"$work/visits.tsv"
expect 0 stats groups "$work/visits.tsv" --id id --paired --value hyp --group visit --control pre
tr '\n' ' ' <"$work/stdout" | grep -qF 'post vs. pre: −8.2' || fail "--paired --control pre: expected a loss of 8 %, found $(cat "$work/stdout")"
expect 0 stats groups "$work/visits.tsv" --id id --paired --value hyp --group visit --control post
tr '\n' ' ' <"$work/stdout" | grep -qF 'pre vs. post: +8.9' || fail "--paired --control post: expected a gain of 8 %, found $(cat "$work/stdout")"
expect_sentence 3 nonsense stats groups "$work/visits.tsv" --id id --paired --value hyp --group visit --control nonsense
for option in "--icv hyp" "--covariates id" "--outliers iqr" "--equal-variances"; do
    # shellcheck disable=SC2086 # words are meant
    expect_sentence 2 "a paired comparison cannot" stats groups "$work/visits.tsv" --id id --paired --value hyp --group visit --control pre $option
done

expect 0 stats correlate "$work/p.tsv" --where group=ALS --alsfrs alsfrs --duration months --x alsfrs_slope --y hypothalamus --icv icv --covariates age,sex -o "$work/cor"
for part in "alsfrs_slope" "given age, sex (" "partial" "95 % CI" "n = 19"; do
    tr '\n' ' ' <"$work/stdout" | grep -qF -- "$part" || fail "correlate: expected \"$part\" in $(cat "$work/stdout")"
done
grep -il -E '(^|	)-?(nan|inf)(	|$)' "$work"/cor/*.tsv && fail "a NaN or an infinity in a table"
expect 0 stats power --difference 34 --sd 75 --power 0.8 -o "$work/power"
grep -q "78 people" "$work/stdout" || fail "power: expected 78 people (R's power.t.test: 77.36...), found $(cat "$work/stdout")"
expect 0 stats power --kind anova --means 852,818,823 --sd 80 --n 46

# What cannot be used.
bad() { # bad CODE PART TABLE-TEXT ARGUMENTS...
    local code=$1 part=$2 text=$3
    shift 3
    rm -rf "$work/bad"
    printf '%b' "$text" >"$work/bad.tsv"
    expect_sentence "$code" "$part" stats groups "$work/bad.tsv" -o "$work/bad" "$@"
    expect_empty "$work/bad"
}
h='participant_id\tgroup\tv\n'
bad 3 'the group B has 1 usable value of v' "${h}s1\tA\t1\ns2\tA\t2\ns3\tB\t3\n" --value v --group group
bad 3 'not possible' "${h}s1\tA\t1\ns2\tA\t1\ns3\tB\t1\ns4\tB\t1\n" --value v --group group
bad 3 'did you mean "group"' "${h}s1\tA\t1\n" --value v --group grup
bad 3 'bad.tsv, line 3, column v: "twelve" is not a number' "${h}s1\tA\t1\ns2\tA\ttwelve\n" --value v --group group
bad 3 'has a comma instead of a decimal point; write it as 812.5' "${h}s1\tA\t1\ns2\tA\t812,5\n" --value v --group group
bad 3 'has a comma instead of a decimal point; write it as 1.5' "${h}s1\tA\t1,5\ns2\tA\t2,5\ns3\tB\t3,1\ns4\tB\t4,2\n" --value v --group group
bad 3 'has a decimal comma, but other numbers of the file have a point' 'participant_id;group;v\ns1;A;1,5\ns2;A;2,5\ns3;B;3,1\ns4;B;4.2\n' --value v --group group
bad 3 'has thousands separators' "${h}s1\tA\t1,500,000\ns2\tA\t1,510,000\ns3\tB\t1,490,000\ns4\tB\t1,490,001\n" --value v --group group
bad 3 'has a different text ("1 mL")' "${h}s1\tA\t1 mL\ns2\tA\t2 mL\ns3\tB\t3 mL\ns4\tB\t4 mL\n" --value v --group group
bad 2 'the column v is named twice (--value COLUMN)' "${h}s1\tA\t1\ns2\tA\t2\ns3\tB\t3\ns4\tB\t4\n" --value v,v --group group
bad 3 's1 occurs twice, on lines 2 and 3' "${h}s1\tA\t1\ns1\tA\t2\ns3\tB\t3\n" --value v --group group
bad 3 'the group A has 0 usable values' "${h}s1\tA\tNaN\ns2\tA\tnan\ns3\tB\t3\ns4\tB\t4\n" --value v --group group
bad 3 'fields, but the header names' "${h}s1\tA\n" --value v --group group
bad 3 'has names of columns but no rows' "$h" --value v --group group
bad 3 'is empty' '' --value v --group group
bad 2 'name the column of the groups (--group COLUMN)' "${h}s1\tA\t1\n" --value v
bad 2 'stats groups needs --value COLUMNS' "${h}s1\tA\t1\n" --group group
bad 2 'whose mean ICV the volumes are scaled; with --icv, give --control NAME' "${h}s1\tA\t1\n" --value v --group group --icv icv
bad 2 'the condition "A" is not like group=ALS (--where COLUMN=VALUE)' "${h}s1\tA\t1\n" --value v --group group --where A
bad 3 'no row of' "${h}s1\tA\t1\n" --value v --group group --where group=C
bad 3 'did you mean "ALS"?' "${h}s1\tALS\t1\n" --value v --group group --where group=als
bad 2 'one column in two groups (--value A,B or --value A --group COLUMN)' "${h}s1\tA\t1\n" --value v --paired
expect_sentence 3 'missing.tsv' stats groups "$work/missing.tsv" --value v --group group
expect_sentence 2 'stats groups needs TABLE...' stats groups --value v --group group
expect_sentence 2 "there is no 'dien stats gruops'; did you mean 'dien stats groups'?" stats gruops
expect_sentence 2 'stats correlate needs --x COLUMN' stats correlate "$work/p.tsv" --y icv
expect_sentence 2 'the column icv cannot be correlated with itself; name two columns (--x COLUMN --y COLUMN)' stats correlate "$work/p.tsv" --x icv --y icv
expect_sentence 3 'outside its scale of 0 to 48' stats correlate "$work/p.tsv" --alsfrs age --duration months --x alsfrs_slope --y icv
expect_sentence 2 'that of the duration (--alsfrs COLUMN and --duration COLUMN)' stats correlate "$work/p.tsv" --alsfrs alsfrs --x alsfrs_slope --y icv
expect_sentence 2 '(3 are missing) (--n, --difference, --sd, --power)' stats power --n 5
expect_sentence 3 'a difference of 0 cannot be found' stats power --difference 0 --sd 1 --power 0.8
expect_sentence 3 'a difference of 0 cannot be found' stats power --difference 0 --sd 1 --n 10
expect_sentence 2 'the mean "x" is not a number (--means A,B,...)' stats power --kind anova --means 1,x --sd 1 --n 5
mkdir -p "$work/empty"
expect_sentence 3 'there is no *_volumes.tsv' stats groups "$work/p.tsv" "$work/empty" --value v --group group
finish
