#!/usr/bin/env python3
"""The 3-D hypothalamus network trained with PyTorch on a GPU: the same network, start weights, truth and kinds of augmentation as configs/hypothalamus.yaml,
with batches for which two cores have no time. Data: tools/hypothalamus_gpu_data.py. Prints the table of the validation heads at the end.

hypothalamus_gpu_train.py DATA.npz START.safetensors|- OUT --minutes M [--features 24,48,96] [--norm batch|instance] [--rate R] [--batch B] [--seed S]
Writes OUT.npz (weights, the moving average of the last steps) and OUT.txt (the table). Read them with tools/hypothalamus_gpu_export.py."""
import argparse
import math
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from whole_head_gpu_train import read_safetensors

PATCH = 64


# ---------------------------------------------------------------- the network (src/models/unet3d.c, norm_at level, skip before the norm)

class Level(nn.Module):
    def __init__(self, inputs, features, norm):
        super().__init__()
        self.conv0 = nn.Conv3d(inputs, features, 3, padding=1)
        self.conv1 = nn.Conv3d(features, features, 3, padding=1)
        self.norm = nn.BatchNorm3d(features, eps=1e-3, momentum=0.02) if norm == "batch" else nn.InstanceNorm3d(features, eps=1e-5, affine=True)

    def forward(self, x):
        before = F.elu(self.conv1(F.elu(self.conv0(x))))
        return before, self.norm(before)


class UNet(nn.Module):
    def __init__(self, classes, features, norm):
        super().__init__()
        n = len(features)
        for i, f in enumerate(features):
            self.add_module(f"enc{i}", Level(1 if i == 0 else features[i - 1], f, norm))
        for i in range(n - 1):
            self.add_module(f"dec{i}", Level(features[i] + features[i + 1], features[i], norm))
        self.head = nn.Conv3d(features[0], classes, 1)
        self.levels = n

    def forward(self, x):
        skips = []
        for i in range(self.levels):
            before, x = getattr(self, f"enc{i}")(x)
            skips.append(before)
            if i + 1 < self.levels:
                x = F.max_pool3d(x, 2)
        for i in reversed(range(self.levels - 1)):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            _, x = getattr(self, f"dec{i}")(torch.cat([skips[i], x], 1))
        return self.head(x)


# ---------------------------------------------------------------- data and augmentation; axes of volumes: [B, C, x, y, z] (RAS)

class Heads:
    def __init__(self, path, device):
        z = np.load(path)
        self.image = torch.from_numpy(z["image"]).to(device)
        self.tissue = torch.from_numpy(z["tissue"]).to(device)
        self.posterior = torch.from_numpy(z["posterior"]).to(device)
        for key in ("origin", "middle", "axis", "peak"):
            setattr(self, key, torch.from_numpy(z[key].astype(np.float32)).to(device))
        self.stripped = torch.from_numpy(z["stripped"]).to(device)
        self.names = [str(n) for n in z["name"]]
        groups = [str(g) for g in z["group"]]
        self.train = torch.tensor([i for i, g in enumerate(groups) if g == "train"], device=device)
        self.validate = [i for i, g in enumerate(groups) if g == "validate"]
        # where a head is drawn from: those with a skull are few, so each counts for more
        weight = torch.where(self.stripped[self.train], 1.0, 2.0)
        self.weight = weight


def lattice(size, device):
    r = torch.arange(size, device=device, dtype=torch.float32) - (size - 1) / 2
    return torch.stack(torch.meshgrid(r, r, r, indexing="ij"), -1)


def rotations(angles):
    c, s = torch.cos(angles), torch.sin(angles)
    o, i = torch.zeros_like(c[:, 0]), torch.ones_like(c[:, 0])
    x = torch.stack([i, o, o, o, c[:, 0], -s[:, 0], o, s[:, 0], c[:, 0]], 1).view(-1, 3, 3)
    y = torch.stack([c[:, 1], o, s[:, 1], o, i, o, -s[:, 1], o, c[:, 1]], 1).view(-1, 3, 3)
    z = torch.stack([c[:, 2], -s[:, 2], o, s[:, 2], c[:, 2], o, o, o, i], 1).view(-1, 3, 3)
    return x @ y @ z


