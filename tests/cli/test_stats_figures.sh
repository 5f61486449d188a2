# What the figures of `dien stats` show, and that tables never wait for them.
source "$(dirname "$0")/lib.sh"
command -v gnuplot >/dev/null || { echo "skipped: no gnuplot"; exit 77; }
# Nine controls and nine patients, of whom three lie far off; ages, and a column named as nobody names a structure.
{
    printf 'participant_id\tgroup\tDl_thalamus\tage\n'
    i=0
    for v in 812 823 834 845 850 858 867 878 889; do i=$((i + 1)); printf 'c%d\tCON\t%s\t%d\n' $i $v $((50 + i * 7 % 11)); done
    i=0
    for v in 769 776 781 784 790 797 1180 1190 1200 772 786 793; do i=$((i + 1)); printf 'p%d\tALS\t%s\t%d\n' $i $v $((48 + i * 5 % 13)); done
} >"$work/p.tsv"
shown() { # FIGURE TEXT: the SVG shows it
    grep -qF -- "$2" "$work/$1.svg" || fail "$1: expected \"$2\" in the figure, found $(grep -oE '<text>.*</text>' "$work/$1.svg" | sed 's/<[^>]*>//g' | tr '\n' '|')"
}
said() { tr '\n' ' ' <"$work/stdout" | grep -qF -- "$1" || fail "expected \"$1\" in $(cat "$work/stdout")"; }

# Nobody is left out unless a rule is asked for.
run=(stats groups "$work/p.tsv" --value Dl_thalamus --unit mm³ --group group --control CON)
expect 0 "${run[@]}" -o "$work/all"
[ "$(grep -c '	yes	' "$work/all/groups_people.tsv")" -eq 21 ] || fail "without a rule: expected 21 people counted, found $(cat "$work/all/groups_people.tsv")"
grep -q 'interquartile' "$work/stdout" && fail "without a rule: expected no word of one, found $(cat "$work/stdout")"
grep -q 'left out' "$work/all/groups_figure_Dl_thalamus.svg" && fail "without a rule: a figure with people left out"
shown all/groups_figure_Dl_thalamus '>Thalamus (mm³)<'

# With the rule, results with and without stand side by side, in the text and in the figure.
expect 0 "${run[@]}" --outliers iqr -o "$work/iqr"
said 'Without the outliers: ALS vs. CON'
said 'With them: ALS vs. CON'
p_of() { awk -F'\t' -v role="$1" 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i } $at["role"] == role && $at["analysis"] ~ / vs / { printf "%.3g", $at["p"]; exit }' "$work/iqr/groups.tsv"; }
[ "$(p_of chosen)" != "$(p_of 'chosen, with outliers')" ] || fail "the outliers changed nothing: $(cat "$work/iqr/groups.tsv")"
shown iqr/groups_figure_Dl_thalamus ', all'
shown iqr/groups_figure_Dl_thalamus ', without 3'
shown iqr/groups_figure_Dl_thalamus '(3 left out)'
[ "$(grep -cE '	point	2	(1180|1190|1200)	' "$work/iqr/groups_figure_Dl_thalamus.tsv")" -eq 3 ] || fail "expected the three marked in $(grep point "$work/iqr/groups_figure_Dl_thalamus.tsv")"
expect 0 "${run[@]}" --outliers vernikouskaya2023
said '(the rule of Vernikouskaya et al. 2023)'

# With covariates the figure shows the p of the model.
expect 0 "${run[@]}" --covariates age -o "$work/cov"
adjusted=$(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i } $at["role"] == "adjusted for covariates" && $at["analysis"] ~ / vs / { p = $at["p"]; printf p < 0.0001 ? "p < 0.0001" : p < 0.01 ? "p = %.4f" : "p = %.3f", p; exit }' "$work/cov/groups.tsv")
shown cov/groups_figure_Dl_thalamus "adjusted ${adjusted/</&lt;}"
shown cov/groups_figure_Dl_thalamus 'p adjusted for age by analysis of covariance.'

# Names with %, and long ones.
sed 's/CON/low (<25%)/; s/ALS/100%d of what is a very long name for a group of people, in words/' "$work/p.tsv" >"$work/percent.tsv"
sed -i "1s/Dl_thalamus/$(printf 'x%.0s' $(seq 300))/" "$work/percent.tsv"
expect 0 stats groups "$work/percent.tsv" --value "$(head -n 1 "$work/percent.tsv" | cut -f 3)" --group group -o "$work/percent"
name=$(basename "$(find "$work/percent" -name '*.svg')" .svg)
shown "percent/$name" 'low (&lt;25%)'
shown "percent/$name" '100%d of what is'

