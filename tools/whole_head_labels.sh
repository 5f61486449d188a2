#!/bin/bash
# Labels of a head's tissue and fluid, from which tools/hypothalamus_copies.py cuts, and which tools/weights.sh gives to unlabelled partners: everything that the whole-head networks label, without the
# hypothalamus. $1 build folder, $2 scan, $3 folder that gets STEM_dseg.nii.gz (not made again), $4 threads (0: all).
set -euo pipefail
stem=$(basename "$2")
stem=${stem%.gz}; stem=${stem%.nii}; stem=${stem%.mgz}; stem=${stem%_T1w}
[ ! -e "$3/${stem}_dseg.nii.gz" ] || exit 0
tissues=cerebrum,cerebellum,csf,brain_stem,ventricles,ventral_diencephalon,thalamus,caudate,putamen,pallidum,hippocampus,amygdala,accumbens,optic_chiasm
# 4: rejected by quality control; the labels are there all the same.
"$1/dien" segment "$2" -o "$3" --structures "$tissues" --threads "${4:-0}" -q || [ $? = 4 ]
