#!/usr/bin/python3
"""Heads for tools/hypothalamus_gpu_train.py: each conformed as `dien segment` does it (1 mm, RAS, clipped at the 0.5 and 99.5 percentiles,
0..1), cut around the hypothalamus, with the consensus's mean posteriors.

hypothalamus_gpu_data.py LIST OUT.npz
LIST: a table (tab) of name, scan, posteriors (STEM_probseg.nii.gz by `dien segment --consensus --posteriors --grid model`), labels of the
whole head by `dien segment`, whole or stripped, group (train or validate).
OUT: image [N,S,S,S] uint8; posterior [N,10,P,P,P] uint8 (sum at most 255); origin of the posterior box in the image box; tissue mask
[N,S,S,S] (all ones where there is none), stripped [N], peak [N]: white matter's median in the conformed scan, 0..1; middle and axis of the
two sides (image voxels); names; groups."""
import sys

import nibabel
import numpy
from scipy import ndimage

SIZE, BOX = 104, 52


def reoriented(path):
    return nibabel.as_closest_canonical(nibabel.squeeze_image(nibabel.load(path)))


def conform(scan, like):
    """scan (canonical) on the grid of `like`, which dien conformed: outer corners in one place, a blur of a quarter voxel where it becomes coarser."""
    data = numpy.asarray(scan.dataobj, dtype=numpy.float32)
    mm = nibabel.affines.voxel_sizes(scan.affine)
    if all(abs(mm - 1.0) <= 0.05):
        if data.shape != like.shape[:3]:
            raise SystemExit("shapes differ")
        return data
    scale = 1.0 / mm
    data = ndimage.gaussian_filter(data, [0.25 * s if s > 1 else 0 for s in scale])
    return ndimage.affine_transform(data, numpy.diag(scale), offset=0.5 * (scale - 1), output_shape=like.shape[:3], order=1, mode="nearest")


def cut(volume, start, size, fill=0):
    out = numpy.full([size] * 3, fill, volume.dtype)
    low = [max(0, s) for s in start]
    high = [min(n, s + size) for n, s in zip(volume.shape, start)]
    out[tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start))] = volume[tuple(slice(a, b) for a, b in zip(low, high))]
    return out


def head(name, scan_path, posterior_path, labels_path, stripped):
    posterior = nibabel.load(posterior_path)
    scan = reoriented(scan_path)
    data = conform(scan, posterior)
    low, high = numpy.percentile(data, [0.5, 99.5])
    data = (numpy.clip(data, low, high) - low) / (high - low)
    p = numpy.asarray(posterior.dataobj, dtype=numpy.float32)
    whole = p.sum(-1)
    centre = numpy.array(ndimage.center_of_mass(whole))
    sides = [numpy.array(ndimage.center_of_mass(p[..., a:a + 5].sum(-1))) for a in (0, 5)]
    start = numpy.round(centre).astype(int) - SIZE // 2
    inner = numpy.round(centre).astype(int) - BOX // 2
    lost = whole.sum()
    p = numpy.stack([cut(p[..., c], inner, BOX) for c in range(10)])
    lost = 1 - p.sum() / lost
    labels = numpy.rint(numpy.asarray(reoriented(labels_path).dataobj)).astype(int)
    values = cut(data, start, SIZE)

    def brought(mask):
        return conform(nibabel.Nifti1Image(mask.astype(numpy.float32), scan.affine), posterior) > 0.5

    white = numpy.median(data[ndimage.binary_erosion(brought(numpy.isin(labels, (2, 41))))])
    tissue = numpy.ones([SIZE] * 3, numpy.uint8)
    if not stripped:
        keep = brought((labels > 0) & (labels != 24))
        keep = ndimage.binary_closing(keep, iterations=2) | keep
        tissue = cut(keep.astype(numpy.uint8), start, SIZE)
    print(f"{name}\tvolume {whole.sum():.0f}\tlost {lost:.4f}\twhite matter {white:.2f}\tdistance of sides {numpy.linalg.norm(sides[1] - sides[0]):.1f}", flush=True)
    return dict(image=numpy.round(values * 255).astype(numpy.uint8), posterior=numpy.round(p * 255).astype(numpy.uint8), origin=inner - start,
                tissue=tissue, stripped=stripped, peak=white, middle=(sides[0] + sides[1]) / 2 - start,
                axis=(sides[1] - sides[0]) / numpy.linalg.norm(sides[1] - sides[0]))


def main():
    rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[1]) if line.strip()]
    heads = [head(*row[:4], row[4] == "stripped") | {"name": row[0], "group": row[5]} for row in rows]
    numpy.savez_compressed(sys.argv[2], **{key: numpy.array([h[key] for h in heads]) for key in heads[0]})


if __name__ == "__main__":
    main()
