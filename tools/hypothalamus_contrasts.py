#!/usr/bin/python3
"""How a network of the hypothalamus does on other contrasts and slices: real T1w heads whose tissues are mapped to the brightness of another kind of scan
(a monotone map between the medians of fluid, grey and white matter, so that what is inside a tissue stays), and whose slices are made thick; Dice and
volume against the truth.

  hypothalamus_contrasts.py DIEN MODEL HEADS OUT [KIND...]

HEADS: a table without a head line: name, scan, probabilities of the truth (STEM_probseg.nii.gz), labels of the whole head, whole or stripped, use; the lines whose use is
"validate" count. KIND: t1 inverted t2 flair, and these with 3 or 5 (slices of so many mm, axial): t1_5. MODEL: a name, a file, or - for what dien chooses itself."""
import csv
import os
import subprocess
import sys

import nibabel
import numpy
from scipy import ndimage

DIEN, MODEL, HEADS, OUT = sys.argv[1:5]
KINDS = sys.argv[5:] or ["t1", "inverted", "t2", "flair", "t1_3", "t1_5", "t2_3", "t2_5", "flair_5"]
EXTRA = os.environ.get("SEGMENT", "--precision bf16 --threads 1").split()
# What 0, fluid, the middle of fluid and grey matter, grey matter, white matter and its 1.4-fold become, of the white matter in T1.
MAPS = {
    "inverted": (0.0, 1.0, 0.85, 0.7, 0.35, 0.2),
    "t2": (0.1, 1.5, 1.1, 0.72, 0.45, 0.4),
    "flair": (0.0, 0.15, 0.5, 0.95, 0.75, 0.7),
}


def conform(image):
    """The shape and affine of 1 mm cubes along the axes of the world around the scan."""
    corners = numpy.array(numpy.meshgrid(*[(0, n - 1) for n in image.shape[:3]])).reshape(3, -1)
    world = image.affine[:3, :3] @ corners + image.affine[:3, 3:]
    low, high = world.min(1), world.max(1)
    shape = tuple(int(n) for n in numpy.ceil(high - low) + 1)
    affine = numpy.eye(4)
    affine[:3, 3] = low
    return shape, affine


def sample(data, source, affine, shape, order=1):
    m = numpy.linalg.inv(source) @ affine
    return ndimage.affine_transform(data, m[:3, :3], m[:3, 3], output_shape=shape, order=order)


def make(row, kind, path):
    name, _, slices = kind.partition("_")
    image = nibabel.load(row[1])
    x = numpy.asarray(image.dataobj, dtype=numpy.float32).reshape(image.shape[:3])
    if name in MAPS:
        labels = numpy.rint(numpy.asarray(nibabel.load(row[3]).dataobj)).astype(int).reshape(image.shape[:3])
        white = numpy.median(x[(labels == 2) | (labels == 41)])
        grey = numpy.median(x[(labels == 3) | (labels == 42)])
        fluid = numpy.percentile(x[(labels == 4) | (labels == 43)], 30)
        y = numpy.interp(x, [0, fluid, (fluid + grey) / 2, grey, white, 1.4 * white], [white * m for m in MAPS[name]])
        y[x < 0.1 * white] = x[x < 0.1 * white]  # air and what was stripped stay dark
        x = y.astype(numpy.float32)
    affine = image.affine
    if slices:
        thick = float(slices)
        shape, affine = conform(image)
        x = sample(x, image.affine, affine, shape)
        x = ndimage.gaussian_filter1d(x, thick / 2.3548, axis=2)
        n = int(shape[2] / thick)
        at = (numpy.arange(n) + 0.5) * thick - 0.5
        x = ndimage.map_coordinates(x, numpy.meshgrid(numpy.arange(shape[0]), numpy.arange(shape[1]), at, indexing="ij"), order=1, mode="nearest")
        affine = affine.copy()
        affine[:3, 3] += affine[:3, 2] * at[0]
        affine[:3, 2] *= thick
    nibabel.save(nibabel.Nifti1Image(x.astype(numpy.float32), affine), path)


def average_hausdorff(a, b):
    """The larger of the two mean distances from the voxels of one to the nearest of the other (Taha and Hanbury 2015), mm on the truth's grid of 1 mm."""
    if not a.any() or not b.any():
        return numpy.nan
    return max(ndimage.distance_transform_edt(~y)[x].mean() for x, y in ((a, b), (b, a)))


def measure(row, kind):
    folder = os.path.join(OUT, kind, row[0])
    done = os.path.join(folder, "probseg.nii.gz")
    if not os.path.exists(done):
        os.makedirs(folder, exist_ok=True)
        scan = os.path.join(folder, "scan.nii.gz")
        make(row, kind, scan)
        more = [] if MODEL == "-" else ["--model", MODEL]
        ran = subprocess.run([DIEN, "segment", scan, "-o", folder, "--accept", "--quiet", "--posteriors", "--grid", "model", *more, *EXTRA], capture_output=True, text=True)
        for file in os.listdir(folder):
            kept = file.rsplit("_", 1)[-1]
            if kept in ("probseg.nii.gz", "volumes.tsv"):
                os.replace(os.path.join(folder, file), os.path.join(folder, kept))
            else:
                os.remove(os.path.join(folder, file))
        if not os.path.exists(done):
            print(f"{kind} {row[0]}: {ran.stderr.strip()[-200:]}", file=sys.stderr)
            return None
    found, truth = nibabel.load(done), nibabel.load(row[2])
    p = numpy.asarray(found.dataobj, dtype=numpy.float32)
    t = numpy.asarray(truth.dataobj, dtype=numpy.float32)
    box = [slice(max(0, a - 6), b + 7) for a, b in zip(numpy.argwhere(t.max(-1) > 0).min(0), numpy.argwhere(t.max(-1) > 0).max(0))]
    affine = truth.affine.copy()
    affine[:3, 3] = nibabel.affines.apply_affine(truth.affine, [b.start for b in box])
    t = t[tuple(box)]
    p = numpy.stack([sample(p[..., c], found.affine, affine, t.shape[:3]) for c in range(p.shape[-1])], -1)
    whole = 2 * ((p.sum(-1) > 0.5) & (t.sum(-1) > 0.5)).sum() / max(1, (p.sum(-1) > 0.5).sum() + (t.sum(-1) > 0.5).sum())
    arg = [numpy.where(q.sum(-1) > 0.5, q.argmax(-1) + 1, 0) for q in (p, t)]
    parts = numpy.mean([2 * ((arg[0] == s) & (arg[1] == s)).sum() / max(1, (arg[0] == s).sum() + (arg[1] == s).sum()) for s in range(1, 11)])
    sides = [average_hausdorff(p[..., c].sum(-1) > 0.5, t[..., c].sum(-1) > 0.5) for c in (slice(0, 5), slice(5, 10))]
    return whole, parts, p.sum() / t.sum() - 1, numpy.mean(sides)


def main():
    rows = [r for r in csv.reader(open(HEADS), delimiter="\t") if r[5] == "validate"]
    print("| scans | heads | Dice, whole | lowest | ten subunits | volume, % | SD | average Hausdorff, mm |\n|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        found = numpy.array([m for m in (measure(r, kind) for r in rows) if m is not None])
        if len(found):
            w, s, v, h = found.T
            print(f"| {kind} | {len(found)} of {len(rows)} | {w.mean():.3f} | {w.min():.3f} | {s.mean():.3f} | {100 * v.mean():+.1f} | {100 * v.std(ddof=1):.1f} | {numpy.nanmean(h):.2f} |", flush=True)


if __name__ == "__main__":
    main()
