#!/bin/bash
# `make weights`: trains the shipped networks again, from DIEN_DATA's label maps, and writes models/NAME.safetensors. Build folder $1.
# It takes hours (about 100 minutes per whole-head network on one modern core), so it runs at low priority, saves every five minutes,
# and continues where it stopped when it is called again; Ctrl-C saves.
#   WEIGHTS      which: configs in this order (both stages of whole_head_coarse, the six of whole_head_fine, hypothalamus,
#                hypothalamus_2d, those for any contrast)
#   DIEN_CONSENSUS, DIEN_STACKS, DIEN_MAPS  truth, stacks and label maps of the hypothalamus networks, made if they do not exist (out/consensus,
#                out/hypothalamus_stacks, out/maps)
#   STEPS        another length, for a trial: runs then go to out/trial_STEPS/ and models to $1/weights, instead of out/ and models/
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
data=${DIEN_DATA:-../shared/data}
[ -d "$data/labelmaps/synthseg" ] || { echo "make weights needs label maps: $data/labelmaps/synthseg is not there; set DIEN_DATA" >&2; exit 1; }
DIEN_DATA=$(cd "$data" && pwd)
export DIEN_DATA OMP_WAIT_POLICY=passive
models=models
runs=out
more=()
if [ -n "${STEPS:-}" ]; then
    models=$build/weights
    runs=out/trial_$STEPS
    more=(--steps "$STEPS")
fi
mkdir -p "$models"
export DIEN_RUNS=$PWD/$runs # where second stages find the first
# What is shipped has other biases, by which volumes fit (the cards).
adjust() { # the config, the model, changes
    /usr/bin/python3 tools/model_adjust.py "$runs/$1/$2.safetensors" "$models/.new" "${@:3}"
    mv "$models/.new" "$models/$2.safetensors"
}
# The fine network of the whole head from synthetic scans alone, the mean of two stages: it draws the labels of real heads for the next stage (the partners), and the network for
# any contrast starts at it.
synthetic=$runs/whole_head_fine_synthetic
partners() { # labels of the real heads that configs/whole_head_fine_partners.yaml names, once
    ln -sf "$(realpath "$models/whole-head-coarse.safetensors")" "$synthetic/"
    while IFS=/ read -r folder scan; do
        DIEN_MODELS=$synthetic nice tools/whole_head_labels.sh "$build" "$DIEN_DATA/$folder/$scan" "$runs/partners/${folder#t1w_}" </dev/null
    done < <(grep -o "t1w_ds[^']*_T1w.nii.gz" configs/whole_head_fine_partners.yaml)
}
stages='whole_head_coarse whole_head_coarse_second whole_head_fine whole_head_fine_second whole_head_fine_third whole_head_fine_fourth'
stages+=' whole_head_fine_partners whole_head_fine_partners_second'
any='whole_head_coarse_any_contrast whole_head_fine_any_contrast'
for stage in '' _second _third; do any+=" hypothalamus_any_contrast$stage"; done
for stage in '' _second _third _fourth; do any+=" hypothalamus_any_contrast_whole$stage"; done
for config in ${WEIGHTS:-$stages hypothalamus hypothalamus_2d $any}; do
    run=$runs/$config
    if [[ $config == hypothalamus* ]]; then
        export DIEN_CONSENSUS=${DIEN_CONSENSUS:-$PWD/out/consensus}
        TRUTH_SCANS='train ds002748 ds000011 stripped' tools/hypothalamus_truth.sh "$build"
    fi
    if [ "$config" = hypothalamus_2d ]; then
        export DIEN_STACKS=${DIEN_STACKS:-$PWD/out/hypothalamus_stacks}
        tools/hypothalamus_stacks.sh "$build"
    fi
    if [[ $config == hypothalamus_any_contrast* ]]; then
        export DIEN_MAPS=${DIEN_MAPS:-$PWD/out/maps}
        tools/hypothalamus_maps.sh "$build"
    fi
    if [[ $config == whole_head_fine_partners* ]]; then partners; fi
    echo "== configs/$config.yaml -> $run"
    nice "$build/dien" train "configs/$config.yaml" --resume -o "$run" "${more[@]}"
    for model in "$run"/*.safetensors; do
        [[ $model == */checkpoint.safetensors ]] && continue
        cp "$model" "$models/.new"
        mv "$models/.new" "$models/$(basename "$model")"
        echo "$models/$(basename "$model"): $(stat -c %s "$models/$(basename "$model")") bytes, sha256 $(sha256sum "$model" | cut -c1-16)"
    done
    case $config in
        whole_head_fine_fourth)
            adjust whole_head_fine_third whole-head-fine --mix "$run/whole-head-fine.safetensors" 0.5 4=-1.5 43=-1.5 13=1.1 52=1.1 14=0.2 15=-0.8 11=-0.3 50=-0.3 10=-0.1 49=-0.1
            mkdir -p "$synthetic"
            cp "$models/whole-head-fine.safetensors" "$synthetic/"
            ;;
        whole_head_fine_partners_second)
            adjust whole_head_fine_partners whole-head-fine --mix "$run/whole-head-fine.safetensors" 0.5 4=-0.6 43=-0.6 13=0.6 52=0.6 14=0.4 12=-0.2 51=-0.2
            ;;
        whole_head_coarse_any_contrast) adjust "$config" whole-head-coarse-any-contrast 4=-1.1 43=-1.1 ;;
        whole_head_fine_any_contrast)
            adjust "$config" whole-head-fine-any-contrast 10=-0.7 49=-0.7 4=-1.1 43=-1.1 14=-1.5 13=1.0 52=1.0 17=0.2 53=0.2 12=0.15 51=0.15
            ;;
        hypothalamus_any_contrast_third) adjust "$config" hypothalamus-any-contrast 0=1.0 ;;
        hypothalamus_any_contrast_whole_fourth) adjust "$config" hypothalamus-any-contrast-whole 0=1.0 ;;
    esac
done
tools/check_models.sh "$models"
echo
echo "What they reach on real scans (docs/evidence/accuracy.md, and the tables in models/*.md):"
echo "  DIEN_MODELS=$models make accuracy"
