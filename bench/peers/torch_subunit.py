"""The subunit network in PyTorch: a peer of `make bench`."""
import torch
import torch.nn.functional as F

from subunit import arguments, measure, read_network, volume

parser = arguments(__doc__)
parser.add_argument("--channels-last", action="store_true")
args = parser.parse_args()
torch.set_num_threads(args.threads)
dtype = torch.bfloat16 if args.dtype == "bf16" else torch.float32
layout = torch.channels_last_3d if args.channels_last else torch.contiguous_format

net = read_network(args.weights)
x = torch.from_numpy(volume(args))[None, None].to(dtype)
args.shape = list(x.shape[2:])
conv_w = {n: (torch.from_numpy(w).permute(4, 3, 0, 1, 2).to(dtype).contiguous(memory_format=layout), torch.from_numpy(b).to(dtype))
          for n, (w, b) in net.items() if w.ndim == 5}
bn_w = {n: [torch.from_numpy(v).to(dtype).view(1, -1, 1, 1, 1) for v in w] for n, w in net.items() if w[0].ndim == 1}


def conv(x, name):
    return F.elu_(F.conv3d(x, *conv_w[name], padding=1))


def norm(x, name):
    scale, shift = bn_w[name]
    return torch.addcmul(shift, x, scale)


def network(x):
    skips = []
    for level in range(3):
        x = conv(conv(x, f"conv_downarm_{level}_0"), f"conv_downarm_{level}_1")
        skips.append(x)
        x = norm(x, f"bn_down_{level}")
        if level < 2:
            x = F.max_pool3d(x, 2)
    for up, skip in ((3, skips[1]), (4, skips[0])):
        x = torch.cat([skip, F.interpolate(x, scale_factor=2, mode="nearest")], 1)
        x = conv(conv(x, f"conv_uparm_{up}_0"), f"conv_uparm_{up}_1")
        x = norm(x, f"bn_up_{up - 3}")
    return torch.softmax(F.conv3d(x, *conv_w["likelihood"]).float(), 1)


with torch.inference_mode():
    x = x.contiguous(memory_format=layout)
    measure(args, "pytorch channels-last" if args.channels_last else "pytorch", torch.__version__, lambda: network(x)[0])
