#!/usr/bin/python3
"""Makes share/template/head.nii.gz and landmarks.tsv; `make template` calls it.

    tools/make_template.py DIEN DATA_FOLDER OUT_FOLDER [--average FILE]

DIEN: the program. DATA_FOLDER: labelmaps/synthseg (20 people), labelmaps/spl (the hypothalamus), atlas (MNI T1w brain). The steps:
  1. dien labelmap average: the 20 maps at their mean shape (most of the three minutes of processor time; --average takes a finished one).
  2. AC and PC in it, through the MNI brain; the SPL atlas, aligned on its own, says how far off they may be.
  3. dien labelmap frame: the average in the AC-PC frame.
  4. The hypothalamus' subregions, mammillary bodies and fornix of the SPL atlas, both sides averaged, painted over tissue (never
     over the ventricles).
"""
import gzip
import os
import subprocess
import sys

import nibabel as nib
import numpy as np
from scipy import ndimage

import template_landmarks as marks

# SPL -> ours (left, right): FreeSurfer's numbers; Makris's names in SPL and Billot's here are the same parts.
SPL = {801: (381, 386), 802: (380, 385), 803: (384, 389), 804: (383, 388), 805: (382, 387), 843: (3003, 3002), 821: (3007, 3005)}
OTHER_SIDE = {801: 806, 802: 807, 803: 808, 804: 809, 805: 810, 843: 844, 821: 822}
PAINTABLE = [2, 41, 3, 42, 24, 26, 58, 28, 60, 13, 52, 16, 85, 10, 49]
SMALL = {801, 802, 803, 804, 805, 843}


def paint_spl(path, frame, to_spl, data):
    """frame: 4 x 4 from the AC-PC frame to mean space; to_spl: 3 x 4 from mean space to the atlas."""
    image = nib.load(path)
    labels = np.asarray(image.dataobj).astype(np.uint16)
    spl, spl_affine = marks.load(data + "/labelmaps/spl/hncma.nii.gz")
    left = np.argwhere(np.ones(labels[: labels.shape[0] // 2].shape, bool))
    points = marks.world(image.affine, left)
    near = (np.abs(points[:, 0]) < 30) & (points[:, 1] > -50) & (points[:, 1] < 25) & (np.abs(points[:, 2]) < 35)
    left, points = left[near], points[near]
    weights = np.zeros((len(SPL) + 1, len(left)), np.float32)
    for n, pair in enumerate(SPL.values(), 1):
        for side, label in enumerate(pair):
            here = points * ([1, 1, 1] if side == 0 else [-1, 1, 1])
            mean = marks.world(frame, here)
            weights[n] += marks.sampler((spl == label).astype(np.float32), spl_affine)(mean @ to_spl[:, :3].T + to_spl[:, 3])
    weights[0] = 2 - weights[1:].sum(0)
    best = weights.argmax(0)
    ours = np.array([0, *SPL])[best]
    for (i, j, k), label in zip(left[best > 0], ours[best > 0]):
        under = labels[i, j, k]
        if under in PAINTABLE and not (under in (10, 16) and label not in SMALL):
            labels[i, j, k] = label
            labels[labels.shape[0] - 1 - i, j, k] = OTHER_SIDE[label]
    out = nib.Nifti1Image(labels, image.affine, image.header)
    # Without name and time in the gzip header: equal maps, equal bytes.
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as packed:
        packed.write(out.to_bytes())
    return {int(n): int((labels == n).sum()) for n in [*SPL, *OTHER_SIDE.values()]}


def main():
    program, data, out = sys.argv[1:4]
    average = sys.argv[5] if "--average" in sys.argv else out + "/average.nii.gz"
    share = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "share")
    if "--average" not in sys.argv:
        maps = ["%s/labelmaps/synthseg/training_seg_%02d.nii.gz" % (data, n) for n in range(1, 21)]
        subprocess.run([program, "labelmap", "average", *maps, "-o", average], check=True)
    labels, affine = marks.load(average)
    mni, how = marks.by_mni(labels, affine, data, share + "/synth/tissues.tsv")
    spl, other = marks.by_spl(labels, affine, data)
    ac, pc = mni["AC"], mni["PC"]
    length = np.hypot(*(ac - pc)[1:])
    y = (ac - pc)[1:] / length
    frame = np.eye(4)
    frame[1:3, 1] = y
    frame[1:3, 2] = [-y[1], y[0]]
    frame[1:3, 3] = ac[1:]
    back = np.linalg.inv(frame)
    head = out + "/head.nii.gz"
    numbers = "%.2f,%.2f,%.2f,%.2f" % (ac[1], ac[2], pc[1], pc[2])
    subprocess.run([program, "labelmap", "frame", average, "-o", head, "--frame", numbers], check=True)
    sizes = paint_spl(head, frame, other["to_spl"], data)
    print("MNI: correlation %.3f, AC %s, PC %s in the average; off the midline %.2f and %.2f mm" %
          (how["correlation"], ac.round(2), pc.round(2), ac[0], pc[0]))
    spl_ac, aqueduct = marks.world(back, spl["AC"]), marks.world(back, spl["aqueduct"])
    print("SPL: overlap %.3f; in the frame its AC lies at %s, the top of its aqueduct at %s" %
          (other["overlap"], spl_ac.round(1), aqueduct.round(1)))
    print("AC-PC %.1f mm; voxels of what SPL gave: %s" % (length, sizes))
    with open(out + "/landmarks.tsv", "w") as f:
        f.write("name\tx_mm\ty_mm\tz_mm\terror_mm\tfrom\n")
        said = "T1w brain of MNI 2009c (its %s at %.1f, %.1f, %.1f) aligned with this map"
        for name, at, error in (("AC", 0.0, 1.0), ("PC", -length, 1.5)):
            f.write("%s\t0\t%.2f\t0\t%.1f\t%s\n" % (name, at, error, said % (name, *how["mni"][name])))


if __name__ == "__main__":
    main()
