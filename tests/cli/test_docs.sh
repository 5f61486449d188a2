# Every command that README.md, docs/*/*.md and the examples of --help show is run, with inputs of the names that it uses: a page that shows
# what does not work fails here. So do sessions ("$ dien ...", its messages, its exit code), messages that troubleshooting.md quotes and the
# program does not have, flags that quality.md leaves out, and links that lead nowhere. What takes hours (training by the shipped configs) goes as far as its first step: --check, --steps 2.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/../support/toy.sh"
sanitized && { echo "skipped: under sanitizers it takes a quarter of an hour, and other tests run these commands"; exit 77; }
fixture=${DIEN_FIXTURE:?the program tests/fixture}
source_folder=${DIEN_SOURCE:?the source tree}
keras=$source_folder/tests/models/keras
export DIEN_MODELS=$work/models HOME=$work XDG_DATA_HOME='' OMP_NUM_THREADS=2
unset DIEN_STACKS DIEN_RUNS DIEN_SLICES
pages=("$source_folder/README.md" "$source_folder"/docs/*.md "$source_folder"/docs/*/*.md)
manual=$source_folder/docs/manual

# ---- the commands: lines of code blocks (a "\" goes on; two spaces or " #" begin a remark), examples of help ---------------------------
for page in "${pages[@]}"; do
    sed -E ':more; /\\( .*)?$/ { N; s/\\\n +/ /; t more }' "$page" | grep -E '^ {4,}dien ' | sed -E "s|^ +|$(basename "$page")	|"
done >"$work/shown"
"$dien" help --commands | while IFS= read -r command; do
    # shellcheck disable=SC2086 # "stats groups" is two words
    "$dien" $command --help | sed '1,/^Examples:/d' | sed -E ':more; /\\$/ { N; s/\\\n +/ /; t more }' | grep -E '^ *dien ' | sed -E "s|^ +|help $command	|"
done >>"$work/shown"
sed -E 's/( #|  ).*$//; s/ +$//' "$work/shown" | awk -F'\t' '!seen[$2]++' >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 50 ] || fail "expected 50 commands and more in the pages, found $(wc -l <"$work/commands")"

# ---- what they name ---------------------------------------------------------------------------------------------------------------------
room=$work/room
mkdir -p "$room" && cd "$room" || exit 1
mkdir -p scans maps results derivatives volumes truth out stacks frames folds/fold-1 folds/fold-2 share configs "$DIEN_MODELS"
cp -r "$source_folder/configs/." configs/
ln -s "$source_folder/share/template" share/template
"$dien" synth share/template/head.nii.gz -o made --plain --spacing 2 -q || fail "cannot make a head"
for scan in sub-01_T1w.nii.gz sub-01_ses-1_T1w.nii.gz sub-01_ses-2_T1w.nii.gz sub-01_ses-3_T1w.nii.gz scans/sub-02_T1w.nii.gz head_T1w.nii.gz brain.mgz; do cp made/head_sample-0001_T1w.nii.gz "$scan"; done
for labels in labels.nii.gz aseg.mgz maps/a.nii.gz maps/b.nii.gz a.nii.gz b.nii.gz out/sub-01_dseg.nii.gz results/sub-01_dseg.nii.gz \
    sub-01_dseg.nii.gz sub-01_truth.nii.gz drawn.nii.gz sub-01_drawn-on-the-stack.nii.gz out/sub-01_label-ICV_mask.nii.gz truth/sub-01_manual.nii.gz; do
    cp made/head_sample-0001_dseg.nii.gz "$labels"
