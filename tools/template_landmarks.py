#!/usr/bin/python3
"""Finds AC and PC in an average label map, and brings the hypothalamus of the SPL atlas to it. Part of make_template.py.

Two routes that share nothing but the average, for a start and as a check:
  MNI: the T1w brain of MNI 2009c (DIEN_DATA/atlas), in which both commissures are bright dots that anyone can measure, is
       aligned (affine, normalised cross-correlation within 45 mm of the thalami) with the average painted in T1w contrast.
  SPL: the atlas of one person (DIEN_DATA/labelmaps/spl) has the anterior commissure and the aqueduct as labels; it is aligned
       (affine, overlap of its deep structures with the average's).
The last word has
  AFIDs: what many raters placed by hand (DIEN_DATA/afids) in two heads, MNI 2009c and Colin27, whose frames dien prepare finds by the
       template made so far. So the points are right for the structures as the program labels and fits them.
"""
import csv
import json
import os
import subprocess

import nibabel as nib
import numpy as np
from scipy import ndimage, optimize

# The bright dots in CIT168toMNI152-2009c_T1w_brain.nii.gz on x = 0, as the eye sees them; measure_mni finds their centroids.
MNI_START = {"AC": (0.0, 2.5, -5.0), "PC": (0.0, -25.0, -2.0)}
RADIUS = 45.0  # mm
ERROR_MM = 0.5  # of AC and PC in the template: the raters' and the two heads' disagreement
# Hand-placed landmarks and the scan that has them. The file of Colin27 at hand (MRIcron's) lies elsewhere in the world than the one that
# was rated: by the mean over 12 landmarks around the third ventricle of the shift that makes its surroundings most like those of the same
# landmark in MNI 2009c (standard errors 0.1 to 0.2 mm). With it, AC and PC lie on the bright dots of the commissures.
HEADS = {"MNI152NLin2009cAsym": ("atlas/CIT168toMNI152-2009c_T1w_brain.nii.gz", (0.0, 0.0, 0.0)),
         "Colin27": ("t1w/colin27_T1w.nii.gz", (-0.4, 0.1, 1.7))}
SPL_TO_AVERAGE = {4: 4, 43: 43, 24: 14, 11: 11, 50: 50, 12: 12, 51: 51, 13: 13, 25: 13, 52: 52, 83: 52, 26: 26, 58: 58, 18: 18, 54: 54,
                  17: 17, 53: 53, 85: 85, 15: 15, 35: 16, 40: 16, 61: 16,
                  **{n: (49 if n % 2 == 0 else 10) for n in range(500, 526)}}


def load(path):
    image = nib.as_closest_canonical(nib.load(path))
    return np.asarray(image.dataobj), image.affine


def world(affine, voxels):
    return voxels @ affine[:3, :3].T + affine[:3, 3]


def centroids(labels, affine, names):
    return world(affine, np.array(ndimage.center_of_mass(np.ones(labels.shape, np.uint8), labels, names)))


def fit_affine(source, target):
    return np.linalg.lstsq(np.c_[source, np.ones(len(source))], target, rcond=None)[0].T


def paint(labels, tissues):
    """T1w means of the tissue table; what is outside the skull is 0."""
    lut = np.zeros(65536, np.float32)
    for row in csv.DictReader(open(tissues), delimiter="\t"):
        if row["region"] in ("brain", "csf"):
            lut[int(row["label"])] = float(row["mean"])
    return lut[labels]


def sampler(volume, affine):
    inverse = np.linalg.inv(affine)
    return lambda points: ndimage.map_coordinates(volume, world(inverse, points).T, order=1, mode="constant")


