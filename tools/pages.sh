#!/bin/bash
# Man pages, completion scripts and the Boutiques descriptor of the program $1 into folder $2.
set -euo pipefail
program=$1
folder=$2
rm -rf "$folder"
mkdir -p "$folder/man1"
"$program" help --man >"$folder/man1/dien.1"
"$program" help --commands | while IFS= read -r name; do
    # "stats groups" is two words and one page, dien-stats-groups.1.
    # shellcheck disable=SC2086
    "$program" help --man $name >"$folder/man1/dien-${name// /-}.1"
done
"$program" help --completion bash >"$folder/dien.bash"
"$program" help --completion zsh >"$folder/_dien"
"$program" help --completion fish >"$folder/dien.fish"
"$program" help --boutiques >"$folder/dien-run.boutiques.json"
touch "$folder/done"
