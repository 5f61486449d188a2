#!/bin/bash
# The conduct of `dien segment` with a made-up head and a tiny network (what it finds means nothing): which files it
# writes, what it says and which code it ends with when something is wrong, and that nothing half-written stays.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
model=$work/tiny.safetensors
"$fixture" model "$model" && "$fixture" scan good.nii.gz || { echo "cannot make the inputs"; exit 1; }
gzip -dc good.nii.gz >good.nii
export OMP_WAIT_POLICY=passive

# The random network's answer is implausible, so quality control (4) is as right as 0.
measured() { [ "$1" -eq 0 ] || [ "$1" -eq 4 ]; }
patched() { # FILE OFFSET BYTES...: good.nii with other bytes there
    local file=$1 offset=$2
    shift 2
    cp good.nii "$file"
    printf "$(printf '\\x%s' "$@")" | dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
}

# --- what is written, with names that need care
mkdir -p 'with space'
cp good.nii.gz 'with space/sub-ü 01_T1w.nii.gz'
"$dien" segment 'with space/sub-ü 01_T1w.nii.gz' -o 'new folder/deeper' --model "$model" --posteriors --threads 1 >stdout 2>stderr </dev/null
code=$?
measured "$code" || fail "a good scan: expected 0 or 4, found $code: $(cat stderr)"
[ -s stdout ] && fail "a good scan: expected nothing on stdout, found $(head -c 200 stdout)"
for suffix in dseg.nii.gz dseg.tsv dseg.json volumes.tsv volumes.json probseg.nii.gz qc.png report.html; do
    [ -s "new folder/deeper/sub-ü 01_$suffix" ] || fail "a good scan: no sub-ü 01_$suffix in $(ls 'new folder/deeper')"
done
head -n 1 'new folder/deeper/sub-ü 01_volumes.tsv' | grep -q "^structure	hemi	volume_mm3	hard_volume_mm3	mean_posterior	accepted$" ||
    fail "volumes.tsv: header is $(head -n 1 'new folder/deeper/sub-ü 01_volumes.tsv')"
expect_no_temporaries 'new folder'
tail -n +2 'new folder/deeper/sub-ü 01_volumes.tsv' | grep -qvE '	(yes|no)$' && fail "volumes.tsv: expected yes or no in the last column"
if [ "$code" = 4 ]; then
    "$dien" segment good.nii -o by-hand --model "$model" --threads 1 --accept >stdout 2>stderr || fail "--accept: expected 0, found $?: $(cat stderr)"
    tail -n +2 by-hand/good_volumes.tsv | grep -qv '	by_hand$' && fail "--accept: expected by_hand, found $(cat by-hand/good_volumes.tsv)"
    grep -q '"QualityControl": "failed, accepted by hand"' by-hand/good_dseg.json || fail "--accept: not in the sidecar"
fi
grep -q 'MB of memory' stderr && fail "a good scan: expected nothing about memory, found $(cat stderr)"
grep -q $'\r\|\033' stderr && fail "a good scan: expected plain lines on stderr that is no terminal"
"$dien" segment good.nii -o again --model "$model" --threads 2 --quiet --times times.tsv >stdout 2>stderr
grep -vE '^dien: ' stderr | grep -q . && fail "--quiet: expected warnings and errors only, found $(cat stderr)"
"$dien" segment good.nii -o again2 --model "$model" --threads 1 --verbose >stdout 2>stderr
grep -qE 'the network needs [0-9]+ MB of memory' stderr || fail "--verbose: expected the memory that the network needs, found $(cat stderr)"
[ "$(sed -E 's/[0-9]+(\.[0-9]+)?$/TIME/' times.tsv | tr '\t\n' ', ')" = 'subject,seconds good,TIME ' ] || fail "--times: expected a row of good, found $(cat times.tsv)"
"$dien" segment good.nii -o again3 --model "$model" --threads 1 --quiet >stdout 2>stderr
for file in again2/*; do
    cmp -s "$file" "again3/$(basename "$file")" || fail "$(basename "$file") differs between two equal runs"
done
for file in again/*.tsv again/*.nii.gz; do
    cmp -s "$file" "again2/$(basename "$file")" || fail "$(basename "$file") differs between two runs (2 and 1 threads)"
done

# the report carries the picture
sed -n 's/.*src="data:image\/png;base64,\([A-Za-z0-9+/=]*\)".*/\1/p' again/good_report.html | base64 -d >carried.png
cmp carried.png again/good_qc.png || fail "the report's picture is not good_qc.png"

