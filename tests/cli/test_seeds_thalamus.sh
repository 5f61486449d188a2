# The conclusions of Opfer et al. 2022 hold in simulated tables with its n, mean and SD (tools/simulate_seeds.py).
source "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "skipped: python3 makes the tables"; exit 77; }
source=${DIEN_SOURCE:-$(dirname "$0")/../..}
cd "$work" || exit 1
python3 "$source/tools/simulate_seeds.py" . >/dev/null || fail "simulate_seeds.py"
export DIEN_GNUPLOT=/nonexistent # numbers only

# number FILE COLUMN KEY...: the cell of the first row whose first cells are the KEYs.
number() {
    local file=$1 column=$2
    shift 2
    awk -F'\t' -v column="$column" -v keys="$*" 'BEGIN { n = split(keys, key, "|") }
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i; next }
        { same = 1; for (i = 1; i <= n; i++) if ($i != key[i]) same = 0; if (same) { print $c; exit } }' "$file"
}
# holds WHAT EXPRESSION: awk arithmetic.
holds() { awk "BEGIN { exit !($2) }" || fail "$1: $2"; }

expect 0 stats agreement dice.tsv --scores --value net3d,fastsurfer,fsl --adjust none -o dice
holds "Dice differs between the methods" "$(number dice/scores_tests.tsv p 'all methods|repeated measures ANOVA, Greenhouse-Geisser') < 0.05"
holds "FSL is better than 3D-CNN, d = 0.5" "$(number dice/scores_tests.tsv p 'net3d - fsl') < 0.05 && $(number dice/scores_tests.tsv effect 'net3d - fsl') < -0.4"
holds "3D-CNN and FastSurfer are alike" "$(number dice/scores_tests.tsv p 'net3d - fastsurfer') > 0.05"
expect 0 stats agreement hausdorff.tsv --scores --value net3d,fastsurfer,fsl --adjust none -o hausdorff
holds "distance differs" "$(number hausdorff/scores_tests.tsv p 'all methods|repeated measures ANOVA, Greenhouse-Geisser') < 0.05"
holds "3D-CNN against FSL, d = 0.04" "$(number hausdorff/scores_tests.tsv p 'net3d - fsl') > 0.5"

expect 0 stability phantom.tsv --value net3d,fastsurfer,fsl --between-sd 0.88,1.09,1.15 --adjust none -o stability
tests=stability/stability_tests.tsv
for pair in 'net3d vs fastsurfer' 'net3d vs fsl'; do
    holds "between scanners, $pair" "$(number $tests p "inter-scanner: $pair|Levene's test") < 0.0005"
done
holds "FastSurfer and FSL do not differ between scanners" "$(number $tests p "inter-scanner: fastsurfer vs fsl|Levene's test") > 0.3"
holds "within scanners 3D-CNN is steadier than FSL" "$(number $tests p "intra-scanner: net3d vs fsl|Levene's test") < 0.0005"
holds "FastSurfer is steadier than FSL within scanners" "$(number $tests p "intra-scanner: fastsurfer vs fsl|Levene's test") < 0.017"
ratio() { awk -F'\t' -v m="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "ratio") c = i } $1 == m && $2 == "inter-scanner" { print $c }' stability/stability.tsv; }
holds "ratio 0.32, 0.57, 0.55" "sqrt(($(ratio net3d) - 0.32) ^ 2) < 0.03 && sqrt(($(ratio fastsurfer) - 0.57) ^ 2) < 0.03 && sqrt(($(ratio fsl) - 0.55) ^ 2) < 0.03"

shares=
for method in thalamus:0.28:0.88 thalamus_fastsurfer:0.62:1.09 thalamus_fsl:0.63:1.15; do
    IFS=: read -r column scanner between <<<"$method"
    expect 0 normative fit norms.tsv --value "$column" --unit mL --scanner-sd "$scanner" --simulated -o "norm_$column"
    expect 0 normative apply "norm_$column/norm.json" patients.tsv -o "patients_$column"
    holds "residual SD of $column" "sqrt(($(number "norm_$column/norm.tsv" value 'SD of the residuals') - $between) ^ 2) < 0.04"
    shares="$shares $(number "patients_$column/normative_summary.tsv" share reduced)"
done
read -r first second third <<<"$shares"
holds "shares 24, 16, 11 %, in this order" "$first > $second && $second > $third && sqrt(($first - 0.24) ^ 2) < 0.05 && sqrt(($second - 0.16) ^ 2) < 0.05 && sqrt(($third - 0.11) ^ 2) < 0.05"
finish
