# The commands on tables when memory ends: see tests/support/starve.sh.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/../support/starve.sh"
RANDOM=7 # which of the requests fail
echo "seed 7"

awk 'BEGIN {
    print "participant_id\tgroup\tvisit\tv\tw\ticv\tage\tsex\talsfrs\tmonths\tscanner"
    for (i = 1; i <= 36; i++) {
        x = (i * 17 % 37) / 37 - 0.5; z = 4.91 * (((x + 0.5) ^ 0.14) - ((0.5 - x) ^ 0.14))
        g = i % 3
        printf "sub-%02d\t%s\t%d\t%.1f\t%.1f\t%.0f\t%d\t%s\t%d\t%d\tS%d\n", i, g == 0 ? "CON" : g == 1 ? "ALS" : "PLS", i % 2,
            850 - 30 * g + 40 * z + (i == 5 ? 400 : 0), 840 - 30 * g + 40 * z + 9 * (i * 7 % 5), 1500000 + 40000 * (i * 7 % 11 - 5), 45 + i * 5 % 23,
            i % 4 < 2 ? "F" : "M", 30 + i % 17, 6 + i, i % 4
    }
}' >"$work/p.tsv"
p=$work/p.tsv
awk -F'\t' 'NR == 1 || $2 != "PLS"' "$p" >"$work/two.tsv"
two=$work/two.tsv
cut -f1-3,6-11 "$p" >"$work/people.tsv"
mkdir "$work/volumes"
tail -n +2 "$p" | while IFS=$'\t' read -r id _ _ v _; do
    printf 'structure\themi\tvolume_mm3\nhypothalamus\tB\t%s\n' "$v" >"$work/volumes/${id}_volumes.tsv"
done

starve groups2 stats groups "$two" --value v,w,sex --group group --control CON --icv icv --covariates age,sex --outliers iqr -o out
starve groups3 stats groups "$p" --value v --group group --control CON --covariates age --outliers iqr -o out
starve ranks stats groups "$p" --value v --group group --test rank -o out
starve tukey stats groups "$p" --value w --group group --equal-variances
starve paired stats groups "$p" --paired --value v,w -o out
starve gathered stats groups "$work/people.tsv" "$work/volumes" --value hypothalamus --group group
starve pearson stats correlate "$p" --alsfrs alsfrs --duration months --x alsfrs_slope --y w --icv icv --covariates age,sex -o out
starve spearman stats correlate "$p" --x age --y v --test rank -o out
starve agreement stats agreement "$p" --value v,w --unit mm³ -o out
starve scores stats agreement "$p" --scores --value v,w,months -o out
starve normalise stats normalise "$p" --value v,w --icv icv --group group --control CON -o out
starve power stats power --difference 34 --sd 75 --power 0.8 -o out
starve power_anova stats power --kind anova --means 852,818,823 --sd 80 --n 46
starve stability stability "$p" --value v,w --scanner scanner --id sex -o out
starve norm_fit normative fit "$p" --value v --unit mm³ --source test --simulated -o out
"$dien" normative fit "$p" --value v --unit mm³ --source test --simulated -o "$work/norm" >/dev/null 2>&1
starve norm_apply normative apply "$work/norm/norm.json" "$p" -o out
echo "$starved commands"
finish