def ventricle(points, middle, axis, amount):
    """Widens (amount > 0, mm a side) or narrows the third ventricle: points [B,...,3] of the wanted picture to points of the head as it is.
    What lies beside the midline moves aside as a whole and comes to rest about 16 mm out, and above and below."""
    d = points - middle.view(-1, 1, 1, 1, 3)
    along = (d * axis.view(-1, 1, 1, 1, 3)).sum(-1)
    across = (d - along.unsqueeze(-1) * axis.view(-1, 1, 1, 1, 3)).norm(dim=-1)
    a = amount.view(-1, 1, 1, 1)
    width = 0.8 + 1.3 * a.abs()
    shift = a * torch.tanh(along / width) * torch.exp(-(along / 14) ** 4) * torch.exp(-(across / 22) ** 4)
    return points - shift.unsqueeze(-1) * axis.view(-1, 1, 1, 1, 3)


def shrink(points, middle, axis, amount):
    """Shrinks (amount > 0, share of the volume) or swells each side about its own middle, 4.5 mm from the midline; amount [B, 2]: left (towards -axis)
    and right. Falls to nothing some 15 mm away. Points as for ventricle()."""
    d = points - middle.view(-1, 1, 1, 1, 3)
    direction = axis.view(-1, 1, 1, 1, 3)
    along = (d * direction).sum(-1, keepdim=True)
    own = d - 4.5 * torch.tanh(along / 2) * direction  # from the nearer side's middle
    stretch = (1 - amount) ** (-1 / 3) - 1
    right = torch.sigmoid(along / 0.7)
    share = stretch[:, 0].view(-1, 1, 1, 1, 1) * (1 - right) + stretch[:, 1].view(-1, 1, 1, 1, 1) * right
    return points + own * share * torch.exp(-(own.norm(dim=-1, keepdim=True) / 13) ** 4)


def sample(volume, points):
    """volume [B,C,X,Y,Z], points [B,...,3] in its voxels; linear, 0 outside."""
    size = torch.tensor(volume.shape[2:], device=points.device, dtype=torch.float32)
    grid = (points + 0.5) * 2 / size - 1
    return F.grid_sample(volume, grid.flip(-1), mode="bilinear", padding_mode="zeros", align_corners=False)


def resolution(batch, size, device, generator, coarse, blur):
    """A matrix per sample that blurs an axis, averages it over thick voxels and reads these back linearly. coarse [B] voxel size, 1: as it is."""
    r = torch.arange(size, device=device, dtype=torch.float32)
    g = torch.exp(-0.5 * ((r[:, None] - r[None]) / blur.clamp(min=0.05).view(-1, 1, 1)) ** 2)
    g = g / g.sum(-1, keepdim=True)
    thick = coarse.view(-1, 1, 1)
    phase = torch.rand(batch, 1, 1, device=device, generator=generator)
    count = size  # centres of thick voxels: more than there are; those outside see the edge
    centre = (r[:count].view(1, -1, 1) + phase - 0.5) * thick
    low, high = centre - thick / 2, centre + thick / 2
    share = (torch.minimum(high, r.view(1, 1, -1) + 0.5) - torch.maximum(low, r.view(1, 1, -1) - 0.5)).clamp(min=0)
    total = share.sum(-1, keepdim=True)
    down = share / total.clamp(min=1e-6)
    place = r.view(1, -1, 1) / thick - phase + 0.5
    up = (1 - (place - r[:count].view(1, 1, -1)).abs()).clamp(min=0) * (total.transpose(1, 2) > 1e-6)
    up = up / up.sum(-1, keepdim=True).clamp(min=1e-6)
    coarse_one = up @ down
    eye = torch.eye(size, device=device)
    return torch.where((thick > 1.001), coarse_one, eye) @ torch.where(blur.view(-1, 1, 1) > 0.05, g, eye)


def smooth_field(batch, channels, points, size, device, generator):
    f = torch.randn(batch, channels, points, points, points, device=device, generator=generator)
    return F.interpolate(f, size=(size, size, size), mode="trilinear", align_corners=True)


