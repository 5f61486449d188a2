#!/bin/bash
# What is deleted is gone: no file of the server, nor the list of scans and its log, has a name of the person; comparisons that included the scan, its row of the
# participants, and a group without scans go, too. The same by age. Requests that write at that moment leave nothing behind.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/serve.sh"
start_server
stop_server
# Scans that were measured, as a server leaves them.
python3 - <<'PY' || { echo "cannot make the inputs"; exit 1; }
import os, random, sqlite3, struct, zlib
random.seed(11)
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1280, 400, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + os.urandom(3840) for _ in range(400)))) + chunk(b"IEND", b"")
d = sqlite3.connect("state/dien.sqlite")
people = ["participant_id\tgroup\tage"]
names = ["sub-Meier%02d" % i for i in range(1, 11)] + ["sub-Meier10_ses-2"]
for i, stem in enumerate(names):
    job, folder = "%016x" % (i + 1), "state/jobs/%016x/v1" % (i + 1)
    os.makedirs(folder)
    v = 15000 - (2000 if i % 2 else 0) + random.gauss(0, 300)
    open("%s/%s_volumes.tsv" % (folder, stem), "w").write("structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\taccepted\nthalamus\tL\t%.1f\t%.1f\t0.9\tyes\nthalamus\tR\t%.1f\t%.1f\t0.9\tyes\n" % (v / 2, v / 2, v / 2, v / 2))
    open("%s/%s_qc.png" % (folder, stem), "wb").write(picture)
    os.makedirs("state/jobs/%s/scan" % job)
    open("state/jobs/%s/scan/%s.nii.gz" % (job, stem), "wb").write(b"x" * 100)
    d.execute("INSERT INTO jobs(id, name, stem, kind, state, settings, created, started, finished, accepted, warnings, seconds, scan) VALUES(?, ?, ?, 'scan', 'done', '{}', ?, 'x', 'x', 1, '[]', 9, ?)", (job, stem, stem, "2020-01-01T00:00:00Z" if i == 7 else "2099-01-01T00:00:00Z", "scan/%s.nii.gz" % stem))
    d.execute("INSERT INTO versions(job, number, created, by_hand) VALUES(?, 1, 'x', 0)", (job,))
    d.execute("INSERT INTO reviews(job, accepted, reason, who, created) VALUES(?, 1, 'looks like Meier%02d', 'AB', 'x')" % (i + 1), (job,))
    if "ses" not in stem:
        people.append("%s\t%s\t%d" % (stem.replace("sub-", ""), "patient" if i % 2 else "control", 40 + i))
open("people.tsv", "w").write("\n".join(people) + "\n")
d.commit()
PY
id() { printf '%016x' "$1"; }
left() { # WORD: files that still have it, in their name or in their bytes
    { find state -name "*$1*"; grep -rlaF "$1" state; } | head -n 5
}
# What a server that was killed left.
mkdir -p state/groups/00000000000000aa/comparisons state/trash/00000000000000bb
echo Meier >state/uploads/map-x.nii.gz
start_server
[ -e state/groups/00000000000000aa ] || [ -e state/trash/00000000000000bb ] || [ -e state/uploads/map-x.nii.gz ] && fail "what a killed server left is still there"
expect_code 201 POST /api/groups -d "{\"name\": \"all\", \"jobs\": [$(for i in $(seq 11); do printf '"%s",' "$(id "$i")"; done | sed 's/,$//')]}"
group=$(field 'a["id"]')
expect_code 201 POST /api/groups -d "{\"name\": \"one\", \"jobs\": [\"$(id 3)\"]}"
alone=$(field 'a["id"]')
upload people.tsv people.tsv
expect_code 200 PUT "/api/groups/$group/participants" -d "{\"upload\": \"$upload\"}"
is 'a["unmatched"]' '{"rows": [], "participants": []}'
# A second scan of one person cannot be compared with the first one.
expect_code 200 PUT "/api/groups/$group/rows/$(id 11)/review" -d '{"accepted": false, "reason": "second", "who": "AB"}'
expect_code 201 POST "/api/groups/$group/compare" -d '{"structure": "thalamus_L", "group": "group", "control": "control"}'
comparison=$(field 'a["id"]')
expect_code 200 GET "/api/groups/$group/comparisons/$comparison/groups.tsv"
expect_code 200 GET "/api/groups/$group/rows/$(id 3)/thumbnail"
expect_code 200 GET "/api/groups/$group/table.tsv"
grep -q Meier03 answer || fail "the table lacks a scan"
[ -n "$(left Meier03)" ] || fail "expected the name before it is deleted"

# --- one is deleted, while others ask for its pictures and its files
for _ in 1 2 3 4; do
    for _ in $(seq 25); do printf 'url = "%s"\nurl = "%s"\n' "$url/api/groups/$group/rows/$(id 3)/thumbnail" "$url/api/jobs/$(id 3)/zip"; done >asks
    curl -s -o /dev/null -o /dev/null -K asks >/dev/null 2>&1 &
done
sleep 0.05
expect_code 204 DELETE "/api/jobs/$(id 3)"
# shellcheck disable=SC2046 # numbers
wait $(jobs -p | grep -v "^$server\$")
[ -z "$(left Meier03)" ] || fail "a name of the deleted scan is in $(left Meier03 | tr '\n' ' ')"
[ -e "state/jobs/$(id 3)" ] && fail "its folder is there"
expect_empty state/trash
expect_code 404 GET "/api/groups/$group/comparisons/$comparison/groups.tsv"
expect_code 404 GET "/api/groups/$alone"
[ -e "state/groups/$alone" ] && fail "a group without scans was kept"
expect_code 200 GET "/api/groups/$group"
is 'len(a["rows"])' 10
is 'a["unmatched"]' '{"rows": [], "participants": []}'
is '[r["participants"]["age"] for r in a["rows"]][:3]' '[40.0, 41.0, 43.0]'

# --- a person with two scans stays in the table until the second one goes
expect_code 204 DELETE "/api/jobs/$(id 11)"
grep -q Meier10 "state/groups/$group/participants.tsv" || fail "a person who has another scan lost the row"
expect_code 204 DELETE "/api/jobs/$(id 10)"
[ -z "$(left Meier10)" ] || fail "a name of the deleted scan is in $(left Meier10 | tr '\n' ' ')"

# --- a comparison again, of those who are left; by age; then all of it
expect_code 201 POST "/api/groups/$group/compare" -d '{"structure": "thalamus_L", "group": "group", "control": "control"}'
stop_server
start_server --keep-days 30
[ -z "$(left Meier08)" ] || fail "a name of a scan that is too old is in $(left Meier08 | tr '\n' ' ')"
[ -n "$(left Meier07)" ] || fail "a scan that is not too old was deleted"
for i in 1 2 4 5 6 7 9; do expect_code 204 DELETE "/api/jobs/$(id $i)"; done
[ -z "$(left Meier)" ] || fail "a name is in $(left Meier | tr '\n' ' ')"
expect_code 200 GET /api/groups
is 'a["groups"]' '[]'
expect_empty state/groups
expect_empty state/jobs
stop_server
finish
