#!/usr/bin/python3
"""Whether the hypothalamus's volume follows the hypothalamus, and nothing else: the table behind models/hypothalamus.md.

hypothalamus_validity.py DIEN MODEL HEADS OUT [PART...]
HEADS: table (tab, no header) of name, scan, the consensus's STEM_probseg.nii.gz (on the model's grid, its STEM_volumes.tsv beside it), labels of the
whole head, whole|stripped, train|validate, made by tools/hypothalamus_truth.sh. OUT: folder; what is there for the same model is not run again.
PART: of overlap, scale, scanners, ventricle, moved, shrunk, stripped, coarse, turned, spoiled (all). Everything but overlap is measured on the heads that
validate; stripped on every whole head, too. Prints means, and one line per head where that is asked for (DETAIL=1)."""
import csv
import json
import os
import subprocess
import sys

import nibabel
import numpy
from scipy import ndimage

DIEN, MODEL, HEADS, OUT = sys.argv[1:5]
PARTS = sys.argv[5:] or ["overlap", "scale", "ventricle", "moved", "shrunk", "stripped", "coarse", "turned", "scanners", "spoiled"]
DETAIL = os.environ.get("DETAIL")
EXTRA = os.environ.get("SEGMENT", "--precision f32 --threads 1").split()


def run(scan, name, posteriors=False):
    """Volume (mm3), hard volume, accepted, flags of the scan; what `dien segment` wrote is kept under OUT/name."""
    folder = os.path.join(OUT, name)
    table = os.path.join(folder, "volumes.tsv")
    if not os.path.exists(table):
        os.makedirs(folder, exist_ok=True)
        more = ["--posteriors", "--grid", "model"] if posteriors else []
        done = subprocess.run([DIEN, "segment", scan, "-o", folder, "--model", MODEL, "--accept", "--quiet", *EXTRA, *more], capture_output=True, text=True)
        for file in os.listdir(folder):
            kind = file.rsplit("_", 1)[-1]
            if kind in ("volumes.tsv", "probseg.nii.gz", "volumes.json", "dseg.nii.gz"):
                os.replace(os.path.join(folder, file), os.path.join(folder, kind))
            else:
                os.remove(os.path.join(folder, file))
        if not os.path.exists(table):
            print(f"{name}: {done.stderr.strip()[-300:]}", file=sys.stderr)
            return None
    return volume(table)


def volume(table):
    for row in csv.DictReader(open(table), delimiter="\t"):
        if row["structure"] == "hypothalamus" and row["hemi"] == "B":
            return float(row["volume_mm3"]), float(row["hard_volume_mm3"])
    return None


def labelled(path, box=None):
    """The most probable label in the box around all that is not background; and that box."""
    p = numpy.asarray(nibabel.load(path).dataobj, dtype=numpy.float32)
    if box is None:
        some = numpy.argwhere(p.max(-1) > 0)
        box = tuple(slice(max(0, a - 6), b + 7) for a, b in zip(some.min(0), some.max(0)))
    p = p[box]
    return numpy.concatenate([numpy.maximum(0, 1 - p.sum(-1, keepdims=True)), p], -1).argmax(-1), box


def overlap(a, b):
    return 2 * (a & b).sum() / max(1, a.sum() + b.sum())


def area(mask):
    """Faces between inside and outside, voxels."""
    m = numpy.pad(mask, 1).astype(numpy.int8)
    return sum(numpy.abs(numpy.diff(m, axis=k)).sum() for k in range(3))


def shape(labels):
    """Holes (voxels), components, contact of the two sides (faces), surface."""
    left, right = (labels > 0) & (labels < 6), labels > 5
    holes = sum((ndimage.binary_fill_holes(m) & ~m).sum() for m in (left, right))
    parts = max(ndimage.label(m)[1] for m in (left, right))
    contact = area(left) + area(right) - area(left | right)
    return holes, parts, contact // 2, area(left) + area(right)


def heads():
    return [line.rstrip("\n").split("\t") for line in open(HEADS) if line.strip()]


def canonical(path):
    return nibabel.as_closest_canonical(nibabel.squeeze_image(nibabel.load(path)))


def save(data, affine, name):
    os.makedirs(os.path.join(OUT, "scans"), exist_ok=True)
    path = os.path.join(OUT, "scans", name + "_T1w.nii.gz")
    nibabel.save(nibabel.Nifti1Image(data.astype(numpy.float32), affine), path)
    return path


