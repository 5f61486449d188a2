"""The table of `make bench`: table.py FILE.jsonl... -> Markdown. Medians over all rounds; ratios are peer / dien."""
import datetime
import json
import os
import statistics
import subprocess
import sys


def cpu():
    with open("/proc/cpuinfo") as f:
        return next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "unknown CPU")


def commit():
    run = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    return run.stdout.strip() or "no commit"


def gather(path):
    """Inference by program, training steps by program, commands."""
    peers, steps, commands = {}, {}, []
    for line in open(path):
        if not line.startswith("{"):
            continue
        row = json.loads(line)
        if "command" in row:
            commands.append(row)
            continue
        entry = (steps if row.get("what") == "training step" else peers).setdefault((row["peer"], row["version"], row["dtype"]), {**row, "seconds": [], "cpu_seconds": [], "peak_rss_mb": []})
        for key in ("seconds", "cpu_seconds"):
            entry[key] += row[key]
        entry["peak_rss_mb"].append(row["peak_rss_mb"])
    return peers, steps, commands


def table(peers):
    print("| program | type | median s | range s | CPU s | peak MB | time, peer / dien | memory, peer / dien |")
    print("|---|---|---|---|---|---|---|---|")
    ours = {key[2]: (statistics.median(v["seconds"]), max(v["peak_rss_mb"])) for key, v in peers.items() if key[0] == "dien"}
    for (peer, version, dtype), v in sorted(peers.items(), key=lambda kv: (kv[0][2], kv[0][0] != "dien", kv[0][0])):
        seconds, peak = statistics.median(v["seconds"]), max(v["peak_rss_mb"])
        time_ratio = f"{seconds / ours[dtype][0]:.2f}" if dtype in ours else "n/a"
        memory_ratio = f"{peak / ours[dtype][1]:.2f}" if dtype in ours else "n/a"
        print(f"| {peer} {version} | {dtype} | {seconds:.2f} | {min(v['seconds']):.2f}-{max(v['seconds']):.2f} "
              f"| {statistics.median(v['cpu_seconds']):.1f} | {peak} | {time_ratio} | {memory_ratio} |")


print("# Measured by `make bench`\n")
print(f"{datetime.date.today()}, {cpu()}, {os.cpu_count()} cores, commit {commit()}.")
print("Medians. Seconds depend on the machine and its load; compare the ratios (peer / dien of the same type and run).\n")
for path in sys.argv[1:]:
    peers, steps, commands = gather(path)
    if not peers:
        continue
    any_row = next(iter(peers.values()))
    system = "Debian 13" if "debian13" in path else "This system"
    shape = " x ".join(map(str, any_row["shape"]))
    print(f"## {system}: the subunit network on {shape} voxels, {any_row['threads']} threads\n")
    table(peers)
    for (peer, version, dtype), v in peers.items():
        if peer == "dien":
            print(f"\ndien {dtype}: {v['gflop']:.0f} GFLOP in the network as published, plan made in {v['compile_seconds'] * 1000:.0f} ms.")
    if steps:
        any_row = next(iter(steps.values()))
        shape = " x ".join(map(str, any_row["shape"]))
        print(f"\n### A training step of it (cross entropy, Dice, Adam) on {shape} voxels, {any_row['threads']} threads\n")
        table(steps)
    print("\n| command | median | peak MB |\n|---|---|---|")
    for row in commands:
        seconds = statistics.median(row["seconds"])
        print(f"| {row['command']} | {f'{seconds * 1000:.0f} ms' if seconds < 0.1 else f'{seconds:.2f} s'} | {row['peak_rss_mb']} |")
    print()