# --- measured beside true: a truth that is the result itself has the volumes by voxels
"$dien" segment good.nii -o truth --model "$model" --threads 1 --quiet --truth again/good_dseg.nii.gz >stdout 2>stderr
measured $? || fail "--truth: expected 0 or 4, found $(cat stderr)"
awk -F '\t' 'FNR == NR { if ($1 ~ /^hypothalamus$/) hard[$1 $2] = $4; next }
    FNR > 1 && ($1 $2) in hard { n++; d = $4 - hard[$1 $2]; if (d > 1 || d < -1) bad = 1 }
    END { exit !(n > 0 && !bad) }' again/good_volumes.tsv truth/good_measured_and_true.tsv ||
    fail "--truth: expected the volumes by voxels of $(cat again/good_volumes.tsv), found $(cat truth/good_measured_and_true.tsv)"
grep -q 'Measured and true' truth/good_report.html || fail "--truth: nothing in the report"
expect_sentence 3 'none.nii.gz' segment good.nii -o truth2 --model "$model" --truth none.nii.gz
"$dien" segment good.nii -o truth --model "$model" --threads 1 --quiet >stdout 2>stderr
[ -e truth/good_measured_and_true.tsv ] && fail "a truth of an earlier run was left"

# --- a glob gives both halves of a pair: one scan; and what another run left does not contradict this one
patched pair.nii 344 6e 69 31 00
patched offset.nii 108 00 00 00 00
{ head -c 108 pair.nii; head -c 112 offset.nii | tail -c 4; head -c 348 pair.nii | tail -c 236; } >pair.hdr
tail -c +353 good.nii >pair.img
rm pair.nii offset.nii
mkdir pair && : >pair/pair_probseg.nii.gz && : >pair/pair_probseg.json
"$dien" segment pair.* -o pair --model "$model" >stdout 2>stderr
measured $? || fail "a.hdr a.img: expected one scan, found $(cat stderr)"
cmp -s <(tail -n +2 pair/pair_volumes.tsv) <(tail -n +2 again/good_volumes.tsv) || fail "a pair: expected the volumes of the same scan in one file"
[ -z "$(find pair -name '*probseg*')" ] || fail "expected the posteriors of an earlier run to go, found $(ls pair)"

# --- wrong use: 2
expect_sentence 2 "segment needs -o or --output" segment good.nii
expect_sentence 2 "segment needs IMAGE..." segment -o out
expect_sentence 2 "--structures takes" segment good.nii -o out --structures spleen
expect_sentence 2 "--trust takes sform or qform" segment good.nii -o out --trust header
mkdir -p twin
cp good.nii twin/good.nii
expect_sentence 2 "good" segment good.nii twin/good.nii -o out --model "$model"
expect_empty out

# --- wrong input: 3, one sentence that names the file, and nothing left
wrong() { # FILE PART
    rm -rf out
    expect_sentence 3 "$1" segment "$1" -o out --model "$model"
    grep -qE "$2" "$work/stderr" || fail "$1: expected a sentence with '$2', found: $(cat "$work/stderr")"
    expect_empty out
}
wrong missing.nii.gz 'there is no file'
# a message is one line and moves no cursor, whatever a file is called
expect_sentence 3 "'new?line ?[31m.nii'" segment $'new\nline \033[31m.nii' -o out --model "$model"
[ "$(wc -l <"$work/stderr")" -eq 1 ] || fail "a newline in a name: expected one line, found $(cat -v "$work/stderr")"
mkdir folder.nii && wrong folder.nii 'folder|directory'
: >empty.nii && wrong empty.nii 'is empty'
printf 'this is a letter, not a scan\n' >letter.nii.gz && wrong letter.nii.gz 'is a text file'
head -c 4000 good.nii >short.nii && wrong short.nii 'need 1048928 bytes, but the file has 4000'
head -c 40000 good.nii.gz >short.nii.gz && wrong short.nii.gz 'is cut short'
{ printf '\007\221\303\000' && head -c 200 good.nii.gz | tail -c 150; } >noise.mgz && wrong noise.mgz 'neither a NIfTI .* nor an MGH'
patched analyze.nii 344 00 00 00 00 && wrong analyze.nii 'ANALYZE|orientation'
patched rgb.nii 70 80 00 && wrong rgb.nii '[Rr][Gg][Bb]|colour'
patched complex.nii 70 20 00 && wrong complex.nii 'complex'
patched series.nii 40 04 00 20 00 20 00 20 00 04 00 && wrong series.nii 'volumes|4-D'
patched flat.nii 80 00 00 00 00 && wrong flat.nii 'spacing|size'
patched huge.nii 42 ff 7f ff 7f ff 7f && wrong huge.nii '32767 x 32767 x 32767 voxels'
patched slope.nii 112 00 00 80 3f 00 00 80 7f && wrong slope.nii 'that inf is to be added'
{ head -c 352 good.nii; head -c $(($(stat -c %s good.nii) - 352)) /dev/zero; } >constant.nii && wrong constant.nii 'one value|constant|same value'
if [ "$(id -u)" -ne 0 ]; then
    cp good.nii secret.nii && chmod 000 secret.nii && wrong secret.nii 'Permission denied'