class Warp:
    """A head and its consensus seen through a known change of shape. Points are mm along the scan's (canonical) voxel axes."""

    def __init__(self, row):
        self.name = row[0]
        self.scan = canonical(row[1])
        self.data = numpy.asarray(self.scan.dataobj, dtype=numpy.float32)
        self.mm = nibabel.affines.voxel_sizes(self.scan.affine)
        truth = nibabel.load(row[2])
        p = numpy.asarray(truth.dataobj, dtype=numpy.float32)
        whole = p.sum(-1)
        to_scan = numpy.linalg.inv(self.scan.affine) @ truth.affine
        sides = [numpy.array(ndimage.center_of_mass(p[..., k:k + 5].sum(-1))) for k in (0, 5)]
        left, right = [(nibabel.affines.apply_affine(to_scan, s) * self.mm) for s in sides]
        self.middle, self.axis = (left + right) / 2, (right - left) / numpy.linalg.norm(right - left)
        # the truth on the scan's grid, in a box
        self.spline = ndimage.spline_filter(self.data, order=3, mode="nearest")
        low = numpy.maximum(0, numpy.floor((self.middle - 40) / self.mm)).astype(int)
        high = numpy.minimum(self.data.shape, numpy.ceil((self.middle + 40) / self.mm)).astype(int)
        self.box = tuple(slice(a, b) for a, b in zip(low, high))
        self.points = numpy.stack(numpy.meshgrid(*[numpy.arange(a, b) for a, b in zip(low, high)], indexing="ij"), -1) * self.mm
        self.whole, self.from_scan = whole, numpy.linalg.inv(to_scan)

    def truth_map(self, points):
        at = nibabel.affines.apply_affine(self.from_scan, points / self.mm)
        return ndimage.map_coordinates(self.whole, numpy.moveaxis(at, -1, 0), order=1)

    def truth_at(self, points):
        return self.truth_map(points).sum() * self.mm.prod()

    def show(self, points, name):
        """The scan with the box taken from points; its file, and the change of the truth's volume."""
        data = self.data.copy()
        data[self.box] = ndimage.map_coordinates(self.spline, numpy.moveaxis(points / self.mm, -1, 0), order=3, mode="nearest", prefilter=False)
        data = numpy.clip(data, self.data.min(), self.data.max())
        data[self.box][self.data[self.box] == self.data.min()] = self.data.min()
        return save(data, self.scan.affine, name), self.truth_at(points) / self.truth_at(self.points)

    def ventricle(self, amount):
        d = self.points - self.middle
        along = (d * self.axis).sum(-1)
        across = numpy.linalg.norm(d - along[..., None] * self.axis, axis=-1)
        shift = amount * numpy.tanh(along / (0.8 + 1.3 * abs(amount))) * numpy.exp(-(along / 14) ** 4) * numpy.exp(-(across / 22) ** 4)
        return self.points - shift[..., None] * self.axis

    def moved(self, amount):
        """As src/synth/cleft.h: the hypothalami are moved apart as they are, so that they keep their volume; what is between them is stretched."""
        d = self.points - self.middle
        u = (d * self.axis).sum(-1)
        across = numpy.linalg.norm(d - u[..., None] * self.axis, axis=-1)
        inside = self.truth_map(self.points) > 0.5
        half = max(0.7, numpy.percentile(numpy.abs(u[inside]), 5) - 1)
        reach, radius = numpy.percentile(numpy.abs(u[inside]), 98) + 0.5, numpy.percentile(across[inside], 98) + 0.5

        def fade(mm):
            return 0.5 * (1 + numpy.cos(numpy.pi * numpy.clip(mm / 15, 0, 1)))

        a = amount * fade(across - radius)
        far = numpy.abs(u)
        shift = numpy.where(far < half + a, far * (1 - half / (half + a)), a * fade(far - reach - numpy.maximum(0, a)))
        return self.points - (numpy.sign(u) * shift)[..., None] * self.axis

    def shrunk(self, amount):
        d = self.points - self.middle
        along = (d * self.axis).sum(-1, keepdims=True)
        own = d - 4.5 * numpy.tanh(along / 2) * self.axis
        return self.points + own * ((1 - amount) ** (-1 / 3) - 1) * numpy.exp(-(numpy.linalg.norm(own, axis=-1, keepdims=True) / 13) ** 4)


