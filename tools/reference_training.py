"""Writes tests/net/reference_training.tsv: ten-step loss curves of two small networks in PyTorch (double precision),
that tests/net/test_curves.c must follow. Start weights, scans and targets come from formulas, so that nothing but the
curves is stored.

    /usr/bin/python3 tools/reference_training.py > tests/net/reference_training.tsv
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
STEPS = 10
CLASSES = 4


def phase(name):
    return float(sum((p + 1) * ord(c) for p, c in enumerate(name)) % 1000)


def start(module):
    """Every weight by its name and index; as float32, because that is what the engine starts from."""
    for name, w in module.state_dict().items():
        if "running" in name or "num_batches" in name:
            continue
        i = torch.arange(w.numel(), dtype=torch.float64)
        wave = torch.sin(phase(name) + 12.9898 * i)
        if w.ndim > 1:
            layer = module.get_submodule(name.rsplit(".", 1)[0])
            fan = w[0].numel() if not isinstance(layer, nn.ConvTranspose2d) else w.shape[0]
            wave = wave * math.sqrt(2.0 / fan)
        else:
            norm = isinstance(module.get_submodule(name.rsplit(".", 1)[0]), (nn.BatchNorm2d, nn.InstanceNorm3d))
            wave = 0.1 * wave + (1.0 if norm and name.endswith("weight") else 0.0)
        w.copy_(wave.float().double().reshape(w.shape))


class Block3d(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv0 = nn.Conv3d(i, o, 3, padding=1, bias=False)
        self.norm0 = nn.InstanceNorm3d(o, affine=True)
        self.conv1 = nn.Conv3d(o, o, 3, padding=1, bias=False)
        self.norm1 = nn.InstanceNorm3d(o, affine=True)
        self.shortcut = nn.Conv3d(i, o, 1)

    def forward(self, x):
        y = F.elu(self.norm0(self.conv0(x)))  # smooth: on a kink float32 falls to another side than double, and curves part
        return F.elu(self.norm1(self.conv1(y)) + self.shortcut(x))


class Residual3d(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc0 = Block3d(1, 6)
        self.down0 = nn.Conv3d(6, 8, 2, stride=2)
        self.enc1 = Block3d(8, 8)
        self.dec0 = Block3d(14, 6)
        self.head = nn.Conv3d(6, CLASSES, 1)

    def forward(self, x):
        skip = self.enc0(x)
        x = self.enc1(F.elu(self.down0(skip)))
        x = F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=False)
        return self.head(self.dec0(torch.cat([skip, x], 1)))


class Unet2d(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv0 = nn.Conv2d(1, 8, 3, padding=1)
        self.norm0 = nn.BatchNorm2d(8, eps=1e-3, momentum=0.1)
        self.conv1 = nn.Conv2d(8, 12, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(12, eps=1e-3, momentum=0.1)
        self.up = nn.ConvTranspose2d(12, 8, 2, stride=2)
        self.conv2 = nn.Conv2d(16, 8, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(8, eps=1e-3, momentum=0.1)
        self.head = nn.Conv2d(8, CLASSES, 1)

    def forward(self, x):
        skip = F.relu(self.norm0(self.conv0(x)))
        x = F.silu(self.norm1(self.conv1(F.max_pool2d(skip, 2))))
        x = F.leaky_relu(self.norm2(self.conv2(torch.cat([skip, self.up(x)], 1))), 0.1)
        return self.head(x)


def batch(shape):
    """Targets are blocks; the scan is brighter where the class is higher, under a wave."""
    axes = torch.meshgrid(*[torch.arange(s) for s in shape], indexing="ij")
    n, rest = axes[0], axes[1:]
    target = (sum((a // 3) * (i + 1) for i, a in enumerate(rest)) + n) % CLASSES
    index = torch.arange(target.numel(), dtype=torch.float64).reshape(target.shape)
    scan = (0.5 * target + torch.sin(7.31 * index)).float().double()
    return scan[:, None], target


def jaccard(p, g, valid, smooth=1e-5):
    both = (p * g * valid).flatten(2).sum((0, 2))
    union = ((p + g) * valid).flatten(2).sum((0, 2)) - both
    return 1 - ((both + smooth) / (union + smooth)).mean()


def dice(p, g, valid, smooth=1e-5):
    both = (p * g * valid).flatten(2).sum((0, 2))
    total = ((p + g) * valid).flatten(2).sum((0, 2))
    return 1 - ((2 * both + smooth) / (total + smooth)).mean()


def loss_of(kind, logits, target):
    g = F.one_hot(target, CLASSES).movedim(-1, 1).double()
    valid = torch.ones_like(g[:, :1])
    p = torch.softmax(logits, 1)
    weights = torch.tensor([0.5, 1.0, 2.0, 1.5])
    if kind == "entropy+dice":
        return F.cross_entropy(logits, target) + dice(p, g, valid)
    if kind == "entropy+jaccard":
        return F.cross_entropy(logits, target) + jaccard(p, g, valid)
    if kind == "focal":
        q = p.gather(1, target[:, None])[:, 0]
        w = weights[target]
        return (w * (1 - q) ** 2 * -torch.log(q)).sum() / w.sum()
    if kind == "weighted":
        ignored = torch.where(target == 3, torch.full_like(target, -100), target)
        return F.cross_entropy(logits, ignored, weight=weights)
    raise ValueError(kind)


def case(name, network, shape, kind, make_optimizer, rate=None, clip=None):
    net = network()
    with torch.no_grad():
        start(net)
    optimizer = make_optimizer(net.parameters())
    schedule = rate(optimizer) if rate else None
    scan, target = batch(shape)
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(kind, net(scan), target)
        loss.backward()
        norm = math.sqrt(sum(float((p.grad ** 2).sum()) for p in net.parameters()))
        if clip:
            nn.utils.clip_grad_norm_(net.parameters(), clip)
        print(f"{name}\t{step}\t{loss.item():.12g}\t{norm:.12g}")
        optimizer.step()
        if schedule:
            schedule.step()
    for key, w in net.state_dict().items():
        if "running" in key:
            print(f"{name}\t{key}\t{w[0].item():.12g}\t{w[-1].item():.12g}")


print("case\tstep\tloss\tnorm")
case("residual_dice_adam", Residual3d, (1, 8, 12, 8), "entropy+dice", lambda p: torch.optim.Adam(p, 3e-3, eps=1e-7))
case("residual_focal_adamw", Residual3d, (2, 8, 8, 8), "focal", lambda p: torch.optim.AdamW(p, 3e-3, eps=1e-7, weight_decay=0.05),
     rate=lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 1e-2, total_steps=STEPS, cycle_momentum=False))
case("flat_jaccard_sgd", Unet2d, (2, 12, 16), "entropy+jaccard",
     lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=1e-3))
case("flat_weighted_adam_clipped", Unet2d, (2, 12, 16), "weighted", lambda p: torch.optim.Adam(p, 5e-3, eps=1e-7), clip=0.2)
