#!/bin/bash
# Groups on the page's server: a finished run's folder, a table of participants, a rejection that dien's own tables see, the comparison that `dien stats
# groups` gives, groups of the page's own scans; networks, norms, training curves.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/serve.sh"
python3 - <<'PY' || { echo "cannot make the inputs"; exit 1; }
import os, random, struct, zlib
random.seed(4711)
people = ["subject;group;age;sex"]
for i in range(1, 15):
    name, patient = "sub-%02d" % i, i > 7
    folder = "study/%s/anat" % name
    os.makedirs(folder)
    icv, age = 1.5e6 + 1e5 * random.gauss(0, 1), 40 + 2 * i
    thalamus = (13000 if patient else 15000) + 300 * random.gauss(0, 1) + 0.004 * (icv - 1.5e6)
    rows = [("thalamus", "L", thalamus / 2), ("thalamus", "R", thalamus / 2), ("thalamus", "B", thalamus), ("icv", "B", icv)]
    with open("%s/%s_volumes.tsv" % (folder, name), "w") as out:
        out.write("structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\taccepted\n")
        out.writelines("%s\t%s\t%.3f\t%.3f\t0.9\tyes\n" % (s, h, v, v) for s, h, v in rows)
    open("%s/%s_qc.png" % (folder, name), "wb").write(b"\x89PNG\r\n\x1a\n")
    if i == 4:
        open("%s/%s_volumes.json" % (folder, name), "w").write('{"GeneratedBy": [{"Name": "dien"}], "Flags": [{"Level": "warning", "Code": "noisy", "Text": "The scan is noisy."},'
                                                               ' {"Level": "note", "Code": "n", "Text": "A note."}]}')
    people.append("%d;%s;%d;%s" % (i, "patient" if patient else "control", age, "FM"[i % 2]))
