"""The subunit network as an ONNX model in ONNX Runtime: a peer of `make bench`."""
import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from subunit import arguments, measure, read_network, volume

parser = arguments(__doc__)
parser.add_argument("--provider", default="CPUExecutionProvider", help="CPUExecutionProvider, DnnlExecutionProvider")
args = parser.parse_args()
if args.dtype != "f32":
    parser.error("ONNX Runtime's CPU kernels have no bf16")
if args.provider not in ort.get_available_providers():
    parser.error(f"{args.provider} is not among {ort.get_available_providers()}")
net = read_network(args.weights)
nodes, weights = [], []


def constant(value, name):
    weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
    return name


def node(op, inputs, output, **attributes):
    nodes.append(helper.make_node(op, inputs, [output], **attributes))
    return output


def conv(x, name, pad=1, activation=True):
    w, b = net[name]
    y = node("Conv", [x, constant(w.transpose(4, 3, 0, 1, 2), name + "_w"), constant(b, name + "_b")], name, pads=[pad] * 6)
    return node("Elu", [y], name + "_elu") if activation else y


def norm(x, name):
    scale, shift = net[name]
    zero, one = np.zeros_like(scale), np.ones_like(scale)
    return node("BatchNormalization", [x] + [constant(v, f"{name}_{i}") for i, v in enumerate((scale, shift, zero, one))],
                name, epsilon=0.0)


x, skips = "image", []
for level in range(3):
    x = conv(conv(x, f"conv_downarm_{level}_0"), f"conv_downarm_{level}_1")
    skips.append(x)
    x = norm(x, f"bn_down_{level}")
    if level < 2:
        x = node("MaxPool", [x], f"pool_{level}", kernel_shape=[2] * 3, strides=[2] * 3)
constant(np.array([1, 1, 2, 2, 2], np.float32), "twice")
for up, skip in ((3, skips[1]), (4, skips[0])):
    x = node("Resize", [x, "", "twice"], f"up_{up}", mode="nearest", coordinate_transformation_mode="asymmetric",
             nearest_mode="floor")
    x = node("Concat", [skip, x], f"merge_{up}", axis=1)
    x = conv(conv(x, f"conv_uparm_{up}_0"), f"conv_uparm_{up}_1")
    x = norm(x, f"bn_up_{up - 3}")
node("Softmax", [conv(x, "likelihood", 0, False)], "posteriors", axis=1)

image = volume(args)[None, None]
args.shape = list(image.shape[2:])
graph = helper.make_graph(nodes, "subunit",
                          [helper.make_tensor_value_info("image", TensorProto.FLOAT, image.shape)],
                          [helper.make_tensor_value_info("posteriors", TensorProto.FLOAT, [1, 11, *args.shape])], weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
options = ort.SessionOptions()
options.intra_op_num_threads = args.threads
options.log_severity_level = 3
session = ort.InferenceSession(model.SerializeToString(), options, providers=[args.provider])
measure(args, "onnxruntime " + session.get_providers()[0].removesuffix("ExecutionProvider"), ort.__version__,
        lambda: session.run(None, {"image": image})[0][0])