done
cp made/head_sample-0001_dseg.nii.gz average.nii.gz
# A hemisphere and the results of the steps of its label map, coarse.
"$fixture" hemisphere share/template/head.nii.gz . 3 && mv scan.nii.gz exvivo.nii.gz && rm truth.nii.gz || fail "cannot make a hemisphere"
"$dien" labelmap build exvivo.nii.gz -o exvivo_maps --manual manual.nii.gz --spacing 3 --classes 6 -q 2>"$work/stderr" || fail "cannot make a label map: $(cat "$work/stderr")"
for pair in scan:resampled manual:manual_resampled brain:brain corrected:corrected k-6_classes:classes k-6_half:half; do cp "exvivo_maps/exvivo_${pair%:*}.nii.gz" "${pair#*:}.nii.gz"; done
cp exvivo_maps/exvivo_placed.json placed.json
printf 'name\tx_mm\ty_mm\tz_mm\nAC\t0\t0\t0\nPC\t0\t-26.9\t0\nL MB\t-2\t-10\t-15\nR MB\t2\t-10\t-15\n' >afids.tsv
# Keras files under the names of published ones; the icv network sees one channel a slice.
cp "$keras/small_3d.h5" billot2020_hypothalamus.h5
cp "$keras/small_3d.h5" hypothalamus.h5
cp "$keras/small_tfkeras240.h5" efficientnetb0.h5
echo '{"licence": "MIT"}' >labels.json
echo 'the notes of the scan' >notes.nii.gz
"$fixture" dicom dicom t1 localizer && (cd dicom && files=(); for f in *; do files+=("$f=$f"); done; "$fixture" zip ../study.zip "${files[@]}") || fail "cannot make DICOM files"
"$fixture" dicom exports/P1 t1 && printf 'participant_id\tseries\nP1\t3\n' >series.tsv || fail "cannot make DICOM files"
"$fixture" model "$DIEN_MODELS/billot2020-hypothalamus-subunits.safetensors" || fail "cannot make a model"
{
    toy_network NAME runs/my 1 4
    cat <<YAML
data:
  scans: [{scan: 'learn/*_stack.nii.gz', labels: 'learn/*_dseg.nii.gz'}]
  validation: {scans: [{scan: 'learn/sub-0*1_stack.nii.gz', labels: 'learn/sub-0*1_dseg.nii.gz'}], samples: 8}
training: {steps: 3, batch: 8, schedule: {kind: constant, peak: 0.02}}
YAML
} >my.yaml
mkdir learn
for n in 1 2 3 4 5 6; do
    "$fixture" head "learn/sub-0${n}_stack.nii.gz" && cp "learn/sub-0${n}_stack.nii.gz" "learn/sub-0${n}_dseg.nii.gz"
done
cp learn/sub-01_stack.nii.gz stacks/
for fold in 1 2; do
    "$dien" train my.yaml -o "folds/fold-$fold" --no-figure -q 2>"$work/stderr" || fail "cannot train: $(cat "$work/stderr")"
    mv "folds/fold-$fold/NAME.safetensors" "folds/fold-$fold/NAME-fold-$fold.safetensors"
