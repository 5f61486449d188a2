#!/bin/bash
# kill -9 in the middle: finished results, versions, reviews and the queue are there at the next start, what ran is measured then, half an upload goes
# on, and what belongs to nothing is removed. Old results go by age.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/serve.sh"
"$fixture" model tiny.safetensors && "$fixture" scan scan_T1w.nii.gz || { echo "cannot make the inputs"; exit 1; }
start_server --model tiny.safetensors --jobs 1
add() { # NAME: a job, its id in $job
    upload "$1_T1w.nii.gz" scan_T1w.nii.gz
    expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\", \"structures\": [\"hypothalamus\"]}"
    job=$(field 'a["id"]')
}
add sub-01 && first=$job
wait_for "$first" 'done'
expect_code 200 PUT "/api/jobs/$first/review" -d '{"accepted": true, "reason": "fine", "who": "AB"}'
(cd "state/jobs/$first/v1" && sha256sum *) >sums
# Half an upload.
head -c 5000 scan_T1w.nii.gz >half
expect_code 201 POST /api/uploads -d "{\"files\": [{\"name\": \"x.nii.gz\", \"size\": $(stat -c %s scan_T1w.nii.gz)}]}"
half=$(field 'a["id"]')
expect_code 200 PUT "/api/uploads/$half/0?offset=0" --data-binary @half
# Killed while it measures one and another waits; on a busy machine the first may be finished before it is looked at: then once more.
for _ in $(seq 10); do
    add sub-02 && second=$job
    add sub-03 && third=$job
    for _ in $(seq 100); do
        api GET "/api/jobs/$second"
        [ "$(field 'a["state"]')" = 'done' ] && break
        [ "$(field 'a["state"]')" = running ] && [ "$(field 'a["stage_index"]')" -ge 2 ] && break 2
    done
    wait_for "$third" 'done'
    expect_code 204 DELETE "/api/jobs/$second"
    expect_code 204 DELETE "/api/jobs/$third"
done
is 'a["state"]' running
stop_server KILL
mkdir -p state/jobs/0123456789abcdef/in # of a server that was killed between the folder and the row

start_server --model tiny.safetensors --jobs 1
expect_code 200 GET /api/jobs
is '[j["name"] for j in a["jobs"]]' '["sub-03", "sub-02", "sub-01"]'
is 'a["jobs"][2]["state"]' 'done'
is 'a["jobs"][2]["review"]["reason"]' fine
is 'any(j["state"] in ("failed", "cancelled") for j in a["jobs"])' false
(cd "state/jobs/$first/v1" && sha256sum --quiet -c "$work/sums") || fail "a finished result changed"
[ -e state/jobs/0123456789abcdef ] && fail "a folder that belongs to no job was kept"
expect_code 200 GET "/api/uploads/$half"
is 'a["files"][0]["received"]' 5000
tail -c +5001 scan_T1w.nii.gz >rest
expect_code 200 PUT "/api/uploads/$half/0?offset=5000" --data-binary @rest
expect_code 201 POST /api/jobs -d "{\"upload\": \"$half\"}"
expect_code 204 DELETE "/api/jobs/$(field 'a["id"]')"
wait_for "$second" 'done'
wait_for "$third" 'done'
cmp -s "state/jobs/$first/v1/sub-01_dseg.nii.gz" "state/jobs/$second/v1/sub-02_dseg.nii.gz" || fail "measured again, the result is another one"
find state/jobs -name 'work-*' | grep -q . && fail "half-made results were kept: $(find state/jobs -name 'work-*')"

# --- Ctrl-C ends it with code 0; a process that measures does not outlive it
add sub-04 && fourth=$job
for _ in $(seq 100); do
    api GET "/api/jobs/$fourth"
    [ "$(field 'a["state"]')" = running ] && break
    sleep 0.02
done
children=$(cat "/proc/$server/task/"*/children)
kill -TERM $server
wait $server
code=$?
server=0
[ "$code" -eq 0 ] || fail "expected exit 0, found $code: $(cat "$work/server")"
sleep 0.3
for child in $children; do kill -0 "$child" 2>/dev/null && fail "process $child outlives the server"; done

# --- a worker that is killed is the failure of its job alone
start_server --model tiny.safetensors --jobs 1
for _ in $(seq 200); do
    child=$(cat "/proc/$server/task/"*/children | tr -d ' ')
    [ -n "$child" ] && kill -9 "$child" && break
    sleep 0.02
done
wait_for "$fourth" failed && { field 'a["error"]' | grep -qE 'was killed|ended before it was ready' || fail "expected why, found $(field 'a["error"]')"; }
expect_code 200 GET /api/about
stop_server

# --- by age
python3 -c "
import sqlite3
d = sqlite3.connect('state/dien.sqlite')
d.execute(\"UPDATE jobs SET created = '2020-01-01T00:00:00Z' WHERE id = '$first'\")
d.commit()"
start_server --keep-days 30
expect_code 404 GET "/api/jobs/$first"
expect_code 200 GET "/api/jobs/$second"
[ -e "state/jobs/$first" ] && fail "an old scan was kept"
stop_server
finish
