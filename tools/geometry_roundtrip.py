#!/usr/bin/python3
"""What drawing on a stack costs, without any network: probabilities of the hypothalamus on a scan's grid -> decided on the stack's pixels ->
brought back to the scan's grid, compared with what they say there. For 50 slices of 0.5 mm and pixels of 0.125 to 1 mm.

  geometry_roundtrip.py CONSENSUS STACKS    folders of tools/hypothalamus_truth.sh (with --posteriors) and tools/hypothalamus_stacks.sh
"""
import glob
import json
import os
import sys

import nibabel
import numpy
from scipy import ndimage

consensus, stacks = sys.argv[1:3]
SLICE = 0.5


def sample(data, affine, onto, shape):
    m = numpy.linalg.inv(affine) @ onto
    return ndimage.affine_transform(data, m[:3, :3], m[:3, 3], output_shape=tuple(shape), order=1)


def round_trip(probability, affine, stack, pixel):
    """Dice with the label as it was, and the drawn volume over its."""
    shape = numpy.array(stack.shape[:3])
    width = nibabel.affines.voxel_sizes(stack.affine)
    across = int(numpy.argmin(shape))
    centre = nibabel.affines.apply_affine(stack.affine, (shape - 1) / 2)
    spacing, size = numpy.full(3, pixel), numpy.full(3, round(64 / pixel))
    spacing[across], size[across] = SLICE, 50
    grid = numpy.eye(4)
    grid[:3, :3] = stack.affine[:3, :3] / width * spacing
    grid[:3, 3] = centre - grid[:3, :3] @ ((size - 1) / 2)
    drawn = (sample(probability, affine, grid, size) > 0.5).astype(numpy.float32)
    voxel = nibabel.affines.voxel_sizes(affine).mean()
    sd = numpy.sqrt(numpy.maximum(voxel**2 - spacing**2, 0)) / 2.355 / spacing  # the mean over the scan's voxel
    back = sample(ndimage.gaussian_filter(drawn, sd), grid, affine, probability.shape) > 0.5
    label = probability > 0.5
    volume = drawn.sum() * spacing.prod() / (label.sum() * abs(numpy.linalg.det(affine[:3, :3])))
    return 2 * (back & label).sum() / (back.sum() + label.sum()), volume


found = {}
for path in sorted(glob.glob(os.path.join(consensus, "*_probseg.nii.gz"))):
    head = os.path.basename(path)[: -len("_probseg.nii.gz")]
    stack = glob.glob(os.path.join(stacks, "*", f"sub-{head}_space-ACPC_desc-hypothalamus_T1w.nii.gz"))
    if not stack:
        continue
    image = nibabel.load(path)
    with open(path[: -len(".nii.gz")] + ".json", encoding="utf-8") as sidecar:
        labels = json.load(sidecar)["LabelIndex"]
    parts = numpy.asarray(image.dataobj, numpy.float32).reshape(*image.shape[:3], -1)
    probability = parts[..., [i for i, label in enumerate(labels) if label > 0]].sum(-1)  # all but the background, where it is there
    at = numpy.argwhere(probability > 0.5)
    low, high = numpy.maximum(at.min(0) - 4, 0), at.max(0) + 5
    affine = image.affine.copy()
    affine[:3, 3] = nibabel.affines.apply_affine(image.affine, low)
    probability = probability[tuple(slice(a, b) for a, b in zip(low, high))]
    for pixel in (0.125, 0.25, 0.5, 1.0):
        found.setdefault(pixel, []).append(round_trip(probability, affine, nibabel.load(stack[0]), pixel))
print("| pixels | heads | Dice | lowest | volume, % |\n|---|---|---|---|---|")
for pixel, rows in found.items():
    dice, volume = numpy.array(rows).T
    print(f"| {round(64 / pixel)} x {round(64 / pixel)} at {pixel:g} mm | {len(rows)} | {dice.mean():.3f} | {dice.min():.3f} | {100 * (volume.mean() - 1):+.1f} |")
