"""Writes the references of tests/parity/test_unet3d.c into tests/parity/torch: small U-Nets as PyTorch modules with our names,
exported by export_pytorch.py, and their output on an input (NAME.f32: input, then output, channels last).

Run with Debian's python3 (python3-torch):  python3 tools/make_torch_files.py
"""
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from export_pytorch import export
from keras_twin import hashed

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "parity", "torch")


class Level(nn.Module):
    """Convolution, norm, activation, each time; the input added before the last activation."""

    def __init__(self, c_in, c_out, o):
        super().__init__()
        self.o = o
        for i in range(o["convs"]):
            setattr(self, f"conv{i}", nn.Conv3d(c_in if i == 0 else c_out, c_out, 3, padding=1, bias=o["norm"] == "none"))
            if o["norm"] != "none":
                kind = nn.InstanceNorm3d if o["norm"] == "instance" else nn.BatchNorm3d
                setattr(self, f"norm{i}", kind(c_out, eps=o["epsilon"], affine=True))
        if o["residual"] and c_in != c_out:
            self.shortcut = nn.Conv3d(c_in, c_out, 1)

    def forward(self, x):
        start = x
        for i in range(self.o["convs"]):
            x = getattr(self, f"conv{i}")(x)
            if self.o["norm"] != "none":
                x = getattr(self, f"norm{i}")(x)
            if self.o["residual"] and i == self.o["convs"] - 1:
                x = x + (self.shortcut(start) if hasattr(self, "shortcut") else start)
            x = F.leaky_relu(x, 0.1) if self.o["activation"] == "leaky_relu" else F.silu(x)
        return x


class UNet(nn.Module):
    def __init__(self, o):
        super().__init__()
        f, self.o = o["features"], o
        for i, c in enumerate(f):
            # A strided convolution into level i already has its channels.
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
        skips, levels = [], len(self.o["features"])
        for i in range(levels):
            x = getattr(self, f"enc{i}")(x)
            skips.append(x)
            if i + 1 < levels:
                x = getattr(self, f"down{i}")(x) if self.o["down"] == "stride" else F.avg_pool3d(x, 2)
        for i in reversed(range(levels - 1)):
            dec = getattr(self, f"dec{i}")
            x = dec.up(x) if self.o["up"] == "deconv" else F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=False)
            x = dec(torch.cat([x, skips[i]] if self.o["concat"] == "up_first" else [skips[i], x], 1))
        x = self.head(x)
        return torch.softmax(x, 1) if self.o["output"] == "softmax" else torch.sigmoid(x)


NETWORKS = {
    "residual": {"classes": 3, "features": [4, 6, 8], "convs": 2, "activation": "leaky_relu", "alpha": 0.1, "norm": "instance",
                 "epsilon": 1e-5, "residual": True, "down": "stride", "up": "deconv", "concat": "skip_first", "output": "softmax"},
    "plain": {"classes": 2, "features": [4, 5], "convs": 1, "activation": "silu", "norm": "batch", "epsilon": 1e-5, "residual": False,
              "down": "average", "up": "linear", "concat": "up_first", "output": "sigmoid"},
}


def main():
    torch.manual_seed(7)
    os.makedirs(FOLDER, exist_ok=True)
    for name, config in NETWORKS.items():
        net = UNet(config).eval()
        with torch.no_grad():
            for key, value in net.state_dict().items():
                if value.dtype.is_floating_point and value.dim() == 1:
                    value.copy_(torch.rand(value.shape) + 0.5 if key.endswith(("running_var", ".weight")) else torch.randn(value.shape) * 0.2)
            shape = [1, 1, 8, 12, 16]
            x = torch.from_numpy((1.7 * hashed("input", int(np.prod(shape)))).astype(np.float32).reshape(shape))
            y = net(x)
        labels = [("background", 0, "B")] + [(f"class_{i}", i, "B") for i in range(1, config["classes"])]
        export(net.state_dict(), os.path.join(FOLDER, name + ".safetensors"), name, "unet3d", config, labels)
        with open(os.path.join(FOLDER, name + ".f32"), "wb") as f:
            f.write(x.numpy().astype("<f4").tobytes() + np.ascontiguousarray(np.moveaxis(y.numpy(), 1, -1)).astype("<f4").tobytes())
        print(name, sum(p.numel() for p in net.parameters()), "parameters, output sd %.3f" % float(y.std()))


if __name__ == "__main__":
    main()