def flags(folder):
    """Codes of warnings and failures that `dien segment` wrote beside the volumes."""
    path = os.path.join(OUT, folder, "volumes.json")
    if not os.path.exists(path):
        return ["refused"]
    return [f["Code"] for f in json.load(open(path)).get("Flags", []) if f.get("Level", f.get("Severity")) not in ("note", "Note")]


def spoil(kind, data, labels, centre, mm):
    """The head as no one should measure it. centre: voxel of the left hypothalamus's middle."""
    top = numpy.percentile(data, 99)
    if kind == "blurred":
        return ndimage.gaussian_filter(data, 2.2 / mm)
    if kind == "noisy":
        return numpy.maximum(0, data + numpy.random.RandomState(1).normal(0, 0.25 * top, data.shape))
    if kind == "cut":
        out = data.copy()
        out[:, :, :int(centre[2])] = 0
        return out
    if kind in ("dark lesion", "bright lesion"):
        at = numpy.stack(numpy.meshgrid(*[numpy.arange(n) for n in data.shape], indexing="ij"), -1)
        out = data.copy()
        out[numpy.linalg.norm((at - centre) * mm, axis=-1) <= 5] = 0.15 * top if kind == "dark lesion" else 1.1 * top
        return out
    if kind == "inverted":
        return numpy.where(data > 0.03 * top, numpy.maximum(0, 1.1 * top - data), 0)
    if kind == "ghost":
        return 0.6 * data + 0.4 * numpy.roll(data, int(round(9 / mm[1])), axis=1)
    raise ValueError(kind)


KINDS = ("blurred", "noisy", "cut", "dark lesion", "bright lesion", "inverted", "ghost")


def part_spoiled(chosen, base):
    moved, caught, quiet = 0, 0, []
    for kind in KINDS:
        row = []
        for r in chosen:
            name = f"spoiled/{kind.replace(' ', '_')}/{r[0]}"
            known = os.path.join(OUT, name, "true.txt")
            if not os.path.exists(known):
                s, truth = canonical(r[1]), nibabel.load(r[2])
                mm = nibabel.affines.voxel_sizes(s.affine)
                p = numpy.asarray(truth.dataobj, dtype=numpy.float32)[..., :5].sum(-1)
                centre = nibabel.affines.apply_affine(numpy.linalg.inv(s.affine) @ truth.affine, numpy.array(ndimage.center_of_mass(p)))
                data = spoil(kind, numpy.asarray(s.dataobj, dtype=numpy.float32), None, centre, mm)
                file = save(data, s.affine, f"spoiled-{r[0]}")
                run(file, name)
                os.makedirs(os.path.join(OUT, name), exist_ok=True)
                open(known, "w").close()
                os.remove(file)
            v = volume(os.path.join(OUT, name, "volumes.tsv")) if os.path.exists(os.path.join(OUT, name, "volumes.tsv")) else None
            found = flags(name)
            change = None if v is None else v[0] / base[r[0]] - 1
            row.append("refused" if change is None else f"{100 * change:+.0f}{'' if found else ' SILENT' if abs(change) > 0.1 else ' ok'}")
            if change is None or abs(change) > 0.1:
                moved += 1
                caught += bool(found)
        print(f"spoiled, {kind}\t" + "\t".join(row), flush=True)
    good = [bool(flags("base/" + r[0])) for r in chosen]
    print(f"spoiled copies that move by over 10 %: {caught} of {moved} flagged; good scans flagged: {sum(good)} of {len(good)}")


def report(name, values, unit="%", scale=100.0):
    v = numpy.array(values) * scale
    print(f"{name}\tmean {v.mean():+.2f} {unit}\tof absolutes {numpy.abs(v).mean():.2f}\tworst {v[numpy.abs(v).argmax()]:+.2f}\tn {len(v)}", flush=True)


