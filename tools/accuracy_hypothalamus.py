#!/usr/bin/python3
"""The arithmetic of tools/accuracy_hypothalamus.sh: changed copies of scans, and the table.

accuracy_hypothalamus.py copy SCAN KIND COPY
accuracy_hypothalamus.py coarsen SCAN 0.94x1.5x0.94 COPY
accuracy_hypothalamus.py coarse TRUTH FOLDER HEADS SIZES
accuracy_hypothalamus.py table TRUTH SCANS COPIED FOLDER..."""
import glob
import os
import subprocess
import sys

import nibabel
import numpy

HYPOTHALAMUS = list(range(801, 811)) + [819, 820]


def smooth_field(shape, random, points=4):
    """exp of a random field of sd 0.3, cubic between points^3 control values."""
    from scipy.ndimage import zoom

    field = zoom(random.normal(0, 0.3, (points,) * 3), [s / points for s in shape], order=3)
    return numpy.exp(field[: shape[0], : shape[1], : shape[2]])


def change(kind, scan, up, spacing, random):
    low, high = numpy.percentile(scan, [0.5, 99.5])
    if kind.startswith("x"):  # as another scanner would store it: nothing is cut off
        return scan * float(kind[1:])
    if kind.startswith("clip"):
        factor = float(kind[4:])
        values = numpy.clip((scan - low) / (high - low), 0, 1) * factor
        if factor < 1:  # a bright marker (1 % of the voxels, in a corner low behind the neck), else the percentiles undo the factor
            n = [int(numpy.ceil(s * 0.22)) for s in values.shape]
            values[: n[0], : n[1], : n[2]] = 1
        return 1000 * numpy.clip(values, 0, 1)
    if kind == "contrast":  # half the contrast around the brain's middle
        middle = numpy.median(scan[scan > low + 0.2 * (high - low)])
        inside = scan > low + 0.05 * (high - low)
        return numpy.where(inside, middle + 0.5 * (scan - middle), scan)
    if kind == "noise":
        return numpy.abs(scan + random.normal(0, 0.05 * (high - low), scan.shape))
    if kind == "bias":
        return scan * smooth_field(scan.shape, random)
    if kind == "slices":  # 2 mm slices (4 mm where they have 2 already) along the axis nearest up, each repeated
        from scipy.ndimage import uniform_filter1d

        step = max(2, int(round(2.0 / spacing[up])))
        even = uniform_filter1d(scan, step, axis=up)
        return numpy.take(even, numpy.arange(scan.shape[up]) // step * step + step // 2, axis=up, mode="clip")
    sys.exit("no change of a scan is called " + kind)


def copy(path, kind, out):
    # On the scan's own grid, so that its voxels are cut as before; the marker's corner and the slices go by RAS.
    image = nibabel.squeeze_image(nibabel.load(path))
    there = nibabel.io_orientation(image.affine)
    ras = nibabel.as_closest_canonical(image)
    scan = numpy.asarray(ras.dataobj, dtype=numpy.float32)
    changed = change(kind, scan, 2, ras.header.get_zooms()[:3], numpy.random.default_rng(sum(map(ord, kind))))
    back = nibabel.orientations.ornt_transform(nibabel.io_orientation(ras.affine), there)
    changed = nibabel.orientations.apply_orientation(changed.astype(numpy.float32), back)
    nibabel.save(nibabel.Nifti1Image(changed, image.affine), out)


def coarsen(path, size, out):
    """The scan in voxels of that many mm (right, front, up), each the mean over a Gaussian of its width: as a coarser scanner has it."""
    from nibabel.processing import resample_from_to
    from scipy.ndimage import gaussian_filter

    ras = nibabel.as_closest_canonical(nibabel.squeeze_image(nibabel.load(path)))
    spacing = numpy.array(ras.header.get_zooms()[:3], float)
    wanted = numpy.array([float(x) for x in size.split("x")])
    sd = numpy.sqrt(numpy.maximum(wanted**2 - spacing**2, 0)) / 2.355 / spacing
    blurred = nibabel.Nifti1Image(gaussian_filter(numpy.asarray(ras.dataobj, numpy.float32), sd), ras.affine)
    affine = ras.affine.copy()
    affine[:3, :3] = ras.affine[:3, :3] * (wanted / spacing)
    affine[:3, 3] += ras.affine[:3, :3] @ ((wanted / spacing - 1) / 2)
    shape = tuple(numpy.ceil(numpy.array(ras.shape) * spacing / wanted).astype(int))
    nibabel.save(nibabel.Nifti1Image(numpy.asarray(resample_from_to(blurred, (shape, affine), order=1).dataobj, numpy.float32), affine), out)


def hypothalamus(path):
    image = nibabel.load(path)
    return nibabel.Nifti1Image(numpy.isin(numpy.squeeze(numpy.asarray(image.dataobj)), HYPOTHALAMUS).astype(numpy.float32), image.affine)


def dice_across(fine, coarse):
    """Dice on the coarse grid, the fine labels brought there."""
    from nibabel.processing import resample_from_to

    one, two = numpy.asarray(resample_from_to(fine, coarse, order=1).dataobj) > 0.5, numpy.asarray(coarse.dataobj) > 0.5
    return 2 * (one & two).sum() / max(1, one.sum() + two.sum())


def coarse_table(truth, folder, heads, sizes):
    print("\n## Is the consensus a truth on coarse scans?\n")
    print("The same heads in larger voxels (each is the mean over a Gaussian of its width), measured by the consensus and by our network, both compared with the\n"
          "consensus on the head as it is. *As IBSR*: voxels of 0.94 x 1.5 x 0.94 mm, everything cut away at the edge of the tissue, ventricles 0.4 times as bright\n"
          "as white matter (tools/hypothalamus_copies.py). All heads except studyforrest were used to train our network, in fine voxels.\n")
    head("head", "voxels, mm", "consensus, fine mm³", "consensus, coarse", "network, coarse", "Dice: consensus", "Dice: network", "network with coarse consensus")
    means = {}
    for size in sizes:
        called = "as IBSR" if size == "tight" else size
        for name in heads:
            fine = volumes(truth, name)[0]
            found = [volumes(os.path.join(folder, of), f"{name}.{size}")[0] for of in ("consensus", "network")]
            reference = hypothalamus(os.path.join(truth, name + "_dseg.nii.gz"))
            labels = [os.path.join(folder, of, f"{name}.{size}_dseg.nii.gz") for of in ("consensus", "network")]
            overlap = [dice_across(reference, hypothalamus(path)) if v else 0.0 for path, v in zip(labels, found)] + [dice(*labels)]
            change = [100 * ((v or 0) / fine - 1) for v in found]
            means.setdefault(called, []).append((*change, *overlap))
            line(name, called, f"{fine:.0f}", *(f"{c:+.0f} %" for c in change), *(f"{d:.3f}" for d in overlap))
    for called, rows in means.items():
        mean = numpy.mean(rows, 0)
        line("**mean**", called, "", *(f"{c:+.0f} %" for c in mean[:2]), *(f"{d:.3f}" for d in mean[2:]))


def volumes(folder, stem):
    """Soft volume of both sides and whether it was accepted; None where there is no table or no whole hypothalamus."""
    path = os.path.join(folder, stem + "_volumes.tsv")
    if not os.path.exists(path):
        return None, False
    rows = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8")]
    at = {name: i for i, name in enumerate(rows[0])}
    found = {row[1]: row for row in rows[1:] if row[0] == "hypothalamus"}
    if "B" not in found and not ("L" in found and "R" in found):
        return None, False
    used = [found["B"]] if "B" in found else [found["L"], found["R"]]
    good = all("accepted" not in at or row[at["accepted"]] == "yes" for row in used)
    return sum(float(row[at["volume_mm3"]]) for row in used), good


def exit_code(folder, stem):
    path = os.path.join(folder, stem + ".exit")
    return int(open(path, encoding="utf-8").read()) if os.path.exists(path) else None


def dice(a, b):
    if not (os.path.exists(a) and os.path.exists(b)):
        return 0.0
    one = numpy.isin(numpy.asarray(nibabel.load(a).dataobj), HYPOTHALAMUS)
    two = numpy.isin(numpy.asarray(nibabel.load(b).dataobj), HYPOTHALAMUS)
    return 2 * (one & two).sum() / max(1, one.sum() + two.sum())


def line(*cells):
    print("| " + " | ".join(str(c) for c in cells) + " |")


def head(*cells):
    line(*cells)
    print("|" + "---|" * len(cells))


def percent(values, form="{:.1f}"):
    return form.format(100 * values) if numpy.isfinite(values) else "n/a"


def table(truth, scans, copied, folders):
    names = [os.path.basename(f).rsplit(".", 1)[0] for f in folders]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    print("# Accuracy of the hypothalamus network, measured by `tools/accuracy_hypothalamus.sh`\n")
    print(f"Commit {commit or 'unknown'}. The truth was not drawn by an anatomist. It is the mean of 16 runs of the published subunit network with different intensity scale, mirror and shift\n"
          "(`dien segment --consensus`), which was also used to train our network, on other scans. `studyforrest` was used for validation; IBSR (stripped, 1.5 mm) and\n"
          "IXI (2 mm) were not used in training. One run of the published network is shown for comparison. It made the truth itself, so its Dice cannot be compared with ours.\n")
    print("## Means\n")
    head("network", "scans", "n", "Dice", "lowest", "volume, %", "r of volumes", "not found", "rejected")
    kept = {}
    groups = (("IBSR", "IBSR"), ("IXI", "IXI"), ("", "all"))
    for name, folder in zip(names, folders):
        for scan in scans:
            reference, good = volumes(truth, scan)
            if reference is None or exit_code(folder, scan) is None:
                continue
            found, accepted = volumes(folder, scan)
            end = scan + "_dseg.nii.gz"
            kept[name, scan] = (reference, good, found, accepted, dice(os.path.join(folder, end), os.path.join(truth, end)))
        for start, title in groups:
            rows = [v for (n, s), v in kept.items() if n == name and s.startswith(start) and v[1]]
            found = [v for v in rows if v[2]]
            if len(rows) < 1:
                continue
            a = numpy.array([[v[0], v[2]] for v in found])
            r = f"{numpy.corrcoef(a[:, 0], a[:, 1])[0, 1]:.2f}" if len(found) > 2 else "n/a"
            change_of = f"{100 * (a[:, 1].mean() / a[:, 0].mean() - 1):+.1f}" if len(found) else "n/a"
            line(name, title, len(rows), f"{numpy.mean([v[4] for v in rows]):.3f}", f"{min(v[4] for v in rows):.3f}", change_of, r,
                 len(rows) - len(found), sum(1 for v in found if not v[3]))
    print("\nOnly scans whose consensus passed quality control. Volumes are sums of probabilities, both sides.\n")
    print("## The same scan changed\n")
    head("network", "change", "copies", "volume moves by, % (mean)", "(largest)", "not found", "accepted, %")
    for name, folder in zip(names, folders):
        changes, spread = {}, []
        for scan in copied:
            plain = volumes(folder, scan)[0]
            of_scan = []
            for path in sorted(glob.glob(os.path.join(glob.escape(folder), glob.escape(scan) + ".*.exit"))):
                stem = os.path.basename(path)[: -len(".exit")]
                kind = stem[len(scan) + 1:]
                volume, good = volumes(folder, stem)
                changes.setdefault(kind, []).append((abs(volume / plain - 1) if volume and plain else numpy.nan, volume is not None, good))
                if kind.startswith(("x", "clip")):
                    continue
                of_scan += [volume / plain] if volume and plain else []
            spread += [numpy.std(of_scan, ddof=1)] if len(of_scan) > 1 else []
        for kind, rows in sorted(changes.items()):
            moves = [r[0] for r in rows if numpy.isfinite(r[0])]
            says = "times " + kind[1:] if kind[0] == "x" else f"seen times {kind[4:]}, cut at 1" if kind.startswith("clip") else kind
            line(name, says, len(rows), percent(numpy.mean(moves) if moves else numpy.nan), percent(max(moves) if moves else numpy.nan),
                 sum(not r[1] for r in rows), f"{100 * numpy.mean([r[2] for r in rows]):.0f}")
        bad = [r for kind, rows in changes.items() if not kind.startswith(("x", "clip")) for r in rows]
        if bad:
            line(name, "**all degraded**", len(bad), f"SD over a scan's copies {percent(numpy.mean(spread) if spread else numpy.nan)}", "",
                 sum(not r[1] for r in bad), f"{100 * numpy.mean([r[2] for r in bad]):.0f}")
    print(f"\nOf {', '.join(copied)}. contrast: halved; noise: SD 5 % of the range; bias: a smooth field of SD 30 %; slices: 2 mm thick (4 mm where they\n"
          "were 2 mm). Percentiles set the intensity scale for a network, so a factor alone should change nothing. A bright marker or saturation does.\n")
    print("## Scan by scan\n")
    head("scan", "consensus mm³", *(c for n in names for c in (n + " mm³", "Dice")))
    for scan in scans:
        of = [kept.get((n, scan)) for n in names]
        if any(of):
            first = next(v for v in of if v)
            line(scan, f"{first[0]:.0f}{'' if first[1] else ' (rejected)'}",
                 *(f"{v[2] or 0:.0f}{'' if v[3] else ' (rejected)'} | {v[4]:.3f}" if v else "n/a | n/a" for v in of))


if sys.argv[1] == "copy":
    copy(*sys.argv[2:5])
elif sys.argv[1] == "coarsen":
    coarsen(*sys.argv[2:5])
elif sys.argv[1] == "coarse":
    coarse_table(sys.argv[2], sys.argv[3], sys.argv[4].split(), sys.argv[5].split())
else:
    table(sys.argv[2], sys.argv[3].split(), sys.argv[4].split(), sys.argv[5:])
