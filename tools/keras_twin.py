"""Keras networks without Keras: what a model.save() file holds (model_config, weights) and what the network computes, the
latter by PyTorch. A layer call records the layer as Keras 2 writes it and computes its output at once.

Used by make_keras_files.py, which makes the references of tests/models. Needs numpy, torch, h5py (Debian's).
"""
import json

import numpy as np
import torch
import torch.nn.functional as F


def hashed(name, count):
    """count numbers in [-1, 1) from a name alone, the same in tests/models/keras_reference.h."""
    h = 1469598103934665603
    for byte in name.encode():
        h = ((h ^ byte) * 1099511628211) & (2**64 - 1)
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1.0


def kernel_values(name, shape_ours, fan_in):
    """Ours: PyTorch's axis order. float32. ResNet's branches (stage...) are weaker, so that their sums do not saturate softmax."""
    scale = np.sqrt((1.0 if name.startswith("stage") else 6.0) / fan_in)
    return (hashed(name, int(np.prod(shape_ours))) * scale).astype(np.float32).reshape(shape_ours)


def vector_values(name, count):
    u = hashed(name, count)
    if name.endswith("running_var"):
        return (1.0 + 0.5 * u).astype(np.float32)
    if name.endswith(".weight"):
        return (1.0 + 0.2 * u).astype(np.float32)
    return (0.1 * u).astype(np.float32)


class Tensor:
    def __init__(self, name, value):
        self.name, self.value = name, value  # value: torch, channels first


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": F.relu,
    "elu": F.elu,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: F.softmax(x, 1),
    "swish": lambda x: x * torch.sigmoid(x),
}


