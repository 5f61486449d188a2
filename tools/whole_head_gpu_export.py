#!/usr/bin/python3
"""Weights of tools/whole_head_gpu_train.py as a model file of dien; labels, input and name are the start file's.

whole_head_gpu_export.py WEIGHTS.npz START.safetensors OUT.safetensors [STEPS [alone]]

alone: trained without real scans as partners (--partners 0; the coarse one always is)."""
import json
import struct
import sys

import numpy as np

TRAINED_ON = ("scans made from 20 label maps of the SynthSeg training set (1 mm, people){}")
PARTNERS = "; real T1w without labels (10 of OpenNeuro ds002748, 5 of OpenfMRI ds000011) so that two views of a head agree"


def main():
    weights = np.load(sys.argv[1])
    with open(sys.argv[2], "rb") as f:
        size, = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(size))
    meta = header.pop("__metadata__")
    names = sorted(header, key=lambda k: header[k]["data_offsets"][0])
    if set(names) != set(weights.files):
        sys.exit(f"names differ: {sorted(set(names) ^ set(weights.files))[:6]}")
    meta["dien.trained_on"] = TRAINED_ON.format(PARTNERS if "fine" in meta["dien.name"] and sys.argv[5:] != ["alone"] else "; no real scan")
    meta["dien.note.recipe"] = f"tools/whole_head_gpu_train.py, from the weights by {meta.get('dien.note.recipe', 'configs/')}; {sys.argv[4] if len(sys.argv) > 4 else '?'} steps"
    out, blobs, offset = {"__metadata__": meta}, [], 0
    for name in names:
        w = weights[name]
        if list(w.shape) != header[name]["shape"] or not np.isfinite(w).all() or np.abs(w).max() > 6e4:
            sys.exit(f"{name}: shape {w.shape} or values cannot be stored")
        blobs.append(np.ascontiguousarray(w, "<f2").tobytes())
        out[name] = {"dtype": "F16", "shape": list(w.shape), "data_offsets": [offset, offset + len(blobs[-1])]}
        offset += len(blobs[-1])
    text = json.dumps(out).encode()
    text += b" " * (-len(text) % 8)
    with open(sys.argv[3], "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


if __name__ == "__main__":
    main()
