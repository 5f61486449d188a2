#!/bin/bash
# Clients that do not keep to the rules: ten thousand requests that make no sense, a crowd, clients that never come to an end. The server goes on, and
# takes no more memory than before.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/serve.sh"
hammer=${DIEN_HAMMER:?the program tests/hammer}
start_server --patience 2
port=${url##*:}
memory() { awk '/^VmRSS/ {print $2}' "/proc/$server/status"; }
files() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
threads() { find "/proc/$server/task" -mindepth 1 -maxdepth 1 | wc -l; }
idle_files=$(files)

# --- ten thousand, the memory after the first two thousand is that at the end
"$hammer" malformed "$port" 2000 1 || fail "the first two thousand"
before=$(memory)
"$hammer" malformed "$port" 8000 2 || fail "the next eight thousand"
after=$(memory)
echo "resident memory: $before KB after 2000 malformed requests, $after KB after 10000"
sanitized || [ "$after" -le $((before + 4096)) ] || fail "memory grew from $before to $after KB"
expect_code 200 GET /api/about
expect_code 200 GET /api/jobs
is 'a["jobs"]' '[]'

# --- a hundred clients at once, and more than are served
"$hammer" crowd "$port" 100 /api/jobs || fail "a hundred clients at once"
"$hammer" crowd "$port" 190 /api/about || fail "190 clients at once"
# Pages that are open listen: half of the connections are kept for other requests.
for _ in $(seq 70); do
    curl -s -o /dev/null -w '%{http_code}\n' --max-time 2 "$url/api/events" >>listeners &
done
sleep 1
expect_code 200 GET /api/about
# shellcheck disable=SC2046 # numbers
wait $(jobs -p | grep -v "^$server\$")
grep -q 503 listeners || fail "expected some of 70 listeners to be refused, found $(sort listeners | uniq -c)"
[ "$(grep -c 200 listeners)" -ge 32 ] || fail "expected at least 32 listeners, found $(sort listeners | uniq -c)"

# --- slow ones are cut off, and nothing of all this stays
"$hammer" slow "$port" 20 4 || fail "clients that never finish their head were not cut off"
{ printf 'POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nX-Dien: 1\r\nContent-Length: 100\r\n\r\n{'; sleep 3; } | timeout 4 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; cat >&3; cat <&3" >silent 2>/dev/null
[ -s silent ] && grep -q ' 200 ' silent && fail "a body that never came was answered: $(head -n 1 silent)"
sleep 1
[ "$(files)" -le $((idle_files + 3)) ] || fail "expected about $idle_files open files, found $(files)"
[ "$(threads)" -le 12 ] || fail "expected a few threads, found $(threads)"
expect_code 200 GET /api/about
stop_server
finish