done
cp folds/fold-1/NAME-fold-1.safetensors "$DIEN_MODELS/efficientnetb0ICV.safetensors"
"$dien" train my.yaml --stop-after 2 --no-figure -q 2>"$work/stderr" || fail "cannot train: $(cat "$work/stderr")"
# Data where the shipped configs look for it: the folders beside the tree.
export DIEN_DATA=$room/data DIEN_STACKS=$room/stack_data
mkdir -p data/labelmaps/synthseg data/ixi_2mm stack_data/train stack_data/validation
"$fixture" head data/labelmaps/synthseg/training_seg_01.nii.gz || fail "cannot make a label map"
"$fixture" head data/ixi_2mm/IXI01_T1w.nii.gz || fail "cannot make a head"
cp data/ixi_2mm/IXI01_T1w.nii.gz data/ixi_2mm/IXI01_dlmuse.nii.gz # its numbers are in no class of DLMUSE's table, and stay
"$dien" prepare sub-01_T1w.nii.gz -o frames --labels aseg.mgz -q 2>"$work/stderr" || fail "cannot make a frame: $(cat "$work/stderr")"
# Numbers: two groups, and everything that somebody asks of people.
awk 'function u() { s = (s * 16807) % 2147483647; return s / 2147483647 }
     function g(i, t) { t = -6; for (i = 0; i < 12; i++) t += u(); return t }
     BEGIN { s = 4711
       people = "participant_id\tgroup\tdiagnosis\tage\tsex\tscanner\talsfrs_r\tmonths"
       print people > "participants.tsv"; print people > "patients.tsv"; print people > "controls.tsv"; print people "\thypothalamus\ticv" > "measured.tsv"
       for (i = 1; i <= 60; i++) {
         als = i % 2; id = sprintf("sub-%02d", i); icv = 1500000 + 100000 * g(); age = 30 + i % 40
         row = sprintf("%s\t%s\t%s\t%d\t%s\tS%d\t%s\t%s", id, als ? "ALS" : "CON", als ? "ALS" : "CON", age, i % 3 ? "F" : "M", i % 4, als ? 30 + i % 17 : "n/a", als ? 6 + i : "n/a")
         v = 850 - 40 * als + 40 * g()
         print row > "participants.tsv"
         if (i <= 3) print row > "patients.tsv"
         if (!als) print row > "controls.tsv"
         if (!als) print row sprintf("\t%.1f\t%.0f", v, icv) > "measured.tsv"
         text = sprintf("structure\themi\tvolume_mm3\taccepted\nhypothalamus\tB\t%.1f\tyes\nthalamus\tB\t%.1f\tyes\nicv\tB\t%.0f\tyes\n", v, 14000 + 400 * g() - 20 * age + 0.004 * icv, icv)
         for (f = 1; f <= 3; f++) { file = (f == 1 ? "volumes" : f == 2 ? "derivatives" : "results") "/" id "_volumes.tsv"; printf "%s", text > file; close(file) } }
       print "participant_id\tmanual\tnetwork" > "cases.tsv"; print "participant_id\tnet3d\tfastsurfer\tfsl" > "dice.tsv"
       for (i = 1; i <= 30; i++) { v = 0.82 + 0.09 * g(); printf "sub-%02d\t%.3f\t%.3f\n", i, v, v - 0.01 + 0.04 * g() > "cases.tsv"
         printf "sub-%02d\t%.3f\t%.3f\t%.3f\n", i, 0.8 + 0.02 * g(), 0.78 + 0.03 * g(), 0.7 + 0.03 * g() > "dice.tsv" }
       print "participant_id\tscanner\tnet3d\tfastsurfer\tfsl" > "phantom.tsv"; print "participant_id\tscanner\tthalamus" > "repeats.tsv"
       for (c = 1; c <= 12; c++) { e = g(); for (r = 1; r <= 3; r++) { x = 15 + 0.28 * e + 0.08 * g()
         printf "phantom\tscanner-%d\t%.3f\t%.3f\t%.3f\n", c, x, 15 + 0.6 * e + 0.1 * g(), 14 + 0.5 * e + 0.2 * g() > "phantom.tsv"
         printf "phantom\tscanner-%d\t%.3f\n", c, x > "repeats.tsv" } } }'
awk -F'\t' 'NR == 1 { print "participant_id\tage\ticv\tthalamus\tnet3d\tfsl" } NR > 1 { i = NR; printf "%s\t%s\t%.2f\t%.3f\t%.3f\t%.3f\n", $1, $4, 1500 + i * 37 % 100, 14 - 0.02 * $4 + (i * 13 % 17) / 20, 14 - 0.02 * $4 + (i * 7 % 19) / 20, 14 + (i * 11 % 23) / 20 }' participants.tsv >norm_people.tsv
for name in thalamus net3d fsl; do
    "$dien" normative fit norm_people.tsv --value $name --icv icv --unit mL --scanner-sd 0.28 -o "n-$name" -q >/dev/null 2>"$work/stderr" || fail "cannot make a norm: $(cat "$work/stderr")"
