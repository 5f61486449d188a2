#!/usr/bin/env python3
"""The whole-head networks (configs/whole_head_fine.yaml, whole_head_coarse.yaml) trained with PyTorch on a GPU, where the pictures are made, too.

Pictures follow src/synth, and go beyond it: tissue is painted on a lattice twice as fine as the picture and averaged with the point spread, so that voxels
at a border have the share's intensity, and the truth is the share, too; ventricles and grey structures show beyond their labels as they do
under FreeSurfer's (SHOWS); structures have gradients; the thalamus is
brighter at its side and in the pulvinar; white matter darkens at the ventricle's edge; choroid plexus; scans whose bright end is cut off (FreeSurfer's own).
Real scans without labels are seen twice, mildly by the moving average and spoiled by the network, which must say the same.

whole_head_gpu_train.py DATA.npz START.safetensors OUT --kind fine|coarse --minutes M [--batch B] [--rate R] [--seed S] [--partners W] [--steps N]
DATA: tools/whole_head_gpu_data.py. Writes OUT.npz (weights: moving average) and OUT.txt (table of nine real heads before and after).
OUT.samples.npz: a few pictures and their labels, to look at. Export: tools/whole_head_gpu_export.py."""
import argparse
import json
import lzma
import math
import os
import struct
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

# How much more a structure's share of a border voxel shows than its label's: FreeSurfer's borders lie inside the middle between two intensities. On ecog the
# voxel just outside the ventricle's label is 36 % fluid and the one inside 83 %, for the caudate against white matter 60 % and 100 %.
SHOWS = {(4, 5, 43, 44, 136, 137, 163, 164): (1.3, 2.7), (15,): (1.2, 2.0), (11, 50): (1.0, 2.0), (12, 51): (1.0, 1.7), (17, 53): (1.0, 1.5),
         (18, 54): (1.0, 1.4), (26, 58): (1.0, 1.4)}
TILES = {"fine": (80, 80, 72), "coarse": (88, 104, 88)}
OVERLAP, RISE = 16, 24


# ---------------------------------------------------------------- the network (src/models/unet3d.c: norm at each convolution, residual)

class Level(nn.Module):
    def __init__(self, inputs, features):
        super().__init__()
        self.conv0 = nn.Conv3d(inputs, features, 3, padding=1, bias=False)
        self.norm0 = nn.InstanceNorm3d(features, eps=1e-5, affine=True)
        self.conv1 = nn.Conv3d(features, features, 3, padding=1, bias=False)
        self.norm1 = nn.InstanceNorm3d(features, eps=1e-5, affine=True)
        self.shortcut = nn.Conv3d(inputs, features, 1) if inputs != features else None

    def forward(self, x):
        y = self.norm1(self.conv1(F.relu(self.norm0(self.conv0(x)))))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class UNet(nn.Module):
    def __init__(self, classes=32, features=(16, 32, 64, 64)):
        super().__init__()
        n = len(features)
        for i, f in enumerate(features):
            self.add_module(f"enc{i}", Level(1 if i == 0 else features[i - 1], f))
        for i in range(n - 1):
            self.add_module(f"dec{i}", Level(features[i] + features[i + 1], features[i]))
        self.head = nn.Conv3d(features[0], classes, 1)
        self.levels = n

    def forward(self, x):
        skips = []
        for i in range(self.levels):
            x = getattr(self, f"enc{i}")(x)
            skips.append(x)
            if i + 1 < self.levels:
                x = F.max_pool3d(x, 2)
        for i in reversed(range(self.levels - 1)):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = getattr(self, f"dec{i}")(torch.cat([skips[i], x], 1))
        return self.head(x)


def read_safetensors(path):
    with open(path, "rb") as f:
        size, = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(size))
        body = f.read()
    kinds = {"F32": np.float32, "F16": np.float16}
    return {k: torch.from_numpy(np.frombuffer(body[v["data_offsets"][0]:v["data_offsets"][1]], kinds[v["dtype"]]).reshape(v["shape"]).astype(np.float32))
            for k, v in header.items() if k != "__metadata__"}


# ---------------------------------------------------------------- data

class Data:
    def __init__(self, path, device):
        z = np.load(path)
        self.z, self.index, self.names, self.device = z, json.loads(str(z["index"])), json.loads(str(z["names"])), device

    def get(self, name):
        shape, kind = self.index[name]
        return np.frombuffer(lzma.decompress(self.z[name].tobytes()), kind).reshape(shape)

    def tensor(self, name):
        return torch.from_numpy(self.get(name).copy()).to(self.device)


