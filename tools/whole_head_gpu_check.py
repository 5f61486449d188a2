#!/usr/bin/python3
"""Whether PyTorch's network and dien's agree: labels of one head that has voxels of 1 mm.

whole_head_gpu_check.py MODEL.safetensors SCAN DSEG   (DSEG: by `DIEN_MODELS=folder of MODEL dien segment SCAN`; run it with torch and nibabel)
The deep structures' box is cut from DSEG, looked at in the same tiles and in a mirror; dien then cleans small pieces, so a few voxels differ."""
import sys

import nibabel
import numpy as np
import torch

from whole_head_gpu_data import DEEP, MOST, TILE, canonical, classes, conform, cut
from whole_head_gpu_train import UNet, answer, read_safetensors


def main():
    net = UNet()
    net.load_state_dict(read_safetensors(sys.argv[1]))
    net.eval()
    kinds = classes()
    numbers = np.array([k[1][0] for k in kinds])
    labels = np.rint(np.asarray(canonical(sys.argv[3]).dataobj)).astype(int)
    image = conform(canonical(sys.argv[2]), 1.0)
    at = np.argwhere(np.isin(labels, DEEP))
    low, high = at.min(0) - 8, at.max(0) + 9
    size = np.minimum(MOST, np.maximum(TILE, high - low))
    start = np.round((low + high) / 2 - size / 2).astype(int)
    names = [k[0] for k in kinds]
    mirror = torch.tensor([names.index(n.replace("left_", "right_") if n.startswith("left_") else n.replace("right_", "left_")) for n in names])
    p = answer(net, torch.from_numpy(cut(image, start, size)).float(), "fine", mirror).numpy()
    mine, theirs = numbers[p.argmax(0)], cut(labels, start, size)
    for number in DEEP:
        a, b = mine == number, theirs == number
        if b.any():
            print(f"{number}\tDice {2 * (a & b).sum() / (a.sum() + b.sum()):.4f}\tvoxels {a.sum()} {b.sum()}\tsum of posteriors {p[list(numbers).index(number)].sum():.0f}"
                  if number in numbers else "")


if __name__ == "__main__":
    main()
