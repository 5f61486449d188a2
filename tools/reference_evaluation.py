#!/usr/bin/python3
"""Overlap and surface distances by SciPy for tests/study/test_evaluate.c, on masks that both sides make from formulas.

Writes tests/study/reference_evaluation.tsv. Definitions: src/train/evaluate.h.
"""
import os

import numpy as np
from scipy import ndimage

DIM = (23, 19, 17)
SPACING = (0.7, 1.3, 2.9)


def mask(kind, shift):
    i, j, k = np.indices(DIM)
    x, y, z = (a * s for a, s in zip((i, j, k), SPACING))
    x = x - shift
    if kind == 0:  # an ellipsoid
        return ((x - 8) / 5) ** 2 + ((y - 12) / 8) ** 2 + ((z - 24) / 14) ** 2 < 1
    if kind == 1:  # two boxes, one at the image's border
        return ((i < 5) & (j < 6) & (k < 7)) | ((np.abs(x - 11) < 2.5) & (np.abs(y - 18) < 4) & (np.abs(z - 30) < 9))
    if kind == 2:  # a shell with a hole in it
        r = ((x - 8) / 6) ** 2 + ((y - 12) / 9) ** 2 + ((z - 24) / 17) ** 2
        return (r < 1) & (r > 0.4)
    return (i * 7 + j * 3 + k * 5 + int(shift)) % 11 < 3  # scattered


def surface(m):
    return m & ~ndimage.binary_erosion(m, ndimage.generate_binary_structure(3, 1))


def main():
    rows = []
    for a in range(4):
        for b in range(4):
            for shift in (0.0, 1.0):
                p, t = mask(a, 0.0), mask(b, shift)
                sp, st = surface(p), surface(t)
                ab = ndimage.distance_transform_edt(~st, SPACING)[sp]
                ba = ndimage.distance_transform_edt(~sp, SPACING)[st]
                both = (p & t).sum()
                rows.append([a, b, shift, 2 * both / (p.sum() + t.sum()), both / (p | t).sum(), both / p.sum(), both / t.sum(),
                             max(ab.max(), ba.max()), np.percentile(np.hstack([ab, ba]), 95), (ab.mean() + ba.mean()) / 2,
                             p.sum() * np.prod(SPACING), t.sum() * np.prod(SPACING)])
    path = os.path.join(os.path.dirname(__file__), "..", "tests", "unit", "reference_evaluation.tsv")
    with open(path, "w", encoding="utf-8") as out:
        out.write("a\tb\tshift\tdice\tiou\tprecision\trecall\thausdorff\thausdorff95\tmean\tvolume\ttruth_volume\n")
        for row in rows:
            out.write("\t".join("%.12g" % v for v in row) + "\n")


main()
