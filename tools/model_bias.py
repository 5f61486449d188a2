#!/usr/bin/python3
"""Changes the bias of classes of a model's last layer, so that their volumes get larger or smaller, and says so in a note of the file.

  model_bias.py MODEL.safetensors OUT.safetensors LABEL=CHANGE...

LABEL: a label's number (FreeSurfer's; 0 background). CHANGE: what is added to its logit before the softmax; earlier changes are added up in the note "calibration"."""
import json
import struct
import sys

import numpy

source, target = sys.argv[1:3]
changes = {int(a): float(b) for a, b in (word.split("=") for word in sys.argv[3:])}
with open(source, "rb") as f:
    (size,) = struct.unpack("<Q", f.read(8))
    header = json.loads(f.read(size))
    body = bytearray(f.read())
kinds = {"F32": numpy.float32, "F16": numpy.float16}
notes = header["__metadata__"]
channel = {label["index"]: label["channel"] for label in json.loads(notes["dien.labels"])}
missing = [n for n in changes if n not in channel]
if missing:
    sys.exit(f"{source} has no label {missing[0]}")
ends = [name for name in header if name in ("head.bias", "likelihood.bias", "output.bias") and header[name]["shape"] == [len(channel)]]
if len(ends) != 1:
    sys.exit(f"{source}: the last layer was not found among {', '.join(ends) or 'its weights'}")
place = header[ends[0]]
a, b = place["data_offsets"]
bias = numpy.frombuffer(bytes(body[a:b]), kinds[place["dtype"]]).astype(numpy.float64)
done = json.loads(notes.get("dien.note.calibration", "{}"))
for label, change in changes.items():
    bias[channel[label]] += change
    done[str(label)] = round(done.get(str(label), 0) + change, 6)
body[a:b] = bias.astype(kinds[place["dtype"]]).tobytes()
notes["dien.note.calibration"] = json.dumps(done)
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
with open(target, "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + body)