def part_overlap(rows):
    for group in ("train", "validate"):
        found = []
        for row in rows:
            if row[5] != group:
                continue
            v = run(row[1], "base/" + row[0], True)
            b, box = labelled(row[2])
            a, _ = labelled(f"{OUT}/base/{row[0]}/probseg.nii.gz", box)
            t = volume(row[2].replace("_probseg.nii.gz", "_volumes.tsv"))
            found.append((overlap(a > 0, b > 0), numpy.mean([overlap(a == c, b == c) for c in range(1, 11)]), v[0], t[0], v[1] / t[1] - 1, *shape(a), *shape(b)))
            if DETAIL:
                print(row[0], group, "Dice %.3f subunits %.3f mm3 %.0f consensus %.0f hard %+.3f holes %d parts %d contact %d area %d (%d %d %d %d)" % found[-1])
        if not found:
            continue
        f = numpy.array(found)
        print(f"{group}, {len(f)} heads\tDice {f[:, 0].mean():.3f} (lowest {f[:, 0].min():.3f})\tsubunits {f[:, 1].mean():.3f}\tr {numpy.corrcoef(f[:, 2], f[:, 3])[0, 1]:.3f}\t"
              f"volume {100 * (f[:, 2].mean() / f[:, 3].mean() - 1):+.1f} %, SD of the difference {100 * (f[:, 2] / f[:, 3] - 1).std(ddof=1):.1f} %\thard {100 * f[:, 4].mean():+.1f} %\t"
              f"holes {f[:, 5].mean():.1f} ({f[:, 9].mean():.1f})\tparts at most {f[:, 6].max():.0f} ({f[:, 10].max():.0f})\tcontact {f[:, 7].mean():.1f} faces ({f[:, 11].mean():.1f})\t"
              f"surface {f[:, 8].mean():.0f} ({f[:, 12].mean():.0f})", flush=True)


