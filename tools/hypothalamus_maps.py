#!/usr/bin/python3
"""Label maps of real heads around the hypothalamus, for a network that is trained on synthetic scans of any contrast (configs/hypothalamus_any_contrast.yaml).

  hypothalamus_maps.py HEADS OUT TISSUES

HEADS: a table without a head line: name, scan, probabilities of the ten subunits (STEM_probseg.nii.gz), labels of the whole head by dien, whole or stripped, use; the
lines whose use is "train" count. TISSUES: share/synth/tissues.tsv; OUT/tissues.tsv is that table and the rows of the new labels.
Three kinds of map for each head, 113 mm around the hypothalamus at 1 mm, and a fourth for heads without skull:
  aseg   dien's labels of the brain; outside it four classes by k-means of the scan's intensities
  k      the brain by k-means, k of 4 to 6; the hypothalamus's parts are made of the same classes, so that its border is seen only where the scan shows one
  own    the brain by k-means, k of 6 to 9; the hypothalamus is a tissue of its own
  bare   as aseg, with nothing around the brain
Around a brain without skull (all but `bare`) lie a layer of fluid, a dark and a bright shell of random thickness.
tools/real_label_maps.sh makes the whole head's map, of one kind and by `dien labelmap`, for people who train a network of their own. Here the surroundings of the
hypothalamus are made in several kinds, and its parts of the brightness of the scan, because the network is to find borders that dien's labels do not know.
Labels: 801-810 the subunits; 2000 + 10 k + class; 3000 + 1000 (k - 4) + 10 subunit + class; 2101-2104 classes outside, 2105 and 2106 the shells."""
import os
import sys

import nibabel
import numpy
from scipy import ndimage
from scipy.cluster.vq import kmeans2

HALF = 56  # mm
WHITE = 160.0  # of the tissue table's T1 means
PARTS = ("anterior_inferior", "anterior_superior", "posterior", "tubular_inferior", "tubular_superior")
seen = {}  # label -> mean and SD of the scan's brightness, a pair per head


def note(label, values):
    if values.size:
        seen.setdefault(label, []).append((float(values.mean()), float(values.std())))


def sample(data, source, affine, shape, order):
    m = numpy.linalg.inv(source) @ affine
    return ndimage.affine_transform(data, m[:3, :3], m[:3, 3], output_shape=shape, order=order, mode="constant")


def classes(x, k):
    """k-means from the quantiles; 0 is the darkest class."""
    start = numpy.quantile(x, (numpy.arange(k) + 0.5) / k)[:, None]
    centres, label = kmeans2(x[:, None].astype(numpy.float64), start, iter=25, minit="matrix")
    place = numpy.empty(k, int)
    place[numpy.argsort(centres[:, 0])] = numpy.arange(k)
    return place[label]


def surroundings(image, brain, whole, rng):
    around = numpy.zeros(brain.shape, numpy.uint16)
    if whole:
        seen_tissue = ~brain & (image >= 15)
        if seen_tissue.sum() > 1000:
            kind = classes(image[seen_tissue], 4)
            around[seen_tissue] = 2101 + kind
            for i in range(4):
                note(2101 + i, image[seen_tissue][kind == i])
        return around
    away = ndimage.distance_transform_edt(~ndimage.binary_fill_holes(brain))
    fluid = rng.uniform(1.5, 4)
    dark = fluid + rng.uniform(2, 6)
    bright = dark + rng.uniform(4, 20)
    around[(away > 0) & (away <= fluid)] = 24
    around[(away > fluid) & (away <= dark)] = 2105
    around[(away > dark) & (away <= bright)] = 2106
    return around


