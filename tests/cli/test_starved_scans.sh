# The commands on scans, label maps and networks when memory ends: see tests/support/starve.sh. Heads and networks are made up, and small.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/../support/toy.sh"
source "$(dirname "$0")/../support/starve.sh"
RANDOM=11 # which of the requests fail
echo "seed 11"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
tree=${DIEN_SOURCE:?the source tree}
# shellcheck disable=SC2034 # starve.sh reads it
samples=${DIEN_STARVE_SAMPLES:-4}
export XDG_DATA_HOME=$work/none
cd "$work" || exit 1
mkdir -p heads maps pred truth folds
"$fixture" model tiny.safetensors && "$fixture" scan small.nii.gz 3 60 && "$fixture" whole-head heads && "$fixture" head maps/head1.nii.gz &&
    "$fixture" labels labels.nii.gz || { echo "cannot make the inputs"; exit 1; }
for n in 1 2 3; do
    cp maps/head1.nii.gz "truth/sub-0${n}_dseg.nii.gz"
    cp maps/head1.nii.gz "pred/sub-0${n}_dseg.nii.gz"
    cp maps/head1.nii.gz "folds/sub-0${n}_stack.nii.gz"
    cp maps/head1.nii.gz "folds/sub-0${n}_dseg.nii.gz"
done
cat >toy.yaml <<YAML
name: toy
output: run
model: {architecture: unet3d, spacing_mm: 8, patch: [8, 8, 8], config: {features: [2, 4], convs: 1, norm: instance}}
labels:
  - {name: background, from: [0, 515, 507]}
  - {name: left_thalamus, from: [10]}
  - {name: right_thalamus, from: [49]}
  - {name: brain, index: 2, from: [2, 41, 24]}
data: {maps: ['$work/maps/*.nii.gz'], tissues: $tree/share/synth/tissues.tsv}
augmentation: {preset: plain}
training: {steps: 2, log_every: 1}
YAML
{
    toy_network toy run 3
    cat <<YAML
data: {scans: [{scan: '$work/folds/*_stack.nii.gz', labels: '$work/folds/*_dseg.nii.gz'}]}
training: {epochs: 1, batch: 8, schedule: {kind: constant, peak: 0.02}}
YAML
} >folds.yaml

starve segment segment "$work/small.nii.gz" --model "$work/tiny.safetensors" --threads 1 -o out
DIEN_MODELS=$work/heads starve whole_head segment "$work/heads/head.nii.gz" --structures thalamus,icv --threads 1 -o out
DIEN_MODELS=$work/heads starve icv icv "$work/heads/head.nii.gz" --threads 1 -o out
starve evaluate evaluate "$work/pred" "$work/truth" -o out
starve surface surface "$work/labels.nii.gz" --mask "$work/labels.nii.gz" --size 64 -o out
starve prepare prepare "$tree/share/template/head.nii.gz" -o out --labels "$tree/share/template/head.nii.gz" --geometry 4x16:2x1
starve labelmap labelmap frame "$work/maps/head1.nii.gz" -o out.nii.gz --frame 0,0,0,28
starve synth synth "$work/maps/head1.nii.gz" -o out --spacing 8 --seed 5
starve train train "$work/toy.yaml" -o out --no-figure --threads 1
starve crossval crossval "$work/folds.yaml" --folds 3 -o out --no-figure --threads 1
starve models_list models list
starve models_show models show "$work/tiny.safetensors"
echo "$starved commands"
finish
