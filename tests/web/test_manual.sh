#!/bin/bash
# The curl examples of docs/manual/page.md are run as they stand, against a server, and each has to be answered without a failure.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/serve.sh"
page=${DIEN_SOURCE:?the source tree}/docs/manual/page.md
"$fixture" model tiny.safetensors && "$fixture" scan sub-01_T1w.nii.gz || { echo "cannot make the inputs"; exit 1; }
start_server --model tiny.safetensors
sed -n '/^## Without a browser/,/^## Limits/p' "$page" | sed -n 's/^    //p' | sed "s|http://127.0.0.1:8642|$url|g" >examples
[ "$(grep -c api examples)" -ge 8 ] || fail "expected 8 examples and more, found $(cat examples)"
# Somebody corrects it in between: the voxels of one label go.
cat >correct.py <<'PY'
import array, gzip, struct
b = gzip.open("corrected.nii.gz").read()
start = int(struct.unpack_from("<f", b, 108)[0])
a = array.array("H", b[start:])
one = next(v for v in a if v)
gzip.open("corrected.nii.gz", "wb", 1).write(b[:start] + array.array("H", (0 if v == one else v for v in a)).tobytes())
PY
sed -i 's/^# \.\.\. correct it.*/python3 correct.py/' examples
n=0
{
    echo 'set -o pipefail'
    while IFS= read -r line; do
        n=$((n + 1))
        printf '%s\n[ $? -eq 0 ] || echo "example %s failed"\n' "$line" "$n"
    done <examples
} >script
timeout 100 bash script >said 2>&1
grep -qE '"error":"|example [0-9]+ failed' said && fail "an example does not work: $(grep -oE '"error":"[^"]*"|example [0-9]+ failed' said)"
grep -q '"state":"done"' said || fail "the scan was not measured: $(head -c 400 said)"
grep -q '"version":2' said || fail "the correction was not taken: $(head -c 400 said)"
python3 -m zipfile -t sub-01.zip >/dev/null || fail "the archive is damaged"
expect_code 200 GET /api/jobs
is 'a["jobs"]' '[]'
stop_server
finish