fi
# the model, too
for bad in missing.safetensors letter.nii.gz; do
    rm -rf out
    expect_sentence 3 "$bad" segment good.nii -o out --model "./$bad"
    expect_empty out
done
head -c 2000 "$model" >cut.safetensors
expect_sentence 3 "cut.safetensors" segment good.nii -o out --model "$work/cut.safetensors"
expect_empty out

# --- the whole head, by networks that tell tissues by their intensity
mkdir -p heads bin some
"$fixture" whole-head heads || fail "cannot make the whole head"
DIEN_MODELS=$work/heads "$dien" segment heads/head.nii.gz heads/stripped.nii.gz -o whole --structures thalamus,icv >stdout 2>stderr
code=$?
measured "$code" || fail "whole head: expected 0 or 4, found $code: $(cat stderr)"
for file in head_dseg.nii.gz head_label-ICV_mask.nii.gz head_label-ICV_mask.json head_qc.png stripped_dseg.nii.gz; do
    [ -s "whole/$file" ] || fail "whole head: no $file in $(ls whole)"
done
found=$(cut -f 1,2 whole/head_volumes.tsv | tr '\t\n' ' ,')
[ "$found" = "structure hemi,thalamus R,thalamus L,thalamus B,icv B," ] || fail "whole head: expected thalamus and icv, found $found"
awk -F '\t' '$1 == "thalamus" && $2 == "L" && ($3 < 6700 || $3 > 7400) {exit 1}' whole/head_volumes.tsv ||
    fail "whole head: expected a left thalamus of about 7040 mm3, found $(cat whole/head_volumes.tsv)"
grep -q whole-head-coarse whole/head_dseg.json && grep -q whole-head-fine whole/head_dseg.json ||
    fail "whole head: expected both networks in $(cat whole/head_dseg.json)"
[ ! -e whole/stripped_label-ICV_mask.nii.gz ] && ! grep -q icv whole/stripped_volumes.tsv || fail "stripped: expected no ICV, found $(ls whole)"
grep -q 'stripped: .*no skull' stderr || fail "stripped: expected a sentence, found $(cat stderr)"
# A consensus on a scan without skull is made with fluid and a shell put around the brain; it says so, and the picture is of the scan as it is.
for scan in head stripped; do
    DIEN_MODELS=$work/heads "$dien" segment heads/$scan.nii.gz -o fill --model "$model" --structures hypothalamus --consensus --threads 1 >stdout 2>stderr
    code=$?
    measured "$code" || fail "filled $scan: expected 0 or 4, found $code: $(cat stderr)"
    said=$(grep -c 'fluid and a bright shell' stderr) written=$(grep -c FilledAroundBrain fill/${scan}_volumes.json)
    [ "$said$written" = "$([ $scan = head ] && echo 00 || echo 11)" ] || fail "filled $scan: said $said, written $written: $(cat stderr)"
    grep -q whole-head-coarse fill/${scan}_volumes.json
    [ $? -eq "$([ $scan = head ] && echo 1 || echo 0)" ] || fail "filled $scan: the networks that are named: $(cat fill/${scan}_volumes.json)"
done
# A network that is missing: an error when it was asked for, else a note. (The program is copied, away from the tree's own models.)
cp "$dien" bin/dien && cp heads/whole-head-coarse.safetensors some/
export XDG_DATA_HOME=$work/none
DIEN_MODELS=$work/some bin/dien segment heads/head.nii.gz -o less --structures thalamus >stdout 2>stderr
code=$?
[ "$code" -eq 3 ] && grep -q 'thalamus.* not measured.*whole-head-fine' stderr || fail "no fine network: expected 3 and its name, found $code: $(cat stderr)"
expect_empty less
DIEN_MODELS=$work/some bin/dien segment heads/head.nii.gz -o less >stdout 2>stderr
code=$?
measured "$code" || fail "coarse network alone: expected 0 or 4, found $code: $(cat stderr)"
for name in whole-head-fine hypothalamus; do
    grep -q "'$name' is not installed" stderr || fail "coarse network alone: expected a note about $name, found $(cat stderr)"
