#!/bin/bash
# A scan that failed or was cancelled is measured again without a new upload; a scan that is here is measured once more, by another network, as one of its
# own; which network measured is recorded, and a group of scans of different networks says so.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/serve.sh"
mkdir models && export DIEN_MODELS=$work/models
"$fixture" model tiny.safetensors && "$fixture" model models/other.safetensors other && "$fixture" scan sub-01_T1w.nii.gz || { echo "cannot make the inputs"; exit 1; }
start_server --model tiny.safetensors --jobs 1
expect_code 200 GET /api/about
is 'a["model"]' tiny.safetensors
expect_code 200 GET /api/models
is '[(m["own"], m["choice"]) for m in a["models"] if m["name"] == "other"]' '[[false, true]]'
is '[m["choice"] for m in a["models"] if m["name"] == "whole-head-fine"]' '[false]'

# --- one that fails: again with the same end, and still no second upload
head -c 3000 sub-01_T1w.nii.gz >cut.nii.gz
upload cut_T1w.nii.gz cut.nii.gz
expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\"}"
bad=$(field 'a["id"]')
wait_for "$bad" failed
why=$(field 'a["error"]')
expect_code 200 POST "/api/jobs/$bad/again"
[[ $(field 'a["state"]') =~ queued|running ]] && is 'a["error"]' null
wait_for "$bad" failed && [ "$(field 'a["error"]')" = "$why" ] || fail "expected the same reason, found $(cat answer)"

# --- one that was cancelled while it was measured, and again at once: the process of before has nothing to do with it
upload sub-01_T1w.nii.gz sub-01_T1w.nii.gz
expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\", \"structures\": [\"hypothalamus\"], \"age\": 50}"
job=$(field 'a["id"]')
for _ in $(seq 200); do
    api GET "/api/jobs/$job"
    [ "$(field 'a["state"]')" = running ] && break
    sleep 0.02
done
expect_code 409 POST "/api/jobs/$job/again"
expect_code 200 POST "/api/jobs/$job/cancel"
wait_for "$job" cancelled
for body in '{"model": "nobody"}' '{"model": "../tiny"}' "{\"model\": \"$work/tiny.safetensors\"}" '{"model": "whole-head-fine"}' '{"structures": ["brain"]}'; do
    expect_code 400 POST "/api/jobs/$job/again" -d "$body"
done
grep -q "$work" answer && fail "a message names a folder of the server: $(cat answer)"
api GET "/api/jobs/$job"
is 'a["state"]' cancelled
expect_code 200 POST "/api/jobs/$job/again" -d '{}'
is 'a["settings"]' '{"structures": "hypothalamus"}'
wait_for "$job" 'done'
is 'a["age"] == 50' true
expect_code 200 GET "/api/jobs/$job/result"
is '[(n["name"], n["own"]) for n in a["networks"]]' '[["fixture", false]]'
expect_code 409 POST "/api/jobs/$job/again"
expect_code 404 POST /api/jobs/0123456789abcdef/again
"$dien" segment sub-01_T1w.nii.gz -o cli --model tiny.safetensors --structures hypothalamus -q >/dev/null 2>&1
cmp -s cli/sub-01_volumes.tsv "state/jobs/$job/v1/sub-01_volumes.tsv" || fail "measured again, the volumes differ from those of dien segment"

# --- once more, by another network: a scan of its own, which stays when the first one goes
expect_code 400 POST /api/jobs -d "{\"scan_of\": \"$job\", \"demo\": true}"
expect_code 400 POST /api/jobs -d '{"scan_of": "../../x"}'
expect_code 404 POST /api/jobs -d '{"scan_of": "0123456789abcdef"}'
expect_code 201 POST /api/jobs -d "{\"scan_of\": \"$job\", \"model\": \"other\", \"structures\": [\"hypothalamus\"]}"
second=$(field 'a["id"]')
is 'a["settings"]["model"]' other
is 'a["age"] == 50' true
wait_for "$second" 'done'
expect_code 200 GET "/api/jobs/$second/result"
is '[n["name"] for n in a["networks"]]' '["other"]'
field 'a["method"]' | grep -q 'networks other (' || fail "the text does not name the network: $(field 'a["method"]')"
expect_code 201 POST /api/groups -d "{\"name\": \"two\", \"jobs\": [\"$job\", \"$second\", \"$bad\"]}"
group=$(field 'a["id"]')
expect_code 200 PUT "/api/jobs/$job/review" -d '{"accepted": true, "reason": "", "who": "AB"}'
expect_code 200 PUT "/api/jobs/$second/review" -d '{"accepted": true, "reason": "", "who": "AB"}'
expect_code 200 GET "/api/groups/$group"
field 'a["mixed"][0]' | grep -q 'by different networks.*other (.*fixture (' || field 'a["mixed"][0]' | grep -q 'by different networks.*fixture (.*other (' || fail "the group does not say that its networks differ: $(field 'a["mixed"]')"
is 'a["failed"][0]["job"]' "$bad"
expect_code 204 DELETE "/api/jobs/$job"
expect_code 200 GET "/api/jobs/$second/scan"
cmp -s answer sub-01_T1w.nii.gz || fail "the scan went with the other job"
stop_server
finish
