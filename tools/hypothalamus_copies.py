#!/usr/bin/python3
"""Copies of heads as other laboratories would hand them over, for tools/hypothalamus_stacks.sh (to learn from) and
tools/accuracy_hypothalamus.sh (to be measured on), and labels of their truth.

hypothalamus_copies.py stripped SCAN LABELS COPY          tissue, fluid and 2 mm around them; the rest is 0
hypothalamus_copies.py tight SCAN LABELS TRUTH RATIO COPY tissue alone, cut off at its edge, its ventricles RATIO times as bright as white
                                                          matter (IBSR: 0.1 to 0.47; a usual T1w scan: 0.15 to 0.4)
hypothalamus_copies.py decide PROBSEG TRUTH              labels 801-810 of the consensus's probabilities

LABELS: of the whole head, by `dien segment` or `dien synth`. TRUTH: 801-810, whose voxels are never cut away."""
import sys

import nibabel
import numpy
from scipy import ndimage

HYPOTHALAMUS = range(801, 811)
FLUID, VENTRICLES, WHITE = [24], [4, 43], [2, 41]


def load(path):
    image = nibabel.squeeze_image(nibabel.load(path))
    return image, numpy.asarray(image.dataobj)


def save(values, image, path):
    nibabel.save(nibabel.Nifti1Image(values.astype(numpy.float32), image.affine), path)


def stripped(scan_path, labels_path, copy):
    image, scan = load(scan_path)
    inside = load(labels_path)[1].reshape(scan.shape) > 0
    mm = nibabel.affines.voxel_sizes(image.affine)
    inside = ndimage.binary_fill_holes(ndimage.distance_transform_edt(~inside, sampling=mm) <= 2.0)
    save(scan * inside, image, copy)


def tight(scan_path, labels_path, truth_path, ratio, copy):
    image, scan = load(scan_path)
    scan = scan.astype(numpy.float32)
    labels = load(labels_path)[1].reshape(scan.shape)
    mm = nibabel.affines.voxel_sizes(image.affine)

    def brightness(of):  # well inside the structure
        mask = numpy.isin(labels, of)
        return numpy.median(scan[mask & (ndimage.distance_transform_edt(mask, sampling=mm) > 1.6)])

    white, fluid = brightness(WHITE), brightness(VENTRICLES)
    inside = (labels > 0) & ~numpy.isin(labels, FLUID) | numpy.isin(load(truth_path)[1].reshape(scan.shape), HYPOTHALAMUS)
    inside = ndimage.binary_fill_holes(ndimage.binary_closing(inside))
    added = (float(ratio) * white - fluid) / (1 - float(ratio))
    save(numpy.maximum(scan + added, 1) * inside, image, copy)


def decide(posteriors, out):
    """The label a voxel most probably has, where a side's five subunits together are more probable than not."""
    image = nibabel.load(posteriors)
    p = numpy.asarray(image.dataobj, dtype=numpy.float32)
    labels = numpy.zeros(p.shape[:3], numpy.uint16)
    for side in range(2):
        mine = p[..., 5 * side : 5 * side + 5]
        labels = numpy.where(mine.sum(-1) > 0.5, 801 + 5 * side + mine.argmax(-1), labels).astype(numpy.uint16)
    nibabel.save(nibabel.Nifti1Image(labels, image.affine), out)


{"stripped": stripped, "tight": tight, "decide": decide}[sys.argv[1]](*sys.argv[2:])