done
grep -q '^icv' less/head_volumes.tsv && ! grep -q '^thalamus' less/head_volumes.tsv || fail "coarse network alone: found $(cat less/head_volumes.tsv)"
# Which network is the default does not depend on what else is installed.
mkdir -p usual && "$fixture" model usual/billot2020-hypothalamus-subunits.safetensors billot2020-hypothalamus-subunits || fail "cannot make a model"
DIEN_MODELS=$work/usual bin/dien segment good.nii -o usual_out --structures hypothalamus >stdout 2>stderr
code=$?
[ "$code" -eq 3 ] && grep -q 'there is no model "hypothalamus"' stderr || fail "no default: expected 3 and its name, found $code: $(cat stderr)"
expect_empty usual_out
"$fixture" model usual/hypothalamus.safetensors hypothalamus && cp usual/hypothalamus.safetensors usual/hypothalamus-2d.safetensors
DIEN_MODELS=$work/usual bin/dien segment good.nii -o usual_out --structures hypothalamus >stdout 2>stderr
code=$?
measured "$code" || fail "the default: expected 0 or 4, found $code: $(cat stderr)"
grep -q '"HypothalamusModel": "hypothalamus"' usual_out/good_volumes.json || fail "the default: found $(grep HypothalamusModel usual_out/good_volumes.json)"
DIEN_MODELS=$work/none bin/dien segment heads/head.nii.gz -o none >stdout 2>stderr
code=$?
[ "$code" -eq 3 ] || fail "no network at all: expected 3, found $code: $(cat stderr)"
unset XDG_DATA_HOME

