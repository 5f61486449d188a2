# shellcheck shell=bash disable=SC2034
# Sourced by the scripts here, after ../cli/lib.sh: a server of its own, and words to talk to it. $url: its address.
command -v curl >/dev/null || { echo "skipped: curl is not installed"; exit 77; }
command -v python3 >/dev/null || { echo "skipped: python3, which reads the answers, is not installed"; exit 77; }
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=2
server=0
trap 'stop_server; rm -rf "$work"' EXIT

# start_server OPTIONS...: waits until it answers.
start_server() {
    rm -f "$work/address"
    "$dien" serve --port 0 --folder "$work/state" "$@" >"$work/address" 2>"$work/server" </dev/null &
    server=$!
    for _ in $(seq 100); do
        [ -s "$work/address" ] && break
        kill -0 $server 2>/dev/null || { echo "the server does not start: $(cat "$work/server")"; exit 1; }
        sleep 0.05
    done
    url=$(head -n 1 "$work/address")
    token=${url#*token=}
    url=${url%%/\?*} url=${url%/}
}
stop_server() { # [SIGNAL]
    [ "$server" -ne 0 ] || return 0
    kill "-${1:-TERM}" "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    server=0
}

# api METHOD PATH [CURL'S ARGUMENTS]: the answer in $work/answer, the number in $code.
api() {
    local method=$1 path=$2
    shift 2
    code=$(curl -s -o "$work/answer" -w '%{http_code}' --path-as-is --max-time 60 -X "$method" -H 'X-Dien: 1' "$@" "$url$path")
}
# expect_code CODE METHOD PATH [CURL'S ARGUMENTS]
expect_code() {
    local wanted=$1
    shift
    api "$@"
    [ "$code" = "$wanted" ] || fail "$1 $2: expected $wanted, found $code: $(head -c 400 "$work/answer")"
}
# field EXPRESSION: of the answer, as Python has it: field 'a["jobs"][0]["id"]'.
field() { python3 -c "import json, sys; a = json.load(open(sys.argv[1])); v = $1; print(v if isinstance(v, str) else json.dumps(v))" "$work/answer" 2>/dev/null; }
# is EXPRESSION WANTED
is() {
    local found
    found=$(field "$1")
    [ "$found" = "$2" ] || fail "$1: expected $2, found '$found' in $(head -c 400 "$work/answer")"
}
# upload NAME FILE: its id in $upload.
upload() {
    expect_code 201 POST /api/uploads -d "{\"files\": [{\"name\": \"$1\", \"size\": $(stat -c %s "$2")}]}"
    upload=$(field 'a["id"]')
    expect_code 200 PUT "/api/uploads/$upload/0?offset=0" -T "$2"
}
# wait_for ID STATE: of a job.
wait_for() {
    for _ in $(seq 400); do
        api GET "/api/jobs/$1"
        case $(field 'a["state"]') in
        "$2") return 0 ;;
        done | failed | cancelled) break ;;
        esac
        sleep 0.1
    done
    fail "job $1: expected $2, found $(cat "$work/answer")"
    return 1
}