def dilate(mask, steps):
    k = 2 * steps + 1
    for axis in range(3):
        kernel, pad = [1, 1, 1], [0, 0, 0]
        kernel[axis], pad[axis] = k, steps
        mask = F.max_pool3d(mask, tuple(kernel), 1, tuple(pad))
    return mask


class Augment:
    def __init__(self, heads, device, generator, size=PATCH):
        self.h, self.device, self.g, self.size = heads, device, generator, size
        self.base = lattice(size, device)
        self.swap = torch.tensor([5, 6, 7, 8, 9, 0, 1, 2, 3, 4], device=device)

    def u(self, *shape, low=0.0, high=1.0):
        return torch.rand(*shape, device=self.device, generator=self.g) * (high - low) + low

    def chance(self, batch, p):
        return self.u(batch) < p

    def geometry(self, index, strength, warp, exact):
        """Points of the head's image box for each voxel of the patch."""
        b = len(index)
        angles = self.u(b, 3, low=-1, high=1) * math.radians(15) * strength
        scale = 1 + self.u(b, 3, low=-0.12, high=0.12) * strength
        matrix = rotations(angles) * scale.unsqueeze(1)
        matrix[:, 0, 1] += self.u(b, low=-0.05, high=0.05) * strength
        matrix[:, 1, 2] += self.u(b, low=-0.05, high=0.05) * strength
        shift = self.u(b, 3, low=-7, high=7)
        middle = self.h.middle[index]
        centre = middle + shift
        whole = torch.round(centre) + 0.5 * (1 - self.size % 2) # voxels of the patch meet voxels of the head
        matrix = torch.where(exact.view(-1, 1, 1), torch.eye(3, device=self.device), matrix)
        centre = torch.where(exact.view(-1, 1), whole, centre)
        points = (self.base.reshape(1, -1, 3) @ matrix.transpose(1, 2)).view(b, self.size, self.size, self.size, 3) + centre.view(b, 1, 1, 1, 3)
        bend = smooth_field(b, 3, 7, self.size, self.device, self.g).permute(0, 2, 3, 4, 1)
        amount = self.u(b) * 1.6 * strength * (~exact)
        points = points + bend * amount.view(b, 1, 1, 1, 1)
        amount = torch.where(self.chance(b, 0.6) & ~exact, self.u(b, low=-1.5, high=3.0) * warp, torch.zeros(b, device=self.device))
        points = ventricle(points, middle, self.h.axis[index], amount)
        amount = self.u(b, 1, low=-0.15, high=0.25) + self.u(b, 2, low=-0.06, high=0.06)
        amount = torch.where((self.chance(b, 0.5) & ~exact).unsqueeze(1), amount * strength, torch.zeros_like(amount))
        return shrink(points, middle, self.h.axis[index], amount)

    def cut(self, index, points):
        image = sample(self.h.image[index].unsqueeze(1).float() / 255, points)
        posterior = sample(self.h.posterior[index].float() / 255, points - self.h.origin[index].view(-1, 1, 1, 1, 3))
        tissue = sample(self.h.tissue[index].unsqueeze(1).float(), points)
        return image, posterior, tissue

    def around(self, image, tissue, index):
        """Whole heads stripped, stripped ones with fluid and a shell, tissue cut tight."""
        b = len(index)
        strip = self.chance(b, 0.4) & ~self.h.stripped[index]
        steps = int(torch.randint(0, 4, (1,), device="cpu").item())
        keep = (dilate((tissue > 0.5).float(), steps) > 0.5) if steps else tissue > 0.5
        image = torch.where(strip.view(-1, 1, 1, 1, 1) & ~keep, torch.zeros_like(image), image)
        fill = self.chance(b, 0.35) & (strip | self.h.stripped[index])
        inside = (image > 0.02).float()
        inside = 1 - dilate(1 - dilate(inside, 2), 2)
        level = self.u(b, 1, 1, 1, 1, low=0.05, high=0.35) * self.h.peak[index].view(-1, 1, 1, 1, 1)
        grain = F.avg_pool3d(torch.randn(image.shape, device=self.device, generator=self.g), 3, 1, 1) * 0.3 * level
        near, shell = dilate(inside, 10), dilate(inside, 15)
        fluid = (level + grain).clamp(min=0) * near + (shell - near) * self.h.peak[index].view(-1, 1, 1, 1, 1) * self.u(b, 1, 1, 1, 1, low=0.6, high=1.2)
        return torch.where(fill.view(-1, 1, 1, 1, 1) & (inside < 0.5), fluid, image)

    def intensity(self, image, index, strength, mixed=False):
        b, n = len(index), self.size
        if mixed:  # from hardly changed to the full strength
            strength = strength * self.u(b)
        peak = self.h.peak[index]
        aim = torch.where(self.chance(b, 0.7), self.u(b, low=0.5, high=0.97), peak * self.u(b, low=0.9, high=1.1))
        image = image / peak.view(-1, 1, 1, 1, 1)  # white matter at 1
        gamma = torch.exp(torch.randn(b, device=self.device, generator=self.g) * 0.3 * strength).view(-1, 1, 1, 1, 1)
        image = image.clamp(min=0) ** gamma
        knots = 1 + self.u(b, 5, low=-0.1, high=0.1) * (strength.unsqueeze(1) if mixed else strength)  # bends of the curve between 0 and white matter
        bend = sum(knots[:, i].view(-1, 1, 1, 1, 1) * (1 - (image * 4 - i).abs()).clamp(min=0) for i in range(5))
        image = torch.where(image < 1, image * bend, image * knots[:, 4].view(-1, 1, 1, 1, 1))
        field = smooth_field(b, 1, 3, n, self.device, self.g) * (self.u(b) * 0.3 * strength).view(-1, 1, 1, 1, 1)
        image = image * torch.exp(field)
        noise = (self.u(b) * 0.12 * strength).view(-1, 1, 1, 1, 1)
        e1 = torch.randn(image.shape, device=self.device, generator=self.g) * noise
        e2 = torch.randn(image.shape, device=self.device, generator=self.g) * noise
        rician = self.chance(b, 0.5).view(-1, 1, 1, 1, 1)
        image = torch.where(rician, ((image + e1) ** 2 + e2 ** 2 + 1e-12).sqrt(), image + e1)
        return (image * aim.view(-1, 1, 1, 1, 1)).clamp(0, 1)

    def acquire(self, image, strength, p_coarse=0.4):
        b = image.shape[0]
        some, thick = self.chance(b, 0.5), self.chance(b, p_coarse)
        for axis in range(3):
            coarse = torch.where(thick & self.chance(b, 0.65), self.u(b, low=1.0, high=2.4), torch.ones(b, device=self.device))
            blur = torch.where(some, self.u(b, low=0, high=0.7) * strength, torch.zeros(b, device=self.device))
            m = resolution(b, self.size, self.device, self.g, coarse, blur)
            x = image.squeeze(1).movedim(axis + 1, 1)
            shape = x.shape
            x = torch.bmm(m, x.reshape(b, shape[1], -1)).view(shape)
            image = x.movedim(1, axis + 1).unsqueeze(1)
        return image

    def batch(self, count, strength=1.0):
        index = self.h.train[torch.multinomial(self.h.weight, count, replacement=True, generator=self.g)]
        exact = self.chance(count, 0.3)
        points = self.geometry(index, strength, 1.0, exact)
        image, posterior, tissue = self.cut(index, points)
        image = self.around(image, tissue, index)
        image = self.acquire(image, strength)
        image = self.intensity(image, index, strength, True)
        mirror = self.chance(count, 0.5).view(-1, 1, 1, 1, 1)
        image = torch.where(mirror, image.flip(2), image)
        posterior = torch.where(mirror, posterior[:, self.swap].flip(2), posterior)
        return image, posterior


