#!/usr/bin/python3
"""The arithmetic of tools/accuracy_hypothalamus.sh: changed copies of scans, and the table."""
import glob
import os
import sys

import nibabel
import numpy

HYPOTHALAMUS = list(range(801, 811)) + [819, 820]


def stem_of(path):
    name = os.path.basename(path)
    for end in (".gz", ".nii", ".mgz", "_T1w"):
        name = name[: -len(end)] if name.endswith(end) else name
    return name


def smooth_field(shape, random, points=4):
    """exp of a random field of sd 0.3, cubic between points^3 control values."""
    from scipy.ndimage import zoom

    field = zoom(random.normal(0, 0.3, (points,) * 3), [s / points for s in shape], order=3)
    return numpy.exp(field[: shape[0], : shape[1], : shape[2]])


def change(kind, scan, spacing, random):
    low, high = numpy.percentile(scan, [0.5, 99.5])
    if kind.startswith("x"):  # the clipped scale times a factor; what passes 1 saturates, a marker keeps the scale where it is
        values = numpy.clip((scan - low) / (high - low), 0, 1) * float(kind[1:])
        values = numpy.clip(values, 0, 1)
        if float(kind[1:]) < 1:  # else the percentiles would undo it: 1 % of bright voxels in the air, low behind the neck
            n = [int(numpy.ceil(s * 0.22)) for s in values.shape]
            values[: n[0], : n[1], : n[2]] = 1
        return 1000 * values
    if kind == "contrast":  # half the contrast around the brain's middle
        middle = numpy.median(scan[scan > low + 0.2 * (high - low)])
        inside = scan > low + 0.05 * (high - low)
        return numpy.where(inside, middle + 0.5 * (scan - middle), scan)
    if kind == "noise":
        return numpy.abs(scan + random.normal(0, 0.05 * (high - low), scan.shape))
    if kind == "bias":
        return scan * smooth_field(scan.shape, random)
    if kind == "slices":  # 2 mm slices along the axis nearest up, each repeated
        from scipy.ndimage import uniform_filter1d

        axis = 2
        step = max(1, int(round(2.0 / spacing[axis])))
        even = uniform_filter1d(scan, step, axis=axis)
        return numpy.take(even, numpy.arange(scan.shape[axis]) // step * step + step // 2, axis=axis, mode="clip")
    raise SystemExit("no degradation is called " + kind)


def copies(folder, scales, degraded, files):
    kinds = ["x" + s for s in scales.split()] + [k for k in degraded.split() if k != "none"]
    for path in files:
        image = nibabel.as_closest_canonical(nibabel.load(path))
        scan = numpy.asarray(image.dataobj, dtype=numpy.float32)
        for number, kind in enumerate(kinds):
            out = os.path.join(folder, stem_of(path) + "." + kind + ".nii.gz")
            if not os.path.exists(out):
                random = numpy.random.default_rng(number)
                changed = change(kind, scan, image.header.get_zooms()[:3], random)
                nibabel.save(nibabel.Nifti1Image(changed.astype(numpy.float32), image.affine), out)


def volumes(folder, stem):
    """Soft volume of both sides and whether it was accepted; None where there is no table or no whole hypothalamus."""
    path = os.path.join(folder, stem + "_volumes.tsv")
    if not os.path.exists(path):
        return None, False
    rows = [line.rstrip("\n").split("\t") for line in open(path)]
    at = {name: i for i, name in enumerate(rows[0])}
    for row in rows[1:]:
        if row[0] == "hypothalamus" and row[1] == "B":
            return float(row[at["volume_mm3"]]), "accepted" not in at or row[at["accepted"]] == "yes"
    return None, False


def dice(a, b):
    one = numpy.isin(numpy.asarray(nibabel.load(a).dataobj), HYPOTHALAMUS)
    two = numpy.isin(numpy.asarray(nibabel.load(b).dataobj), HYPOTHALAMUS)
    return 2 * (one & two).sum() / max(1, one.sum() + two.sum())


def table(truth, out, networks, scans):
    print("| scan | consensus mm3 | " + " | ".join(f"{n} mm3 | Dice" for n in networks) + " |")
    print("|---|---" + "|---|---" * len(networks) + "|")
    kept = {n: [] for n in networks}
    for scan in scans:
        reference, good = volumes(truth, scan)
        if reference is None:
            continue
        row = f"| {scan} | {reference:.0f}{'' if good else ' (rejected)'}"
        for network in networks:
            found, accepted = volumes(os.path.join(out, network), scan)
            score = dice(os.path.join(out, network, scan + "_dseg.nii.gz"), os.path.join(truth, scan + "_dseg.nii.gz")) if found else 0.0
            row += f" | {found or 0:.0f}{'' if accepted else ' (rejected)'} | {score:.3f}"
            if good:
                kept[network].append((reference, found or 0.0, score))
        print(row + " |")
    for network in networks:
        values = numpy.array(kept[network])
        if len(values) < 3:
            continue
        r = numpy.corrcoef(values[:, 0], values[:, 1])[0, 1]
        print(f"\n{network}: {len(values)} scans with an accepted consensus; mean Dice {values[:, 2].mean():.3f} (lowest {values[:, 2].min():.3f}), "
              f"mean volume {100 * (values[:, 1].mean() / values[:, 0].mean() - 1):+.1f} %, correlation of volumes {r:.2f}, "
              f"not found {int((values[:, 1] == 0).sum())}")
        folder = os.path.join(out, network)
        scaled, degraded, accepted, spread = [], 0, 0, []
        for scan in scans:
            plain = volumes(folder, scan)[0]
            of_scan = []
            for path in sorted(glob.glob(os.path.join(out, "copies", scan + ".*.nii.gz"))):
                stem = stem_of(path)
                volume, good = volumes(folder, stem)
                if stem[len(scan) + 1] == "x":
                    scaled += [abs(volume / plain - 1)] if volume and plain else []
                    continue
                degraded += 1
                accepted += good
                of_scan += [volume / plain] if volume and plain else []
            spread += [numpy.std(of_scan, ddof=1)] if len(of_scan) > 1 else []
        if scaled:
            print(f"{network}: intensities times another scale move the volume by {100 * numpy.mean(scaled):.1f} % (largest {100 * max(scaled):.1f} %)")
        if degraded:
            print(f"{network}: {accepted} of {degraded} degraded copies accepted ({100 * accepted / degraded:.0f} %); "
                  f"SD of the volume over a scan's copies {100 * numpy.mean(spread):.1f} %")


if sys.argv[1] == "copies":
    copies(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
else:
    table(sys.argv[2], sys.argv[3], [sys.argv[4], sys.argv[5]], sys.argv[6].split())
