#!/usr/bin/python3
"""Makes share/template/head_4mm.nii: the average T1w head that `dien segment` aligns a scan with to know roughly where
the hypothalamus is.

    tools/make_head_template.py DATA_FOLDER OUT.nii

DATA_FOLDER/labelmaps/synthseg: 20 whole-head label maps and T1 intensity priors (see the data's README);
DATA_FOLDER/labelmaps/spl/hncma.nii.gz: the one map in which the hypothalamus is labelled.
Each map is brought to the mean shape by the affine transform that fits the centroids of its structures best, painted with
the mean T1w intensity of each label, and averaged with its mirror image. Two uint8 volumes, 4 mm, RAS:
0: T1w intensity, 1: probability (0..255) of being brain. World (0, 0, 0) is the centre of the hypothalamus.
"""
import glob
import sys

import nibabel as nib
import numpy as np
from scipy import ndimage

DATA, OUT = sys.argv[1], sys.argv[2]
SPACING = 4.0
LOW, HIGH = np.array([-92.0, -116.0, -84.0]), np.array([92.0, 100.0, 112.0])  # mm around the hypothalamus
PITCH = -28.0  # degrees
OFFSET = np.array([0.0, -3.2, -1.8])  # mm: where the published network finds the hypothalamus in aligned scans (mean of 8)
PAIRS = [(2, 41), (3, 42), (4, 43), (5, 44), (7, 46), (8, 47), (10, 49), (11, 50), (12, 51), (13, 52), (17, 53), (18, 54), (26, 58),
         (28, 60)]
SINGLES = [14, 15, 16, 85]
NAMES = [n for p in PAIRS for n in p] + SINGLES
MIRROR = [NAMES.index({**dict(PAIRS), **{b: a for a, b in PAIRS}}.get(n, n)) for n in NAMES]
BRAIN = {2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 25, 26, 28, 30, 41, 42, 43, 44, 46, 47, 49, 50, 51, 52, 53, 54, 57, 58,
         60, 62, 72, 85, 136, 137, 163, 164}


def centroids(labels, affine, names):
    c = np.array(ndimage.center_of_mass(np.ones_like(labels), labels, names))
    return c @ affine[:3, :3].T + affine[:3, 3]


def fit_affine(source, target):
    """4x4 A with A source ~ target."""
    x = np.c_[source, np.ones(len(source))]
    a = np.eye(4)
    a[:3] = np.linalg.lstsq(x, target, rcond=None)[0].T
    return a


def fit_similarity(source, target):
    s, t = source.mean(0), target.mean(0)
    u, d, v = np.linalg.svd((target - t).T @ (source - s))
    e = np.diag([1, 1, np.sign(np.linalg.det(u @ v))])
    r = u @ e @ v
    k = np.trace(np.diag(d) @ e) / ((source - s) ** 2).sum()
    a = np.eye(4)
    a[:3, :3] = k * r
    a[:3, 3] = t - k * r @ s
    return a


def apply(a, x):
    return x @ a[:3, :3].T + a[:3, 3]


folder = DATA + "/labelmaps/synthseg/"
images = [nib.load(f) for f in sorted(glob.glob(folder + "training_seg_*.nii.gz"))]
maps = [np.asarray(i.dataobj).astype(np.int16) for i in images]
points = [centroids(m, i.affine, NAMES) for m, i in zip(maps, images)]
size = np.mean([np.sqrt(((p - p.mean(0)) ** 2).sum()) for p in points])
mean = points[0]
for _ in range(20):
    mean = np.mean([apply(fit_similarity(p, mean), p) for p in points], 0)
    mean = (mean + mean[MIRROR] * [-1, 1, 1]) / 2
    mean -= mean.mean(0)
    mean *= size / np.sqrt((mean ** 2).sum())

hncma = nib.load(DATA + "/labelmaps/spl/hncma.nii.gz")
h = np.asarray(hncma.dataobj).astype(np.int16)
shared = [n for n in (10, 49, 11, 50, 12, 51, 13, 52, 4, 43, 14, 15, 85, 17, 53, 18, 54) if (h == n).any()]
hypothalamus = np.argwhere((h >= 380) & (h <= 389)).mean(0) @ hncma.affine[:3, :3].T + hncma.affine[:3, 3]
centre = apply(fit_similarity(centroids(h, hncma.affine, shared), mean[[NAMES.index(n) for n in shared]]), hypothalamus)
print("shared landmarks", shared, "hypothalamus in mean space", centre.round(1))
centre[0] = 0
# The maps' heads are tipped forward; a scanner's usual position is the better start for an alignment.
tip = np.deg2rad(PITCH)
turn = np.array([[1, 0, 0], [0, np.cos(tip), -np.sin(tip)], [0, np.sin(tip), np.cos(tip)]])
mean = (mean - centre) @ turn.T - OFFSET

table = np.zeros(1000)
brain = np.zeros(1000)
classes = np.load(folder + "generation_classes_contrast_specific.npy")
means = np.load(folder + "prior_means_t1.npy")[0]
for label, c in zip(np.load(folder + "generation_labels.npy"), classes):
    table[label] = means[c]
    brain[label] = label in BRAIN
table[0] = 3.0

dim = np.round((HIGH - LOW) / SPACING).astype(int) + 1
fine = 2  # samples a voxel and axis: the average over the voxel, not a point in it
axes = [LOW[k] + SPACING * ((np.arange(dim[k] * fine) + 0.5) / fine - 0.5) for k in range(3)]
grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
total = np.zeros((2, len(grid)))
for m, i, p in zip(maps, images, points):
    to_world = np.linalg.inv(fit_affine(p, mean))
    voxels = apply(np.linalg.inv(i.affine) @ to_world, grid)
    index = np.round(voxels).astype(int)
    inside = ((index >= 0) & (index < m.shape)).all(1)
    labels = np.zeros(len(grid), int)
    labels[inside] = m[tuple(index[inside].T)]
    total += [table[labels], brain[labels]]
total = (total / len(maps)).reshape(2, dim[0], fine, dim[1], fine, dim[2], fine).mean((2, 4, 6))
total = (total + total[:, ::-1]) / 2
out = np.stack([np.clip(np.round(total[0]), 0, 255), np.round(total[1] * 255)], -1).astype(np.uint8)
affine = np.diag([SPACING] * 3 + [1.0])
affine[:3, 3] = LOW
image = nib.Nifti1Image(out, affine)
image.header.set_xyzt_units("mm")
image.header["descrip"] = b"dien average head; 0,0,0 = hypothalamus"
nib.save(image, OUT)
print(out.shape, "bytes", out.nbytes)