people.append("99;control;50;F")
open("people.csv", "w").write("\n".join(people) + "\n")
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\0" + bytes([200, y % 256, 0]) * 1280 for y in range(400))
open("study/sub-02/anat/sub-02_qc.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1280, 400, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
os.makedirs("study/status")
open("study/status/sub-15.json", "w").write('{"Scan": "sub-15/anat/sub-15_T1w.nii.gz", "State": "failed", "Message": "it is empty"}')
os.makedirs("runs/mine")
open("runs/mine/log.tsv", "w").write("step\trate\tloss\tdice\tiou\tgradient_norm\n10\t0.1\t0.5\t0.6\t0.4\t1\n20\t0.1\t0.4\tn/a\t0.5\t1\n")
PY
awk -F';' 'NR == 1 { print "participant_id\tage\tsex\tthalamus\ticv" } NR > 1 { printf "sub-%02d\t%d\t%s\t%.1f\t%.0f\n", NR, 20 + NR * 3, $4, 15000 + NR * 37 % 1000, 1400000 + NR * 7919 % 200000 }' people.csv >controls.tsv
for i in $(seq 20 60); do printf 'sub-%02d\t%d\t%s\t%.1f\t%.0f\n' "$i" $((20 + i)) F $((15000 + i * 37 % 1000)) $((1400000 + i * 7919 % 200000)); done >>controls.tsv
expect 0 normative fit controls.tsv --value thalamus --icv icv --unit mm3 -o norm -q
start_server --results study --training runs/mine --norm norm/norm.json
[ "$failures" -eq 0 ] || finish

# --- the run's folder is a group
expect_code 200 GET /api/groups
group=$(field 'a["groups"][0]["id"]')
is 'a["groups"][0]["source"]' folder
expect_code 200 GET "/api/groups/$group"
is 'len(a["rows"])' 14
is 'a["failed"]' '[{"name": "sub-15/anat/sub-15_T1w.nii.gz", "reason": "it is empty"}]'
is '"thalamus_L" in a["columns"]' true
key=$(field 'a["rows"][2]["key"]')
picture=$(field 'a["rows"][2]["picture"]')
expect_code 200 GET "$picture"
expect_code 404 GET "/api/groups/$group/rows/0000000000000000/picture"

# --- remarks in sentences; small pictures, which the run's folder does not get; a file that changes is read again
expect_code 200 GET "/api/groups/$group"
is 'a["rows"][3]["flags"][0]["sentence"]' 'The scan is noisy.'
is 'a["rows"][3]["warnings"]' '["noisy"]'
small=$(field 'a["rows"][1]["thumbnail"]')
broken=$(field 'a["rows"][0]["thumbnail"]')
expect_code 404 GET "$broken"
expect_code 200 GET "$small" -D headers
[ "$(python3 -c "import struct; d = open('answer', 'rb').read(); print(*struct.unpack('>II', d[16:24]))")" = '216 70' ] || fail "expected 216 x 70 pixels"
etag=$(awk 'tolower($1) == "etag:" { print $2 }' headers | tr -d '\r')
expect_code 304 GET "$small" -H "If-None-Match: $etag"
find study -newer people.csv | grep -i thumb && fail "the folder of the run was written to"
touch -d '2020-01-01' study/sub-02/anat/sub-02_qc.png
expect_code 200 GET "$small" -H "If-None-Match: $etag"
sed -i 's/The scan is noisy/The scan is blurred/' study/sub-04/anat/sub-04_volumes.json
expect_code 200 GET "/api/groups/$group"
is 'a["rows"][3]["flags"][0]["sentence"]' 'The scan is blurred.'
is 'a["pending"]' '[]'

# --- participants, whose ids are written otherwise
upload people.csv people.csv
expect_code 200 PUT "/api/groups/$group/participants" -d "{\"upload\": \"$upload\"}"
is 'a["unmatched"]' '{"rows": [], "participants": ["99"]}'
is 'a["rows"][0]["participants"]["group"]' control
is 'a["rows"][0]["age"] == 42' true
printf 'name\tgroup\nx\ty\n' >wrong.tsv
upload wrong.tsv wrong.tsv
expect_code 400 PUT "/api/groups/$group/participants" -d "{\"upload\": \"$upload\"}"
grep -q 'participant_id' answer || fail "expected the column that is missing, found $(cat answer)"

# --- a rejection: the page's comparison leaves it out and names it, and so does the program
expect_code 200 PUT "/api/groups/$group/rows/$key/review" -d '{"accepted": false, "reason": "moved", "who": "AB"}'
is 'a["accepted"]' false
expect_code 201 POST "/api/groups/$group/compare" -d '{"structure": "thalamus", "group": "group", "control": "control", "normalise": "residual", "covariates": ["age"]}'
is 'a["left_out"]' '[{"name": "sub-03", "reason": "rejected by AB: moved"}]'
grep -qF "$work" answer && fail "the comparison names a folder of the server: $(grep -oF "$work" answer | head -n 1)"
field 'a["text"]' >text
grep -q 'Adjusted for' text && grep -q 'control' text || fail "expected a paragraph, found $(cat text)"
table=$(field 'a["table_tsv"]')
awk -F';' 'NR == 1 { print "participant_id\tgroup\tage\tsex" } NR > 1 { printf "sub-%02d\t%s\t%s\t%s\n", $1, $2, $3, $4 }' people.csv >people.tsv
expect 0 stats groups study people.tsv --value thalamus --group group --control control --icv icv --normalise residual --covariates age --unit 'mm³' -o cli
[ "$table" = "$(cat cli/groups.tsv)" ] || fail "the numbers differ from those of dien stats groups: $(diff <(echo "$table") cli/groups.tsv | head -n 4)"
expect_code 201 POST "/api/groups/$group/compare" -d '{"structure": ["thalamus", "thalamus_L"], "group": "sex"}'
if command -v gnuplot >/dev/null; then
    figure=$(field 'a["figures"][0]["url"]')
    expect_code 200 GET "$figure"
    grep -q '<svg' answer || fail "expected a figure, found $(head -c 100 answer)"
    expect_code 404 GET "${figure%/*}/..%2f..%2fparticipants.tsv"
fi
expect_code 400 POST "/api/groups/$group/compare" -d '{"structure": "thalamus", "group": "no"}'
expect_code 400 POST "/api/groups/$group/compare" -d '{"structure": "thalamus", "group": "group", "normalise": "ratio"}'
expect_code 200 GET "/api/groups/$group/table.tsv"
[ "$(wc -l <answer)" -eq 15 ] || fail "expected 15 lines, found $(wc -l <answer)"
expect_code 404 DELETE "/api/groups/$group" # it was given at the start

# --- networks, norms, training curves
expect_code 200 GET /api/about
is 'a["norms"]' '["norm/norm.json"]'
expect_code 200 GET /api/models
is 'all("name" in m for m in a["models"])' true
export DIEN_MODELS=$work/models
stop_server
start_server --results study --training runs/mine
"$fixture" model mine.safetensors mine || fail "cannot make a model"
upload mine.safetensors mine.safetensors
expect_code 201 POST /api/models -d "{\"upload\": \"$upload\"}"
is 'a["name"]' mine
[ -s models/mine.safetensors ] || fail "the model is not where dien looks for it"
upload mine.safetensors mine.safetensors
expect_code 409 POST /api/models -d "{\"upload\": \"$upload\"}"
upload bad.h5 people.csv
expect_code 400 POST /api/models -d "{\"upload\": \"$upload\"}"
expect_code 200 GET /api/trainings
is 'a["trainings"][0]["state"]' stopped
is 'a["trainings"][0]["step"] == 20' true
expect_code 200 GET /api/trainings/mine/curves
is 'a["rows"][1][3]' null
expect_code 404 GET /api/trainings/other/curves

# --- the group is there again, with its table; one of the page's own scans; what is not there
expect_code 200 GET "/api/groups/$group"
is 'a["rows"][2]["review"]["who"]' AB
is 'a["rows"][0]["participants"]["group"]' control
# A column that the scans have, too, does not take its place in the table; "01" is a group's name and no number.
printf 'participant_id\ticv\tarm\n1\t333\t01\n2\t333\t02\n' >codes.tsv
upload codes.tsv codes.tsv
expect_code 200 PUT "/api/groups/$group/participants" -d "{\"upload\": \"$upload\"}"
is 'a["rows"][0]["participants"]["arm"]' 01
expect_code 200 GET "/api/groups/$group/table.tsv"
head -n 1 answer | tr '\t' '\n' | grep -qx icv_in_participants || fail "the table of the group has no icv_in_participants: $(head -n 1 answer)"
awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "icv") c = i } NR > 1 && $c == 333 { bad = 1 } END { exit !(c && !bad) }' answer ||
    fail "the measured icv was replaced: $(head -n 2 answer)"
expect_code 404 POST /api/groups -d '{"name": "x", "jobs": ["0123456789abcdef"]}'
expect_code 400 POST /api/groups -d '{"name": "x", "jobs": []}'
expect_code 200 GET /api/groups
is 'len(a["groups"])' 1
stop_server
finish
