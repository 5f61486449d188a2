#!/bin/bash
# `dien serve` for one person, by its API: an upload in pieces, events, the result, files, a correction, reviews, the end.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/serve.sh"
"$fixture" model tiny.safetensors && "$fixture" scan sub-01_T1w.nii.gz || { echo "cannot make the inputs"; exit 1; }
start_server --model tiny.safetensors
[[ $url = http://127.0.0.1:* ]] || fail "expected an address of loopback, found $url"

# --- what the page asks first
expect_code 200 GET /api/about
is 'a["demo"]' true
is '[s["name"] for s in a["structures"]][0]' hypothalamus
expect_code 200 GET /api/openapi.json
expect_code 405 DELETE /api/about
expect_code 404 GET /api/nothing

# --- an upload in pieces, with a cut in the middle
size=$(stat -c %s sub-01_T1w.nii.gz)
expect_code 201 POST /api/uploads -d "{\"files\": [{\"name\": \"C:/people/sub-01_T1w.nii.gz\", \"size\": $size}]}"
upload=$(field 'a["id"]')
is 'a["files"][0]["received"]' 0
head -c 1000 sub-01_T1w.nii.gz >first
expect_code 200 PUT "/api/uploads/$upload/0?offset=0" --data-binary @first
is 'a["received"]' 1000
expect_code 409 POST /api/jobs -d "{\"upload\": \"$upload\"}" # not complete
expect_code 409 PUT "/api/uploads/$upload/0?offset=0" --data-binary @first
is 'a["received"]' 1000
expect_code 200 GET "/api/uploads/$upload"
is 'a["files"][0]["received"]' 1000
tail -c +1001 sub-01_T1w.nii.gz >rest
expect_code 200 PUT "/api/uploads/$upload/0?offset=1000" -T - <rest # without a length
is 'a["received"]' "$size"
expect_code 413 PUT "/api/uploads/$upload/0?offset=$size" --data-binary @first
expect_code 404 PUT "/api/uploads/$upload/1?offset=0" --data-binary @first
expect_code 400 PUT "/api/uploads/$upload/0" --data-binary @first

# --- a job
expect_code 400 POST /api/jobs -d '{"upload": 1}'
expect_code 400 POST /api/jobs -d '[]'
expect_code 400 POST /api/jobs -d "{\"upload\": \"$upload\", \"structures\": [\"brain\"]}"
expect_code 400 POST /api/jobs -d "{\"upload\": \"$upload\", \"sex\": \"x\"}"
expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\", \"age\": 50, \"sex\": \"female\", \"structures\": [\"hypothalamus\"]}"
job=$(field 'a["id"]')
is 'a["name"]' sub-01
timeout 60 curl -sN "$url/api/jobs/$job/events" >events &
listener=$!
wait_for "$job" 'done'
sleep 0.3 && kill $listener 2>/dev/null
grep -q '^event: job$' events || fail "no event came: $(head -c 300 events)"
grep -q '"state":"running"' events && grep -q '"state":"done"' events || fail "expected running and done among the events: $(grep -o '"state":"[a-z]*"' events | sort | uniq -c)"
expect_code 404 GET "/api/uploads/$upload" # it is used up

# --- what was measured is what the command line measures
"$dien" segment sub-01_T1w.nii.gz -o cli --model tiny.safetensors --structures hypothalamus -q >/dev/null 2>&1
expect_code 200 GET "/api/jobs/$job/files/sub-01_volumes.tsv"
cmp -s answer cli/sub-01_volumes.tsv || fail "the volumes differ from those of dien segment: $(diff answer cli/sub-01_volumes.tsv | head -n 4)"
expect_code 200 GET "/api/jobs/$job/result"
is 'a["version"]' 1
is 'a["volumes"][0]["structure"]' hypothalamus
left=$(awk -F'\t' '$1 == "hypothalamus" && $2 == "L" {print $3}' cli/sub-01_volumes.tsv)
is "a['volumes'][0]['left_mm3'] == $left" true
is 'sorted(set(l["structure"][:12] for l in a["labels"]))' '["hypothalamus"]'
is 'a["job"]["age"] == 50' true
is 'a["norm"]' null
expect_code 200 GET "/api/jobs/$job/scan"
cmp -s answer sub-01_T1w.nii.gz || fail "the scan is not the one that was sent"
expect_code 404 GET "/api/jobs/$job/files/no.tsv"
expect_code 404 GET "/api/jobs/$job/files/..%2f..%2fdien.sqlite"
expect_code 404 GET "/api/jobs/$job/files/../../../dien.sqlite"
expect_code 200 GET "/api/jobs/$job/zip"
python3 -m zipfile -l answer >list && grep -q sub-01_dseg.nii.gz list || fail "expected the label map in the archive, found $(cat list)"

# --- a correction: a new version, the first one stays
python3 - "state/jobs/$job/v1/sub-01_dseg.nii.gz" >painted <<'PY'
import array, gzip, struct, sys
b = gzip.open(sys.argv[1]).read()
start = int(struct.unpack_from("<f", b, 108)[0])
a = array.array("H", b[start:])
n = 0
for i, v in enumerate(a):
    if v == 803:
        a[i] = 0
        n += 1
open("corrected.nii", "wb").write(b[:start] + a.tobytes())
print(n)
PY
expect_code 400 POST "/api/jobs/$job/versions" --data-binary @corrected.nii
expect_code 400 POST "/api/jobs/$job/versions" -H 'X-Who: AB' -H 'X-Why: x' --data-binary @first
grep -q "$work" answer && fail "a message names a folder of the server: $(cat answer)"
expect_code 400 POST "/api/jobs/$job/versions" -H 'X-Who: AB' -H 'X-Why: x' --data-binary "@state/jobs/$job/v1/sub-01_dseg.nii.gz"
expect_code 201 POST "/api/jobs/$job/versions" -H 'X-Who: M%C3%BCller' -H 'X-Why: too large' --data-binary @corrected.nii
is 'a["version"]' 2
is '[v["by"] for v in a["versions"]]' '["dien", "hand"]'
is 'a["versions"][1]["who"].encode().hex()' "$(printf 'M\xc3\xbcller' | od -An -tx1 | tr -d ' ')"
is 'a["job"]["corrected"]' true
grep -q '"Who": "M' "state/jobs/$job/v2/sub-01_volumes.json" || fail "the record does not say who corrected it"
if [ "$(cat painted)" -gt 0 ]; then
    grep -q 'hypothalamus_posterior	L' "state/jobs/$job/v2/sub-01_volumes.tsv" && fail "a structure without voxels has a row"
fi
# The version has a picture and a report of its own, which say who and why, also in the archive.
expect_code 200 GET "/api/jobs/$job/files/sub-01_report.html?version=2"
grep -q 'Version 2: corrected by Müller on .* because: too large' answer || fail "the report does not say who corrected it: $(grep -ao 'Corrected by.\{200\}' answer)"
expect_code 200 GET "/api/jobs/$job/files/sub-01_qc.png?version=2"
cmp -s answer "state/jobs/$job/v1/sub-01_qc.png" && fail "the corrected version has the picture of the first one"
expect_code 200 GET "/api/jobs/$job/zip?version=2"
python3 -c "import zipfile; n = zipfile.ZipFile('answer').namelist(); assert any('_qc.png' in x for x in n) and any('_report.html' in x for x in n), n" || fail "no picture in the archive"
expect_code 200 GET "/api/jobs/$job/result?version=1"
is 'a["version"]' 1
expect_code 404 GET "/api/jobs/$job/result?version=9"

# --- what was looked at or corrected has to be the newest version
expect_code 409 PUT "/api/jobs/$job/review?version=1" -d '{"accepted": false, "reason": "outlines", "who": "AB"}'
[ ! -e "state/jobs/$job/v2/sub-01_review.json" ] || fail "a review of version 1 is one of version 2"

# --- a review, which the program's tables see
expect_code 400 PUT "/api/jobs/$job/review" -d '{"accepted": false, "who": "AB"}'
expect_code 200 PUT "/api/jobs/$job/review" -d '{"accepted": false, "reason": "moved", "who": "AB"}'
is 'a["review"]["reason"]' moved
expect 3 stats normalise "state/jobs/$job/v2" --value hypothalamus --icv icv -o normalised
grep -q 'rejected by AB: moved' "$work/stderr" || fail "the tables of dien do not see the review: $(cat "$work/stderr")"
expect_code 200 PUT "/api/jobs/$job/person" -d '{"age": null, "name": "other"}'
is 'a["age"]' null

# --- another in the queue, cancelled; both deleted
upload other.nii.gz sub-01_T1w.nii.gz
expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\"}"
second=$(field 'a["id"]')
expect_code 200 POST "/api/jobs/$second/cancel"
wait_for "$second" cancelled
expect_code 409 POST "/api/jobs/$second/cancel"
expect_code 409 GET "/api/jobs/$second/result"
for id in "$job" "$second"; do expect_code 204 DELETE "/api/jobs/$id"; done
expect_code 200 GET /api/jobs
is 'a["jobs"]' '[]'
expect_empty state/jobs
stop_server
finish
