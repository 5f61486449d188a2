"""Fills the numbers of the model cards: model_cards.py OUT DIEN CARD.md... where OUT is a result folder of tools/accuracy.sh.

What stands between `<!-- measured -->` and `<!-- /measured -->` of a card becomes the model's hash and recipe (`dien models show`) and the
table of targets. Cards without the marks, and cards of models that were not measured, stay as they are."""
import csv
import os
import re
import subprocess
import sys

out, dien, cards = sys.argv[1], sys.argv[2], sys.argv[3:]
measured = dict(text.split() for text in open(os.path.join(out, "models.tsv"), encoding="utf-8"))
with open(os.path.join(out, "targets.tsv"), encoding="utf-8") as f:
    targets = list(csv.reader(f, delimiter="\t"))[1:]
MARKS = re.compile(r"(<!-- measured -->\n).*?(<!-- /measured -->)", re.S)
for card in cards:
    name = os.path.basename(card)[:-3]
    with open(card, encoding="utf-8") as f:
        text = f.read()
    if name not in measured or not MARKS.search(text):
        continue
    shown = subprocess.run([dien, "models", "show", name], capture_output=True, text=True, check=True).stdout
    recipe = next((row.split(None, 1)[1] for row in shown.splitlines() if row.startswith("recipe")), "not stated")
    rows = [f"| {' | '.join(t)} |" for t in targets]
    if not name.startswith("whole-head"):
        rows = [r for r in rows if "hypothalamus" in r or "failure" in r]
    block = "\n".join([f"sha256 `{measured[name]}`. Recipe: {recipe}.", "", "| what (docs/evidence/accuracy.md has the whole table) | found | wanted | |",
                       "|---|---|---|---|", *rows, ""])
    new = MARKS.sub(lambda m: m.group(1) + block + m.group(2), text)
    if new != text:
        with open(card + ".tmp", "w", encoding="utf-8") as f:
            f.write(new)
        os.replace(card + ".tmp", card)
        print(f"{card}: filled")
