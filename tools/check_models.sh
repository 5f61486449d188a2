#!/bin/bash
# Checks that every shipped model has a card beside it, and that all models together have less than 60 MB. Folder $1 (models/; a folder without models passes).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-models}
total=0
failed=0
shopt -s nullglob
for model in "$folder"/*.safetensors; do
    total=$((total + $(stat -c %s "$model")))
    card=${model%.safetensors}.md
    if [ "$folder" = models ] && [ ! -s "$card" ]; then
        echo "$model has no card: write $card (data, recipe, hours, measured accuracy, limits)" >&2
        failed=1
    fi
done
echo "$folder: $((total / 1024)) KiB of models (limit 60000)"
[ "$total" -le $((60 * 1000 * 1000)) ] || { echo "$folder: the models take more than 60 MB together" >&2; failed=1; }
exit "$failed"
