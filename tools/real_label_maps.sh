#!/bin/bash
# Makes label maps of real heads: the hypothalamus of a consensus, dien's own labels, and k-means classes (dien labelmap classes) for what
# neither names (skull, scalp). Every map has RAS axes and a picture; NAME_tissues.tsv is for dien synth. What is there is not made again.
#
#     tools/real_label_maps.sh DIEN SCANS.tsv OUT [K]
#
# tools/hypothalamus_maps.py makes other maps of the same heads: only around the hypothalamus, in several kinds, for the training of
# hypothalamus-any-contrast.
#
# SCANS.tsv: name, scan, dseg (of dien segment), probseg (consensus of 801-810), separated by tabs, without a header.
set -uo pipefail
dien=$1 list=$2 out=$3 k=${4:-6}
here=$(dirname "$0")
mkdir -p "$out"
while IFS=$'\t' read -r name scan dseg probseg; do
    [ -s "$out/${name}_dseg.png" ] && continue
    work=$(mktemp -d)
    if /usr/bin/python3 "$here/real_label_maps.py" subunits "$dseg" "$probseg" "$work/native.nii.gz" &&
        "$dien" labelmap orient "$work/native.nii.gz" --labels -o "$work/labels.nii.gz" -q &&
        "$dien" labelmap orient "$scan" -o "$work/scan.nii.gz" -q &&
        /usr/bin/python3 "$here/real_label_maps.py" rest "$work/scan.nii.gz" "$work/labels.nii.gz" "$work/rest.nii.gz" &&
        "$dien" labelmap classes "$work/scan.nii.gz" --mask "$work/rest.nii.gz" -k "$k" -o "$work/classes.nii.gz" -q &&
        /usr/bin/python3 "$here/real_label_maps.py" join "$work/labels.nii.gz" "$work/classes.nii.gz" "$work/joined.nii.gz" &&
        "$dien" labelmap orient "$work/joined.nii.gz" --labels -o "$out/${name}_dseg.nii.gz" -q; then
        echo "$name"
    else
        echo "FAILED $name"
    fi
    rm -rf "$work"
done <"$list"
