"""Writes the references of tests/models/test_unet3d.c into tests/models/torch: small U-Nets as PyTorch modules with our names
(bench/peers/torch_unet3d.py), exported by export_pytorch.py, and their output on an input (NAME.f32: input, then output, channels last).

Run with Debian's python3 (python3-torch):  python3 tools/make_torch_files.py
"""
import os
import sys

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "bench", "peers"))

from export_pytorch import export  # noqa: E402
from keras_twin import hashed  # noqa: E402
from torch_unet3d import UNet3d  # noqa: E402

FOLDER = os.path.join(HERE, "..", "tests", "models", "torch")


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
        net = UNet3d(config).eval()
        with torch.no_grad():
            for key, value in net.state_dict().items():
                if value.dtype.is_floating_point and value.dim() == 1:
                    value.copy_(torch.rand(value.shape) + 0.5 if key.endswith(("running_var", ".weight")) else torch.randn(value.shape) * 0.2)
            shape = [1, 1, 8, 12, 16]
            x = torch.from_numpy((1.7 * hashed("input", int(np.prod(shape)))).astype(np.float32).reshape(shape))
            y = torch.softmax(net(x), 1) if config["output"] == "softmax" else torch.sigmoid(net(x))
        labels = [("background", 0, "B")] + [(f"class_{i}", i, "B") for i in range(1, config["classes"])]
        export(net.state_dict(), os.path.join(FOLDER, name + ".safetensors"), name, "unet3d", config, labels)
        with open(os.path.join(FOLDER, name + ".f32"), "wb") as f:
            f.write(x.numpy().astype("<f4").tobytes() + np.ascontiguousarray(np.moveaxis(y.numpy(), 1, -1)).astype("<f4").tobytes())
        print(name, sum(p.numel() for p in net.parameters()), "parameters, output sd %.3f" % float(y.std()))


if __name__ == "__main__":
    main()