def spline_matrix(n, between, device):
    """Weights [n, controls] of a cubic B-spline whose control points lie `between` positions apart."""
    u = torch.arange(n, device=device, dtype=torch.float32) / between
    first = u.floor()
    t = u - first
    w = torch.stack([(1 - t) ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6, t ** 3 / 6], 1)
    m = torch.zeros(n, int(first[-1].item()) + 4, device=device)
    m.scatter_(1, (first.long()[:, None] + torch.arange(4, device=device)), w)
    return m


def along(volume, axis, matrix):
    """volume [B,X,Y,Z] times matrix [B,n,m] (or [n,m]) along an axis (0..2)."""
    x = volume.movedim(axis + 1, 1)
    shape = x.shape
    x = torch.matmul(matrix, x.reshape(shape[0], shape[1], -1))
    return x.view(shape[0], x.shape[1], *shape[2:]).movedim(1, axis + 1)


class Generator:
    """Pictures and the share of each class in each voxel, from label maps."""

    def __init__(self, data, kind, device, generator, shows=1.0):
        self.d, self.kind, self.device, self.g = data, kind, device, generator
        self.mm = 1.0 if kind == "fine" else 2.0
        self.size = TILES[kind]
        t = data.tensor
        self.class_of, self.swap = t("class_of").long(), t("swap").long()
        self.region, self.tissue_of = t("region").long(), t("tissue").long()
        self.prior = t("prior").float()
        self.names = data.names["tissues"]
        self.numbers = [int(n) for n in data.get("numbers")]
        self.classes = len(data.names["classes"])
        for name, values in {"pallidum": (144, 14), "thalamus": (131, 13), "putamen": (118, 17), "ventral_diencephalon": (138, 15)}.items():
            self.prior[self.names.index(name), 0:2] = torch.tensor([float(v) for v in values], device=device)
        low, high = np.ones(len(self.numbers)), np.ones(len(self.numbers))
        for labels, (a, b) in SHOWS.items():
            for n in labels:
                low[self.numbers.index(n)], high[self.numbers.index(n)] = a ** shows, b ** shows
        self.shows = torch.tensor(np.stack([low, high - low]), device=device).float()
        maps = [data.get(f"map{n}") for n in range(data.names["maps"])]
        self.flat = torch.from_numpy(np.concatenate([m.ravel() for m in maps])).to(device)
        self.dims = torch.tensor([m.shape for m in maps], device=device)
        self.offset = torch.tensor(np.cumsum([0] + [m.size for m in maps])[:-1], device=device)
        row = {n: i for i, n in enumerate(self.numbers)}
        kinds, lots = data.get("class_of"), np.random.default_rng(5)
        self.weight = t("centre_weight").float()
        points, brain, box, thalamus = [], [], [], []
        for m in maps:
            classes = kinds[m]
            inside = np.argwhere((classes > 0) & (classes < 30))
            brain.append(inside.mean(0))
            box.append((inside.min(0) + inside.max(0)) / 2)
            middle = np.argwhere(m == row[14])[:, 0].mean()
            both = np.argwhere(np.isin(m, (row[10], row[49])))
            thalamus.append([middle, both[:, 1].mean(), both[:, 2].mean()])
            if kind == "fine":
                here = []
                for c in range(self.classes):
                    at = np.flatnonzero(classes.ravel() == c) if c else np.zeros(1, int)
                    at = at if len(at) else np.flatnonzero(classes.ravel() == 11)
                    here.append(np.stack(np.unravel_index(lots.choice(at, 1000), m.shape), 1))
                points.append(here)
        self.points = torch.tensor(np.array(points), device=device).float() if points else None
        self.brain, self.box, self.thalamus = (torch.tensor(np.array(x), device=device).float() for x in (brain, box, thalamus))
        n2 = [2 * s for s in self.size]
        self.bend = [spline_matrix(n, 24 / (self.mm / 2), device) for n in n2]
        self.coil = [spline_matrix(n, 60 / self.mm, device) for n in self.size]
        self.grain = [spline_matrix(n, 10 / (self.mm / 2), device) for n in n2]
        r = [(torch.arange(n, device=device, dtype=torch.float32) - (n - 1) / 2) * self.mm / 2 for n in n2]
        self.lattice = torch.stack(torch.meshgrid(*r, indexing="ij"), -1).reshape(-1, 3)

    def u(self, *shape, low=0.0, high=1.0):
        return torch.rand(*shape, device=self.device, generator=self.g) * (high - low) + low

    def n(self, *shape):
        return torch.randn(*shape, device=self.device, generator=self.g)

    def chance(self, b, p):
        return self.u(b) < p

    def field(self, b, matrices, channels=None):
        shape = (b * (channels or 1), *(m.shape[1] for m in matrices))
        f = self.n(*shape)
        for axis in range(3):
            f = along(f, axis, matrices[axis])
        return f if channels is None else f.view(b, channels, *f.shape[1:])

    # -------- shape

    def shape_of(self, b):
        """Map, source points [B,N,3] of the fine lattice, and which are mirrored."""
        which = torch.randint(0, len(self.dims), (b,), device=self.device, generator=self.g)
        far = 8.0 if self.kind == "fine" else 10.0
        if self.kind == "fine":
            c = torch.multinomial(self.weight, b, replacement=True, generator=self.g)
            k = torch.randint(0, self.points.shape[2], (b,), device=self.device, generator=self.g)
            centre = self.points[which, c, k]
        else:
            centre = self.box[which] + torch.tensor([0.0, 0.0, 6.0], device=self.device)
        centre = centre + self.u(b, 3, low=-far, high=far)
        mirror = self.chance(b, 0.5)
        angles = self.u(b, 3, low=-1, high=1) * math.radians(12)
        matrix = torch.diag_embed(torch.stack([torch.where(mirror, -1.0, 1.0), torch.ones(b, device=self.device), torch.ones(b, device=self.device)], 1))
        stretch = self.u(b, 3, 3, low=-0.07, high=0.07)
        stretch = stretch - torch.diag_embed(torch.diagonal(stretch, dim1=1, dim2=2)) + torch.diag_embed(1 + self.u(b, 3, low=-0.13, high=0.13))
        matrix = stretch @ matrix
        co, si = torch.cos(angles), torch.sin(angles)
        for axis in range(3):
            p, q = (axis + 1) % 3, (axis + 2) % 3
            turn = torch.eye(3, device=self.device).repeat(b, 1, 1)
            turn[:, p, p], turn[:, q, q], turn[:, p, q], turn[:, q, p] = co[:, axis], co[:, axis], -si[:, axis], si[:, axis]
            matrix = turn @ matrix
        points = self.lattice @ matrix.transpose(1, 2) + centre.view(b, 1, 3)
        amount = (self.u(b) * 5.0).view(b, 1, 1, 1, 1)
        control = self.n(b, 3, *(m.shape[1] for m in self.bend)) * amount
        control = control.clamp(-9.6, 9.6).view(b * 3, *(m.shape[1] for m in self.bend))
        for axis in range(3):
            control = along(control, axis, self.bend[axis])
        return which, points + control.reshape(b, 3, -1).transpose(1, 2), mirror

    def labels(self, which, points, mirror):
        at = (points + 0.5).floor().long()
        dims = self.dims[which].unsqueeze(1)
        inside = ((at >= 0) & (at < dims)).all(-1)
        flat = (at[..., 0] * dims[..., 1] + at[..., 1]) * dims[..., 2] + at[..., 2] + self.offset[which].view(-1, 1)
        found = self.flat[torch.where(inside, flat, torch.zeros_like(flat))].long()
        found = torch.where(inside, found, torch.zeros_like(found))
        return torch.where(mirror.view(-1, 1), self.swap[found], found)

    # -------- appearance

    def paint(self, which, points, label):
        """Intensity and weight of each point of the fine lattice [B,2X,2Y,2Z], and white matter's mean."""
        b, n2 = len(which), [2 * s for s in self.size]
        tissues = len(self.names)
        free = self.chance(b, 0.06).view(-1, 1)
        mean = self.prior[:, 0] + self.n(b, tissues) * self.prior[:, 1] * 1.05
        sd = (self.prior[:, 2] + self.n(b, tissues) * self.prior[:, 3]).abs() * self.u(b, 1, low=0.2, high=1.0)
        mean = torch.where(free, self.u(b, tissues, high=255.0), mean)
        sd = torch.where(free, self.u(b, tissues, high=30.0), sd)
        air = self.names.index("background")
        mean[:, air] = torch.where(free[:, 0], self.u(b, high=15.0), mean[:, air])
        sd[:, air] = torch.where(free[:, 0], self.u(b, high=6.0), sd[:, air])
        mean = mean.clamp(min=0)
        id_of = self.names.index
        white, plexus = id_of("white_matter"), id_of("choroid_plexus")
        tissue = self.tissue_of[label].view(b, *n2)
        grain = self.field(b, self.grain, 3)
        # more plexus than the maps have: lumps in the lateral ventricles
        ventricle = ((self.class_of[label] == 5) | (self.class_of[label] == 6)).view(b, *n2)
        lump = (grain[:, 0] > 0.75) & ventricle & self.chance(b, 0.3).view(b, 1, 1, 1)
        tissue = torch.where(lump, torch.full_like(tissue, plexus), tissue)
        place = tissue + torch.arange(b, device=self.device).view(b, 1, 1, 1) * tissues
        value = mean.flatten()[place]
        # inner gradients: fields of their own for neighbours
        amount = self.u(b, tissues, high=0.08)
        for name in ("thalamus", "putamen", "pallidum", "ventral_diencephalon", "brain_stem"):
            amount[:, id_of(name)] *= 1.6
        part = tissue % 3
        chosen = torch.where(part == 0, grain[:, 0], torch.where(part == 1, grain[:, 1], grain[:, 2]))
        value = value * (1 + amount.flatten()[place] * chosen * 2.0)
        # the thalamus towards white matter at its side and in the pulvinar
        t = self.thalamus[which].view(b, 1, 3)
        side = (((points[..., 0] - t[..., 0]).abs() - 7) / 11).clamp(0, 1)
        back = ((t[..., 1] - points[..., 1] - 2) / 10).clamp(0, 1)
        towards = (side * self.u(b, 1, low=-0.1, high=0.8) + back * self.u(b, 1, low=-0.25, high=0.55)).clamp(-0.3, 0.9).view(b, *n2)
        is_thalamus = tissue == id_of("thalamus")
        value = torch.where(is_thalamus, value + towards * (mean[:, white].view(b, 1, 1, 1) - value) * (~free).view(b, 1, 1, 1), value)
        # white matter darkens near the ventricle
        near = F.avg_pool3d(ventricle.float().unsqueeze(1), 2)
        for _ in range(2):
            near = F.avg_pool3d(near, 5, 1, 2)
        near = F.interpolate(near, scale_factor=2, mode="nearest").squeeze(1)
        some = (self.chance(b, 0.6) & ~free[:, 0]).view(b, 1, 1, 1) * self.u(b, 1, 1, 1)
        dark = (some * (near * 2.5).clamp(max=1) * (0.45 + 1.2 * grain[:, 1]).clamp(0, 1)) * (tissue == white)
        value = value + dark * 0.85 * (0.62 * mean[:, white].view(b, 1, 1, 1) - value)
        noise = self.n(b, 1, *self.size)
        noise = F.interpolate(noise, scale_factor=2, mode="nearest").squeeze(1)
        value = (value + sd.flatten()[place] * noise).clamp(min=0)
        shows = self.shows[0] + self.shows[1] * self.u(b, 1)          # both sides and kinds of structures alike within a picture
        weight = shows.flatten()[label + torch.arange(b, device=self.device).view(b, 1) * shows.shape[1]].view(b, *n2)
        return value, weight, mean[:, white]

    def spread(self, b):
        """Matrices [B,n,2n] per axis: point spread and the voxel's average."""
        low, high = (0.25, 0.75) if self.kind == "fine" else (0.3, 1.3)
        sigma = self.u(b, low=low, high=high)
        found = []
        for n in self.size:
            s = (sigma * self.u(b, low=0.8, high=1.2) / self.mm).view(b, 1, 1) * math.sqrt(2)
            d = (torch.arange(2 * n, device=self.device) - 0.5).view(1, 1, -1) / 2 - torch.arange(n, device=self.device).view(1, -1, 1)
            m = torch.erf((d + 0.5) / s) - torch.erf((d - 0.5) / s)
            found.append(m / m.sum(-1, keepdim=True))
        return found

    def thick(self, image, p):
        """Some samples get thick slices along one axis (the profile Gaussian), read back linearly."""
        b = image.shape[0]
        chosen = torch.where(self.chance(b, p), torch.randint(0, 3, (b,), device=self.device, generator=self.g), torch.full((b,), 9, device=self.device))
        # 2 mm scans on 1 mm grids, as IXI's here
        every = self.chance(b, 0.12) if self.kind == "fine" else torch.zeros(b, dtype=torch.bool, device=self.device)
        step = torch.where(every, self.u(b, low=1.2, high=2.0), self.u(b, low=1.0, high=3.5 if self.kind == "fine" else 5.0)) / self.mm
        step = step.clamp(min=1.0)
        for axis in range(3):
            n = image.shape[axis + 1]
            r = torch.arange(n, device=self.device, dtype=torch.float32)
            sd = (step / 2.3548).view(b, 1, 1)
            phase = self.u(b, 1, 1)
            centre = (r.view(1, n, 1) + phase - 0.5) * step.view(b, 1, 1)
            g = torch.exp(-0.5 * ((centre - r.view(1, 1, n)) / sd) ** 2)
            total = g.sum(-1, keepdim=True)
            down = g / total.clamp(min=1e-6)
            up = (1 - (r.view(1, n, 1) / step.view(b, 1, 1) - phase + 0.5 - r.view(1, 1, n)).abs()).clamp(min=0) * (total.transpose(1, 2) > 0.3)
            m = (up / up.sum(-1, keepdim=True).clamp(min=1e-6)) @ down
            here = ((chosen == axis) | every).view(b, 1, 1)
            image = along(image, axis, torch.where(here, m, torch.eye(n, device=self.device)))
        return image

    def percentiles(self, image):
        x = image.flatten(1)
        x = x[:, ::max(1, x.shape[1] // 60000)].sort(1).values
        n = x.shape[1]
        return x[:, int(0.005 * n)].view(-1, 1, 1, 1), x[:, min(n - 1, int(0.995 * n))].view(-1, 1, 1, 1)

    def normalise(self, image):
        low, high = self.percentiles(image)
        return ((image - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)

    def cut_off(self, image, which, points, region):
        """Skull-stripped scans and removed faces."""
        b, s = len(which), self.size
        sub = region.view(b, s[0], 2, s[1], 2, s[2], 2)
        brain = (sub >= 3).float().mean((2, 4, 6)) > 0.5
        within = (sub >= 2).float().mean((2, 4, 6)) > 0.5
        what, kept = self.u(b).view(b, 1, 1, 1), self.u(b).view(b, 1, 1, 1) < 0.5
        keep = torch.where(kept, within, brain)
        stripped = what < 0.22
        image = torch.where(stripped & ~keep, torch.zeros_like(image), image)
        c, lean = self.brain[which].view(b, 1, 3), self.u(b, 1, low=0.3, high=1.2)
        front = (points[..., 1] - c[..., 1]) - lean * (points[..., 2] - c[..., 2]) > 60 * (1 + 0.3 * lean)
        front = front.view(b, s[0], 2, s[1], 2, s[2], 2)[:, :, 0, :, 0, :, 0]
        gone = front & ((what >= 0.22) & (what < 0.30)) & ~within
        return torch.where(gone, torch.zeros_like(image), image), stripped.flatten()

    def degrade(self, image, white, strength=1.0, stripped=None):
        """image [B,X,Y,Z], white [B]: what scanner and people do to it; 0..1."""
        b = image.shape[0]
        image = image * torch.exp(self.field(b, self.coil) * (self.u(b) * 0.3 * strength).view(b, 1, 1, 1))
        image = self.thick(image, 0.25 * strength)
        ghost = (self.chance(b, 0.05 * strength) * self.u(b) * 0.1).view(b, 1, 1, 1)
        axis = int(torch.randint(0, 3, (1,)).item())
        n = image.shape[axis + 1]
        image = (image + ghost * (image.roll(n // 2, axis + 1) - image.roll(n // 4, axis + 1))).abs()
        shut = self.chance(b, 0.25)   # the bright end cut off
        top = white * torch.where(shut, self.u(b, low=0.72, high=1.1), torch.full((b,), 1e6, device=self.device))
        image = torch.minimum(image, top.view(b, 1, 1, 1))
        image = self.normalise(image)
        image = image ** torch.exp(self.n(b) * 0.17 * strength).view(b, 1, 1, 1)
        noise = (self.u(b) ** 1.5 * 0.06 * strength).view(b, 1, 1, 1)
        e1, e2 = self.n(*image.shape) * noise, self.n(*image.shape) * noise
        image = torch.where(self.chance(b, 0.5).view(b, 1, 1, 1), ((image + e1) ** 2 + e2 ** 2 + 1e-12).sqrt(), image + e1)
        image = self.normalise(image)
        if self.kind == "fine":
            low = self.u(b, high=0.1)
            if stripped is not None:
                low = torch.where(stripped, torch.zeros_like(low), low)
            high = torch.where(self.chance(b, 0.3), torch.ones(b, device=self.device), self.u(b, low=0.45, high=1.0))
        else:
            low, high = torch.zeros(b, device=self.device), self.u(b, low=0.8, high=1.0)
        return low.view(b, 1, 1, 1) + image * (high - low).view(b, 1, 1, 1)

    @torch.no_grad()
    def batch(self, b):
        """image [B,1,X,Y,Z], share [B,C,X,Y,Z] of each class in each voxel."""
        which, points, mirror = self.shape_of(b)
        label = self.labels(which, points, mirror)
        value, weight, white = self.paint(which, points, label)
        top, bottom = value * weight, weight
        for axis, m in enumerate(self.spread(b)):
            top, bottom = along(top, axis, m), along(bottom, axis, m)
        image, stripped = self.cut_off(top / bottom, which, points, self.region[label])
        image = self.degrade(image, white, 1.0, stripped)
        s = self.size
        cls = self.class_of[label].view(b, s[0], 2, s[1], 2, s[2], 2).permute(0, 2, 4, 6, 1, 3, 5).reshape(b, 8, *s)
        share = torch.zeros(b, self.classes, *s, device=self.device)
        share.scatter_add_(1, cls, torch.full((1, 1, 1, 1, 1), 1 / 8, device=self.device).expand(cls.shape))
        some = self.chance(b, 0.04).view(b, 1, 1, 1)   # a field of view that ends inside the head
        axis = int(torch.randint(0, 3, (1,)).item())
        edge = torch.zeros(s, dtype=torch.bool, device=self.device)
        edge.narrow(axis, 0 if torch.rand(1) < 0.5 else s[axis] - int(0.15 * s[axis]), int(0.15 * s[axis])).fill_(True)
        image = torch.where(some & edge, torch.zeros_like(image), image)
        return image.unsqueeze(1), share


# ---------------------------------------------------------------- loss

def loss_of(logits, share, dice_weight, volume_weight):
    logp = F.log_softmax(logits.float(), 1)
    ce = -(share * logp).sum(1)
    entropy = -(share * share.clamp(min=1e-6).log()).sum(1)
    ce = (ce - entropy).mean()
    p = logp.exp()
    axes = (2, 3, 4)
    pt, pp, tt = (p * share).sum(axes), (p * p).sum(axes), (share * share).sum(axes)
    here = (tt > 20).float()
    here[:, 0] = 0
    dice = ((1 - (2 * pt + 1) / (pp + tt + 1)) * here).sum() / here.sum().clamp(min=1)
    vp, vt = p.sum(axes), share.sum(axes)
    volume = (((vp - vt).abs() / (vt + 100)) * here).sum() / here.sum().clamp(min=1)
    return ce + dice_weight * dice + volume_weight * volume, ce, dice, volume


# ---------------------------------------------------------------- real scans: partners, and the table

class Partners:
    def __init__(self, data, generator):
        self.m, self.size = generator, generator.size
        # chris, sag-anon and eun are heads of docs/evidence/accuracy.md: they teach nothing
        self.images = [data.tensor(f"partner{n}") for n, name in enumerate(data.names["partners"]) if name.startswith("sub-")]

    def batch(self, b):
        """The same piece of a head, mildly and much changed; the second mirrored for some."""
        out = []
        for n in torch.randint(0, len(self.images), (b,)).tolist():
            v = self.images[n]
            start = [int(torch.randint(0, v.shape[c] - self.size[c] + 1, (1,)).item()) for c in range(3)]
            out.append(v[start[0]:start[0] + self.size[0], start[1]:start[1] + self.size[1], start[2]:start[2] + self.size[2]].float() / 255)
        image = torch.stack(out)
        white = self.m.percentiles(image)[1].flatten() * 0.85
        if torch.rand(1) < 0.5:
            image = image.flip(1)
        return image.unsqueeze(1), self.m.degrade(image, white, 1.0).unsqueeze(1)


def tile_starts(size, tile):
    n = 1 if size <= tile else 1 + math.ceil((size - tile) / (tile - OVERLAP))
    return [0] if n == 1 else [i * (size - tile) // (n - 1) for i in range(n)]


def rise_of(n, device):
    r = torch.arange(n, device=device)
    near = torch.minimum(r, n - 1 - r).clamp(max=RISE)
    return torch.where(near >= RISE, torch.ones(n, device=device), (near + 1) / (RISE + 1))


@torch.no_grad()
def answer(net, image, kind, mirror=None):
    """Posteriors of a box, in tiles as src/segment/head/fine.c. mirror: each class's partner, where dien looks twice (fine)."""
    tile, cuda = TILES[kind], image.is_cuda
    total, weight = 0, 0
    total = torch.zeros(32, *image.shape, device=image.device)
    weight = torch.zeros(image.shape, device=image.device)
    w = rise_of(tile[0], image.device).view(-1, 1, 1) * rise_of(tile[1], image.device).view(1, -1, 1) * rise_of(tile[2], image.device)
    for x in tile_starts(image.shape[0], tile[0]):
        for y in tile_starts(image.shape[1], tile[1]):
            for z in tile_starts(image.shape[2], tile[2]):
                where = (slice(x, x + tile[0]), slice(y, y + tile[1]), slice(z, z + tile[2]))
                with torch.autocast(image.device.type, dtype=torch.bfloat16, enabled=cuda):
                    p = F.softmax(net(image[where][None, None]).float(), 1)[0]
                    if mirror is not None:
                        q = F.softmax(net(image[where][None, None].flip(2)).float(), 1)[0]
                        p = (p + q.flip(1)[mirror]) / 2
                total[(slice(None), *where)] += p * w
                weight[where] += w
    return total / weight


def table(net, data, kind, device, only=None):
    """Per structure and group of heads: Dice of labels and difference of the sum of posteriors, both sides together."""
    net.eval()
    names, rows, inside = data.names["classes"], {}, []
    partner = [n.replace("left_", "right_") if n.startswith("left_") else n.replace("right_", "left_") for n in names]
    mirror = torch.tensor([names.index(n) for n in partner], device=device)
    for name, group in data.names["heads"]:
        if only and name not in only:
            continue
        image = data.tensor(f"{kind}_image_{name}").float() / 255
        truth = data.tensor(f"{kind}_truth_{name}").long()
        p = answer(net, image, kind, mirror if kind == "fine" and image.is_cuda else None)
        voxel = 1.0 if kind == "fine" else 8.0
        inside.append(f"{name} {(1 - p[0]).sum().item() * voxel / 1000:.0f}")
        if truth.shape[0] * 2 == image.shape[0]:      # truth at 2 mm, posteriors at 1 mm
            p, voxel = F.avg_pool3d(p, 2), 8.0
        elif truth.shape[0] == image.shape[0] * 2:    # truth at 1 mm, posteriors at 2 mm
            p, voxel = F.interpolate(p[None], scale_factor=2, mode="trilinear", align_corners=False)[0], 1.0
        known = truth != 255
        label = p.argmax(0)
        group = name if group == "aseg" else group
        for c in range(1, len(names)):
            t, s = truth == c, (label == c) & known
            if not t.any():
                continue
            what = names[c].replace("left_", "").replace("right_", "")
            dice = (2 * (t & s).sum() / (t.sum() + s.sum())).item()
            # what is unknown to the truth does not count, but for the ventricles' own edge it does
            rows.setdefault((what, group), []).append((dice, (p[c] * known).sum().item() * voxel, t.sum().item() * voxel, p[c].sum().item() * voxel))
    groups = sorted({g for _, g in rows})
    lines = ["structure\t" + "\t".join(f"{g} Dice\t{g} volume %\t(all) %" for g in groups)]
    for what in dict.fromkeys(w for w, _ in rows):
        cells = []
        for g in groups:
            r = np.array(rows.get((what, g), [(np.nan,) * 4]))
            cells.append(f"{r[:, 0].mean():.3f}\t{100 * (r[:, 1].sum() / r[:, 2].sum() - 1):+.1f}\t{100 * (r[:, 3].sum() / r[:, 2].sum() - 1):+.1f}")
        lines.append(what + "\t" + "\t".join(cells))
    lines.append("inside, cm3\t" + " ".join(inside))
    net.train()
    return lines


# ---------------------------------------------------------------- together

def one_step(net, teacher, optimizer, image, share, partner, args, ramp):
    cuda = image.is_cuda
    with torch.autocast(image.device.type, dtype=torch.bfloat16, enabled=cuda):
        logits = net(image)
    loss, ce, dice, volume = loss_of(logits, share, args.dice, args.volume)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    del logits
    agree = torch.zeros((), device=image.device)
    if partner is not None and ramp > 0:
        mild, spoiled = partner
        with torch.no_grad(), torch.autocast(image.device.type, dtype=torch.bfloat16, enabled=cuda):
            wanted = F.softmax(teacher(mild).float(), 1)
        with torch.autocast(image.device.type, dtype=torch.bfloat16, enabled=cuda):
            found = net(spoiled)
        agree = (wanted * (wanted.clamp(min=1e-6).log() - F.log_softmax(found.float(), 1))).sum(1).mean()
        (args.partners * ramp * agree).backward()
    norm = nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    if torch.isfinite(norm):
        optimizer.step()
    else:
        print("a step without finite gradients is left out", flush=True)
        norm = torch.zeros_like(norm)
    return torch.stack([loss.detach(), ce.detach(), dice.detach(), volume.detach(), agree.detach(), norm.detach()])


def fastest_format(net, generator, partners, args, device):
    """Which memory layout this GPU likes better."""
    found = {}
    state = {k: v.detach().clone() for k, v in net.state_dict().items()}
    image, share = generator.batch(args.batch)
    for name, layout in (("plain", torch.contiguous_format), ("channels last", torch.channels_last_3d)):
        net.to(memory_format=layout)
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.0)
        for n in range(6):
            if n == 3:
                torch.cuda.synchronize()
                begin = time.time()
            one_step(net, net, optimizer, image.contiguous(memory_format=layout), share, None, args, 0)
        torch.cuda.synchronize()
        found[name] = ((time.time() - begin) / 3, layout)
    begin = time.time()
    for _ in range(3):
        generator.batch(args.batch)
    torch.cuda.synchronize()
    net.load_state_dict(state)
    print("seconds per step", {k: round(v[0], 4) for k, v in found.items()}, "per batch of pictures", round((time.time() - begin) / 3, 4), flush=True)
    return min(found.values(), key=lambda v: v[0])[1]


def save(net, out):
    np.savez(out + ".part.npz", **{k: v.detach().float().cpu().numpy() for k, v in net.state_dict().items()})
    os.replace(out + ".part.npz", out + ".npz")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("start")
    parser.add_argument("out")
    parser.add_argument("--kind", choices=("fine", "coarse"), required=True)
    parser.add_argument("--minutes", type=float, required=True, help="of training; the start and the two tables come on top")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dice", type=float, default=0.5)
    parser.add_argument("--volume", type=float, default=0.1)
    parser.add_argument("--partners", type=float, default=0.3)
    parser.add_argument("--shows", type=float, default=1.0, help="power of SHOWS")
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument("--steps", type=int, default=10 ** 9)
    parser.add_argument("--heads", default="", help="names of heads of the table (all)")
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = False     # places of the maps' voxels
    torch.backends.cudnn.allow_tf32 = True
    clock = time.time()
    data = Data(args.data, device)
    random = torch.Generator(device=device).manual_seed(args.seed)
    generator = Generator(data, args.kind, device, random, args.shows)
    partners = Partners(data, generator) if args.kind == "fine" and args.partners > 0 else None
    net, teacher = UNet().to(device), UNet().to(device)
    net.load_state_dict(read_safetensors(args.start))
    teacher.load_state_dict(net.state_dict())
    print(f"loaded in {time.time() - clock:.1f} s", flush=True)
    only = args.heads.split(",") if args.heads else None
    before = table(net, data, args.kind, device, only)
    print("\n".join(["before"] + before), flush=True)
    image, share = generator.batch(min(args.batch, 6))
    np.savez_compressed(args.out + ".samples.npz", image=(image * 255).round().byte().cpu().numpy(), label=share.argmax(1).byte().cpu().numpy())
    layout = fastest_format(net, generator, partners, args, device) if device == "cuda" else torch.contiguous_format
    net, teacher = net.to(memory_format=layout), teacher.to(memory_format=layout)
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-4)
    mine, average = [p for p in net.parameters()], [p for p in teacher.parameters()]
    for p in average:
        p.requires_grad_(False)
    begin, step, saved = time.time(), 0, time.time()
    net.train()
    sums = torch.zeros(6, device=device)
    while step < args.steps:
        part = max((time.time() - begin) / (60 * args.minutes), step / args.steps)
        if part >= 1:
            break
        rate = args.rate * (part / 0.05 if part < 0.05 else 0.5 * (1 + math.cos(math.pi * (part - 0.05) / 0.95)))
        for group in optimizer.param_groups:
            group["lr"] = max(rate, 1e-7)
        image, share = generator.batch(args.batch)
        ramp = min(1.0, max(0.0, (part - 0.1) / 0.3))
        partner = None
        if partners is not None and ramp > 0:
            partner = [p.contiguous(memory_format=layout) for p in partners.batch(max(1, args.batch // 4))]
        sums += one_step(net, teacher, optimizer, image.contiguous(memory_format=layout), share, partner, args, ramp)
        step += 1
        with torch.no_grad():
            decay = min(args.ema, (1 + step) / (10 + step))
            torch._foreach_mul_(average, decay)
            torch._foreach_add_(average, mine, alpha=1 - decay)
        if time.time() - saved > 60:
            save(teacher, args.out)
            saved = time.time()
        every = 100 if device == "cuda" else 1
        if step % every == 0:
            v = (sums / every).tolist()
            sums.zero_()
            print(f"step {step}\tloss {v[0]:.4f}\tce {v[1]:.4f}\tdice {v[2]:.4f}\tvolume {v[3]:.4f}\tpartners {v[4]:.4f}\tgradient {v[5]:.3f}"
                  f"\tminutes {(time.time() - begin) / 60:.2f}", flush=True)
    save(teacher, args.out)
    lines = [f"{args} steps {step}", "before"] + before + ["after"] + table(teacher, data, args.kind, device, only)
    print("\n".join(lines), flush=True)
    open(args.out + ".txt", "w").write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
