#!/bin/bash
# configs/hypothalamus.yaml for a few steps on made-up heads under the names of the real ones, with probabilities that `dien segment --posteriors`
# wrote as truth; and `dien segment` with a network that is to see the scan and its mirror image.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
tree=$(cd "$(dirname "$0")/../.." && pwd)
cd "$work" || exit 1
export OMP_WAIT_POLICY=passive
measured() { [ "$1" -eq 0 ] || [ "$1" -eq 4 ]; }
"$fixture" model tiny.safetensors && "$fixture" scan head.nii.gz 2 80 || { echo "cannot make the inputs"; exit 1; }

# --- the truth: what some network says, as probabilities
"$dien" segment head.nii.gz -o said --model ./tiny.safetensors --posteriors --threads 1 -q >stdout 2>stderr
code=$?
measured "$code" || fail "--posteriors: expected 0 or 4, found $code: $(cat stderr)"
grep -A 12 '"LabelIndex"' said/head_probseg.json | tr -d ' \n' | grep -q '"LabelIndex":\[801,802,' || fail "LabelIndex: found $(cat said/head_probseg.json)"

# --- the data, by name
export DIEN_DATA=$work/data DIEN_CONSENSUS=$work/truth
mkdir -p data/t1w data/t1w_stripped data/t1w_ds002748 data/t1w_ds000011 truth/stripped truth/ds002748 truth/ds000011
known() { # SCAN TRUTH
    ln -sf "$work/head.nii.gz" "$1"
    ln -sf "$work/said/head_probseg.nii.gz" "truth/$2_probseg.nii.gz"
    ln -sf "$work/said/head_probseg.json" "truth/$2_probseg.json"
}
for name in chris colin27 sag-anon studyforrest; do known data/t1w/${name}_T1w.nii.gz $name; done
for name in chris colin27 ecog sag-anon; do known truth/stripped/${name}_T1w.nii.gz stripped/$name; done
known data/t1w/ecog_T1w.mgz ecog
known data/t1w_stripped/eun_T1w.nii.gz eun
known data/t1w_stripped/seeg_T1w.mgz seeg
for n in 01 10 20 21 22 23 24 25 26 27 28 29 52 60 61 62 64 66; do known data/t1w_ds002748/sub-${n}_T1w.nii.gz ds002748/sub-$n; done
for n in 1 2 3 4 5 6 7 8 9; do known data/t1w_ds000011/sub-0${n}_T1w.nii.gz ds000011/sub-0$n; done

# --- the published weights are not at hand: that is said; without them it begins by chance
expect_sentence 3 "there is no model file $work/truth/billot2020-hypothalamus-subunits.safetensors" train "$tree/configs/hypothalamus.yaml" --check
sed '/^  start:/d; s/validate_every: 200/validate_every: 2/; s/patch: \[64, 64, 64\]/patch: [32, 32, 32]/' "$tree/configs/hypothalamus.yaml" >hypothalamus.yaml
expect 0 train hypothalamus.yaml --steps 2 -o run --threads 1 --no-figure
[ "$(tail -n +2 run/log.tsv | wc -l)" -ge 1 ] && [ -s run/hypothalamus.safetensors ] || fail "training: found $(ls run): $(cat stderr)"
awk -F '\t' 'NR > 1 && !($2 > 0 && $2 < 100) { exit 1 }' run/validation.tsv || fail "training: validation is $(cat run/validation.tsv)"
expect 0 models show run/hypothalamus.safetensors
grep -q '^mirror  *runs on the scan and on its mirror image' stdout || fail "models show: expected the mirror, found $(cat stdout)"

command -v python3 >/dev/null || finish # it changes the contract of a model file
# --- a network that is asked in the mirror: the made-up one, which finds something
python3 - tiny.safetensors mirrored.safetensors <<'PY' || fail "cannot change the contract"
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8:8 + size])
contract = json.loads(header["__metadata__"]["dien.input"])
contract["mirror"] = True
header["__metadata__"]["dien.input"] = json.dumps(contract)
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[2], "wb").write(struct.pack("<Q", len(text)) + text + raw[8 + size:])
PY
"$dien" segment head.nii.gz -o both --model ./mirrored.safetensors --accept --threads 1 >stdout 2>stderr
code=$?
measured "$code" || fail "mirrored: expected 0 or 4, found $code: $(cat stderr)"
tr -d ' \n' <both/head_volumes.json | grep -qE '"MirroredRuns":\{"Disagreement":0?\.[0-9]+(e-?[0-9]+)?,"Volumes_mm3":\[[0-9.]+,[0-9.]+\]\}' ||
    fail "mirrored: found $(grep -A 8 Mirrored both/head_volumes.json)"
finish