# ---------------------------------------------------------------- loss: all terms are best where the answer is the truth's probabilities

def loss_of(logits, target, dice_weight, volume_weight):
    background = (1 - target.sum(1, keepdim=True)).clamp(min=0)
    t = torch.cat([background, target], 1)
    t = t / t.sum(1, keepdim=True)
    logp = F.log_softmax(logits.float(), 1)
    entropy = -(t * (t.clamp(min=1e-6)).log()).sum(1)
    cross = -(t * logp).sum(1)
    foreground = 1 - t[:, 0]
    near = (F.avg_pool3d(foreground.unsqueeze(1), 7, 1, 3).squeeze(1) > 0).float()
    weight = 0.1 + near
    ce = ((cross - entropy) * weight).sum() / near.sum().clamp(min=1)
    p = logp.exp()
    axes = (2, 3, 4)
    dice = 1 - (2 * (p * t).sum(axes) + 1) / ((p * p).sum(axes) + (t * t).sum(axes) + 1)
    sides = torch.stack([p[:, 1:6].sum(1), p[:, 6:11].sum(1)], 1)
    kept = (sides.detach() >= 0.05).float()  # what dien counts
    groups = (sides * kept).sum(axes), torch.stack([t[:, 1:6].sum(1), t[:, 6:11].sum(1)], 1).sum(axes)
    volume = ((groups[0] - groups[1]).abs() / groups[1].clamp(min=50)).mean()
    kept = torch.cat([kept[:, :1].expand(-1, 5, -1, -1, -1), kept[:, 1:].expand(-1, 5, -1, -1, -1)], 1)
    subs = (((p[:, 1:] * kept).sum(axes) - t[:, 1:].sum(axes)).abs() / t[:, 1:].sum(axes).clamp(min=10)).mean()
    return ce + dice_weight * dice[:, 1:].mean() + volume_weight * (volume + 0.3 * subs), ce


