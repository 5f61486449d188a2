"""Our 3-D U-Net (src/models/unet3d.h) in PyTorch, by the same config: a peer of `make bench`, and what
tools/make_torch_files.py compares ours with. Parameters have our names.

    torch_unet3d.py --config JSON --shape D H W [--steps 3 | --forward] [--threads 2] [--channels-last]

Times a training step (cross entropy + Dice, Adam), or with --forward the network alone; one JSON line."""
import argparse
import json
import resource
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

DEFAULTS = {"convs": 2, "kernel": 3, "activation": "relu", "norm": "batch", "norm_at": "conv", "skip": "after_norm", "residual": False,
            "down": "max", "up": "nearest", "concat": "skip_first"}


class Level(nn.Module):
    def __init__(self, c_in, c_out, o):
        super().__init__()
        self.o, each = o, o["norm"] != "none" and o["norm_at"] == "conv"
        for i in range(o["convs"]):
            setattr(self, f"conv{i}", nn.Conv3d(c_in if i == 0 else c_out, c_out, o["kernel"], padding=o["kernel"] // 2, bias=not each))
            if each:
                setattr(self, f"norm{i}", norm(c_out, o))
        if o["norm"] != "none" and o["norm_at"] == "level":
            self.norm = norm(c_out, o)
        if o["residual"] and c_in != c_out:
            self.shortcut = nn.Conv3d(c_in, c_out, 1)

    def activate(self, x):
        kind = self.o["activation"]
        if kind == "leaky_relu":
            return F.leaky_relu(x, self.o.get("alpha", 0.01), inplace=True)
        if kind == "elu":
            return F.elu(x, self.o.get("alpha", 1.0), inplace=True)
        return F.relu(x, inplace=True) if kind == "relu" else F.silu(x)

    def forward(self, x):
        start = x
        for i in range(self.o["convs"]):
            x = getattr(self, f"conv{i}")(x)
            if hasattr(self, f"norm{i}"):
                x = getattr(self, f"norm{i}")(x)
            if self.o["residual"] and i == self.o["convs"] - 1:
                x = x + (self.shortcut(start) if hasattr(self, "shortcut") else start)
            x = self.activate(x)
        after = self.norm(x) if hasattr(self, "norm") else x
        return (x if self.o["skip"] == "before_norm" else after), after


def norm(channels, o):
    if o["norm"] == "instance":
        return nn.InstanceNorm3d(channels, eps=o.get("epsilon", 1e-5), affine=True)
    return nn.BatchNorm3d(channels, eps=o.get("epsilon", 1e-3), momentum=0.01)


class UNet3d(nn.Module):
    """Gives logits."""

    def __init__(self, config):
        super().__init__()
        self.o = o = {**DEFAULTS, **config}
        f = o["features"]
        for i, c in enumerate(f):
            setattr(self, f"enc{i}", Level(1 if i == 0 else f[i] if o["down"] == "stride" else f[i - 1], c, o))
            if i + 1 < len(f) and o["down"] == "stride":
                setattr(self, f"down{i}", nn.Conv3d(c, f[i + 1], 2, stride=2))
        for i in range(len(f) - 1):
            dec = Level(f[i] + (f[i] if o["up"] == "deconv" else f[i + 1]), f[i], o)
            if o["up"] == "deconv":
                dec.up = nn.ConvTranspose3d(f[i + 1], f[i], 2, stride=2)
            setattr(self, f"dec{i}", dec)
        self.head = nn.Conv3d(f[0], o["classes"], 1)

    def forward(self, x):
        o, skips = self.o, []
        levels = len(o["features"])
        for i in range(levels):
            skip, x = getattr(self, f"enc{i}")(x)
            skips.append(skip)
            if i + 1 < levels:
                x = getattr(self, f"down{i}")(x) if o["down"] == "stride" else F.max_pool3d(x, 2) if o["down"] == "max" else F.avg_pool3d(x, 2)
        for i in reversed(range(levels - 1)):
            dec = getattr(self, f"dec{i}")
            if o["up"] == "deconv":
                x = dec.up(x)
            else:
                x = F.interpolate(x, scale_factor=2, mode="nearest") if o["up"] == "nearest" else \
                    F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=False)
            _, x = dec(torch.cat([skips[i], x] if o["concat"] == "skip_first" else [x, skips[i]], 1))
        return self.head(x)


def loss_of(logits, target):
    """Cross entropy + 1 - mean Dice over classes, as `dien train` has it by default."""
    logits = logits.float()
    p = torch.softmax(logits, 1)
    axes = [0] + list(range(2, logits.dim()))
    g = F.one_hot(target, logits.shape[1]).movedim(-1, 1)
    both = (p * g).sum(axes)
    dice = (2 * both + 1e-5) / (p.sum(axes) + g.sum(axes) + 1e-5)
    return F.cross_entropy(logits, target) + 1 - dice.mean()


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--config", type=json.loads, required=True)
    p.add_argument("--shape", type=int, nargs=3, required=True)
    p.add_argument("--steps", type=int, default=3)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--what", default="training step")
    p.add_argument("--forward", action="store_true")
    p.add_argument("--channels-last", action="store_true")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    layout = torch.channels_last_3d if args.channels_last else torch.contiguous_format
    net = UNet3d(args.config).to(memory_format=layout)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4, eps=1e-7)
    x = torch.randn(1, 1, *args.shape).contiguous(memory_format=layout)
    target = torch.randint(0, args.config["classes"], (1, *args.shape))
    seconds, cpu = [], []
    for step in range(args.steps + 1):
        start, start_cpu = time.perf_counter(), time.process_time()
        if args.forward:
            with torch.inference_mode():
                torch.softmax(net(x), 1)
        else:
            optimizer.zero_grad(set_to_none=True)
            loss_of(net(x), target).backward()
            optimizer.step()
        if step > 0:  # the first one warms up
            seconds.append(round(time.perf_counter() - start, 3))
            cpu.append(round(time.process_time() - start_cpu, 3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peer": "pytorch channels-last" if args.channels_last else "pytorch", "version": torch.__version__, "what": args.what,
                      "dtype": "f32", "shape": args.shape, "threads": args.threads, "seconds": seconds, "cpu_seconds": cpu,
                      "peak_rss_mb": round(peak)}))


if __name__ == "__main__":
    main()
