"""The U-Net with an EfficientNetB0 encoder of Keras's segmentation_models 1.0 (src/models/unet2d.h) in PyTorch, NCHW: a peer of
`make bench`. One JSON line.

    torch_unet2d.py [--batch 4] [--size 512] [--classes 2] [--steps 2] [--threads 2] [--forward] [--channels-last] [--dtype f32|bf16]

--forward: the network alone, batch norms folded into their convolutions as a user who wants speed would do; else a training step
(cross entropy + Dice, Adam). --onnx: ONNX Runtime in PyTorch's place (forward only; the graph is written by torch.onnx)."""
import argparse
import io
import json
import resource
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

from torch_unet3d import loss_of

BLOCKS = [(3, 1, 32, 16, 1, 1), (3, 2, 16, 24, 6, 2), (5, 2, 24, 40, 6, 2), (3, 3, 40, 80, 6, 2), (5, 3, 80, 112, 6, 1),
          (5, 4, 112, 192, 6, 2), (3, 1, 192, 320, 6, 1)]  # kernel, repeats, in, out, expansion, stride


class Conv(nn.Module):
    """Convolution with TensorFlow's `same` padding, batch norm, activation."""

    def __init__(self, c_in, c_out, kernel, stride=1, groups=1, activation=None):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride, 0 if stride > 1 else kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(c_out, eps=1e-3, momentum=0.01)
        self.activation, self.pad = activation, kernel - stride if stride > 1 else 0

    def forward(self, x):
        if self.pad > 0:  # even sizes: all but half of it behind
            x = F.pad(x, [self.pad // 2, self.pad - self.pad // 2] * 2)
        x = self.bn(self.conv(x))
        return x if self.activation is None else self.activation(x, inplace=True)


class Block(nn.Module):
    def __init__(self, kernel, c_in, c_out, expand, stride):
        super().__init__()
        wide = c_in * expand
        self.expand = Conv(c_in, wide, 1, activation=F.silu) if expand != 1 else None
        self.depthwise = Conv(wide, wide, kernel, stride, groups=wide, activation=F.silu)
        self.reduce, self.excite = nn.Conv2d(wide, max(1, c_in // 4), 1), nn.Conv2d(max(1, c_in // 4), wide, 1)
        self.project, self.adds = Conv(wide, c_out, 1), stride == 1 and c_in == c_out

    def forward(self, x):
        start = x
        wide = x = self.expand(x) if self.expand is not None else x
        x = self.depthwise(x)
        x = x * torch.sigmoid(self.excite(F.silu(self.reduce(x.mean((2, 3), keepdim=True)))))
        x = self.project(x)
        return (x + start if self.adds else x), wide


class UNet2d(nn.Module):
    """Gives logits."""

    def __init__(self, classes):
        super().__init__()
        self.stem = Conv(3, 32, 3, 2, activation=F.silu)
        blocks, self.firsts = [], []
        for kernel, repeats, c_in, c_out, expand, stride in BLOCKS:
            self.firsts.append(len(blocks))
            blocks += [Block(kernel, c_in if r == 0 else c_out, c_out, expand, stride if r == 0 else 1) for r in range(repeats)]
        self.blocks, self.top = nn.ModuleList(blocks), Conv(320, 1280, 1, activation=F.silu)
        decoder, c = [], 1280
        for skip, out in zip((672, 240, 144, 96, 0), (256, 128, 64, 32, 16)):
            decoder.append(nn.Sequential(Conv(c + skip, out, 3, activation=F.relu), Conv(out, out, 3, activation=F.relu)))
            c = out
        self.decoder, self.final = nn.ModuleList(decoder), nn.Conv2d(16, classes, 3, padding=1)

    def forward(self, x):
        x, skips = self.stem(x), {}
        for i, block in enumerate(self.blocks):
            x, wide = block(x)
            if i in self.firsts:
                skips[self.firsts.index(i)] = wide
        x = self.top(x)
        for stage, decoder in zip((5, 3, 2, 1, None), self.decoder):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = decoder(x if stage is None else torch.cat([x, skips[stage]], 1))
        return self.final(x)


def fold(net):
    """Batch norms into their convolutions."""
    for m in net.modules():
        if isinstance(m, Conv):
            m.conv, m.bn = nn.utils.fusion.fuse_conv_bn_eval(m.conv, m.bn), nn.Identity()


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--batch", type=int, default=4)
    p.add_argument("--size", type=int, default=512)
    p.add_argument("--classes", type=int, default=2)
    p.add_argument("--steps", type=int, default=2)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--what", default="training step")
    p.add_argument("--forward", action="store_true")
    p.add_argument("--channels-last", action="store_true")
    p.add_argument("--onnx", action="store_true")
    p.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    layout = torch.channels_last if args.channels_last else torch.contiguous_format
    dtype = torch.bfloat16 if args.dtype == "bf16" else torch.float32
    net = UNet2d(args.classes)
    for m in net.modules():  # PyTorch's own start shrinks values to denormal numbers, which are slow
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight)
    peer, version = "pytorch channels-last" if args.channels_last else "pytorch", torch.__version__
    x = torch.randn(args.batch, 3, args.size, args.size)
    if args.forward:
        net.eval()
        fold(net)
        if args.onnx:
            import onnxruntime as ort
            peer, version, file, options = "onnxruntime CPU", ort.__version__, io.BytesIO(), ort.SessionOptions()
            torch.onnx.export(net, x, file, opset_version=17)
            options.intra_op_num_threads = args.threads
            session = ort.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
            name, value = session.get_inputs()[0].name, x.numpy()
    net = net.to(dtype).to(memory_format=layout)
    x = x.to(dtype).contiguous(memory_format=layout)
    target = torch.randint(0, args.classes, (args.batch, args.size, args.size))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4, eps=1e-7)
    seconds, cpu = [], []
    for step in range(args.steps + 1):
        start, start_cpu = time.perf_counter(), time.process_time()
        if args.onnx:
            session.run(None, {name: value})
        elif args.forward:
            with torch.inference_mode():
                torch.softmax(net(x).float(), 1)
        else:
            optimizer.zero_grad(set_to_none=True)
            loss_of(net(x), target).backward()
            optimizer.step()
        if step > 0:
            seconds.append(round(time.perf_counter() - start, 3))
            cpu.append(round(time.process_time() - start_cpu, 3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peer": peer, "version": version, "what": args.what, "dtype": args.dtype, "shape": [args.batch, args.size, args.size],
                      "threads": args.threads, "seconds": seconds, "cpu_seconds": cpu, "peak_rss_mb": round(peak)}))


if __name__ == "__main__":
    main()