def main():
    rows = heads()
    chosen = [r for r in rows if r[5] == "validate"]
    if "overlap" in PARTS:
        part_overlap(rows)
    base = {r[0]: run(r[1], "base/" + r[0], True)[0] for r in rows if r[5] == "validate" or r[4] == "whole"}

    def changed(part, values):
        for value in values:
            found = []
            for r in chosen:
                name = f"{part}/{value}/{r[0]}"
                known = os.path.join(OUT, name, "true.txt")
                if not os.path.exists(known):
                    w = Warp(r)
                    file, truth = w.show(getattr(w, part)(value), f"{part}{value}-{r[0]}")
                    run(file, name)
                    open(known, "w").write(str(truth))
                    os.remove(file)
                v = volume(os.path.join(OUT, name, "volumes.tsv"))
                found.append(v[0] / base[r[0]] - float(open(known).read()))
            report(f"{part} {value}", found)

    if "scale" in PARTS:
        for factor in (0.5, 2.0):
            found = []
            for r in chosen[:4]:
                s = canonical(r[1])
                file = save(numpy.asarray(s.dataobj, dtype=numpy.float32) * factor, s.affine, f"x{factor}-{r[0]}")
                found.append(run(file, f"scale/{factor}/{r[0]}")[0] / base[r[0]] - 1)
                os.remove(file)
            report(f"times {factor}", found)
    if "ventricle" in PARTS:
        changed("ventricle", (-1.0, 1.0, 2.0, 3.0))
    if "moved" in PARTS:
        changed("moved", (1.0, 2.0, 3.0))
    if "shrunk" in PARTS:
        changed("shrunk", (0.0, 0.05, 0.1, 0.2))
    if "stripped" in PARTS:
        found = []
        for r in rows:
            if r[4] != "whole":
                continue
            s = canonical(r[1])
            labels = numpy.rint(numpy.asarray(canonical(r[3]).dataobj))
            keep = ndimage.binary_closing((labels > 0) & (labels != 24), iterations=2)
            file = save(numpy.asarray(s.dataobj, dtype=numpy.float32) * keep, s.affine, f"stripped-{r[0]}")
            found.append(run(file, f"stripped/{r[0]}")[0] / base[r[0]] - 1)
            os.remove(file)
        report("stripped against whole", found)
    if "coarse" in PARTS:
        for mm in (1.5, 2.0):
            found, dice = [], []
            for r in chosen:
                s = canonical(r[1])
                data, own = numpy.asarray(s.dataobj, dtype=numpy.float32), nibabel.affines.voxel_sizes(s.affine)
                scale = mm / own
                size = numpy.floor(numpy.array(data.shape) / scale).astype(int)
                fine = ndimage.uniform_filter(data, [int(round(k)) if k >= 1.5 else 1 for k in scale])
                fine = ndimage.gaussian_filter(fine, [0.3 * k for k in scale])
                coarse = ndimage.affine_transform(fine, numpy.diag(scale), offset=0.5 * (scale - 1), output_shape=tuple(size), order=1)
                to = s.affine @ nibabel.affines.from_matvec(numpy.diag(scale), 0.5 * (scale - 1))
                file = save(coarse, to, f"coarse{mm}-{r[0]}")
                found.append(run(file, f"coarse/{mm}/{r[0]}", True)[0] / base[r[0]] - 1)
                a, b = nibabel.load(f"{OUT}/coarse/{mm}/{r[0]}/probseg.nii.gz"), nibabel.load(f"{OUT}/base/{r[0]}/probseg.nii.gz")
                q = numpy.asarray(a.dataobj, dtype=numpy.float32).sum(-1)
                m = numpy.linalg.inv(a.affine) @ b.affine
                p = ndimage.affine_transform(q, m[:3, :3], offset=m[:3, 3], output_shape=b.shape[:3], order=1)
                dice.append(overlap(p > 0.5, numpy.asarray(b.dataobj).sum(-1) > 0.5))
                os.remove(file)
            report(f"in voxels of {mm} mm", found)
            print(f"in voxels of {mm} mm\tDice with itself {numpy.mean(dice):.3f}")
    if "turned" in PARTS:  # as a second scan would lie: half a voxel and three degrees aside, a little noise
        random = numpy.random.RandomState(5)
        found = []
        for r in chosen:
            w = None
            for k in range(3):
                name = f"turned/{k}/{r[0]}"
                angles, shift = numpy.radians(random.uniform(-3, 3, 3)), random.uniform(-0.5, 0.5, 3)
                if not os.path.exists(os.path.join(OUT, name, "volumes.tsv")):
                    w = w or Warp(r)
                    c, n = numpy.cos(angles), numpy.sin(angles)
                    m = (numpy.array([[1, 0, 0], [0, c[0], -n[0]], [0, n[0], c[0]]]) @ numpy.array([[c[1], 0, n[1]], [0, 1, 0], [-n[1], 0, c[1]]])
                         @ numpy.array([[c[2], -n[2], 0], [n[2], c[2], 0], [0, 0, 1]]))
                    m = numpy.diag(1 / w.mm) @ m @ numpy.diag(w.mm)
                    centre = w.middle / w.mm
                    data = ndimage.affine_transform(w.spline, m, offset=centre - m @ centre + shift, order=3, prefilter=False, mode="nearest")
                    top = numpy.percentile(w.data, 99)
                    data = numpy.clip(data + random.normal(0, 0.02 * top, data.shape) * (data > 0.02 * top), w.data.min(), w.data.max())
                    file = save(data, w.scan.affine, f"turned{k}-{r[0]}")
                    run(file, name)
                    os.remove(file)
                v = volume(os.path.join(OUT, name, "volumes.tsv"))
                found.append(abs(v[0] / base[r[0]] - 1))
        report("turned and noisy", found)
    if "spoiled" in PARTS:
        part_spoiled(chosen, base)
    if "scanners" in PARTS:
        sds = []
        for r in chosen[::2]:
            folder = os.path.join(OUT, "scanners", r[0])
            if not os.path.exists(os.path.join(folder, "done")):
                os.makedirs(folder, exist_ok=True)
                subprocess.run([DIEN, "synth", r[1], "--from-scan", "-n", "20", "--seed", "1", "-o", folder, "--quiet"], check=True)
                for n in sorted(f for f in os.listdir(folder) if f.endswith("_T1w.nii.gz")):
                    run(os.path.join(folder, n), f"scanners/{r[0]}/{n[:-11]}")
                    os.remove(os.path.join(folder, n))
                open(os.path.join(folder, "done"), "w").close()
            v = [volume(os.path.join(folder, d, "volumes.tsv"))[0] for d in sorted(os.listdir(folder)) if os.path.exists(os.path.join(folder, d, "volumes.tsv"))]
            sds.append(numpy.std(v, ddof=1) / numpy.mean(v))
            if DETAIL:
                print(f"scanners {r[0]}: mean {numpy.mean(v) / base[r[0]] - 1:+.3f} of its own volume, SD {sds[-1]:.4f}, n {len(v)}")
        report("SD over 20 simulated scanners", sds)


if __name__ == "__main__":
    main()
