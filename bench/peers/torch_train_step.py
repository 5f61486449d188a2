"""A training step in PyTorch, of the subunit network (train_step.c's twin): cross entropy and Dice, Adam. A peer of
`make bench`; one JSON line.

    torch_train_step.py [--size 96] [--steps 3] [--threads 2] [--channels-last] [--dtype f32|bf16]
"""
import argparse
import json
import resource
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

p = argparse.ArgumentParser(description=__doc__)
p.add_argument("--size", type=int, default=96)
p.add_argument("--steps", type=int, default=3)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--channels-last", action="store_true")
p.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
args = p.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(1)
FEATURES = [24, 48, 96]


class Level(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.a = nn.Conv3d(inputs, outputs, 3, padding=1)
        self.b = nn.Conv3d(outputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm3d(outputs, eps=1e-3, momentum=0.01)

    def forward(self, x):
        x = F.elu(self.b(F.elu(self.a(x))))
        return x, self.norm(x)


class Subunit(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([Level(i, o) for i, o in zip([1] + FEATURES, FEATURES)])
        self.up = nn.ModuleList([Level(FEATURES[l] + FEATURES[l + 1], FEATURES[l]) for l in range(2)])
        self.head = nn.Conv3d(FEATURES[0], 11, 1)

    def forward(self, x):
        skips = []
        for l, level in enumerate(self.down):
            skip, x = level(x)
            skips.append(skip)
            if l < 2:
                x = F.max_pool3d(x, 2)
        for l in (1, 0):
            _, x = self.up[l](torch.cat([skips[l], F.interpolate(x, scale_factor=2, mode="nearest")], 1))
        return self.head(x)


def loss_of(logits, target):
    logits = logits.float()
    p = torch.softmax(logits, 1)
    g = F.one_hot(target, logits.shape[1]).permute(0, 4, 1, 2, 3)
    both = (p * g).sum((0, 2, 3, 4))
    dice = (2 * both + 1e-5) / (p.sum((0, 2, 3, 4)) + g.sum((0, 2, 3, 4)) + 1e-5)
    return F.cross_entropy(logits, target) + 1 - dice.mean()


layout = torch.channels_last_3d if args.channels_last else torch.contiguous_format
net = Subunit().to(memory_format=layout)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-4, eps=1e-7)
x = torch.randn(1, 1, args.size, args.size, args.size).contiguous(memory_format=layout)
target = torch.randint(0, 11, (1, args.size, args.size, args.size))
seconds, cpu = [], []
for step in range(args.steps + 1):
    start, start_cpu = time.perf_counter(), time.process_time()
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=args.dtype == "bf16"):
        logits = net(x)
    loss_of(logits, target).backward()
    optimizer.step()
    if step > 0:  # the first one warms up
        seconds.append(round(time.perf_counter() - start, 3))
        cpu.append(round(time.process_time() - start_cpu, 3))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"peer": "pytorch channels-last" if args.channels_last else "pytorch", "version": torch.__version__, "what": "training step",
                  "dtype": args.dtype, "shape": [args.size] * 3, "threads": args.threads, "seconds": seconds, "cpu_seconds": cpu,
                  "peak_rss_mb": round(peak)}))
