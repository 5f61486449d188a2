#!/usr/bin/python3
"""What PyTorch computes for the operations whose definitions are easy to get wrong the same way twice: Keras's SAME padding
with strides, linear up-sampling, padding of transposed convolutions, averages at borders, dilation, groups.
Writes tests/net/pytorch_ops.json; tests/net/test_pytorch.c reads it. Run: /usr/bin/python3 tools/reference_ops.py"""
import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(4)
cases = []


def last(x):
    """[N,C,D,H,W] or [N,C,H,W] -> our [N,D,H,W,C]."""
    x = x if x.dim() == 5 else x.unsqueeze(2)
    return x.permute(0, 2, 3, 4, 1).contiguous()


def numbers(x):
    return [float("%.7g" % v) for v in x.double().flatten().tolist()]


def add(op, attributes, x, y, **weights):
    cases.append({
        "op": op, "attributes": attributes, "in_shape": list(last(x).shape), "in": numbers(last(x)),
        "out_shape": list(last(y).shape), "out": numbers(last(y)),
        "weights": {k: {"shape": list(v.shape), "data": numbers(v)} for k, v in weights.items()},
    })


def rounded(*shape):
    """Values that survive being written with few digits."""
    return torch.round(torch.randn(*shape) * 64) / 64


def same(x, kernel, stride, dilation=(1, 1, 1)):
    """Keras: output ceil(n / stride), the odd row of padding at the end. As F.pad wants it."""
    pads = []
    for n, k, s, d in reversed(list(zip(x.shape[2:], kernel, stride, dilation))):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads += [total // 2, total - total // 2]
    return pads


for size, stride, dilation in [((5, 6, 7), (2, 2, 2), (1, 1, 1)), ((4, 7, 6), (2, 3, 1), (1, 1, 1)), ((6, 5, 8), (1, 1, 1), (2, 1, 2))]:
    x, w, b = rounded(1, 3, *size), rounded(4, 3, 3, 3, 3), rounded(4)
    y = F.conv3d(F.pad(x, same(x, (3, 3, 3), stride, dilation)), w, b, stride=stride, dilation=dilation)
    add("conv", {"padding": "same", "kernel": [3, 3, 3], "stride": stride, "dilation": dilation}, x, y, weight=w, bias=b)
x, w, b = rounded(1, 4, 7, 8), rounded(6, 2, 3, 3), rounded(6)
add("conv", {"padding": "same", "kernel": [1, 3, 3], "stride": [1, 2, 2], "groups": 2}, x,
    F.conv2d(F.pad(x, same(x, (3, 3), (2, 2))), w, b, stride=2, groups=2), weight=w, bias=b)

for kernel, stride, pad, extra in [(3, 2, 1, 1), (4, 2, 1, 0), (2, 2, 0, 0), (3, 3, 0, 2)]:
    x, w, b = rounded(1, 3, 3, 4, 2), rounded(3, 5, kernel, kernel, kernel), rounded(5)
    y = F.conv_transpose3d(x, w, b, stride=stride, padding=pad, output_padding=extra)
    add("deconv", {"padding": "explicit", "kernel": [kernel] * 3, "stride": [stride] * 3, "begin": [pad] * 3, "end": [pad - extra] * 3},
        x, y, weight=w, bias=b)
# Keras's SAME transposed convolution with kernel 3, stride 2: the gradient of a SAME convolution, cropped at the end.
x, w, b = rounded(1, 2, 4, 3), rounded(2, 3, 3, 3), rounded(3)
add("deconv", {"padding": "same", "kernel": [1, 3, 3], "stride": [1, 2, 2]}, x,
    F.conv_transpose2d(x, w, b, stride=2)[:, :, :8, :6], weight=w, bias=b)

x = rounded(1, 3, 5, 6, 7)
add("max_pool", {"padding": "same", "kernel": [3, 3, 3], "stride": [2, 2, 2]}, x,
    F.max_pool3d(F.pad(x, same(x, (3, 3, 3), (2, 2, 2)), value=-1e30), 3, 2))
ones = torch.ones_like(x)
pads = same(x, (2, 3, 2), (2, 2, 2))
total = F.avg_pool3d(F.pad(x, pads), (2, 3, 2), 2)
count = F.avg_pool3d(F.pad(ones, pads), (2, 3, 2), 2)
add("average_pool", {"padding": "same", "kernel": [2, 3, 2], "stride": [2, 2, 2]}, x, total / count)

x = rounded(1, 2, 3, 4, 2)
for factor in [(2, 2, 2), (3, 1, 4)]:
    add("upsample_linear", {"factor": factor}, x, F.interpolate(x, scale_factor=factor, mode="trilinear", align_corners=False))
add("upsample_nearest", {"factor": [2, 3, 2]}, x, F.interpolate(x, scale_factor=(2, 3, 2), mode="nearest"))
x, w, b = rounded(2, 3, 3, 4, 2), rounded(3), rounded(3)
add("instance_norm", {"epsilon": 1e-3}, x, F.instance_norm(x, weight=w, bias=b, eps=1e-3), weight=w, bias=b)
m, v = rounded(3), rounded(3).abs() + 0.25
add("batch_norm", {"epsilon": 1e-3}, x, F.batch_norm(x, m, v, w, b, eps=1e-3), weight=w, bias=b, running_mean=m, running_var=v)
for name, f in [("relu", F.relu), ("leaky_relu", lambda t: F.leaky_relu(t, 0.3)), ("elu", lambda t: F.elu(t, 0.3)), ("silu", F.silu),
                ("sigmoid", torch.sigmoid)]:
    add(name, {"alpha": 0.3}, x, f(x))
add("softmax", {}, x, F.softmax(x, 1))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "ops", "pytorch_ops.json")
with open(path, "w") as out:
    json.dump({"pytorch": torch.__version__, "cases": cases}, out, separators=(",", ":"))
    out.write("\n")
print(len(cases), "cases,", os.path.getsize(path), "bytes")
