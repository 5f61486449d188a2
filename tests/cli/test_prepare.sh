# dien prepare and dien icv: what they write, and one sentence for what they refuse. The template serves as a head and as its own labels.
source "$(dirname "$0")/lib.sh"
head="$DIEN_SOURCE/share/template/head.nii.gz"

expect 0 prepare "$head" -o "$work/out" --labels "$head" --geometry 10x64:2x1
for file in head_frame.json head_frame.tsv head_frame.png head_space-ACPC_desc-hypothalamus_T1w.nii.gz; do
    [ -s "$work/out/$file" ] || fail "expected $file in $(ls "$work/out")"
done
# The template lies in its own frame: no angle, AC at 0.
awk -F'\t' 'NR == 1 { for (c = 1; c <= NF; c++) at[$c] = c; next }
    { split("pitch_degrees roll_degrees yaw_degrees ac_x_mm ac_y_mm ac_z_mm residual_mm", names, " ")
      for (n in names) if ($at[names[n]] > 0.02 || $at[names[n]] < -0.02) { print names[n] ": expected 0, found", $at[names[n]]; bad = 1 } }
    END { exit bad }' "$work/out/head_frame.tsv" || fail "the template's own frame"
grep -q '"Slices": 10' "$work/out/head_frame.json" || fail "the geometry is not in the record"

# The same frame again from its file, and labels of a stack back on the scan.
expect 0 prepare "$head" -o "$work/again" --frame "$work/out/head_frame.json" --geometry 10x64:2x1
cmp -s "$work/out/head_space-ACPC_desc-hypothalamus_T1w.nii.gz" "$work/again/head_space-ACPC_desc-hypothalamus_T1w.nii.gz" ||
    fail "--frame: expected the same stack"
expect 0 prepare "$head" -o "$work/again" --frame "$work/out/head_frame.json" --geometry 10x64:2x1 --intensities scan --stacks hypothalamus,head
[ -s "$work/again/head_space-ACPC_desc-head_T1w.nii.gz" ] || fail "--stacks head: expected the whole head"
# The bias field corrected first: the scan and the field are written, and the stack is cut from the corrected scan.
expect 0 synth "$head" -o "$work/made" --plain --spacing 2
expect 0 prepare "$work/made/head_sample-0001_T1w.nii.gz" -o "$work/bias" --labels "$work/made/head_sample-0001_dseg.nii.gz" --geometry 10x64:2x1 --bias
for file in desc-biascorrected_T1w desc-biasfield_T1w space-ACPC_desc-hypothalamus_T1w; do
    [ -s "$work/bias/head_sample-0001_$file.nii.gz" ] || fail "--bias: expected head_sample-0001_$file.nii.gz in $(ls "$work/bias")"
done
expect 0 prepare "$head" -o "$work/back" --back "$head"
[ -s "$work/back/head_space-scan.nii.gz" ] || fail "--back: expected labels on the scan's grid"

expect_sentence 2 "should be 'published', 'quarter' or SLICESxPIXELS" prepare "$head" -o "$work/no" --geometry 50x512
expect_sentence 2 "--labels, --frame and --back cannot be combined; give only one of them" prepare "$head" -o "$work/no" --labels "$head" --frame x.json
expect_sentence 2 "--labels is for one scan" prepare "$head" "$head" -o "$work/no" --labels "$head"
echo '{"AC_mm": [0, 0, 0]}' >"$work/bad.json"
expect_sentence 3 "is not an AC-PC frame of dien (a rigid FrameToScan, AC_mm and PC_mm are needed); 'dien prepare' writes one" prepare "$head" -o "$work/no" --frame "$work/bad.json"
expect_sentence 2 "--model and --frame go together" icv "$head" -o "$work/no" --model x

# dien icv beside the results of dien segment: each has its own files. The template as a scan: its numbers are intensities.
expect 0 synth "$head" -o "$work/synth" --plain
mkdir "$work/both"
echo kept >"$work/both/head_sample-0001_volumes.tsv"
expect 0 icv "$work/synth/head_sample-0001_T1w.nii.gz" -o "$work/both"
for file in desc-thresholds_label-ICV_mask.nii.gz desc-thresholds_volumes.tsv desc-thresholds_icv.png; do
    [ -s "$work/both/head_sample-0001_$file" ] || fail "icv: expected head_sample-0001_$file, found $(ls "$work/both")"
done
[ "$(cat "$work/both/head_sample-0001_volumes.tsv")" = kept ] || fail "icv has overwritten the volumes of another command"
# True labels have the name that segment would give its own.
cp "$work/synth/head_sample-0001_dseg.nii.gz" "$work/truth"
expect_sentence 2 "is not a segmentation of dien" segment "$work/synth/head_sample-0001_T1w.nii.gz" -o "$work/synth"
expect_sentence 2 "is not a segmentation of dien" segment "$work/synth/head_sample-0001_T1w.nii.gz" -o "$work/synth" --truth "$work/synth/head_sample-0001_dseg.nii.gz"
cmp -s "$work/truth" "$work/synth/head_sample-0001_dseg.nii.gz" || fail "segment has overwritten the true labels"
expect_no_temporaries "$work/out"
finish
