#!/bin/bash
# bids-validator on what `dien run` writes: no error in a data set with the results in derivatives/, and none in the results alone but that
# they hold no raw data, which is all that version 1 knows (code 45).
source "$(dirname "$0")/lib.sh"
validator=${DIEN_BIDS_VALIDATOR:-${DIEN_BUILD:?}/bids-validator/node_modules/.bin/bids-validator}
[ -x "$validator" ] || { echo "skipped: no bids-validator (tools/bids_validator.sh installs it)"; exit 77; }
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
model=$work/tiny.safetensors
"$fixture" model "$model" && "$fixture" scan good.nii.gz || { echo "cannot make the inputs"; exit 1; }
export OMP_WAIT_POLICY=passive

mkdir -p set && cat >set/dataset_description.json <<'J'
{"Name": "A set", "BIDSVersion": "1.8.0", "Authors": ["A. Person", "B. Person"]}
J
echo "A made data set." >set/README
for scan in sub-01/ses-a/anat/sub-01_ses-a_acq-mprage_run-1 sub-01/ses-a/anat/sub-01_ses-a_acq-mprage_run-2 sub-02/ses-a/anat/sub-02_ses-a; do
    mkdir -p "set/$(dirname $scan)" && cp good.nii.gz "set/${scan}_T1w.nii.gz"
    echo '{"MagneticFieldStrength": 3}' >"set/${scan}_T1w.json"
done
expect 4 run set set/derivatives/dien participant --model "$model" --posteriors -q
expect 0 run set set/derivatives/dien group -q

# codes FOLDER [OPTION]...: of the errors, one per line
codes() {
    "$validator" --json "$@" 2>/dev/null | tr '\n' ' ' | sed 's/"warnings".*//' | grep -oE '"code": ?[0-9]+' | grep -oE '[0-9]+' | sort -un | tr '\n' ' '
}
"$validator" set >said 2>&1 || fail "a data set with the results in derivatives/: $(grep -E 'ERR' said)"
found=$(codes set/derivatives/dien)
[ "$found" = '45 ' ] || fail "the results alone: expected only 45 (no raw data), found $found: $("$validator" set/derivatives/dien 2>&1 | grep -E 'ERR|Evidence' | head)"

# The names are BIDS's: entities in order, none unknown (all but the table of volumes, picture and report, whose suffixes BIDS does not have)
find set/derivatives/dien/sub-* -type f | while read -r file; do
    basename "$file" | grep -qE '^sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?(_acq-[A-Za-z0-9]+)?(_run-[0-9]+)?(_label-ICV)?_(dseg|mask|probseg|volumes|qc|report)\.[a-z.]+$' || echo "$file"
done >odd
[ -s odd ] && fail "names that are not BIDS's: $(cat odd)"
finish
