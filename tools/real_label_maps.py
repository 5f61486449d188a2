#!/usr/bin/python3
"""The voxel work of tools/real_label_maps.sh.

    real_label_maps.py subunits DSEG PROBSEG OUT    dien's labels, with the hypothalamus of a consensus (posteriors of 801-810, any grid)
    real_label_maps.py rest SCAN LABELS OUT         voxels with a signal that no label has
    real_label_maps.py join LABELS CLASSES OUT      labels, and classes where there are none
"""
import gzip, struct, sys
import numpy as np
from scipy.ndimage import map_coordinates

KINDS = {2: 'u1', 4: '<i2', 8: '<i4', 16: '<f4', 64: '<f8', 512: '<u2'}


def read(path):
    b = gzip.open(path).read()
    dim = np.frombuffer(b[40:56], '<i2').astype(int)
    shape = dim[1:dim[0] + 1]
    rows = np.frombuffer(b[280:328], '<f4').reshape(3, 4).astype(float)
    kind = KINDS[int(np.frombuffer(b[70:72], '<i2')[0])]
    offset = int(np.frombuffer(b[108:112], '<f4')[0])
    data = np.frombuffer(b[offset:], kind)[:shape.prod()].reshape(shape[::-1])
    return data, np.vstack([rows, [0, 0, 0, 1]]), b[:352]


def write(path, labels, head):
    h = bytearray(head)
    struct.pack_into('<2h', h, 70, 512, 16)
    struct.pack_into('<2f', h, 112, 1, 0)
    struct.pack_into('<f', h, 108, 352)
    with gzip.GzipFile(path, 'wb', 1, mtime=0) as f:
        f.write(bytes(h) + labels.astype('<u2').tobytes())


def subunits(dseg, probseg, out):
    labels, world, head = read(dseg)
    posterior, other, _ = read(probseg)  # [10][z][y][x]
    old = ((labels >= 801) & (labels <= 810)) | (labels == 819) | (labels == 820)
    labels = np.where(old, np.where(np.arange(labels.shape[2]) < 0, 0, 28), labels)
    there = np.argwhere(posterior.sum(0) > 0.05)[:, ::-1]
    back = np.linalg.inv(world)
    corners = (back @ other @ np.vstack([there.T, np.ones(len(there))]))[:3]
    low = np.maximum(np.floor(corners.min(1)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(corners.max(1)).astype(int) + 3, labels.shape[::-1])
    grid = np.meshgrid(*[np.arange(a, b) for a, b in zip(low, high)], indexing='ij')
    at = (np.linalg.inv(other) @ world @ np.vstack([[g.ravel() for g in grid], np.ones((1, grid[0].size))]))[:3]
    value = np.array([map_coordinates(p, at[::-1], order=1) for p in posterior])
    best, whole = value.argmax(0), value.sum(0) > 0.5
    # what was hypothalamus and is not in the consensus goes to the ventral diencephalon of its side
    x = (world[:3] @ np.vstack([[g.ravel() for g in grid], np.ones((1, grid[0].size))]))[0]
    middle = x[whole].mean()
    i, j, k = (g.ravel() for g in grid)
    was = old[k, j, i]
    labels[k[was & (x >= middle)], j[was & (x >= middle)], i[was & (x >= middle)]] = 60
    labels[k[whole], j[whole], i[whole]] = 801 + best[whole]
    write(out, labels, head)


def rest(scan, labels, out):
    volume, _, _ = read(scan)
    known, _, head = read(labels)
    high = np.percentile(volume[known > 0], 98)
    write(out, (known == 0) & (volume > 0.08 * high), head)


def join(labels, classes, out):
    known, _, head = read(labels)
    other, _, _ = read(classes)
    write(out, np.where(known > 0, known, other), head)


{'subunits': subunits, 'rest': rest, 'join': join}[sys.argv[1]](*sys.argv[2:])