# ---------------------------------------------------------------- the table of the validation heads

@torch.no_grad()
def answer(net, image, swap, mirrored=True):
    with torch.autocast(image.device.type, dtype=torch.bfloat16, enabled=image.device.type == "cuda"):
        p = F.softmax(net(image).float(), 1)[:, 1:]
        if mirrored:
            q = F.softmax(net(image.flip(2)).float(), 1)[:, 1:].flip(2)[:, swap]
            p = (p + q) / 2
    return p


def measured(p):
    """What dien counts: where a side's probability is under 0.05 there is nothing (src/infer/postprocess.c)."""
    sides = torch.stack([p[:, :5].sum(1), p[:, 5:].sum(1)], 1)
    return torch.where(sides >= 0.05, sides, torch.zeros_like(sides)).sum((1, 2, 3, 4))


def hard(p):
    whole = torch.cat([1 - p.sum(1, keepdim=True), p], 1)
    return whole.argmax(1)


def dice(a, b):
    return (2 * (a & b).sum() / ((a.sum() + b.sum()).clamp(min=1))).item()


@torch.no_grad()
def table(net, heads, device, seed=7):
    net.eval()
    g = torch.Generator(device=device).manual_seed(seed)
    a = Augment(heads, device, g, PATCH)
    lines = []
    rows = {}
    zero = torch.zeros(1, device=device)
    def put(key, value):
        rows.setdefault(key, []).append(value)
    for i in heads.validate:
        index = torch.tensor([i], device=device)
        exact = torch.ones(1, dtype=torch.bool, device=device)
        centre = torch.round(heads.middle[index]) + 0.5
        base = a.base.unsqueeze(0) + centre.view(1, 1, 1, 1, 3)
        image, truth, tissue = a.cut(index, base)
        for name, mirrored in (("one", False), ("two", True)):
            p = answer(net, image, a.swap, mirrored)
            lp, lt = hard(p), hard(truth)
            put(f"{name} dice", dice(lp > 0, lt > 0))
            put(f"{name} subunits", float(np.mean([dice(lp == c, lt == c) for c in range(1, 11)])))
            put(f"{name} volume", measured(p).item())
        v0 = measured(p).item()
        put("truth volume", truth.sum().item())
        # 20 scanners: the same head, seen through contrast, field, noise, resolution and a small turn
        many = index.repeat(20)
        turn = rotations(a.u(20, 3, low=-1, high=1) * math.radians(4))
        points = (a.base.reshape(1, -1, 3) @ turn.transpose(1, 2)).view(20, PATCH, PATCH, PATCH, 3) + (centre + a.u(20, 3, low=-0.5, high=0.5)).view(20, 1, 1, 1, 3)
        seen, _, _ = a.cut(many, points)
        seen = a.intensity(a.acquire(seen, 0.6, 0.0), many, 0.6)
        volumes = torch.cat([measured(answer(net, seen[k:k + 5], a.swap)) for k in range(0, 20, 5)]).cpu().numpy()
        put("scanner sd", float(volumes.std(ddof=1) / volumes.mean()))
        put("scanner mean", float(volumes.mean() / v0 - 1))
        # rescan: half a voxel and two degrees aside, a little noise
        turn = rotations(a.u(4, 3, low=-1, high=1) * math.radians(3))
        points = (a.base.reshape(1, -1, 3) @ turn.transpose(1, 2)).view(4, PATCH, PATCH, PATCH, 3) + (centre + a.u(4, 3, low=-0.5, high=0.5)).view(4, 1, 1, 1, 3)
        seen, _, _ = a.cut(index.repeat(4), points)
        seen = (seen + torch.randn(seen.shape, device=device, generator=g) * 0.02).clamp(0, 1)
        put("rescan", float((measured(answer(net, seen, a.swap)) / v0 - 1).abs().mean()))
        for factor in (0.6, 1.3):
            put(f"times {factor}", measured(answer(net, (image * factor).clamp(0, 1), a.swap)).item() / v0 - 1)
        for mm in (1.5, 2.0):
            m = resolution(1, PATCH, device, g, torch.full((1,), mm, device=device), zero)
            x = image
            for axis in range(3):
                y = x.squeeze(1).movedim(axis + 1, 1)
                x = torch.bmm(m, y.reshape(1, PATCH, -1)).view(y.shape).movedim(1, axis + 1).unsqueeze(1)
            p = answer(net, x, a.swap)
            put(f"{mm} mm volume", measured(p).item() / v0 - 1)
            put(f"{mm} mm dice", dice(hard(p) > 0, hard(truth) > 0))
        if not heads.stripped[i]:
            put("stripped", measured(answer(net, image * (dilate((tissue > 0.5).float(), 1) > 0.5), a.swap)).item() / v0 - 1)
        for amount in (-1.0, 1.0, 2.0, 3.0):
            warped = ventricle(base, heads.middle[index], heads.axis[index], torch.tensor([amount], device=device))
            seen, moved, _ = a.cut(index, warped)
            put(f"ventricle {amount:+.0f} mm", measured(answer(net, seen, a.swap)).item() / v0 - moved.sum().item() / truth.sum().item())
        for amount in (0.05, 0.10, 0.20):
            points = shrink(base, heads.middle[index], heads.axis[index], torch.full((1, 2), amount, device=device))
            seen, moved, _ = a.cut(index, points)
            put(f"shrunk {amount:.2f}", measured(answer(net, seen, a.swap)).item() / v0 - moved.sum().item() / truth.sum().item())
            put(f"shrunk {amount:.2f}, true", moved.sum().item() / truth.sum().item() - 1)
    for key, values in rows.items():
        v = np.array(values)
        lines.append(f"{key}\tmean {v.mean():.4f}\tmin {v.min():.4f}\tmax {v.max():.4f}\tmean of absolutes {np.abs(v).mean():.4f}")
    t = np.array(rows["truth volume"])
    for name in ("one", "two"):
        v = np.array(rows[f"{name} volume"])
        lines.append(f"{name}: volume r {np.corrcoef(v, t)[0, 1]:.3f}, mean {100 * (v.mean() / t.mean() - 1):+.1f} %, sd of difference {100 * np.std(v / t - 1, ddof=1):.1f} %")
    lines.append("heads\t" + "\t".join(f"{heads.names[i]} {rows['two dice'][n]:.3f} {100 * (rows['two volume'][n] / t[n] - 1):+.1f}%" for n, i in enumerate(heads.validate)))
    return lines


