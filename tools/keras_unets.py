"""The U-Nets of the Keras package segmentation_models 1.0 on keras_twin: encoder names, layer names, decoder."""
import string

from keras_twin import Network


def efficientnetb0(n, x):
    x = n.conv(x, 32, 3, strides=2, use_bias=False, name="stem_conv")
    x = n.activation(n.bn(x, name="stem_bn"), "swish", name="stem_activation")
    blocks = [(3, 1, 32, 16, 1, 1), (3, 2, 16, 24, 6, 2), (5, 2, 24, 40, 6, 2), (3, 3, 40, 80, 6, 2), (5, 3, 80, 112, 6, 1),
              (5, 4, 112, 192, 6, 2), (3, 1, 192, 320, 6, 1)]
    total, number, skips = sum(b[1] for b in blocks), 0, {}
    for i, (kernel, repeats, inputs, outputs, expand, stride) in enumerate(blocks):
        for r in range(repeats):
            p = f"block{i + 1}{string.ascii_lowercase[r]}_"
            c_in, s = (inputs, stride) if r == 0 else (outputs, 1)
            start, filters = x, c_in * expand
            if expand != 1:
                x = n.conv(x, filters, 1, use_bias=False, name=p + "expand_conv")
                x = n.activation(n.bn(x, name=p + "expand_bn"), "swish", name=p + "expand_activation")
                skips[p] = x
            x = n.depthwise(x, kernel, s, use_bias=False, name=p + "dwconv")
            x = n.activation(n.bn(x, name=p + "bn"), "swish", name=p + "activation")
            se = n.reshape(n.global_average(x, name=p + "se_squeeze"), [1, 1, filters], name=p + "se_reshape")
            se = n.conv(se, max(1, int(c_in * 0.25)), 1, activation="swish", name=p + "se_reduce")
            se = n.conv(se, filters, 1, activation="sigmoid", name=p + "se_expand")
            x = n.multiply([x, se], name=p + "se_excite")
            x = n.bn(n.conv(x, outputs, 1, use_bias=False, name=p + "project_conv"), name=p + "project_bn")
            if s == 1 and c_in == outputs:
                rate = 0.2 * number / total
                if rate > 0:
                    x = n.dropout(x, rate, "FixedDropout", name=p + "drop")
                x = n.sum([x, start], name=p + "add")
            number += 1
    x = n.conv(x, 1280, 1, use_bias=False, name="top_conv")
    x = n.activation(n.bn(x, name="top_bn"), "swish", name="top_activation")
    return x, [skips["block6a_"], skips["block4a_"], skips["block3a_"], skips["block2a_"]], False


def resnet50(n, x):
    def bn(x, name, scale=True):
        return n.bn(x, epsilon=2e-5, scale=scale, name=name)

    x = n.zero_padding(bn(x, "bn_data", scale=False), [[3, 3], [3, 3]])
    x = n.conv(x, 64, 7, strides=2, padding="valid", use_bias=False, name="conv0")
    x = n.activation(bn(x, "bn0"), "relu", name="relu0")
    skips = [x]
    x = n.pool(n.zero_padding(x, [[1, 1], [1, 1]]), "Max", 3, 2, name="pooling0")
    for stage, repeats in enumerate((3, 4, 6, 3)):
        for block in range(repeats):
            p, filters = f"stage{stage + 1}_unit{block + 1}_", 64 * 2**stage
            stride = 2 if block == 0 and stage > 0 else 1
            start = x
            x = n.activation(bn(x, p + "bn1"), "relu", name=p + "relu1")
            if block == 0:
                if stage > 0:
                    skips.insert(0, x)
                start = n.conv(x, filters * 4, 1, strides=stride, padding="valid", use_bias=False, name=p + "sc")
            x = n.conv(x, filters, 1, padding="valid", use_bias=False, name=p + "conv1")
            x = n.activation(bn(x, p + "bn2"), "relu", name=p + "relu2")
            x = n.zero_padding(x, [[1, 1], [1, 1]])
            x = n.conv(x, filters, 3, strides=stride, padding="valid", use_bias=False, name=p + "conv2")
            x = n.activation(bn(x, p + "bn3"), "relu", name=p + "relu3")
            x = n.conv(x, filters * 4, 1, padding="valid", use_bias=False, name=p + "conv3")
            x = n.sum([x, start])
    return n.activation(bn(x, "bn1"), "relu", name="relu1"), skips, False


