#!/bin/bash
# The Boutiques descriptor (`dien help --boutiques`) is valid, equal to the option table of `dien run`, and each of its inputs gives a command that dien
# accepts.
source "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
[ -x /usr/bin/python3 ] || { echo "skipped: python3 is absent"; exit 77; }

expect 0 help --boutiques
cp "$work/stdout" "$work/descriptor.json"
expect 0 help --boutiques
cmp -s "$work/stdout" "$work/descriptor.json" || fail "two descriptors differ"
/usr/bin/python3 "$here/boutiques_check.py" "$dien" "$work/descriptor.json" "$here/boutiques.schema.json" "$work" || fail "the descriptor, see above"
# With the schema of Boutiques itself, where a copy is at hand (python's package has it).
schema=${DIEN_BOUTIQUES_SCHEMA:-}
if [ -n "$schema" ]; then
    /usr/bin/python3 -c 'import json, sys, jsonschema; jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' \
        "$work/descriptor.json" "$schema" || fail "not valid by $schema"
fi
"$dien" help --boutiques >/dev/full 2>"$work/stderr"
code=$?
[ "$code" -eq 5 ] || fail "a full disk: expected exit 5, found $code: $(cat "$work/stderr")"
finish
