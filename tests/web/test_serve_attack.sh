#!/bin/bash
# What an attacker might try that is not in test_serve_guard and test_serve_hostile: JSON made to fill the memory, label maps that hold more than they
# should, bodies without a length, two who save at once, a scan that is deleted while its folder is written to, a kill between the DICOM files and their volume.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/serve.sh"
"$fixture" model tiny.safetensors && "$fixture" scan sub-01_T1w.nii.gz || { echo "cannot make the inputs"; exit 1; }
start_server --model tiny.safetensors --jobs 1
port=${url##*:}
upload sub-01_T1w.nii.gz sub-01_T1w.nii.gz
expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\", \"structures\": [\"hypothalamus\"]}"
job=$(field 'a["id"]')

# --- JSON: deep, wide, from many at once
python3 - "$port" >said <<'PY'
import socket, sys, threading
port = int(sys.argv[1])
codes = {}
def send(path, body, chunked=False):
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(30)
    head = "POST %s HTTP/1.1\r\nHost: localhost\r\nX-Dien: 1\r\n" % path
    try:
        if chunked:
            s.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
            for at in range(0, len(body), 65536):
                part = body[at:at + 65536]
                s.sendall(b"%x\r\n" % len(part) + part + b"\r\n")
            s.sendall(b"0\r\n\r\n")
        else:
            s.sendall((head + "Content-Length: %d\r\n\r\n" % len(body)).encode() + body)
    except OSError:
        pass
    try:
        code = s.recv(100).split(b" ")[1].decode()
    except (OSError, IndexError):
        code = "closed"
    codes[code] = codes.get(code, 0) + 1
    s.close()
wide = b'{"files": [' + b"0," * 2090000 + b"0]}"
deep = b'{"files": ' + b"[" * 60000 + b"]" * 60000
threads = [threading.Thread(target=send, args=("/api/uploads", wide)) for _ in range(60)]
[t.start() for t in threads]
[t.join() for t in threads]
send("/api/uploads", deep)
send("/api/jobs", b'{"upload": "' + b"x" * 100000 + b'"}')
send("/api/uploads", wide, True)
print(codes)
PY
peak=$(awk '/^VmHWM/ {print $2}' "/proc/$server/status")
echo "$(cat said); at most $peak KB"
grep -qE "'(200|201)'" said && fail "nonsense was taken: $(cat said)"
sanitized || [ "$peak" -le 700000 ] || fail "JSON takes $peak KB of memory"
expect_code 200 GET /api/about

# --- a label map that says it is large, and is a few bytes of gzip; one without a length
wait_for "$job" 'done'
python3 - <<'PY'
import gzip, struct
h = bytearray(352)
struct.pack_into("<i", h, 0, 348)
struct.pack_into("<8h", h, 40, 3, 2000, 2000, 1000, 1, 1, 1, 1)
struct.pack_into("<2h", h, 70, 512, 16)
struct.pack_into("<8f", h, 76, 1, 1, 1, 1, 1, 1, 1, 1)
struct.pack_into("<f", h, 108, 352)
struct.pack_into("<h", h, 254, 1)
for k in range(3):
    struct.pack_into("<4f", h, 280 + 16 * k, *[float(k == i) for i in range(4)])
h[344:348] = b"n+1\0"
with gzip.open("bomb.nii.gz", "wb", 1) as out:
    out.write(bytes(h))
    for _ in range(80):
        out.write(bytes(1 << 20))
PY
expect_code 400 POST "/api/jobs/$job/versions" -H 'X-Who: AB' -H 'X-Why: x' --data-binary @bomb.nii.gz
grep -q '2000 x 2000 x 1000 voxels' answer || fail "expected the size that is wrong, found $(cat answer)"
expect_code 411 POST "/api/jobs/$job/versions" -H 'X-Who: AB' -H 'X-Why: x' -H 'Transfer-Encoding: chunked' --data-binary @bomb.nii.gz

# --- two who save a version at the same moment: both are kept, or one is asked to save once more
cp "state/jobs/$job/v1/sub-01_dseg.nii.gz" map.nii.gz
python3 - <<'PY'
import array, gzip, struct
b = gzip.open("map.nii.gz").read()
start = int(struct.unpack_from("<f", b, 108)[0])
a = array.array("H", b[start:])
one = next(v for v in a if v)
gzip.open("map.nii.gz", "wb", 1).write(b[:start] + array.array("H", (0 if v == one else v for v in a)).tobytes())
PY
for n in 1 2; do
    curl -s -o "answer$n" -w '%{http_code}\n' --max-time 60 -H 'X-Dien: 1' -H "X-Who: P$n" -H 'X-Why: x' --data-binary @map.nii.gz "$url/api/jobs/$job/versions" >"code$n" &
done
# shellcheck disable=SC2046 # numbers
wait $(jobs -p | grep -v "^$server\$")
grep -qE '201' code1 code2 || fail "neither version was kept: $(cat answer1 answer2)"
for n in 1 2; do
    [[ $(cat "code$n") =~ ^(201|409)$ ]] || fail "expected 201 or 409, found $(cat "code$n" "answer$n")"
    if [ "$(cat "code$n")" = 409 ]; then grep -q 'save once more' "answer$n" || fail "expected what to do, found $(cat "answer$n")"; fi
done
expect_code 200 GET "/api/jobs/$job/result"
versions=$(field 'len(a["versions"])')
[ "$versions" = $(($(cat code1 code2 | grep -c 201) + 1)) ] || fail "expected a version for each 201, found $versions"

# --- deleted while a version of it is written: no folder comes back
for n in 1 2 3; do
    curl -s -o /dev/null --max-time 60 -H 'X-Dien: 1' -H "X-Who: P$n" -H 'X-Why: x' --data-binary @map.nii.gz "$url/api/jobs/$job/versions" &
done
sleep 0.1
expect_code 204 DELETE "/api/jobs/$job"
# shellcheck disable=SC2046 # numbers
wait $(jobs -p | grep -v "^$server\$")
[ -e "state/jobs/$job" ] && fail "the folder of a deleted scan is there: $(find "state/jobs/$job")"
expect_empty state/trash

# --- deleted at any moment of its way: nothing of it stays
for pause in 0.0 0.05 0.2 0.5; do
    upload sub-02_T1w.nii.gz sub-01_T1w.nii.gz
    expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\", \"structures\": [\"hypothalamus\"]}"
    job=$(field 'a["id"]')
    sleep $pause
    expect_code 204 DELETE "/api/jobs/$job"
done
for _ in $(seq 100); do
    [ -z "$(find state/jobs state/trash -mindepth 1 2>/dev/null)" ] && break
    sleep 0.05
done
expect_empty state/jobs
expect_empty state/trash

# --- killed when the volume was made of the DICOM files, and these were removed: it is measured at the next start, and again when it was cancelled
if command -v dcm2niix >/dev/null; then
    "$fixture" dicom dicom t1 && (cd dicom && files=() && for f in *; do files+=("s/$f=$f"); done && "$fixture" zip ../study.zip "${files[@]}") || fail "cannot make DICOM files"
    upload study.zip study.zip
    expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\", \"structures\": [\"hypothalamus\"]}"
    job=$(field 'a["id"]')
    for _ in $(seq 300); do
        api GET "/api/jobs/$job"
        [ "$(field 'a["stage_index"]')" -ge 1 ] && [ ! -e "state/jobs/$job/archive.zip" ] && break
        sleep 0.02
    done
    stop_server KILL
    [ -e "state/jobs/$job/archive.zip" ] && fail "the archive is still there"
    start_server --model tiny.safetensors --jobs 1
    wait_for "$job" 'done' || wait_for "$job" failed
    api GET "/api/jobs/$job"
    field 'a["error"]' | grep -q 'no file\|not there\|folder' && fail "after a kill the volume of the DICOM files was lost: $(field 'a["error"]')"
    is 'a["series"] is not None' true
fi
stop_server
finish