# Ranks know no line; units of both axes.
expect 0 stats correlate "$work/p.tsv" --x age --y Dl_thalamus --unit mm³ --test rank -o "$work/rank"
grep -qE '	(line|band)	' "$work/rank/correlate_figure.tsv" && fail "Spearman: a line in the figure"
grep -q 'slope' "$work/stdout" && fail "Spearman: a slope in the text: $(cat "$work/stdout")"
shown rank/correlate_figure 'Age (years)'
shown rank/correlate_figure '>Thalamus (mm³)<'
expect 0 stats correlate "$work/p.tsv" --x age --y Dl_thalamus --unit mm³ --x-unit decades --test parametric -o "$work/line"
grep -qE '	line	' "$work/line/correlate_figure.tsv" || fail "Pearson: no line in the figure"
shown line/correlate_figure 'Age (decades)'

# Bland-Altman: the panels have the same axes, and the same size.
awk -F'\t' 'NR == 1 { print "participant_id\ta\tb\tc"; next } { print $1 "\t" $3 "\t" $3 + NR % 5 "\t" 3 * NR % 7 + 1.2 * $3 }' "$work/p.tsv" >"$work/methods.tsv"
expect 0 stats agreement "$work/methods.tsv" --value a,b,c --unit mm³ -o "$work/ba"
for what in xrange yrange; do
    [ "$(grep -E "set $what \[[0-9-]" "$work/ba/bland_altman.gp" | head -n 2 | sort -u | wc -l)" -eq 1 ] || fail "Bland-Altman: expected one $what, found $(grep "set $what" "$work/ba/bland_altman.gp")"
done
awk '/lmargin at screen/ { left = $5 } /rmargin at screen/ { if (++n <= 2) wide[n] = $5 - left } END { d = wide[1] - wide[2]; exit !(n >= 2 && d < 1e-5 && d > -1e-5) }' "$work/ba/bland_altman.gp" ||
    fail "Bland-Altman: panels of different width in $(grep margin "$work/ba/bland_altman.gp")"

# A figure that cannot be drawn costs no table and no text; 5 and a sentence say so. gnuplot ends with 0 on a full disk.
printf "#!/bin/sh\n[ \"\$1\" = --version ] && exit 0\ntrap '' XFSZ\nulimit -f 4\ngnuplot \"\$@\" 2>/dev/null\nexit 0\n" >"$work/full"
printf '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho bad >&2; exit 3\n' >"$work/broken"
chmod +x "$work/full" "$work/broken"
tables_stay() { # FOLDER FILES...
    local folder=$1
    shift
    for file in "$@"; do [ -s "$work/$folder/$file" ] || fail "$folder: expected $file beside a figure that failed, found $(ls "$work/$folder")"; done
    [ -z "$(find "$work/$folder" -name '*.png' -o -name '*.pdf' -o -name '*.svg' -o -name '.dien*')" ] || fail "$folder: a part of a figure: $(ls -A "$work/$folder")"
}
for fault in full broken; do
    export DIEN_GNUPLOT=$work/$fault
    part='but not every figure'
    expect_sentence 5 "$part" "${run[@]}" -o "$work/$fault-groups" && tables_stay $fault-groups groups.tsv groups_summary.tsv groups_people.tsv groups.txt
    expect_sentence 5 "$part" stats correlate "$work/p.tsv" --x age --y Dl_thalamus -o "$work/$fault-cor" && tables_stay $fault-cor correlate.tsv correlate_people.tsv correlate.txt
    expect_sentence 5 "$part" stats agreement "$work/methods.tsv" --value a,b,c -o "$work/$fault-ba" && tables_stay $fault-ba agreement.tsv agreement.txt
    expect_sentence 5 "$part" stats agreement "$work/methods.tsv" --scores --value a,b,c -o "$work/$fault-sc" && tables_stay $fault-sc scores_tests.tsv scores_summary.tsv scores.txt
    expect_sentence 5 "$part" stats power --difference 34 --sd 75 --power 0.8 -o "$work/$fault-power" && tables_stay $fault-power power.tsv power.txt
    unset DIEN_GNUPLOT
done
finish
