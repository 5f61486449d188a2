#!/usr/bin/python3
"""Up-samples a made hemisphere (tests/fixture hemisphere) to voxels of 0.1 mm, to measure `dien labelmap build` on a scan that does not fit
into memory. Voxel axes run A, S, R, as ex vivo scans often lie.

    build/tests/fixture hemisphere share/template/head.nii.gz DIR 0.5
    tools/big_hemisphere.py DIR/scan.nii.gz DIR/manual.nii.gz OUT
"""
import gzip, struct, sys, zlib
import numpy as np

FACTOR = 5


def read(path):
    b = gzip.open(path).read()
    dim = np.frombuffer(b[42:48], '<i2').astype(int)
    kind = {16: '<f4', 512: '<u2'}[int(np.frombuffer(b[70:72], '<i2')[0])]
    rows = np.frombuffer(b[280:328], '<f4').reshape(3, 4).astype(float)
    return np.frombuffer(b[352:], kind)[:dim.prod()].reshape(dim[::-1]), rows  # [z][y][x]


def write(path, data, rows, labels):
    """data: [z][y][x] of 0.5 mm; written with axes y, z, x."""
    data = data.transpose(2, 0, 1)  # [x][z][y]: y fastest
    n = [s * FACTOR for s in data.shape]
    step = rows[0, 0] / FACTOR
    origin = rows[:, 3] - rows[0, 0] / 2 + step / 2
    h = bytearray(352)
    struct.pack_into('<i', h, 0, 348)
    struct.pack_into('<8h', h, 40, 3, n[2], n[1], n[0], 1, 1, 1, 1)
    struct.pack_into('<2h', h, 70, 512, 16)
    struct.pack_into('<8f', h, 76, 1, step, step, step, 0, 0, 0, 0)
    struct.pack_into('<f', h, 108, 352)
    struct.pack_into('<f', h, 112, 1)
    h[123] = 2
    struct.pack_into('<2h', h, 252, 0, 1)
    struct.pack_into('<12f', h, 280, 0, 0, step, origin[0], step, 0, 0, origin[1], 0, step, 0, origin[2])
    h[344:348] = b'n+1\0'
    at = [(np.arange(k) + 0.5) / FACTOR - 0.5 for k in n]
    low = [np.clip(np.floor(a).astype(int), 0, s - 1) for a, s in zip(at, data.shape)]
    high = [np.clip(l + 1, 0, s - 1) for l, s in zip(low, data.shape)]
    part = [np.clip(a - l, 0, 1).astype('f4') for a, l in zip(at, low)]
    with open(path, 'wb') as f:
        z = zlib.compressobj(1, zlib.DEFLATED, 31)
        f.write(z.compress(bytes(h)))
        for k in range(n[0]):
            if labels:
                plane = data[k // FACTOR].repeat(FACTOR, 0).repeat(FACTOR, 1)
            else:
                p = data[low[0][k]] * (1 - part[0][k]) + data[high[0][k]] * part[0][k]
                p = p[low[1]] * (1 - part[1])[:, None] + p[high[1]] * part[1][:, None]
                plane = p[:, low[2]] * (1 - part[2]) + p[:, high[2]] * part[2]
                plane = plane + 0.5
            f.write(z.compress(plane.astype('<u2').tobytes()))
        f.write(z.flush())
    print(path, n[2], n[1], n[0])


scan, rows = read(sys.argv[1])
manual, _ = read(sys.argv[2])
there = scan > 30
start, stop = [], []
for axis in range(3):
    line = np.flatnonzero(there.any(tuple(a for a in range(3) if a != axis)))
    start.append(max(line[0] - 3, 0))
    stop.append(min(line[-1] + 4, scan.shape[axis]))
cut = tuple(slice(a, b) for a, b in zip(start, stop))
rows[:, 3] += rows[0, 0] * np.array(start[::-1])
write(sys.argv[3] + '/big.nii.gz', scan[cut], rows, False)
write(sys.argv[3] + '/big_manual.nii.gz', manual[cut], rows, True)
