#!/usr/bin/python3
"""What tools/whole_head_gpu_train.py needs, in one file: the label maps, real scans without labels (partners), and the heads of the table.

whole_head_gpu_data.py DIEN_DATA OUT.npz [PROCESSES]   (in the repository: reads share/synth and configs/whole_head_fine.yaml)
Every array is packed with LZMA by itself; read them with unpack()."""
import glob
import json
import lzma
import multiprocessing
import os
import sys

import nibabel
import numpy
from scipy import ndimage

TILE = numpy.array([80, 80, 72])
MOST = 2 * TILE - 16
COARSE = numpy.array([88, 104, 88])
DEEP = (4, 5, 43, 44, 10, 49, 11, 50, 12, 51, 13, 52, 17, 53, 18, 54, 26, 58, 28, 60, 14, 15, 16)


def pack(array):
    return numpy.frombuffer(lzma.compress(numpy.ascontiguousarray(array).tobytes(), preset=6), numpy.uint8)


def unpack(store, name):
    shape, kind = json.loads(str(store["index"]))[name]
    return numpy.frombuffer(lzma.decompress(store[name].tobytes()), kind).reshape(shape)


def canonical(path):
    return nibabel.as_closest_canonical(nibabel.squeeze_image(nibabel.load(path)))


def conform(scan, mm):
    """As src/infer/conform.c: blur of a quarter new voxel where it becomes coarser, linear, outer corners in one place; 0..1."""
    data = numpy.asarray(scan.dataobj, dtype=numpy.float32)
    old = nibabel.affines.voxel_sizes(scan.affine)
    if any(abs(old - mm) > 0.05):
        scale = mm / old
        size = numpy.round(numpy.array(data.shape) / scale).astype(int)
        data = ndimage.gaussian_filter(data, [0.25 * s if s > 1 else 0 for s in scale])
        data = ndimage.affine_transform(data, numpy.diag(scale), offset=0.5 * (scale - 1), output_shape=tuple(size), order=1, mode="nearest")
    low, high = numpy.percentile(data, [0.5, 99.5])
    return (numpy.clip(data, low, high) - low) / (high - low)


def cut(volume, start, size):
    out = numpy.zeros(size, volume.dtype)
    low = [max(0, s) for s in start]
    high = [min(n, s + d) for n, s, d in zip(volume.shape, start, size)]
    out[tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start))] = volume[tuple(slice(a, b) for a, b in zip(low, high))]
    return out


def bytes_of(data):
    return numpy.round(data * 255).astype(numpy.uint8)


def table(path):
    rows = [line.split("\t") for line in open(path).read().strip().split("\n")]
    return [dict(zip(rows[0], r)) for r in rows[1:]]


def classes():
    """Name and labels of each class, of the config's lines."""
    found = []
    for line in open("configs/whole_head_fine.yaml"):
        if line.strip().startswith("- {name:"):
            name = line.split("name: ")[1].split(",")[0]
            labels = []
            for part in line.split("from: [")[1].split("]")[0].split(","):
                ends = [int(e) for e in part.split("-")]
                labels += range(ends[0], ends[-1] + 1)
            weight = float(line.split("centre: ")[1].split("}")[0]) if "centre" in line else 1.0
            found.append((name, labels, weight))
    return found


def lookup(kinds):
    """Class of each FreeSurfer number, 255: not to be counted."""
    found = numpy.full(65536, 255, numpy.uint8)
    for i, k in enumerate(kinds):
        found[k[1]] = i
    found[[31]], found[[63]] = 5, 6                # aseg's choroid plexus: ours is part of the ventricle
    found[[77, 78, 79, 80, 60000]] = 255
    found[[251, 252, 253, 254, 255]] = 255         # corpus callosum: has no side
    return found


def label_map(job):
    name, path, numbers = job
    labels = numpy.asarray(canonical(path).dataobj).astype(int)
    at = numpy.argwhere(labels > 0)
    low, high = at.min(0), at.max(0) + 1
    labels = labels[tuple(slice(a, b) for a, b in zip(low, high))]
    return {name: numpy.searchsorted(numbers, labels).astype(numpy.uint8)}


