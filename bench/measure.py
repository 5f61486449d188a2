"""Times a whole command: measure.py NAME REPEATS COMMAND... One warm-up; one JSON line with wall seconds, processor seconds (waiting in a loop counts) and
peak RSS."""
import json
import resource
import subprocess
import sys
import time

name, repeats, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
def cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


seconds, cpu_seconds = [], []
for i in range(repeats + 1):
    start, spent = time.perf_counter(), cpu()
    run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if run.returncode not in (0, 4):  # 4: done, but the scan failed quality control
        sys.exit(f"{name}: exit code {run.returncode}: {run.stderr}")
    if i > 0:
        seconds.append(round(time.perf_counter() - start, 4))
        cpu_seconds.append(round(cpu() - spent, 4))
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps({"command": name, "seconds": seconds, "cpu_seconds": cpu_seconds, "peak_rss_mb": round(peak)}), flush=True)