def ball(labels, affine, step=2):
    """Points of the average inside the skull around the thalami."""
    centre = centroids(labels, affine, [10, 49]).mean(0) - [0, 0, 5]
    points = world(affine, np.argwhere(np.ones([n // step for n in labels.shape])) * step)
    return points[((points - centre) ** 2).sum(1) < RADIUS**2], centre


def search(cost, start, centre):
    """Affine of 12 numbers near start (3 x 4) that makes cost(affine) least. Numbers are scaled to millimetres at RADIUS."""
    def build(x):
        m = x.reshape(3, 4)
        linear = start[:, :3] @ (np.eye(3) + m[:, :3] / RADIUS)
        return np.c_[linear, start[:, :3] @ centre + start[:, 3] + m[:, 3] - linear @ centre]
    best = np.zeros(12)
    for width in (4.0, 1.0):
        result = optimize.minimize(lambda x: cost(build(x)), best, method="Powell",
                                   options={"xtol": 0.02, "ftol": 1e-6, "maxiter": 6, "direc": np.eye(12) * width})
        best = result.x
    return build(best), result.fun


def measure_mni(t1, affine):
    """Centroid of what is brighter than 150 within 2 mm of the dot (further away lie fornix and tectum)."""
    found = {}
    for name, start in MNI_START.items():
        points = np.array([(0.0, start[1] + y, start[2] + z) for y in np.arange(-2, 2.1, 0.25) for z in np.arange(-2, 2.1, 0.25)
                           if y * y + z * z <= 4])
        weight = np.clip(sampler(t1, affine)(points) - 150.0, 0, None)
        found[name] = (points * weight[:, None]).sum(0) / weight.sum()
    return found


def by_mni(labels, affine, data, tissues):
    t1, t1_affine = load(data + "/atlas/CIT168toMNI152-2009c_T1w_brain.nii.gz")
    t1 = t1.astype(np.float32)
    prob, prob_affine = load(data + "/atlas/CIT168_prob32_decoded.nii.gz")
    # caudate, putamen, accumbens, pallidum (both parts): in both
    pairs = {12: [0], 51: [1], 11: [2], 50: [3], 26: [4], 58: [5], 13: [8, 10], 52: [9, 11]}
    source = centroids(labels, affine, list(pairs))
    target = []
    grid = np.indices(prob.shape[:3]).reshape(3, -1).T
    for parts in pairs.values():
        weight = prob[..., parts].astype(float).sum(-1).ravel()
        target.append(world(prob_affine, (grid * weight[:, None]).sum(0) / weight.sum()))
    start = fit_affine(source, np.array(target))
    points, centre = ball(labels, affine)
    smooth = ndimage.gaussian_filter(paint(labels, tissues), 1.0)
    wanted = sampler(smooth, affine)(points)
    keep = wanted > 20
    points, wanted = points[keep], wanted[keep]
    look = sampler(ndimage.gaussian_filter(t1, 1.0), t1_affine)
    transform, fun = search(lambda a: -np.corrcoef(look(points @ a[:, :3].T + a[:, 3]), wanted)[0, 1], start, centre)
    back = np.linalg.inv(np.vstack([transform, [0, 0, 0, 1]]))
    marks = measure_mni(t1, t1_affine)
    return {k: world(back, v) for k, v in marks.items()}, {"correlation": -fun, "mni": marks, "from_mni": back}


def by_spl(labels, affine, data):
    spl, spl_affine = load(data + "/labelmaps/spl/hncma.nii.gz")
    lut = np.zeros(65536, np.int32)
    for a, b in SPL_TO_AVERAGE.items():
        lut[a] = b
    merged = lut[spl]
    names = sorted(set(SPL_TO_AVERAGE.values()))
    near = [n for n in names if n not in (16, 15)]
    start = fit_affine(centroids(labels, affine, near), centroids(merged, spl_affine, near))
    points, centre = ball(labels, affine, 3)
    ours = [sampler(ndimage.gaussian_filter((labels == n).astype(np.float32), 1.0), affine)(points) for n in near]
    theirs = [sampler(ndimage.gaussian_filter((merged == n).astype(np.float32), 1.0), spl_affine) for n in near]
    used = [o > 0.02 for o in ours]

    def cost(a):
        moved = points @ a[:, :3].T + a[:, 3]
        total = 0.0
        for o, t, u in zip(ours, theirs, used):
            s = t(moved[u])
            total += 2 * (o[u] * s).sum() / ((o[u] ** 2).sum() + (s**2).sum())
        return -total / len(ours)

    transform, fun = search(cost, start, centre)
    back = np.linalg.inv(np.vstack([transform, [0, 0, 0, 1]]))

    def spl_points(label, keep):
        p = world(spl_affine, np.argwhere(spl == label))
        return p[keep(p)]
    ac = spl_points(142, lambda p: np.abs(p[:, 0]) <= 2).mean(0)
    aqueduct = spl_points(19, lambda p: p[:, 2] >= p[:, 2].max() - 1).mean(0)
    return {"AC": world(back, ac), "aqueduct": world(back, aqueduct)}, {"overlap": -fun, "to_spl": transform}


def by_hand(program, data, out):
    """AC and PC in the frame of the template in folder out: the means over HEADS. Each head's hand-placed points are compared with where
    dien prepare puts the template's; what they are off, divided by the head's size against the template, is what the template's are off."""
    with open(out + "/landmarks.tsv") as f:
        own = {row["name"]: float(row["y_mm"]) for row in csv.DictReader(f, delimiter="\t")}
    points = {"AC": [], "PC": []}
    for name, (scan, shift) in HEADS.items():
        subprocess.run([program, "prepare", "%s/%s" % (data, scan), "-o", out + "/heads", "--template", out, "--quiet"], check=True)
        with open("%s/heads/%s_frame.json" % (out, os.path.basename(scan).split(".")[0].removesuffix("_T1w"))) as f:
            found = json.load(f)
        with open("%s/afids/%s.tsv" % (data, name)) as f:
            placed = {r["name"]: np.array([float(r[c]) for c in ("x_mm", "y_mm", "z_mm")]) + shift for r in csv.DictReader(f, delimiter="\t")}
        turn = np.array(found["FrameToScan"])[:3, :3]
        off = {n: turn.T @ (placed[n] - found[n + "_mm"]) for n in points}
        line, theirs = (np.subtract(f["AC"], f["PC"]) for f in (placed, {n: found[n + "_mm"] for n in points}))
        cosine = line @ theirs / np.linalg.norm(line) / np.linalg.norm(theirs)
        print("%s: AC off by %.2f mm %s, PC by %.2f mm %s (in the frame), the line by %.2f degrees" %
              (name, np.linalg.norm(off["AC"]), off["AC"].round(2), np.linalg.norm(off["PC"]), off["PC"].round(2),
               np.degrees(np.arccos(cosine))))
        for n in points:
            points[n].append([0, own[n], 0] + off[n] / found["ScaleToTemplate"])
    return [np.mean(points[n], axis=0) * [0, 1, 1] for n in ("AC", "PC")]