def vgg16(n, x):
    skips = []
    for i, (filters, repeats) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))):
        for r in range(repeats):
            x = n.conv(x, filters, 3, activation="relu", name=f"block{i + 1}_conv{r + 1}")
        skips.insert(0, x)
        x = n.pool(x, "Max", 2, 2, name=f"block{i + 1}_pool")
    return x, skips[:4], True


def inceptionv3(n, x):
    def cb(x, filters, rows, cols, strides=1):
        x = n.conv(x, filters, [rows, cols], strides=strides, use_bias=False)
        return n.activation(n.bn(x, scale=False), "relu")

    def average(x, filters):
        return cb(n.pool(x, "Average", 3, 1, "same"), filters, 1, 1)

    def chain(x, *steps):
        for s in steps:
            x = cb(x, *s)
        return x

    x = chain(x, (32, 3, 3, 2), (32, 3, 3), (64, 3, 3))
    skips = [x]
    x = n.pool(x, "Max", 3, 2, "same")
    x = chain(x, (80, 1, 1), (192, 3, 3))
    skips.insert(0, x)
    x = n.pool(x, "Max", 3, 2, "same")
    for i, pool in enumerate((32, 64, 64)):
        x = n.concat([cb(x, 64, 1, 1), chain(x, (48, 1, 1), (64, 5, 5)), chain(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)), average(x, pool)],
                     name=f"mixed{i}")
    skips.insert(0, x)
    x = n.concat([cb(x, 384, 3, 3, 2), chain(x, (64, 1, 1), (96, 3, 3), (96, 3, 3, 2)), n.pool(x, "Max", 3, 2, "same")], name="mixed3")
    for i, c in enumerate((128, 160, 160, 192)):
        x = n.concat([cb(x, 192, 1, 1), chain(x, (c, 1, 1), (c, 1, 7), (192, 7, 1)),
                      chain(x, (c, 1, 1), (c, 7, 1), (c, 1, 7), (c, 7, 1), (192, 1, 7)), average(x, 192)], name=f"mixed{4 + i}")
    skips.insert(0, x)
    x = n.concat([chain(x, (192, 1, 1), (320, 3, 3, 2)), chain(x, (192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3, 2)),
                  n.pool(x, "Max", 3, 2, "same")], name="mixed8")
    for i in range(2):
        one = cb(x, 320, 1, 1)
        b = cb(x, 384, 1, 1)
        b = n.concat([cb(b, 384, 1, 3), cb(b, 384, 3, 1)], name=f"mixed9_{i}")
        d = chain(x, (448, 1, 1), (384, 3, 3))
        d = n.concat([cb(d, 384, 1, 3), cb(d, 384, 3, 1)])
        x = n.concat([one, b, d, average(x, 192)], name=f"mixed{9 + i}")
    return x, skips, False


ENCODERS = {"efficientnetb0": efficientnetb0, "resnet50": resnet50, "vgg16": vgg16, "inceptionv3": inceptionv3}


def unet(encoder, value, classes, activation="softmax", style="2.3.1"):
    """value: input image, torch [1, C, H, W]. Returns network and output."""
    n = Network(2, style)
    x, skips, center = ENCODERS[encoder](n, n.input(value, "data" if encoder == "resnet50" else "input_1"))

    def block(x, filters, name):
        x = n.conv(x, filters, 3, use_bias=False, name=name + "_conv")
        return n.activation(n.bn(x, name=name + "_bn"), "relu", name=name + "_relu")

    if center:
        x = block(block(x, 512, "center_block1"), 512, "center_block2")
    for stage, filters in enumerate((256, 128, 64, 32, 16)):
        x = n.upsample(x, 2, name=f"decoder_stage{stage}_upsampling")
        if stage < len(skips):
            x = n.concat([x, skips[stage]], name=f"decoder_stage{stage}_concat")
        x = block(block(x, filters, f"decoder_stage{stage}a"), filters, f"decoder_stage{stage}b")
    x = n.conv(x, classes, 3, name="final_conv")
    return n, n.activation(x, activation, name=activation)
