#!/bin/bash
# The gallery: the figures of the papers from simulated tables with their n, mean and SD. Build folder $1; results in $1/figures, pictures and page in
# docs/gallery. The surfaces need DIEN_DATA (a label map, a scan and the published network); without it the existing pictures of the surfaces are kept.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
dien=$build/dien
out=$build/figures
gallery=docs/gallery
data=${DIEN_DATA:-../shared/data}
tables=$out/tables
note="Simulated data (seed 20231206) with the n, mean and SD of"
mkdir -p "$gallery" "$out"
python3 tools/simulate_seeds.py "$tables"

verni="Vernikouskaya et al. 2023."
kassubek="Kassubek et al. 2025."
opfer="Opfer et al. 2022."
stats() { "$dien" stats "$@" >/dev/null; }
stats groups "$tables/test_group.tsv" --value hypothalamus --label Hypothalamus --unit mm³ --group group --control CON --equal-variances \
    --outliers none --note "$note $verni" -o "$out/test_group"
stats groups "$tables/groups.tsv" --value hypothalamus --label Hypothalamus --unit mm³ --group group --control CON --equal-variances \
    --outliers none --adjust none --note "$note $kassubek" -o "$out/groups"
for pair in CON_ALS CON_PLS ALS_PLS; do # the paper tests pair by pair
    stats groups "$tables/$pair.tsv" --value hypothalamus --label Hypothalamus --unit mm³ --group group --control "${pair%_*}" --equal-variances \
        --outliers none -o "$out/$pair"
done
stats correlate "$tables/pls.tsv" --x "ALS-FRS-R slope" --x-unit "points per month" --y hypothalamus --test parametric --label Hypothalamus --unit mm³ --note "$note $kassubek" -o "$out/pls"
stats agreement "$tables/networks.tsv" --value manual,EfficientNetB0,Inceptionv3,ResNet50,VGG16 --unit cm³ --limits approximate \
    --note "$note $verni" -o "$out/networks"
stats agreement "$tables/dice.tsv" --scores --value net3d,fastsurfer,fsl --label Dice --adjust none --note "$note $opfer" -o "$out/dice"
stats agreement "$tables/hausdorff.tsv" --scores --value net3d,fastsurfer,fsl --label "Hausdorff distance" --unit mm --adjust none \
    --note "$note $opfer" -o "$out/hausdorff"
stats agreement "$tables/volumes.tsv" --value manual,net3d,fastsurfer,fsl --unit mL --note "$note $opfer" -o "$out/volumes"
"$dien" normative fit "$tables/norms.tsv" --value thalamus --unit mL --scanner-sd 0.28 --simulated --source "simulated, seed 20231206" \
    -o "$out/norm" >/dev/null
"$dien" stability "$tables/phantom.tsv" --value net3d,fastsurfer,fsl --unit mL --between-sd 0.88,1.09,1.15 --note "$note $opfer" \
    -o "$out/stability" >/dev/null
"$dien" normative apply "$out/norm/norm.json" "$tables/patients.tsv" -o "$out/patients" >/dev/null
reduced=$(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "reduced") c = i } NR > 1 && $c == 1 { print $1; exit }' "$out/patients/normative.tsv")
"$dien" normative apply "$out/norm/norm.json" "$tables/patients.tsv" --chart "$reduced" -o "$out/one" >/dev/null

take() { # take FIGURE NAME: at a resolution for screens
    rm -rf "$out/small" && mkdir "$out/small"
    cp "$out/$1.gp" "$out/$1.tsv" "$out/small/"
    (cd "$out/small" && gnuplot -d -e 'dpi = 170' "$(basename "$1").gp")
    mv "$out/small/$(basename "$1").png" "$gallery/$2.png"
}
take test_group/groups_figure_hypothalamus test_group
take groups/groups_figure_hypothalamus groups
take pls/correlate_figure pls
take networks/bland_altman networks
take dice/scores dice
take hausdorff/scores hausdorff
take volumes/bland_altman thalamus_agreement
take stability/stability_residuals stability
take norm/norm_figure norm
take patients/normative_figure patients
take "one/chart_$reduced" chart

if [ -r "$data/labelmaps/synthseg/training_seg_01.nii.gz" ]; then
    head=$data/labelmaps/synthseg/training_seg_01.nii.gz
    "$dien" surface "$head" --mask "$head" --mask-labels 1-499 --views oblique,front -o "$out/head" >/dev/null
    cp "$out/head/training_seg_01_surface.png" "$gallery/surface_head.png"
fi
# The pictures of README.md and docs/manual (chris, BSD) and docs/manual/synthetic.md (samples made from the template). Smaller, for the repository.
shrink() { /usr/bin/python3 tools/shrink_png.py "$@"; } # FROM TO WIDTH [ROWS]
if [ -r "$data/t1w/chris_T1w.nii.gz" ]; then
    "$dien" segment "$data/t1w/chris_T1w.nii.gz" -o "$out/qc" --quiet
    shrink "$out/qc/chris_qc.png" docs/manual/qc.png 1280
    shrink "$out/qc/chris_qc.png" docs/manual/head.png 1280 544 # its upper third, for the first screen of README.md
else
    echo "docs/manual/qc.png and head.png stay: they need t1w/chris_T1w.nii.gz" >&2