@torch.no_grad()
def calibrate(net, heads, device):
    """Moves the background's bias until the volume, as dien counts it, is that of the truth in the mean over the training heads as they are."""
    net.eval()
    a = Augment(heads, device, torch.Generator(device=device).manual_seed(1))
    answers, truth = [], 0.0
    for i in heads.train.tolist():
        index = torch.tensor([i], device=device)
        points = a.base.unsqueeze(0) + (torch.round(heads.middle[index]) + 0.5).view(1, 1, 1, 1, 3)
        image, t, _ = a.cut(index, points)
        truth += measured(t).item()
        both = [net(image).float(), net(image.flip(2)).float().flip(2)[:, torch.cat([torch.zeros(1, dtype=torch.long, device=device), a.swap + 1])]]
        answers.append([x[:, :, 10:54, 10:54, 10:54].cpu() for x in both])
    low, high = -1.5, 1.5
    for _ in range(14):
        shift = (low + high) / 2
        total = 0.0
        for pair in answers:
            p = sum(F.softmax(torch.cat([x[:, :1] + shift, x[:, 1:]], 1), 1)[:, 1:] for x in pair) / 2
            total += measured(p).item()
        low, high = (shift, high) if total > truth else (low, shift)
    net.head.bias[0] += shift
    return shift


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("start")
    parser.add_argument("out")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--features", default="24,48,96")
    parser.add_argument("--norm", default="batch")
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dice", type=float, default=0.3)
    parser.add_argument("--volume", type=float, default=0.1)
    parser.add_argument("--ema", type=float, default=0.999)
    parser.add_argument("--all", action="store_true", help="learn from the validation heads, too")
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    heads = Heads(args.data, device)
    generator = torch.Generator(device=device).manual_seed(args.seed)
    augment = Augment(heads, device, generator)
    net = UNet(11, [int(f) for f in args.features.split(",")], args.norm).to(device)
    if args.start != "-":
        if args.start.endswith(".npz"):
            state = {k: torch.from_numpy(v) for k, v in np.load(args.start).items()}
        else:
            state = read_safetensors(args.start)
        missing = net.load_state_dict(state, strict=False)
        print("start", args.start, "missing", [k for k in missing.missing_keys if "num_batches" not in k], "unexpected", missing.unexpected_keys, flush=True)
    if device == "cuda":
        net = net.to(memory_format=torch.channels_last_3d)
    print("\n".join(["before"] + table(net, heads, device)) if args.start != "-" else "from nothing", flush=True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-4)
    average = {k: v.detach().clone().float() for k, v in net.state_dict().items()}
    begin, step, seen_loss = time.time(), 0, []
    net.train()
    while True:
        part = (time.time() - begin) / (60 * args.minutes)
        if part >= 1:
            break
        rate = args.rate * (min(1, part / 0.05) if part < 0.05 else 0.5 * (1 + math.cos(math.pi * (part - 0.05) / 0.95)))
        for group in optimizer.param_groups:
            group["lr"] = max(rate, 1e-7)
        image, target = augment.batch(args.batch)
        if device == "cuda":
            image = image.contiguous(memory_format=torch.channels_last_3d)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
            logits = net(image)
        loss, ce = loss_of(logits, target, args.dice, args.volume)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        step += 1
        with torch.no_grad():
            decay = min(args.ema, (1 + step) / (10 + step))
            for k, v in net.state_dict().items():
                if v.dtype.is_floating_point:
                    average[k].lerp_(v.float(), 1 - decay)
        if step % 200 == 0:
            print(f"step {step}\tloss {loss.item():.4f}\tce {ce.item():.4f}\tminutes {(time.time() - begin) / 60:.2f}", flush=True)
    net.load_state_dict({k: average[k].to(v.dtype) if v.dtype.is_floating_point else v for k, v in net.state_dict().items()})
    lines = [f"{args} steps {step}", f"background's bias moved by {calibrate(net, heads, device):+.4f}"] + table(net, heads, device)
    print("\n".join(lines), flush=True)
    np.savez(args.out + ".npz", **{k: v.detach().float().cpu().numpy() for k, v in net.state_dict().items() if "num_batches" not in k})
    open(args.out + ".txt", "w").write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