# --- a folder that cannot be written: 5
: >file
expect_sentence 5 "file of that name" segment good.nii -o file --model "$model"
expect_sentence 5 "file of that name" segment good.nii -o file/below --model "$model"
expect_sentence 5 "/proc" segment good.nii -o /proc/dien-out --model "$model"
# ... which is said before the work; as somebody else when we are root, whom no folder refuses
mkdir locked && chmod 555 locked
as=()
[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod 755 "$work"
chmod a+r good.nii "$model"
if "${as[@]}" "$dien" --version >/dev/null 2>&1 && "${as[@]}" test -r "$work/good.nii"; then
    for folder in locked locked/below; do
        "${as[@]}" "$dien" segment good.nii -o "$folder" --model "$model" >stdout 2>stderr
        code=$?
        [ "$code" -eq 5 ] || fail "$folder: expected 5, found $code: $(cat stderr)"
        grep -q 'Permission denied' stderr || fail "$folder: expected 'Permission denied', found $(cat stderr)"
        [ "$(wc -l <stderr)" -eq 1 ] || fail "$folder: expected one line and no work before it, found $(cat stderr)"
    done
fi

# --- a batch: the bad one is named, the others are done, 6
rm -rf out
cp good.nii two.nii
"$dien" segment good.nii letter.nii.gz two.nii -o out --model "$model" >stdout 2>stderr
code=$?
[ "$code" -eq 6 ] || fail "a batch with one bad scan: expected 6, found $code: $(cat stderr)"
grep -q 'letter.nii.gz' stderr || fail "a batch: expected the bad scan's name, found $(cat stderr)"
[ -s out/good_volumes.tsv ] && [ -s out/two_volumes.tsv ] || fail "a batch: expected the two good ones to be done, found $(ls out)"
[ -z "$(find out -name 'letter*')" ] || fail "a batch: files of the bad scan: $(find out -name 'letter*')"

# --- a full disk: 5, every file that is there is whole
whole() { # FOLDER WHEN
    expect_no_temporaries "$1"
    for file in "$1"/*.nii.gz; do
        [ -e "$file" ] || continue
        gzip -t "$file" 2>/dev/null || fail "$2: $file is not whole"
    done
    for file in "$1"/*.json "$1"/*.html "$1"/*.tsv "$1"/*.png; do
        [ -e "$file" ] || continue
        cmp -s "$file" "again/$(basename "$file")" || fail "$2: $(basename "$file") is not whole"
    done
}
for blocks in 1 200; do # of 1024 bytes: nothing fits; labels fit, the picture does not
    rm -rf out
    (ulimit -f "$blocks"; "$dien" segment good.nii -o out --model "$model" --quiet 2>&1 | cat >stderr; exit "${PIPESTATUS[0]}")
    code=$?
    [ "$code" -eq 5 ] || fail "files limited to $blocks kB: expected 5, found $code: $(cat stderr)"
    grep -qE '^dien: .*cannot write' stderr || fail "files limited to $blocks kB: expected a sentence, found $(cat stderr)"
    whole out "files limited to $blocks kB"
done
if [ "$(id -u)" -eq 0 ] && unshare --mount true 2>/dev/null; then
    mkdir -p small
    export dien model
    unshare --mount bash -c 'mount -t tmpfs -o size=100k tmpfs small || exit 99
        "$dien" segment good.nii -o small --model "$model" --quiet 2>stderr; code=$?
        cp -r small small.after; exit $code'
    code=$?
    if [ "$code" -ne 99 ]; then
        [ "$code" -eq 5 ] || fail "a disk of 100 kB: expected 5, found $code: $(cat stderr)"
        whole small.after "a disk of 100 kB"
    fi
fi

# --- no memory: 5 with a sentence, wherever it runs out (sanitizers need terabytes of addresses)
if ! sanitized; then
    seen=0
    for limit in 100000 115000 130000 145000; do # kB of addresses
        rm -rf out
        (ulimit -v "$limit"; "$dien" segment good.nii -o out --model "$model" --threads 2 --quiet >stdout 2>stderr)
        code=$?
        [ "$code" -eq 127 ] && continue # the libraries themselves did not fit
        [ "$code" -eq 5 ] || measured "$code" || fail "memory limited to $limit kB: expected 5, found $code: $(cat stderr)"
        [ "$code" -ne 5 ] || { seen=$((seen + 1)); grep -q '^dien: .*memory' stderr || fail "memory limited to $limit kB: expected a sentence, found $(cat stderr)"; }
        whole out "memory limited to $limit kB"
    done
    echo "out of memory $seen times, each with a sentence"
fi

# --- on the model's grid: another grid for the labels, and nothing else; quality control sees the scan that there is
for grid in scan model; do
    "$dien" segment good.nii -o "on-$grid" --model "$model" --threads 1 --grid $grid --posteriors >stdout 2>stderr
    echo $? >"on-$grid.code"
    tr -d ' \n' <"on-$grid/good_volumes.json" | grep -o '"Code":"[a-z_0-9]*"' >"on-$grid.flags"
    cut -f 1-3,6 "on-$grid/good_volumes.tsv" >"on-$grid.volumes"
done
cmp -s on-scan.code on-model.code || fail "--grid model: exit code $(cat on-model.code), without it $(cat on-scan.code)"
diff on-scan.flags on-model.flags >difference || fail "--grid model: other flags: $(cat difference)"
diff on-scan.volumes on-model.volumes >difference || fail "--grid model: other volumes or verdicts: $(cat difference)"
grep -q '"coarse"' on-model.flags || fail "--grid model: expected coarse (1.5 mm), found $(cat on-model.flags)"
[ "$(gzip -dc on-model/good_dseg.nii.gz | od -An -t f4 -j 80 -N 4 | tr -d ' ')" = 1 ] || fail "--grid model: expected voxels of 1 mm in the labels"
cmp -s on-scan/good_qc.png on-model/good_qc.png || fail "--grid model: another picture"

# --- Ctrl-C, early to late: 130, or done; never a half file. A second one at once ends it, too.
for delay in 0.02 0.1 0.3 0.6 1.0; do
    rm -rf out
    env --default-signal=INT "$dien" segment good.nii -o out --model "$model" 2>stderr & # a shell lets & ignore SIGINT
    pid=$!
    sleep "$delay"
    kill -INT "$pid" 2>/dev/null
    wait "$pid"
    code=$?
    [ "$code" -eq 130 ] || measured "$code" || fail "Ctrl-C after $delay s: expected 130, found $code: $(cat stderr)"
    whole out "Ctrl-C after $delay s"
done
rm -rf out
env --default-signal=INT "$dien" segment good.nii two.nii -o out --model "$model" 2>stderr &
pid=$!
sleep 0.3
kill -INT "$pid"
kill -TERM "$pid" 2>/dev/null
wait "$pid"
code=$?
[ "$code" -eq 130 ] || fail "two signals: expected 130, found $code: $(cat stderr)"
whole out "two signals"
finish