done
cp n-thalamus/norm.json norm.json
cp n-thalamus/norm.json norm_thalamus.json
cp n-net3d/norm.json norm_net3d.json
cp n-fsl/norm.json norm_fsl.json
for name in before after results-0.1 results-0.2; do cp -r volumes $name; done
mkdir norm heads
"$dien" normative fit controls.tsv volumes/ --value thalamus --icv icv --unit mL -o norm -q >/dev/null 2>"$work/stderr" || fail "cannot make a norm: $(cat "$work/stderr")"
cp made/* heads/

# A BIDS data set with what `dien run bids bids/derivatives/dien participant` would leave of it, and the group's table.
echo '{"Name": "docs", "BIDSVersion": "1.10.0"}' >"bids.json"
for label in 01 02; do
    mkdir -p "bids/sub-$label/ses-baseline/anat"
    cp made/head_sample-0001_T1w.nii.gz "bids/sub-$label/ses-baseline/anat/sub-${label}_ses-baseline_T1w.nii.gz"
done
mv bids.json bids/dataset_description.json
mkdir -p bids/derivatives/dien/status
echo "{\"Name\": \"x\", \"GeneratedBy\": [{\"Name\": \"dien\", \"Version\": \"$("$dien" --version | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1)\"}], \"DienSource\": {\"Name\": \"docs\", \"SHA256\": \"$(sha256sum bids/dataset_description.json | cut -d' ' -f1)\"}}" >bids/derivatives/dien/dataset_description.json
folder=sub-01/ses-baseline/anat key=sub-01_ses-baseline
mkdir -p "bids/derivatives/dien/$folder"
printf 'structure\themi\tvolume_mm3\taccepted\nhypothalamus\tB\t900.000\tyes\n' >"bids/derivatives/dien/$folder/${key}_volumes.tsv"
echo "{\"Scan\": \"$folder/${key}_T1w.nii.gz\", \"State\": \"done\", \"Accepted\": true, \"Score\": 1.0, \"Version\": \"0.1.0\", \"Folder\": \"$folder\", \"Outputs\": [{\"name\": \"${key}_volumes.tsv\", \"bytes\": $(stat -c %s "bids/derivatives/dien/$folder/${key}_volumes.tsv")}]}" >"bids/derivatives/dien/status/$key.json"
awk 'NR == 1 { print "participant_id\taccepted\tfirst_session\tthalamus\ticv" } NR > 1 { printf "%s\tyes\tyes\t%.1f\t%d\n", $1, 15000 + NR * 37 % 1000, 1400000 + NR * 7919 % 200000 }' participants.tsv >volumes_wide.tsv

# ---- each in a room of its own -----------------------------------------------------------------------------------------------------------
ran=0
while IFS=$'\t' read -r page line; do
    case $line in
    *' | '* | *' ...'* | 'dien stability') # a list of what there is, not a command: its words are commands
        for word in $(echo "$line" | cut -d' ' -f2); do "$dien" help "$word" >/dev/null 2>&1 || fail "$page: $line: there is no command $word"; done
        continue
        ;;
    esac
    extra='' good=0
    case $line in
    'dien serve'*) extra='--port 0' good='0 130' ;; # it goes on until it is told to stop; tests/web asks it
    'dien train my.yaml --write-model' | 'dien train my.yaml --preview'*) ;;
    'dien train configs/'*) extra=--check ;;
    *--check) ;;
    'dien train '*) extra=--no-figure ;;
    'dien crossval configs/'*) continue ;; # the five folds of the run itself; crossval of my.yaml below is the same code
    'dien crossval my.yaml -o folds --resume') extra='--folds 2 --no-figure' ;;
    'dien crossval '*) extra='--folds 2 --no-figure' ;;
    'dien run '*' participant'*) extra=--dry-run ;; # what is measured, tests/cli/test_run.sh sees
    'dien run '*' longitudinal'*) extra=--dry-run ;; # tests/cli/test_run_longitudinal.sh
    'dien segment stacks/'*) good='0 4' ;;
    'dien longitudinal '*) extra='--precision bf16' good='0 4' ;;
    'dien segment '*) extra='--precision bf16' good='0 4' ;;
    'dien help --completion'*) mkdir -p "$HOME/.local/share/bash-completion/completions" ;;
    *'--count 20'* | *'-n 20'*) extra='--count 1' ;;
    'dien labelmap build '*) extra='--spacing 4 --classes 4 --side left' ;;
    'dien labelmap resample '*) extra='--spacing 4' ;;
    'dien icv '*--model*) extra='--geometry 64x64:4x4' ;;
    'dien icv '*--low*) extra='--low 0.35 --high 1.1' ;; # our scan's white matter is at 0.8
    esac
    rm -rf "$work/this"
    cp -rl "$room" "$work/this" # links: what dien writes, it renames into place
    [[ $line = 'dien normative fit controls.tsv --value hypothalamus'* ]] && cp --remove-destination "$room/measured.tsv" "$work/this/controls.tsv" # a table with all of it
    [[ $line = 'dien segment '* ]] && rm -f "$work/this/results/sub-01_dseg.nii.gz" "$work/this/out/sub-01_dseg.nii.gz"
    [[ $line = *'crossval my.yaml -o folds'* ]] && rm -rf "$work/this/folds"
    [[ $line = 'dien run '*' out '* ]] && rm -rf "$work/this/out"
    if [[ $line = *'crossval my.yaml -o folds --resume' ]]; then
        (cd "$work/this" && "$dien" crossval my.yaml -o folds --folds 2 --fold 1 --no-figure -q) >/dev/null 2>&1
    fi
    (
        cd "$work/this" || exit 99
        set -f
        words=${line#dien }
        set +f
        # shellcheck disable=SC2034 # eval reads it
        limit=(timeout 500)
        # shellcheck disable=SC2034
        [[ $line = 'dien serve'* ]] && limit=(timeout --preserve-status 4)
        # shellcheck disable=SC2086,SC2294 # the line as a shell reads it
        eval "\"\${limit[@]}\" \"\$dien\" $words $extra" >"$work/stdout" 2>"$work/stderr" </dev/null
    )
    code=$?
    if [ "$code" -eq 3 ] && grep -qE 'there is no model "(hypothalamus|whole-head-[a-z]+)"' "$work/stderr"; then
        echo "not run, for want of a shipped network: $line" # of a tree whose models/ is not whole
        continue
    fi
    ran=$((ran + 1))
    case " $good " in
    *" $code "*) ;;
    *) fail "$page shows: $line
    expected exit $good, found $code: $(grep '^dien: ' "$work/stderr" | tail -n 1)" ;;
    esac
done <"$work/commands"
echo "$ran commands run"
[ "$ran" -ge 45 ] || fail "expected 45 commands and more to be run, found $ran"

# ---- options that the text names within a line --------------------------------------------------------------------------------------------
for page in "${pages[@]}" "$source_folder"/models/*.md; do
    grep -oE '`dien [a-z]+[^`]*`' "$page" | tr -d '`' | sort -u | while read -r _ command rest; do
        word=${rest%% *}
        "$dien" help --commands | grep -qxF "$command $word" && command="$command $word"
        # shellcheck disable=SC2086 # "stats groups" is two words
        "$dien" help $command >"$work/page" 2>/dev/null || echo "$(basename "$page"): there is no command $command"
        for option in $(echo "$rest" | grep -oE -- '--[a-z][a-z0-9-]*'); do
            grep -qE -- "(^|[ ,])$option( |\$|,)" "$work/page" || echo "$(basename "$page"): dien $command has no $option"
        done
    done
done >"$work/missing"
[ -s "$work/missing" ] && fail "$(cat "$work/missing")"

# ---- sessions: "$ dien ...", the lines "dien: ..." that it prints ("..." stands for anything), "$ echo $?" and the code ---------------------
awk 'function out() { if (command != "") print FILENAME "\t" command "\t" code "\t" said; command = code = said = "" }
     /^    \$ dien / { out(); command = substr($0, 12); next }
     /^    \$ echo / { getline; code = $1; out(); next }
     /^    dien: / && command != "" { said = said (said == "" ? "" : "\037") substr($0, 5) }' "$manual"/*.md >"$work/sessions"
[ "$(wc -l <"$work/sessions")" -ge 5 ] || fail "expected 5 commands of sessions and more, found $(wc -l <"$work/sessions")"
while IFS=$'\t' read -r page line code said; do
    rm -rf "$work/this" && cp -rl "$room" "$work/this" && rm -f "$work/this"/results/sub-01_*
    (cd "$work/this" && eval "timeout 500 \"\$dien\" $line" >"$work/stdout" 2>"$work/stderr" </dev/null)
    found=$?
    grep -qE 'there is no model "(hypothalamus|whole-head-[a-z]+)"' "$work/stderr" && continue
    [ "$found" = "$code" ] || fail "$(basename "$page"): dien $line: expected exit $code, found $found: $(grep '^dien: ' "$work/stderr" | tail -n 1)"
    tr '\037' '\n' <<<"$said" | sed 's/\.\.\./\n/g' | while IFS= read -r part; do
        grep -qF -- "$part" "$work/stderr" || echo "$(basename "$page"): dien $line: expected \"$part\", found: $(grep '^dien: ' "$work/stderr" | tail -n 1)"
    done >"$work/missing"
    [ -s "$work/missing" ] && fail "$(cat "$work/missing")"
done <"$work/sessions"

# ---- messages: what troubleshooting.md quotes is a text of the sources (a placeholder %s is "..." or the start of the text there) ------------
find "$source_folder/src" -name '*.c' -exec cat {} + | tr '\n' ' ' | sed -E 's/" *"//g; s/\\"/"/g; s/%%/%/g; s/%[-+ 0-9.*l]*[a-zA-Z]/.../g' >"$work/texts"
{ sed -n 's/^| `\([^`]*\)` |.*/\1/p' "$manual/troubleshooting.md"; sed -n 's/^`\(done, [^`]*\)`.*/\1/p' "$manual/troubleshooting.md"; } |
    grep -vE '^[0-9]+$' >"$work/quoted"
[ "$(wc -l <"$work/quoted")" -ge 40 ] || fail "expected 40 messages and more in troubleshooting.md, found $(wc -l <"$work/quoted")"
while IFS= read -r message; do
    sed 's/\.\.\./\n/g' <<<"$message" | sed -E "s/^[' \"]+|[' \"]+\$//g" | awk 'length > 7' | while IFS= read -r part; do
        grep -qF -- "$part" "$work/texts" || echo "troubleshooting.md quotes \"$message\", and no message has \"$part\""
    done
done <"$work/quoted" >"$work/missing"
[ -s "$work/missing" ] && fail "$(cat "$work/missing")"

# ---- flags: each code of quality control that the sources can set is in quality.md, and in the evidence with its limit ---------------------
# ("earlier": sentences of an earlier version, drawn again beside a correction.)
find "$source_folder/src" -name '*.c' -exec cat {} + | tr '\n' ' ' | grep -oE 'dn_quality_add\([^;]*;' | grep -oE '"[a-z_0-9]+"' | tr -d '"' |
    grep -vxE 'left|right|smaller|larger|hypothalamus|earlier' | sort -u >"$work/codes"
[ "$(wc -l <"$work/codes")" -ge 40 ] || fail "expected 40 codes of quality control and more, found $(wc -l <"$work/codes")"
while IFS= read -r code; do
    for page in manual/quality.md evidence/quality_limits.md; do
        grep -qF -- "\`$code\`" "$source_folder/docs/$page" || fail "docs/$page has nothing about the flag $code"
    done
done <"$work/codes"

# ---- links: files, and headings within a page ---------------------------------------------------------------------------------------------
for page in "${pages[@]}" "$source_folder"/{CONTRIBUTING,CHANGELOG}.md "$source_folder"/models/*.md "$source_folder"/share/*/README.md; do
    grep -oE '\]\([^)]+\)' "$page" | sed -E 's/^\]\(|\)$//g' | grep -vE '^https?:' | sort -u | while IFS= read -r link; do
        target=$(dirname "$page")/${link%%#*}
        [ "${link%%#*}" = '' ] && target=$page
        [ -e "$target" ] || echo "$page: the link $link leads nowhere"
        case $link in *'#'*) sed -nE 's/^#+ //p' "$target" | tr 'A-Z' 'a-z' | sed 's/[^a-z0-9 _-]//g; s/ /-/g' | grep -qxF -- "${link#*#}" || echo "$page: $link: no such heading" ;; esac
    done
    grep -oE '`?(docs|models|configs|tools|share|bench)/[A-Za-z0-9_./-]+\.(md|yaml|py|sh|png|tsv)' "$page" | tr -d '`' | sort -u | while IFS= read -r path; do
        [ -e "$source_folder/$path" ] || [ -e "$(dirname "$page")/$path" ] || echo "$page: there is no $path"
    done
done >"$work/missing"
[ -s "$work/missing" ] && fail "$(cat "$work/missing")"
finish
