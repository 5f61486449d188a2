"""The subunit network's weights and the common measuring code of the peers.

read_network(h5) -> {layer: (kernel [3,3,3,in,out], bias) or (scale, shift)}; batch norm (eps 1e-3) comes as scale and shift.
"""
import argparse
import json
import resource
import time

import h5py
import numpy as np

PREFIX = "unet_"


def read_network(path):
    net = {}
    with h5py.File(path, "r") as f:
        for name in (n.decode() if isinstance(n, bytes) else n for n in f.attrs["layer_names"]):
            group = f[name]
            w = [np.asarray(group[n], dtype=np.float32) for n in group.attrs["weight_names"]]
            if len(w) == 2:
                net[name.removeprefix(PREFIX)] = tuple(w)
            elif len(w) == 4:
                gamma, beta, mean, var = w
                scale = gamma / np.sqrt(var + 1e-3)
                net[name.removeprefix(PREFIX)] = (scale, beta - mean * scale)
    return net


def arguments(description):
    p = argparse.ArgumentParser(description=description)
    p.add_argument("weights", help="the Keras HDF5 file")
    p.add_argument("--shape", type=int, nargs=3, default=[160, 192, 160])
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    p.add_argument("--input", help=".npy with the volume; default: random numbers in 0..1")
    p.add_argument("--output", help="write the posteriors [11,D,H,W] as .npy")
    return p


def volume(args):
    if args.input:
        return np.load(args.input).astype(np.float32)
    return np.random.default_rng(0).random(args.shape, dtype=np.float32)


def measure(args, peer, version, run, **more):
    """One warm-up run, then the timed ones; one JSON line to stdout."""
    out = run()
    if args.output:
        np.save(args.output, np.asarray(out, dtype=np.float32))
    del out
    seconds, cpu = [], []
    for _ in range(args.repeats):
        start, start_cpu = time.perf_counter(), time.process_time()
        run()
        seconds.append(round(time.perf_counter() - start, 4))
        cpu.append(round(time.process_time() - start_cpu, 4))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peer": peer, "version": version, "dtype": args.dtype, "shape": args.shape, "threads": args.threads,
                      "seconds": seconds, "cpu_seconds": cpu, "peak_rss_mb": round(peak), **more}), flush=True)
