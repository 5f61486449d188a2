#!/usr/bin/python3
"""Writes tests/real/scans.tsv: what nibabel reads from every scan and label map under DIEN_DATA.

One row a file: path, dims, the twelve entries of the affine, minimum, maximum, mean (float64). Volumes 4-D with one
volume lose the fourth dimension. Run: tools/reference_scans.py [DATA] > tests/real/scans.tsv
"""
import glob
import os
import sys

import nibabel
import numpy

root = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("DIEN_DATA", "../shared/data")
patterns = ["t1w/*.nii.gz", "t1w/*.mgz", "t1w_stripped/*.nii.gz", "t1w_stripped/*.mgz", "ixi_2mm/*.nii.gz", "labelmaps/*/*.nii.gz",
            "atlas/CIT168to*.nii.gz"]
print("\t".join(["path", "i", "j", "k"] + [f"a{r}{c}" for r in range(3) for c in range(4)] + ["minimum", "maximum", "mean"]))
for pattern in patterns:
    for path in sorted(glob.glob(os.path.join(root, pattern))):
        image = nibabel.load(path)
        data = numpy.asanyarray(image.dataobj)
        data = data.reshape(data.shape[:3]).astype(numpy.float64)
        row = [os.path.relpath(path, root)] + list(data.shape)
        row += [f"{v:.9g}" for v in image.affine[:3].ravel()]
        row += [f"{data.min():.9g}", f"{data.max():.9g}", f"{data.mean():.12g}"]
        print("\t".join(str(v) for v in row))
