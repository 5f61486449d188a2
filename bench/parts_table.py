"""The table of bench/parts.sh: parts_table.py FOLDER... -> Markdown, of every part_NAME.jsonl in each folder. Medians; ratios are
peer / dien of the same type (f32 where a peer has that alone)."""
import datetime
import glob
import json
import os
import statistics
import subprocess
import sys


def cpu():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        return next((text.split(":")[1].strip() for text in f if text.startswith("model name")), "unknown CPU")


def read(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(text) for text in f if text.startswith("{")]


def seconds(row):
    return statistics.median(row["seconds"])


def time(row):
    return f"{seconds(row):.2f}" if seconds(row) >= 0.995 else f"{seconds(row):.3f}"


def compare(rows, peak, wanted=None):
    """One table for each thing measured, dien first."""
    for what in dict.fromkeys(r["what"] for r in rows):
        of = [r for r in rows if r["what"] == what]
        ours = {r["dtype"]: r for r in of if r["peer"] == "dien"}
        print(f"\n### {what[0].upper()}{what[1:]}, {of[0]['threads']} threads\n")
        print("| program | type | median s | CPU s | peak MB | time, peer / dien | memory, peer / dien | share of peak |")
        print("|---|---|---|---|---|---|---|---|")
        for r in sorted(of, key=lambda r: (r["dtype"], r["peer"] != "dien", r["peer"])):
            mine = ours.get(r["dtype"])
            ratio = [f"{seconds(r) / seconds(mine):.2f}", f"{r['peak_rss_mb'] / mine['peak_rss_mb']:.2f}"] if mine else ["", ""]
            most = peak.get(r["dtype"], 0.0) * r["threads"]
            share = f"{100 * r['gflop'] / seconds(r) / most:.0f} %" if r.get("gflop") and most > 0 else ""
            print(f"| {r['peer']} {r['version']} | {r['dtype']} | {time(r)} | {statistics.median(r['cpu_seconds']):.2f} | {r['peak_rss_mb']} | {ratio[0]} | {ratio[1]} | {share} |")
        peers = [r for r in of if r["peer"] != "dien"]
        for dtype, mine in sorted(ours.items()):
            like = [r for r in peers if r["dtype"] == dtype] or peers
            if like:
                fastest, least = min(seconds(r) for r in like), min(r["peak_rss_mb"] for r in like)
                note = "" if like[0]["dtype"] == dtype else f" (the peers' {like[0]['dtype']})"
                text = f"dien {dtype}: {fastest / seconds(mine):.2f} times the speed of the fastest peer{note}, {mine['peak_rss_mb'] / least:.2f} of the memory of the smallest peer."
                print(f"\n{text}" + (f" Wanted: {wanted}." if wanted else ""))


def slices(rows, peak):
    compare([r for r in rows if "peer" in r], peak, "1.3 times the speed of the fastest")
    for r in rows:
        if r.get("peer") == "dien":
            print(f"\n50 slices, dien {r['dtype']}: {50 * seconds(r):.1f} s (wanted: {'10' if r['dtype'] == 'f32' else '5'} s).")
    if peak:
        print(f"\nPeak of one core, measured with independent multiply-adds in registers: {peak['f32']:.0f} GFLOP/s f32, {peak['bf16']:.0f} bf16 (tiles). Shares of it "
              "count the network's operations as published; Winograd's need fewer, so they can pass 100 %.")


def whole(rows, peak):
    compare([r for r in rows if "peer" in r], peak)
    commands = [r for r in rows if "command" in r]
    if commands:
        print("\n| command, with reading, writing, picture and report | median s | peak MB |\n|---|---|---|")
        for r in commands:
            print(f"| {r['command']} | {seconds(r):.2f} | {r['peak_rss_mb']} |")


WANTED = {"1 mm": (3.5, 700), "0.7 mm": (5.0, None)}  # seconds on two cores, MB; in f32


def scan(rows, _):
    print("\n### A whole head with everything, from the file to the report\n")
    print("| scan | type | threads | median s | wanted | CPU s | peak MB | wanted |\n|---|---|---|---|---|---|---|---|")
    for r in rows:
        mm, dtype, count = r["command"].split(", ")
        most = WANTED[mm] if (dtype, count) == ("f32", "2") else (None, None)
        wanted = ["" if m is None else f"{m:g}" for m in most]
        print(f"| {mm} | {dtype} | {count} | {seconds(r):.2f} | {wanted[0]} | {statistics.median(r['cpu_seconds']):.2f} | {r['peak_rss_mb']} | {wanted[1]} |")


def threads(rows, _):
    print("\n### One thread and two (wanted: 1.7 times as fast)\n\n| what | type | one thread, s | two threads, s | speed-up |\n|---|---|---|---|---|")
    for key in dict.fromkeys((r["what"], r["dtype"]) for r in rows):
        of = {r["threads"]: r for r in rows if (r["what"], r["dtype"]) == key}
        if 1 in of and 2 in of:
            print(f"| {key[0].removeprefix('threads: ')} | {key[1]} | {time(of[1])} | {time(of[2])} | {seconds(of[1]) / seconds(of[2]):.2f} |")


def generator(rows, _):
    print("\n### Training samples, one core\n\n| sample | samples per second | s per sample |\n|---|---|---|")
    for r in rows:
        print(f"| {r['what'].removeprefix('generator: ')} | {1 / seconds(r):.1f} | {seconds(r):.3f} |")


commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
print("# The networks that dien trains and ships, measured by `make bench`\n")
print(f"{datetime.date.today()}, {cpu()}, {os.cpu_count()} cores, commit {commit or 'unknown'}. Medians. Seconds depend on the machine and its load; compare the ratios.")
for folder in sys.argv[1:]:
    print(f"\n## {'Debian 13' if 'debian13' in folder else 'This system'}")
    peak = {}
    for r in read(os.path.join(folder, "part_slices.jsonl")) if os.path.exists(os.path.join(folder, "part_slices.jsonl")) else []:
        if r["what"] == "peak of one core":
            peak = {"f32": r["f32_gflops"], "bf16": r["bf16_gflops"]}
    for name, show in (("train", lambda rows, p: compare(rows, p, "2 times the speed, 0.7 of the memory")), ("slices", slices), ("whole", whole), ("scan", scan),
                       ("threads", threads), ("generator", generator)):
        path = os.path.join(folder, f"part_{name}.jsonl")
        if os.path.exists(path):
            show(read(path), peak)
