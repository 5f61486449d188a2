#!/usr/bin/python3
"""Makes share/template/head.nii.gz and landmarks.tsv; `make template` calls it.

    tools/make_template.py DIEN DATA_FOLDER OUT_FOLDER [--average FILE]

DIEN: the program. DATA_FOLDER: labelmaps/synthseg (20 people), labelmaps/spl (the hypothalamus), atlas (MNI T1w brain),
afids and t1w/colin27 (AC and PC placed by hand). The steps:
  1. dien labelmap average: the 20 maps at their mean shape (most of the three minutes of processor time; --average takes a finished one).
  2. AC and PC in it, roughly, through the MNI brain; the SPL atlas, aligned on its own, says how far off they may be.
  3. dien labelmap frame: the average in the AC-PC frame; the hypothalamus' subregions, mammillary bodies and fornix of the SPL atlas,
     both sides averaged, painted over tissue (never over the ventricles).
  4. AC and PC as people place them: dien prepare finds the frame of two heads by this template, and the template's points move to
     where hand-placed points of these heads lie in it (template_landmarks.by_hand); then 3 again, and once more dien prepare to check.
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


def in_frame(program, average, ac, pc, to_spl, data, out):
    """The template in folder out: the average in the frame of its points ac and pc, with what SPL gives (sizes in voxels) and
    landmarks.tsv. The 4 x 4 from the frame to the average, and the sizes."""
    length = np.hypot(*(ac - pc)[1:])
    y = (ac - pc)[1:] / length
    frame = np.eye(4)
    frame[1:3, 1] = y
    frame[1:3, 2] = [-y[1], y[0]]
    frame[1:3, 3] = ac[1:]
    numbers = "%.2f,%.2f,%.2f,%.2f" % (ac[1], ac[2], pc[1], pc[2])
    subprocess.run([program, "labelmap", "frame", average, "-o", out + "/head.nii.gz", "--frame", numbers], check=True)
    with open(out + "/landmarks.tsv", "w") as f:
        f.write("name\tx_mm\ty_mm\tz_mm\terror_mm\tfrom\n")
        said = "hand-placed %s of MNI 2009c and Colin27 (AFIDs), in the frames that dien prepare finds"
        for name, at in (("AC", 0.0), ("PC", -length)):
            f.write("%s\t0\t%.2f\t0\t%.1f\t%s\n" % (name, at, marks.ERROR_MM, said % name))
    return frame, paint_spl(out + "/head.nii.gz", frame, to_spl, data)


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
    to_spl = other["to_spl"]
    frame, _ = in_frame(program, average, mni["AC"], mni["PC"], to_spl, data, out)
    ac, pc = (marks.world(frame, p) for p in marks.by_hand(program, data, out))
    frame, sizes = in_frame(program, average, ac, pc, to_spl, data, out)
    marks.by_hand(program, data, out)
    length = np.hypot(*(ac - pc)[1:])
    back = np.linalg.inv(frame)
    print("MNI: correlation %.3f, AC %s, PC %s in the average; in the frame %s, %s" %
          (how["correlation"], mni["AC"].round(2), mni["PC"].round(2), *(marks.world(back, mni[n]).round(2) for n in ("AC", "PC"))))
    spl_ac, aqueduct = marks.world(back, spl["AC"]), marks.world(back, spl["aqueduct"])
    print("SPL: overlap %.3f; in the frame its AC lies at %s, the top of its aqueduct at %s" %
          (other["overlap"], spl_ac.round(1), aqueduct.round(1)))
    print("AC-PC %.1f mm; voxels of what SPL gave: %s" % (length, sizes))


if __name__ == "__main__":
    main()