class Network:
    """style: "2.3.1" (keras), "2.4.0" (tf.keras), "3.0.5"."""

    def __init__(self, dims, style="2.3.1"):
        self.dims, self.style = dims, style
        self.layers, self.weights, self.counts = [], {}, {}  # weights: layer -> [(Keras name, array as Keras keeps it)]

    # ---- recording ----

    def add(self, class_name, inputs, value, name, **config):
        if name is None:
            base = {"UpSampling2D": "up_sampling2d", "BatchNormalization": "batch_normalization"}.get(class_name, class_name.lower())
            self.counts[base] = self.counts.get(base, 0) + 1
            name = f"{base}_{self.counts[base]}"
        full = {"name": name, "trainable": True}
        if self.style != "2.3.1":
            full["dtype"] = "float32"
        full.update(config)
        if not inputs:
            inbound = []
        elif self.style[0] == "3":
            args = [{"class_name": "__keras_tensor__",
                     "config": {"shape": [None], "dtype": "float32", "keras_history": [i.name, 0, 0]}} for i in inputs]
            inbound = [{"args": [args] if len(args) > 1 else args, "kwargs": {}}]
        else:
            inbound = [[[i.name, 0, 0, {}] for i in inputs]]
        self.layers.append({"class_name": class_name, "config": full, "name": name, "inbound_nodes": inbound})
        self.weights.setdefault(name, [])
        return Tensor(name, value)

    def d(self, class_name):
        return f"{class_name}{self.dims}D"

    def tuple(self, value):
        return [value] * self.dims if isinstance(value, int) else list(value)

    def model_config(self, output):
        kind = "Model" if self.style == "2.3.1" else "Functional"
        config = {"name": "model_1", "layers": self.layers, "input_layers": [[self.layers[0]["name"], 0, 0]],
                  "output_layers": [[output.name, 0, 0]]}
        if self.style[0] == "3":
            config["input_layers"], config["output_layers"] = [self.layers[0]["name"], 0, 0], [output.name, 0, 0]
        return {"class_name": kind, "config": config, "keras_version": self.style, "backend": "tensorflow"}

    def parameters(self):
        return sum(int(np.prod(a.shape)) for arrays in self.weights.values() for _, a in arrays)

    # ---- layers ----

    def input(self, value, name="input_1", size=None):
        shape = [None] + (list(size) if size else [None] * self.dims) + [value.shape[1]]
        key = "batch_shape" if self.style[0] == "3" else "batch_input_shape"
        return self.add("InputLayer", [], value, name, **{key: shape, "sparse": False})

    def same(self, size, kernel, stride, dilation=1):
        """Keras' padding: what is odd goes to the end."""
        total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
        return total // 2, total - total // 2

    def padded(self, x, kernel, stride, dilation, value=0.0):
        pads = []
        for axis in reversed(range(self.dims)):
            pads += self.same(x.shape[2 + axis], kernel[axis], stride[axis], dilation[axis])
        return F.pad(x, pads, value=value)

    def act(self, activation, x):
        return ACTIVATIONS[activation](x)

    def conv(self, x, filters, kernel, strides=1, padding="same", use_bias=True, activation="linear", dilation=1, groups=1, name=None):
        k, s, d = self.tuple(kernel), self.tuple(strides), self.tuple(dilation)
        t = self.add(self.d("Conv"), [x], None, name, filters=filters, kernel_size=k, strides=s, padding=padding,
                     data_format="channels_last", dilation_rate=d, activation=activation, use_bias=use_bias,
                     kernel_initializer={"class_name": "GlorotUniform", "config": {"seed": None}},
                     bias_initializer={"class_name": "Zeros", "config": {}}, kernel_regularizer=None, kernel_constraint=None,
                     **({"groups": groups} if self.style != "2.3.1" else {}))
        c = x.value.shape[1] // groups
        w = kernel_values(t.name + ".weight", [filters, c] + k, c * int(np.prod(k)))
        order = list(range(2, 2 + self.dims)) + [1, 0]
        self.weights[t.name].append(("kernel", w.transpose(order)))
        b = None
        if use_bias:
            b = vector_values(t.name + ".bias", filters)
            self.weights[t.name].append(("bias", b))
            b = torch.from_numpy(b)
        v = self.padded(x.value, k, s, d) if padding == "same" else x.value
        f = F.conv2d if self.dims == 2 else F.conv3d
        t.value = self.act(activation, f(v, torch.from_numpy(w), b, stride=s, dilation=d, groups=groups))
        return t

    def deconv(self, x, filters, kernel, strides, padding="same", use_bias=True, activation="linear", name=None):
        k, s = self.tuple(kernel), self.tuple(strides)
        t = self.add(self.d("Conv") + "Transpose", [x], None, name, filters=filters, kernel_size=k, strides=s, padding=padding,
                     data_format="channels_last", dilation_rate=self.tuple(1), activation=activation, use_bias=use_bias,
                     output_padding=None)
        c = x.value.shape[1]
        w = kernel_values(t.name + ".weight", [c, filters] + k, c * int(np.prod(k)))
        self.weights[t.name].append(("kernel", w.transpose(list(range(2, 2 + self.dims)) + [1, 0])))
        b = None
        if use_bias:
            b = vector_values(t.name + ".bias", filters)
            self.weights[t.name].append(("bias", b))
            b = torch.from_numpy(b)
        f = F.conv_transpose2d if self.dims == 2 else F.conv_transpose3d
        v = f(x.value, torch.from_numpy(w), None, stride=s)  # everything, then cut or fill as TensorFlow does
        for axis in range(self.dims):
            size = x.value.shape[2 + axis] * s[axis]
            begin = max(k[axis] - s[axis], 0) // 2
            if padding == "valid":
                size, begin = size + max(k[axis] - s[axis], 0), 0
            have = v.shape[2 + axis]
            if have < size:
                fill = [0, 0] * self.dims
                fill[2 * (self.dims - 1 - axis) + 1] = size - have
                v = F.pad(v, fill)
            v = v.narrow(2 + axis, begin, size)
        if b is not None:
            v = v + b.reshape([1, -1] + [1] * self.dims)
        t.value = self.act(activation, v)
        return t

    def depthwise(self, x, kernel, strides=1, multiplier=1, padding="same", use_bias=True, name=None):
        k, s = self.tuple(kernel), self.tuple(strides)
        t = self.add("DepthwiseConv2D", [x], None, name, kernel_size=k, strides=s, padding=padding, data_format="channels_last",
                     dilation_rate=[1, 1], activation="linear", use_bias=use_bias, depth_multiplier=multiplier)
        c = x.value.shape[1]
        w = kernel_values(t.name + ".weight", [c * multiplier, 1] + k, int(np.prod(k)))
        self.weights[t.name].append(("depthwise_kernel", w.reshape([c, multiplier] + k).transpose(2, 3, 0, 1)))
        b = None
        if use_bias:
            b = vector_values(t.name + ".bias", c * multiplier)
            self.weights[t.name].append(("bias", b))
            b = torch.from_numpy(b)
        v = self.padded(x.value, k, s, [1, 1]) if padding == "same" else x.value
        t.value = F.conv2d(v, torch.from_numpy(w), b, stride=s, groups=c)
        return t

    def separable(self, x, filters, kernel, strides=1, multiplier=1, activation="linear", name=None):
        k, s = self.tuple(kernel), self.tuple(strides)
        t = self.add("SeparableConv2D", [x], None, name, filters=filters, kernel_size=k, strides=s, padding="same",
                     data_format="channels_last", dilation_rate=[1, 1], activation=activation, use_bias=True,
                     depth_multiplier=multiplier)
        c = x.value.shape[1]
        w = kernel_values(t.name + ".depthwise.weight", [c * multiplier, 1] + k, int(np.prod(k)))
        p = kernel_values(t.name + ".weight", [filters, c * multiplier, 1, 1], c * multiplier)
        b = vector_values(t.name + ".bias", filters)
        self.weights[t.name] += [("depthwise_kernel", w.reshape([c, multiplier] + k).transpose(2, 3, 0, 1)),
                                 ("pointwise_kernel", p.transpose(2, 3, 1, 0)), ("bias", b)]
        v = F.conv2d(self.padded(x.value, k, s, [1, 1]), torch.from_numpy(w), None, stride=s, groups=c)
        t.value = self.act(activation, F.conv2d(v, torch.from_numpy(p), torch.from_numpy(b)))
        return t

    def dense(self, x, units, activation="linear", name=None):
        t = self.add("Dense", [x], None, name, units=units, activation=activation, use_bias=True)
        c = x.value.shape[1]
        w = kernel_values(t.name + ".weight", [units, c], c)
        b = vector_values(t.name + ".bias", units)
        self.weights[t.name] += [("kernel", w.T), ("bias", b)]
        moved = x.value.movedim(1, -1)
        t.value = self.act(activation, F.linear(moved, torch.from_numpy(w), torch.from_numpy(b)).movedim(-1, 1))
        return t

    def bn(self, x, epsilon=1e-3, scale=True, name=None):
        axis = self.dims + 1
        t = self.add("BatchNormalization", [x], None, name, axis=[axis] if self.style == "2.4.0" else axis, momentum=0.99,
                     epsilon=epsilon, center=True, scale=scale)
        c = x.value.shape[1]
        part = {k: vector_values(f"{t.name}.{k}", c) for k in ("weight", "bias", "running_mean", "running_var")}
        if not scale:
            part["weight"] = np.ones(c, np.float32)
        self.weights[t.name] += ([("gamma", part["weight"])] if scale else []) + [
            ("beta", part["bias"]), ("moving_mean", part["running_mean"]), ("moving_variance", part["running_var"])]
        p = {k: torch.from_numpy(v) for k, v in part.items()}
        t.value = F.batch_norm(x.value, p["running_mean"], p["running_var"], p["weight"], p["bias"], False, 0.0, epsilon)
        return t

    def instance_norm(self, x, epsilon=1e-3, name=None):
        t = self.add("InstanceNormalization", [x], None, name, axis=-1, epsilon=epsilon, center=True, scale=True)
        c = x.value.shape[1]
        w, b = vector_values(t.name + ".weight", c), vector_values(t.name + ".bias", c)
        self.weights[t.name] += [("gamma", w), ("beta", b)]
        t.value = F.instance_norm(x.value, weight=torch.from_numpy(w), bias=torch.from_numpy(b), eps=epsilon)
        return t

    def activation(self, x, activation, name=None):
        text = activation
        if activation == "swish" and self.style == "2.4.0":
            text = {"class_name": "function", "config": "swish"}
        return self.add("Activation", [x], self.act(activation, x.value), name, activation=text)

    def relu_layer(self, x, slope=0.0, name=None):
        return self.add("ReLU", [x], F.leaky_relu(x.value, slope), name, max_value=None, negative_slope=slope, threshold=0.0)

    def leaky_relu(self, x, alpha=0.3, name=None):
        value = {"type": "ndarray", "value": alpha} if self.style == "2.3.1" else alpha
        return self.add("LeakyReLU", [x], F.leaky_relu(x.value, alpha), name, alpha=value)

    def elu(self, x, alpha=1.0, name=None):
        return self.add("ELU", [x], F.elu(x.value, alpha), name, alpha=alpha)

    def pool(self, x, kind, size=2, strides=None, padding="valid", name=None):
        k, s = self.tuple(size), self.tuple(strides or size)
        v = x.value
        if kind == "Max":
            v = self.padded(v, k, s, self.tuple(1), -np.inf) if padding == "same" else v
            v = (F.max_pool2d if self.dims == 2 else F.max_pool3d)(v, k, s)
        else:
            f = F.avg_pool2d if self.dims == 2 else F.avg_pool3d
            if padding == "same":  # padding does not count
                v = f(self.padded(v, k, s, self.tuple(1)), k, s) / f(self.padded(torch.ones_like(v), k, s, self.tuple(1)), k, s)
            else:
                v = f(v, k, s)
        return self.add(self.d(kind + "Pooling"), [x], v, name, pool_size=k, strides=s, padding=padding, data_format="channels_last")

    def global_average(self, x, name=None):
        axes = list(range(2, 2 + self.dims))
        return self.add(self.d("GlobalAveragePooling"), [x], x.value.mean(axes), name, data_format="channels_last")

    def reshape(self, x, shape, name=None):
        v = x.value.reshape([x.value.shape[0], shape[-1]] + list(shape[:-1]))
        return self.add("Reshape", [x], v, name, target_shape=shape)

    def upsample(self, x, factor=2, interpolation="nearest", name=None):
        mode = {"nearest": "nearest", "bilinear": "bilinear"}[interpolation]
        v = F.interpolate(x.value, scale_factor=tuple(float(f) for f in self.tuple(factor)), mode=mode,
                          **({"align_corners": False} if mode != "nearest" else {}))
        config = {"interpolation": interpolation} if self.dims == 2 else {}
        return self.add(self.d("UpSampling"), [x], v, name, size=self.tuple(factor), data_format="channels_last", **config)

    def zero_padding(self, x, pads, name=None):
        """pads: [[begin, end], ...]"""
        flat = [n for pair in reversed(pads) for n in pair]
        return self.add(self.d("ZeroPadding"), [x], F.pad(x.value, flat), name, padding=pads, data_format="channels_last")

    def cropping(self, x, crops, name=None):
        flat = [-n for pair in reversed(crops) for n in pair]
        return self.add(self.d("Cropping"), [x], F.pad(x.value, flat), name, cropping=crops, data_format="channels_last")

    def concat(self, inputs, name=None):
        return self.add("Concatenate", inputs, torch.cat([i.value for i in inputs], 1), name, axis=self.dims + 1)

    def sum(self, inputs, name=None):
        return self.add("Add", inputs, sum(i.value for i in inputs), name)

    def multiply(self, inputs, name=None):
        v = inputs[0].value
        for i in inputs[1:]:
            v = v * i.value
        return self.add("Multiply", inputs, v, name)

    def dropout(self, x, rate, class_name="Dropout", name=None):
        shape = [None] + [1] * (self.dims + 1) if class_name == "FixedDropout" else None
        return self.add(class_name, [x], x.value, name, rate=rate, noise_shape=shape, seed=None)

    def lambda_(self, x, value, code, name=None):
        return self.add("Lambda", [x], value, name, function=[code, None, None], function_type="lambda", output_shape=None,
                        output_shape_type="raw", arguments={})


def dump(config):
    return json.dumps(config, separators=(", ", ": "))
