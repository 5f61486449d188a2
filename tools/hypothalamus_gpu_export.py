#!/usr/bin/python3
"""Weights of tools/hypothalamus_gpu_train.py as a model file of dien.

hypothalamus_gpu_export.py WEIGHTS.npz OUT.safetensors [FEATURES [batch|instance]]"""
import sys

import numpy as np

from export_pytorch import export

SUBUNITS = ("anterior_inferior", "anterior_superior", "posterior", "tubular_inferior", "tubular_superior")
COLOURS = ("#faff32", "#50c8ff", "#ffa000", "#ffa0c8", "#14b482")  # share/labels.tsv
TRAINED_ON = ("T1w of 47 adults (chris, colin27, ecog, sag-anon, eun, seeg; 34 of OpenNeuro ds002748, stripped; 7 of OpenfMRI ds000011), with and without skull; "
              "truth: mean posteriors of the consensus of billot2020-hypothalamus-subunits; started at its weights")


class Array:
    """What export asks of a tensor."""

    def __init__(self, values):
        self.values = values
        self.shape = values.shape

    detach = cpu = lambda self: self

    def numpy(self):
        return self.values


def main():
    features = [int(f) for f in (sys.argv[3] if len(sys.argv) > 3 else "24,48,96").split(",")]
    norm = sys.argv[4] if len(sys.argv) > 4 else "batch"
    config = {"classes": 11, "features": features, "convs": 2, "kernel": 3, "activation": "elu", "norm": norm, "norm_at": "level", "skip": "before_norm",
              "residual": False, "down": "max", "up": "nearest", "concat": "skip_first", "output": "softmax"}
    labels = [("background", 0, "B")] + [(f"{side}_{name}", 801 + 5 * s + n, side[0].upper())
                                         for s, side in enumerate(("left", "right")) for n, name in enumerate(SUBUNITS)]
    state = {key: Array(value) for key, value in np.load(sys.argv[1]).items()}
    export(state, sys.argv[2], name="hypothalamus", architecture="unet3d", config=config, labels=labels, half=True, trained_on=TRAINED_ON,
           structure="hypothalamus", colours=COLOURS * 2, licence="GPL-3.0-or-later; derived from Apache-2.0 weights (BBillot/hypothalamus_seg)",
           source="dien; start weights https://github.com/BBillot/hypothalamus_seg", mirror=True)


if __name__ == "__main__":
    main()
