#!/bin/bash
# Who may ask the page's server, and what archives may do: other hosts and sites, the token, headers, paths that lead out, archives that are bombs,
# DICOM files without the names in them.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/serve.sh"

# --- on loopback: only this machine's names, no other site, no write without the mark
start_server
port=${url##*:}
expect_code 200 GET /api/about -H 'Host: localhost'
expect_code 200 GET /api/about -H "Host: [::1]:$port"
expect_code 403 GET /api/about -H 'Host: evil.example'
expect_code 403 GET / -H 'Host: 127.0.0.1.evil.example'
expect_code 403 GET /api/about -H 'Host: 192.168.1.1'
expect_code 403 GET /api/about -H 'Host:'
expect_code 403 GET /api/jobs -H 'Origin: http://evil.example'
expect_code 403 GET /api/jobs -H 'Origin: null'
expect_code 403 GET /api/jobs -H "Origin: http://127.0.0.1:1"
expect_code 200 GET /api/jobs -H "Origin: http://127.0.0.1:$port"
expect_code 403 GET /api/jobs -H 'Sec-Fetch-Site: cross-site'
expect_code 403 GET /api/jobs -H 'Sec-Fetch-Site: same-site'
expect_code 200 GET /api/jobs -H 'Sec-Fetch-Site: same-origin'
for method in POST PUT DELETE; do
    [ "$(curl -s -o answer -w '%{http_code}' -X $method "$url/api/jobs")" = 403 ] || fail "$method without X-Dien: expected 403, found $(cat answer)"
done
[ "$(curl -s -o answer -w '%{http_code}' -X OPTIONS -H 'Origin: http://evil.example' -H 'Access-Control-Request-Headers: X-Dien' "$url/api/jobs")" = 403 ] ||
    fail "a preflight of another site was answered: $(cat answer)"
curl -s -D headers -o /dev/null "$url/api/about"
grep -qi '^access-control' headers && fail "another site may read: $(cat headers)"
for header in 'X-Content-Type-Options: nosniff' 'X-Frame-Options: DENY' 'Referrer-Policy: no-referrer' 'Cache-Control: no-store'; do
    grep -qi "^$header" headers || fail "expected the header $header, found $(cat headers)"
done
grep -i '^content-security-policy' headers | grep -q "default-src 'none'" || fail "expected a policy, found $(cat headers)"
grep -i '^content-security-policy' headers | grep -qE "script-src[^;]*unsafe" && fail "the policy allows inline scripts"
# Nothing that a client names is a path.
echo secret >"$work/secret"
for path in /assets/../../secret /assets/..%2f..%2fsecret /../secret //secret /assets/%2e%2e/%2e%2e/secret /api/jobs/../../secret; do
    api GET "$path"
    [ "$code" = 404 ] || fail "$path: expected 404, found $code"
    grep -q '^secret' answer && fail "$path gives a file of the machine"
done
# Limits of an upload.
expect_code 413 POST /api/uploads -d '{"files": [{"name": "a.nii", "size": 5000000000}]}'
expect_code 400 POST /api/uploads -d '{"files": [{"name": "a.nii", "size": -1}]}'
expect_code 400 POST /api/uploads -d '{"files": []}'

# --- archives: a bomb, entries that lead out, one that is cut off; the jobs fail with a sentence, and nothing lies where it should not
failed_archive() { # NAME WORDS: the archive bad.zip
    upload "$1.zip" bad.zip
    expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\"}"
    job=$(field 'a["id"]')
    wait_for "$job" failed && { field 'a["error"]' | grep -qE "$2" || fail "$1: expected \"$2\", found $(field 'a["error"]')"; }
    field 'a["error"]' | grep -qF "$work" && fail "$1: the message names a folder of the server: $(field 'a["error"]')"
    expect_code 204 DELETE "/api/jobs/$job"
}
echo x >plain
"$fixture" zip bad.zip ../../../evil=plain && failed_archive traversal 'leads out|outside|out of'
python3 -c "
import zipfile
with zipfile.ZipFile('bad.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    for i in range(3): z.writestr('f%d' % i, bytes(60 << 20))" && failed_archive bomb 'unpack|times|larger|ratio'
"$fixture" zip bad.zip a=plain && truncate -s 40 bad.zip && failed_archive cut 'damaged|archive|cannot'
find "$work" -name evil | grep -q . && fail "an archive wrote outside of its folder"

# --- DICOM: what is kept says nothing about who was scanned
if command -v dcm2niix >/dev/null; then
    "$fixture" dicom dicom t1 localizer && (cd dicom && files=() && for f in *; do files+=("JANE DOE/$f=$f"); done && "$fixture" zip ../study.zip "${files[@]}") || fail "cannot make DICOM files"
    "$fixture" secrets >secrets
    upload 'Doe Jane.zip' study.zip
    expect_code 201 POST /api/jobs -d "{\"upload\": \"$upload\", \"structures\": [\"icv\"]}"
    job=$(field 'a["id"]')
    for _ in $(seq 300); do
        api GET "/api/jobs/$job"
        [[ $(field 'a["state"]') =~ done|failed ]] && break
        sleep 0.1
    done
    find "state/jobs/$job/scan" -name '*.nii*' | grep -q . || fail "no volume was made of the DICOM files: $(cat answer)"
    find "state/jobs/$job" -name 'archive*' -o -path '*/in/*' | grep -q . && fail "the DICOM files were kept: $(find "state/jobs/$job")"
    cat answer >kept && find "state/jobs/$job" -type f ! -name '*.gz' ! -name '*.nii' -exec cat {} + >>kept && find "state/jobs/$job" >>kept
    grep -aFf secrets kept | head -n 3 | grep -a . && fail "what is kept names the person"
fi
stop_server

# --- with a token: nothing of the API without it; the address with it becomes a cookie
start_server --token
[ "${#token}" -ge 32 ] || fail "expected a token in the address, found $(cat "$work/address")"
expect_code 401 GET /api/about
expect_code 401 GET /api/about -H "Authorization: Bearer ${token}x"
expect_code 200 GET /api/about -H "Authorization: Bearer $token"
expect_code 401 GET /api/about -b "dien_token=wrong"
expect_code 200 GET /api/about -b "a=b; dien_token=$token; c=d"
curl -s -D headers -o /dev/null "$url/?token=$token"
grep -qi "^set-cookie: dien_token=$token; Path=/; HttpOnly; SameSite=Strict" headers || fail "expected a cookie, found $(cat headers)"
grep -qi '^location: /' headers || fail "the token stays in the address: $(cat headers)"
expect_code 401 GET "/?token=wrong"
stop_server
grep -q "$token" "$work/server" && fail "the token is in the log"

# --- other addresses: only with a token, and with a warning
expect_sentence 2 'needs a token' serve --address 0.0.0.0 --port 0 --folder state2
echo 'short' >short
expect_sentence 2 'the token has to be' serve --token-file short --port 0 --folder state2
echo 'a-token-of-my-own-0123456789' >own
start_server --address 0.0.0.0 --token-file own --host scans.example
url=http://127.0.0.1:${url##*:}
grep -q 'not encrypted' "$work/server" || fail "expected a warning, found $(cat "$work/server")"
expect_code 200 GET /api/about -H 'Authorization: Bearer a-token-of-my-own-0123456789' -H 'Host: 10.1.2.3:8642'
expect_code 200 GET /api/about -H 'Authorization: Bearer a-token-of-my-own-0123456789' -H 'Host: scans.example'
expect_code 403 GET /api/about -H 'Authorization: Bearer a-token-of-my-own-0123456789' -H 'Host: evil.example'
# One folder, one server.
expect_sentence 2 'in progress' serve --port 0 --folder state
expect_sentence 2 'name another folder' serve --port 0 --folder state
"$dien" serve --port 0 --folder state 2>&1 | grep -q -- '-o DIR' && fail "the message names an option that dien serve does not have"
expect_sentence 5 'cannot listen' serve --port "${url##*:}" --address 0.0.0.0 --token --folder state3
stop_server
finish
