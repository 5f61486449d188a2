"""Writes the references of tests/models/test_keras_import.c and test_unet2d.c into tests/models/keras:

  small_*.h5      networks as model.save() writes them, with an input and the output that PyTorch computes
                  (/test_input, /test_output, channels last)
  unet_*.json.gz  model_config of the four published U-Nets
  unet_*.f32      every fourth row and column of their output on a 64 x 64 image, weights and image by keras_twin.hashed

Run with Debian's python3 (python3-torch, python3-h5py):  python3 tools/make_keras_files.py
"""
import base64
import gzip
import marshal
import os

import h5py
import numpy as np
import torch

from keras_twin import Network, dump, hashed
from keras_unets import ENCODERS, unet

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "models", "keras")


def image(shape):
    """[1, C, ...] from a hash; the order of the numbers is channels last."""
    last = [shape[0], *shape[2:], shape[1]]
    values = (1.7 * hashed("input", int(np.prod(shape)))).astype(np.float32).reshape(last)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, -1, 1)))


def channels_last(t):
    return np.ascontiguousarray(np.moveaxis(t.numpy(), 1, -1))


def write_h5(name, network, output, start, variable=False, parts=False):
    """variable: texts of variable length (newer h5py); parts: long lists cut as Keras does beyond 64 KB."""
    path = os.path.join(FOLDER, name)
    texts = (lambda items: np.array(items, dtype=h5py.string_dtype())) if variable else (lambda items: [i.encode() for i in items])
    with h5py.File(path, "w", track_order=False) as f:
        model = network.model_config(output)
        f.attrs["model_config"] = dump(model) if variable else dump(model).encode()
        f.attrs["keras_version"] = network.style if variable else network.style.encode()
        f.attrs["backend"] = "tensorflow" if variable else b"tensorflow"
        root = f.create_group("model_weights")
        names = [layer["name"] for layer in network.layers]
        if parts:
            half = len(names) // 2
            root.attrs["layer_names0"], root.attrs["layer_names1"] = texts(names[:half]), texts(names[half:])
        else:
            root.attrs["layer_names"] = texts(names)
        for layer in names:
            group = root.create_group(layer)
            arrays = network.weights[layer]
            full = [f"{layer}/{key}" if network.style[0] == "3" else f"{layer}/{key}:0" for key, _ in arrays]
            group.attrs["weight_names"] = texts(full) if full else np.array([])
            for text, (_, array) in zip(full, arrays):
                group.create_dataset(text, data=np.ascontiguousarray(array))
        f.create_dataset("test_input", data=channels_last(start.value))
        f.create_dataset("test_output", data=channels_last(output.value))
    print(name, os.path.getsize(path), "bytes, output", tuple(output.value.shape), "sd %.3f" % float(output.value.std()))


def small_2d(style, variable):
    """Every 2-D layer that is understood."""
    n = Network(2, style)
    start = n.input(image([1, 2, 16, 24]), size=[16, 24] if style == "2.3.1" else None)
    x = n.activation(n.bn(n.conv(start, 6, 3, use_bias=False, name="first")), "relu")
    skip = x
    x = n.pool(x, "Max", 3, 2, "same")
    x = n.activation(n.bn(n.depthwise(x, 5, 1, multiplier=2, use_bias=False), scale=False), "swish")
    se = n.reshape(n.global_average(x), [1, 1, 12])
    se = n.conv(se, 3, 1, activation="swish", name="se_reduce")
    se = n.conv(se, 12, 1, activation="sigmoid", name="se_expand")
    x = n.multiply([se, x])
    y = n.conv(x, 12, 1, use_bias=False, name="project")
    x = n.sum([n.dropout(y, 0.2, "FixedDropout"), x, y])
    x = n.separable(x, 10, 3, 2, 2, activation="elu")
    x = n.leaky_relu(n.deconv(x, 8, 4, 2, name="deconv_same"))
    x = n.relu_layer(n.deconv(x, 6, 3, 2, "valid", name="deconv_valid"), 0.1)
    x = n.cropping(x, [[0, 1], [1, 0]])
    gate = n.conv(x, 1, 1, activation="sigmoid", name="gate")
    x = n.multiply([gate, x], name="gated")
    x = n.concat([x, skip])
    x = n.zero_padding(x, [[1, 2], [0, 1]])
    x = n.conv(x, 8, [4, 2], padding="valid", activation="relu", name="valid")
    x = n.conv(x, 8, 3, dilation=2, activation="elu", name="dilated", **({"groups": 2} if style != "2.3.1" else {}))
    x = n.pool(x, "Average", [3, 2], [1, 2], "same")
    x = n.upsample(x, [1, 2], "nearest" if style == "2.3.1" else "bilinear")
    x = n.dropout(n.dense(x, 7, "relu"), 0.5)
    x = n.conv(x, 3, 3, name="last")
    x = n.activation(x, "softmax", name="softmax")
    return n, x, start, variable


def small_3d():
    """lab2im's kind of layers, and the rest of the 3-D ones; a Lambda with softmax as Keras 2 stores it."""
    n = Network(3, "2.3.1")
    start = n.input(image([1, 1, 8, 12, 8]))
    x = n.conv(start, 4, 3, activation="elu", name="down_0")
    skip = x
    x = n.bn(x)
    x = n.pool(x, "Max", 2, 2, "same")
    x = n.elu(n.instance_norm(n.conv(x, 6, 3, strides=[1, 2, 1], name="strided")), 0.7)
    x = n.leaky_relu(n.deconv(x, 5, [2, 3, 2], [1, 2, 1], name="up"))
    x = n.pool(x, "Average", 2, 1, "same")
    x = n.zero_padding(x, [[0, 0], [1, 0], [0, 2]])
    x = n.cropping(x, [[0, 0], [0, 1], [1, 1]])
    x = n.upsample(x)
    x = n.concat([skip, x])
    x = n.conv(x, 3, 1, name="likelihood")
    source = "import keras\nndims = 3\nf = lambda x: keras.activations.softmax(x, axis=ndims + 1)\n"
    code = [c for c in compile(source, "models.py", "exec").co_consts if hasattr(c, "co_code")][0]
    text = base64.b64encode(marshal.dumps(code)).decode() + "\n"
    return n, n.lambda_(x, torch.softmax(x.value, 1), text, name="prediction"), start, False


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for name, made in (("small_keras231.h5", small_2d("2.3.1", False)), ("small_tfkeras240.h5", small_2d("2.4.0", False)),
                       ("small_keras305.h5", small_2d("3.0.5", True)), ("small_3d.h5", small_3d())):
        network, output, start, variable = made
        write_h5(name, network, output, start, variable, parts=name == "small_tfkeras240.h5")
    for encoder in ENCODERS:
        network, output = unet(encoder, image([1, 3, 64, 64]), 3)
        text = dump(network.model_config(output)).encode()
        with open(os.path.join(FOLDER, f"unet_{encoder}.json.gz"), "wb") as raw:
            with gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
                f.write(text)
        values = channels_last(output.value)[0, ::4, ::4].astype("<f4")
        values.tofile(os.path.join(FOLDER, f"unet_{encoder}.f32"))
        print(encoder, network.parameters(), "parameters, sd %.3f" % values.std())


if __name__ == "__main__":
    torch.manual_seed(1)
    main()