def head(job):
    name, scan_path, label_path, translate = job
    kinds = classes()
    table_of = lookup(kinds)
    scan = canonical(scan_path)
    labels = numpy.rint(numpy.asarray(canonical(label_path).dataobj)).astype(int)
    if translate:
        to = numpy.full(65536, 60000)
        for r in table("share/synth/dlmuse_to_freesurfer.tsv"):
            to[int(r["label"])] = int(r["to"])
        labels = to[labels]
    fine = conform(scan, 1.0)
    factor = int(round(fine.shape[0] / labels.shape[0]))      # 2 where the scan has 2 mm voxels
    at = numpy.argwhere(numpy.isin(labels, DEEP))
    start, size = [], []
    for c in range(3):
        low, high = at[:, c].min() * factor - 8, (at[:, c].max() + 1) * factor + 8
        want = int(min(MOST[c], max(TILE[c], high - low)))
        want += want % 2
        start.append(int(2 * round(((low + high) / 2 - want / 2) / 2)))
        size.append(want)
    known = table_of[labels]
    out = {f"fine_image_{name}": bytes_of(cut(fine, start, size)),
           f"fine_truth_{name}": cut(known, [s // factor for s in start], [s // factor for s in size])}
    coarse = conform(scan, 2.0)
    brain = numpy.argwhere(numpy.isin(labels, [n for i, k in enumerate(kinds) if i for n in k[1]]))
    middle = (brain.min(0) + brain.max(0) + 1) / 2 * (factor / 2)
    start = [int(round(m - d / 2)) for m, d in zip(middle, COARSE)]
    out[f"coarse_image_{name}"] = bytes_of(cut(coarse, start, COARSE))
    out[f"coarse_truth_{name}"] = cut(known, start, COARSE) if factor == 2 else cut(known, [2 * s for s in start], 2 * COARSE)
    return out


def partner(job):
    name, path = job
    fine = conform(canonical(path), 1.0)
    inside = numpy.argwhere(fine > 0.15)
    middle = numpy.array([numpy.median(inside[:, 0]), numpy.median(inside[:, 1]), numpy.percentile(inside[:, 2], 99.5) - 75])
    size = numpy.array([112, 136, 104])
    return {name: bytes_of(cut(fine, numpy.round(middle - size / 2).astype(int), size))}


def run(job):
    work, arguments = job
    arrays = work(arguments)
    print(work.__name__, arguments[0], {k: v.shape for k, v in arrays.items()}, flush=True)
    return [(k, list(v.shape), str(v.dtype), pack(v)) for k, v in arrays.items()]


def main():
    data, out = sys.argv[1:3]
    rows = [r for r in table("share/synth/tissues.tsv") if int(r["label"]) < 800]
    numbers = numpy.array([int(r["label"]) for r in rows])
    tissues = sorted({r["tissue"] for r in rows})
    kinds = classes()
    first = {t: next(r for r in rows if r["tissue"] == t) for t in tissues}
    small = {
        "numbers": numbers,
        "class_of": numpy.array([next(i for i, k in enumerate(kinds) if int(n) in k[1]) if n != 77 else 255 for n in numbers]),
        "swap": numpy.searchsorted(numbers, [int(r["swap"]) for r in rows]),
        "region": numpy.array([("air", "head", "csf", "brain").index(r["region"]) for r in rows]),
        "tissue": numpy.array([tissues.index(r["tissue"]) for r in rows]),
        "prior": numpy.array([[float(first[t][k]) for k in ("mean", "mean_sd", "sd", "sd_sd")] for t in tissues]),
        "centre_weight": numpy.array([0.0 if i == 0 else k[2] for i, k in enumerate(kinds)])}
    maps = sorted(glob.glob(os.path.join(data, "labelmaps/synthseg/training_seg_*.nii.gz")))
    heads = [(os.path.basename(p)[:6], p, p.replace("T1w", "dlmuse"), True) for p in sorted(glob.glob(os.path.join(data, "ixi_2mm/IXI0*_T1w.nii.gz")))]
    heads += [("ecog", data + "/t1w/ecog_T1w.mgz", data + "/t1w/ecog_aseg.mgz", False),
              ("seeg", data + "/t1w_stripped/seeg_T1w.mgz", data + "/t1w_stripped/seeg_aseg.mgz", False)]
    scans = []
    for pattern, step in (("t1w_ds002748/sub-*", 4), ("t1w_ds000011/sub-*", 2)):
        scans += sorted(glob.glob(os.path.join(data, pattern)))[::step]
    jobs = [(head, h) for h in heads] + [(label_map, (f"map{n}", path, numbers)) for n, path in enumerate(maps)]
    jobs += [(partner, (f"partner{n}", path)) for n, path in enumerate(scans)]
    index, store = {}, {}
    with multiprocessing.Pool(int(sys.argv[3]) if len(sys.argv) > 3 else 2) as pool:
        packed = list(pool.imap_unordered(run, jobs, 1)) + [[(k, list(v.shape), str(v.dtype), pack(v)) for k, v in small.items()]]
    for name, shape, kind, values in sum(packed, []):
        index[name], store[name] = (shape, kind), values
    names = dict(tissues=tissues, classes=[k[0] for k in kinds], first=[int(k[1][0]) for k in kinds], maps=len(maps),
                 heads=[(h[0], "ixi" if h[3] else "aseg") for h in heads], partners=[os.path.basename(s) for s in scans])
    numpy.savez(out, index=json.dumps(index), names=json.dumps(names), **store)
    print(f"{sum(s.nbytes for s in store.values()) / 2**20:.1f} MiB", flush=True)


if __name__ == "__main__":
    main()