fi
"$dien" synth share/template/head.nii.gz -o "$out/preview" -n 3 --spacing 1.5 --seed 11 --preview >/dev/null
shrink "$out/preview/head_preview.png" docs/manual/preview.png 1432
if [ -r "$data/teacher/billot2020_hypothalamus.h5" ] && [ -r "$data/t1w/chris_T1w.nii.gz" ]; then
    model=$out/billot2020.safetensors
    [ -e "$model" ] || "$dien" models import "$data/teacher/billot2020_hypothalamus.h5" -o "$model" >/dev/null
    [ -e "$out/chris/chris_dseg.nii.gz" ] || "$dien" segment "$data/t1w/chris_T1w.nii.gz" --model "$model" -o "$out/chris" >/dev/null
    "$dien" surface "$out/chris/chris_dseg.nii.gz" --smooth 0.7 -o "$out/chris" >/dev/null
    cp "$out/chris/chris_dseg_surface.png" "$gallery/surface_hypothalamus.png" 2>/dev/null ||
        cp "$out"/chris/*_surface.png "$gallery/surface_hypothalamus.png"
fi

says() { tr '\n' ' ' <"$out/$1.txt" | sed 's/ *$//'; }
{
    cat <<'PAGE'
# Gallery

The figures of Vernikouskaya et al. 2023, Kassubek et al. 2025 and Opfer et al. 2022, drawn again by the commands of `dien` (`make figures`).
**All people here are simulated**, with a fixed seed and with exactly the n, mean and SD that the papers print. So the tests come out as published where
they follow from those numbers, and nothing else here is evidence of anything. Where the papers used Student's t test, these figures do, too
(`--equal-variances`); without this option `dien` takes Welch's. Beside each picture the program also writes SVG, PDF, the gnuplot script and the data. Each
paragraph below is what the program prints.

PAGE
    entry() { # entry TITLE PICTURE TEXT PUBLISHED
        printf '## %s\n\n![%s](%s.png)\n\n%s\n\n' "$1" "$1" "$2" "$3"
        if [ -n "$4" ]; then printf '*Published:* %s\n\n' "$4"; fi
    }
    entry "Test group (Vernikouskaya et al. 2023, figure 4a)" test_group "$(says test_group/groups)" "ALS 775 ± 62, controls 863 ± 66 mm³, −10 %, p = 0.0011."
    entry "Controls, ALS, PLS (Kassubek et al. 2025, figure 1)" groups "$(says groups/groups)

Pair by pair: $(says CON_ALS/groups)

$(says CON_PLS/groups)

$(says ALS_PLS/groups)" "ALS against controls p = 0.002, PLS against controls p = 0.013, ALS against PLS not significant."
    entry "PLS: volume and progression" pls "$(says pls/correlate)" "C = −0.14, not significant."
    entry "Four networks against the manual delineation (Vernikouskaya et al. 2023, figure 2)" networks "$(says networks/agreement)" "EfficientNetB0 −0.01, limits −0.14 to 0.11; Inceptionv3 0.14, 0.0 to 0.28; VGG16 limits −0.19 to 0.26 cm³."
    entry "Dice (Opfer et al. 2022, figure 2)" dice "$(says dice/scores)" "p = 0.003 (Greenhouse-Geisser); against FSL p = 0.002, d = 0.50; 3D-CNN against FastSurfer p = 0.274, d = 0.01."
    entry "Hausdorff distance (Opfer et al. 2022, figure 2)" hausdorff "$(says hausdorff/scores)" "p = 0.033; 3D-CNN against FastSurfer p = 0.023, d = 0.68; against FSL p = 0.848, d = 0.04; FastSurfer against FSL p = 0.054, d = 0.65."
    entry "Thalamus against manual masks (Opfer et al. 2022, figure 3)" thalamus_agreement "$(says volumes/agreement)" "0.61 ± 0.76, 0.35 ± 1.19, 1.26 ± 0.77 mL; correlation with the volume −0.44, 0.56, −0.28."
    entry "The travelling phantom (Opfer et al. 2022, figure 5 and table 3)" stability "$(says stability/stability)" "within 0.08, 0.09, 0.15 mL; between 0.28, 0.62, 0.63 mL; ratios 0.32, 0.57, 0.55; FastSurfer against FSL between scanners p = 0.816."
    entry "A norm, by the surface of Opfer et al. 2022" norm "$(says norm/norm)" "SD of the residuals 0.88 mL in 4872 people."
    entry "Patients against the norm (Opfer et al. 2022, figure 6)" patients "$(says patients/normative)" "24 % of 127 patients reduced."
    entry "One person, as a clinician reads it" chart "The point is the volume, the bar its interval from the inter-scanner SD, the lines the centiles at this person's head size." ""
    if [ -e "$gallery/surface_head.png" ]; then
        entry "Thalamus in the intracranial volume" surface_head "From a label map of a real head (SynthSeg's training maps, Apache-2.0), by \`dien surface\`: marching cubes, smoothing, own renderer." ""
    fi
    if [ -e "$gallery/surface_hypothalamus.png" ]; then
        entry "Subunits of the hypothalamus" surface_hypothalamus "Measured by \`dien segment\` with the published network of Billot et al. 2020 in a T1-weighted scan (chris, from MRIcron, BSD)." ""
    fi
    entry "Contours on coronal slices" ../manual/qc "The picture that \`dien segment\` writes for every scan: outlines on coronal, sagittal and axial slices (chris, from MRIcron, BSD)." ""
} >"$gallery/README.md"
du -ch "$gallery"/* | tail -n 1
echo "gallery: $gallery/README.md"
