#!/usr/bin/python3
"""Whether `dien longitudinal` finds a change that is known: the second table of docs/evidence/longitudinal.md.

longitudinal_validity.py DIEN OUT SCAN...
For each scan: sessions in which hypothalamus and thalamus are shrunk by a smooth warp by about 0, 1, 2 and 4 % (what the warp takes from the labels of
`dien segment` is the truth), each turned by up to three degrees and moved by up to a millimetre, with noise of its own. The first session is the scan itself,
turned and noisy as the others: a scan that was not interpolated is sharper than they are, and was measured as 0.5 % larger. All five are measured together, and
each alone by `dien segment`. Prints true and found changes from the first, in percent. SEED and NOISE (of the brightest intensity, 0.01) draw other sessions."""
import csv
import glob
import os
import subprocess
import sys

import nibabel
import numpy
from scipy import ndimage

DIEN, OUT = sys.argv[1:3]
EXTRA = os.environ.get("SEGMENT", "--precision bf16 --threads 1").split()
AMOUNTS = tuple(float(a) for a in os.environ.get("AMOUNTS", "0,0.01,0.02,0.04").split(","))  # all 0: how much an unchanged head scatters
STRUCTURES = {"hypothalamus": range(801, 821), "thalamus": (10, 49)}


def segment(scans, folder):
    os.makedirs(folder, exist_ok=True)
    subprocess.run([DIEN, "segment", *scans, "-o", folder, "--accept", "--quiet", "--structures", "hypothalamus,thalamus", *EXTRA], stderr=subprocess.DEVNULL)


def volumes(table):
    return {r["structure"]: float(r["volume_mm3"]) for r in csv.DictReader(open(table), delimiter="\t") if r["hemi"] == "B"}


def shrink(points, mask, mm, amount, reach, apart):
    """Points of the original for points of a head whose structure has lost about `amount`: each side shrinks towards its own middle."""
    at = numpy.argwhere(mask) * mm
    middle = at.mean(0)
    d = points - middle
    own = d.copy()
    own[..., 0] -= apart * numpy.tanh(d[..., 0] / (0.45 * apart))
    return own * ((1 - amount) ** (-1 / 3) - 1) * numpy.exp(-(numpy.linalg.norm(own, axis=-1, keepdims=True) / reach) ** 4)


def rotation(angles):
    c, s = numpy.cos(angles), numpy.sin(angles)
    return (numpy.array([[1, 0, 0], [0, c[0], -s[0]], [0, s[0], c[0]]]) @ numpy.array([[c[1], 0, s[1]], [0, 1, 0], [-s[1], 0, c[1]]])
            @ numpy.array([[c[2], -s[2], 0], [s[2], c[2], 0], [0, 0, 1]]))


def make(path, name, folder):
    """Files of the sessions, and the true change of each structure in them."""
    scan = nibabel.as_closest_canonical(nibabel.squeeze_image(nibabel.load(path)))
    data = numpy.asarray(scan.dataobj, dtype=numpy.float32)
    mm = nibabel.affines.voxel_sizes(scan.affine)
    segment([path], f"{folder}/base")
    labels = numpy.asarray(nibabel.as_closest_canonical(nibabel.load(glob.glob(f"{folder}/base/*_dseg.nii.gz")[0])).dataobj)
    masks = {s: numpy.isin(labels, list(n)) for s, n in STRUCTURES.items()}
    spline = ndimage.spline_filter(data, order=3, mode="nearest")
    points = numpy.stack(numpy.meshgrid(*[numpy.arange(n, dtype=numpy.float32) for n in data.shape], indexing="ij"), -1) * mm.astype(numpy.float32)
    random = numpy.random.RandomState(int(os.environ.get("SEED", "7")))
    noise = float(os.environ.get("NOISE", "0.01"))
    top = numpy.percentile(data, 99)
    files, truth = [], []
    for number, amount in enumerate((0.0, *AMOUNTS)):
        centre = numpy.array(data.shape) * mm / 2
        turned = (points - centre) @ rotation(numpy.radians(random.uniform(-3, 3, 3))).T.astype(numpy.float32) + (centre + random.uniform(-1, 1, 3)).astype(numpy.float32)
        warped = lambda p: p + shrink(p, masks["hypothalamus"], mm, amount, 12, 4.5) + shrink(p, masks["thalamus"], mm, amount, 24, 11)
        low, high = numpy.argwhere(masks["hypothalamus"] | masks["thalamus"]).min(0) - 4, numpy.argwhere(masks["hypothalamus"] | masks["thalamus"]).max(0) + 5
        box = tuple(slice(a, b) for a, b in zip(low, high))
        places = numpy.moveaxis(warped(points[box]) / mm, -1, 0)
        change = {s: 100 * (ndimage.map_coordinates(ndimage.gaussian_filter(m.astype(float), 0.7), places, order=3).sum() / m.sum() - 1) for s, m in masks.items()}
        at = warped(turned)
        shown = ndimage.map_coordinates(spline, numpy.moveaxis(at / mm, -1, 0), order=3, mode="constant", prefilter=False)
        noisy = numpy.clip(shown + random.normal(0, noise * top, data.shape) * (shown > 0.02 * top), data.min(), data.max())
        files.append(f"{folder}/scans/{name}_ses-{number}_T1w.nii.gz")
        os.makedirs(f"{folder}/scans", exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(noisy.astype(numpy.float32), scan.affine), files[-1])
        truth.append(change)
    return files, truth


def main():
    for path in sys.argv[3:]:
        name = os.path.basename(path).split("_T1w")[0]
        folder = os.path.join(OUT, name)
        files, truth = make(path, name, folder)
        subprocess.run([DIEN, "longitudinal", *files, "--name", "p", "--times", ",".join(str(n) for n in range(len(files))), "-o", f"{folder}/joint", "--accept", "--quiet", *EXTRA], stderr=subprocess.DEVNULL)
        segment(files, f"{folder}/alone")
        joint = {(r["scan"], r["structure"]): float(r["volume_mm3"])
                 for r in csv.DictReader(open(f"{folder}/joint/p_longitudinal_volumes.tsv"), delimiter="\t") if r["hemi"] == "B"}
        alone = [volumes(f"{folder}/alone/{os.path.basename(f)[:-11]}_volumes.tsv") for f in files]
        for s in STRUCTURES:
            v = [joint[(os.path.basename(f)[:-11], s)] for f in files]
            for n in range(1, len(files)):
                print(name, s, f"true {truth[n][s]:+.2f} found {100 * (v[n] / v[0] - 1):+.2f} alone {100 * (alone[n][s] / alone[0][s] - 1):+.2f}", sep="\t", flush=True)


if __name__ == "__main__":
    main()