def head(row, out, rng):
    name, scan, truth, labels, kind = row[:5]
    truth = nibabel.load(truth)
    parts = numpy.asarray(truth.dataobj, numpy.float32)
    centre = nibabel.affines.apply_affine(truth.affine, ndimage.center_of_mass(parts.sum(-1)))
    affine, shape = numpy.eye(4), (2 * HALF + 1,) * 3
    affine[:3, 3] = numpy.round(centre) - HALF
    scan, labels = nibabel.load(scan), nibabel.load(labels)
    image = sample(numpy.asarray(scan.dataobj, numpy.float32).reshape(scan.shape[:3]), scan.affine, affine, shape, 1)
    brain_labels = numpy.rint(sample(numpy.asarray(labels.dataobj, numpy.float32), labels.affine, affine, shape, 0)).astype(int)
    brain_labels[brain_labels == 819] = 28  # a hypothalamus of dien's is ventral diencephalon here
    brain_labels[brain_labels == 820] = 60
    image *= WHITE / numpy.median(image[(brain_labels == 2) | (brain_labels == 41)])
    parts = numpy.stack([sample(parts[..., c], truth.affine, affine, shape, 1) for c in range(10)], -1)
    # The whole first, then its parts: a border between two of them must not eat the rim.
    subunit = numpy.where(parts.sum(-1) >= 0.5, parts.argmax(-1) + 1, 0)
    inside, brain = subunit > 0, brain_labels > 0
    around = surroundings(image, brain, kind == "whole", rng)
    for s in range(1, 11):
        note(800 + s, image[subunit == s])
    maps = {"aseg": numpy.where(brain, brain_labels, around)}
    if kind != "whole":
        maps["bare"] = numpy.where(brain, brain_labels, 0)
    for each in maps.values():
        each[inside] = 800 + subunit[inside]
    for which, k in (("k", int(rng.integers(4, 7))), ("own", int(rng.integers(6, 10)))):
        kind_of = numpy.zeros(shape, int)
        kind_of[brain] = classes(image[brain], k)
        for i in range(k):
            note(2000 + 10 * k + i, image[brain & (kind_of == i)])
        maps[which] = numpy.where(brain, 2000 + 10 * k + kind_of, around)
        maps[which][inside] = (3000 + 1000 * (k - 4) + 10 * subunit + kind_of)[inside] if which == "k" else 800 + subunit[inside]
    for which, each in maps.items():
        os.makedirs(os.path.join(out, which), exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(each.astype(numpy.uint16), affine), os.path.join(out, which, f"{name}.nii.gz"))


def write_tissues(source, path):
    def row(label, name, swap, region, tissue, like, least=4.0):
        pairs = seen.get(like, [(90.0, 30.0)])
        mean, sd = numpy.mean(pairs, axis=0)
        return f"{label}\t{name}\t{swap}\t{region}\t{tissue}\t{mean:.0f}\t15\t{max(sd, least):.0f}\t6\n"

    with open(source, encoding="utf-8") as table:
        text = table.read().rstrip("\n") + "\n"
    for k in range(4, 10):
        for i in range(k):
            label = 2000 + 10 * k + i
            text += row(label, f"class_{k}_{i}", label, "brain", f"class_{k}_{i}", label)
    for k in range(4, 7):
        base = 3000 + 1000 * (k - 4)
        for s in range(1, 11):
            for i in range(k):
                other = base + 10 * (s + 5 if s < 6 else s - 5) + i
                side = "left" if s < 6 else "right"
                text += row(base + 10 * s + i, f"{side}_{PARTS[(s - 1) % 5]}_class_{k}_{i}", other, "brain", f"class_{k}_{i}", 2000 + 10 * k + i)
    for i in range(1, 7):
        text += row(2100 + i, f"outside_{i}", 2100 + i, "head", f"outside_{i}", 2100 + i, 5.0)
    with open(path, "w", encoding="utf-8") as table:
        table.write(text)


def main():
    heads, out, tissues = sys.argv[1:4]
    rng = numpy.random.default_rng(5)
    with open(heads, encoding="utf-8") as table:
        rows = [line.rstrip("\n").split("\t") for line in table]
    for row in rows:
        if row[5] == "train":
            head(row, out, rng)
            print(row[0], flush=True)
    write_tissues(tissues, os.path.join(out, "tissues.tsv"))


if __name__ == "__main__":
    main()
