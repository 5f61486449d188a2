#!/usr/bin/python3
"""Copies of heads as other laboratories would hand them over, for tools/hypothalamus_stacks.sh (to learn from) and
tools/accuracy_hypothalamus.sh (to be measured on), and the truth of synthetic heads.

hypothalamus_copies.py stripped SCAN LABELS COPY          tissue, fluid and 2 mm around them; the rest is 0
hypothalamus_copies.py tight SCAN LABELS TRUTH RATIO COPY tissue alone, cut off at its edge, its ventricles RATIO times as bright as white
                                                          matter (IBSR: 0.1 to 0.47; a usual T1w scan: 0.15 to 0.4)
hypothalamus_copies.py truth LABELS TRUTH                 of labels by `dien synth`: the hypothalamus alone, mammillary bodies included; its
                                                          border with tissue is a convention in which the atlas and the consensus
                                                          differ, so voxels within 1.5 mm of it become 60000 (not known)

LABELS: of the whole head, by `dien segment` or `dien synth`. TRUTH: 801-810, whose voxels are never cut away."""
import sys

import nibabel
import numpy
from scipy import ndimage

HYPOTHALAMUS = range(801, 811)
MAMMILLARY = {843: 803, 844: 808}
FLUID, VENTRICLES, WHITE = [24], [4, 43], [2, 41]
NOT_TISSUE = [24, 4, 43, 5, 44, 14, 15, 72, *range(502, 531)]
UNKNOWN, RIM_MM = 60000, 1.5


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


def truth(labels_path, out):
    image, labels = load(labels_path)
    labels = labels.astype(numpy.int32)
    kept = numpy.where(numpy.isin(labels, HYPOTHALAMUS), labels, 0)
    for body, part in MAMMILLARY.items():
        kept[labels == body] = part
    mm = nibabel.affines.voxel_sizes(image.affine)
    tissue = (kept == 0) & (labels > 0) & ~numpy.isin(labels, NOT_TISSUE)
    near_tissue = ndimage.distance_transform_edt(~tissue, sampling=mm) <= RIM_MM
    near_inside = ndimage.distance_transform_edt(kept == 0, sampling=mm) <= RIM_MM
    kept[(kept > 0) & near_tissue | tissue & near_inside] = UNKNOWN
    nibabel.save(nibabel.Nifti1Image(kept.astype(numpy.uint16), image.affine), out)


{"stripped": stripped, "tight": tight, "truth": truth}[sys.argv[1]](*sys.argv[2:])
