#!/usr/bin/python3
"""Mixes the weights of two stages of one network, and changes the bias of classes of its last layer, so that their volumes get larger or smaller.

  model_adjust.py MODEL.safetensors OUT.safetensors [--mix OTHER.safetensors SHARE] LABEL=CHANGE...

SHARE: of OTHER's weights in the mean (0 to 1); for networks without running statistics (instance norm), or with statistics of one lineage. LABEL: a label's number
(FreeSurfer's; 0 background). CHANGE: what is added to its logit before the softmax. The notes "mixed" and "calibration" of the file say what was done; earlier changes
of biases are added up."""
import json
import struct
import sys

import numpy

KINDS = {"F32": numpy.float32, "F16": numpy.float16}
ENDS = ("head.bias",)


def read(path):
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        return json.loads(f.read(size)), f.read()


def values(header, body, name):
    a, b = header[name]["data_offsets"]
    return numpy.frombuffer(body[a:b], KINDS[header[name]["dtype"]]).astype(numpy.float64)


def main():
    source, target, *words = sys.argv[1:]
    header, body = read(source)
    notes = header["__metadata__"]
    tensors = [name for name in header if name != "__metadata__"]
    new = {name: values(header, body, name) for name in tensors}
    if words[:1] == ["--mix"]:
        other, share = words[1], float(words[2])
        words = words[3:]
        there, its = read(other)
        if any(name not in there or there[name]["shape"] != header[name]["shape"] for name in tensors):
            sys.exit(f"{other} is not a stage of the network of {source}")
        for name in tensors:
            new[name] = (1 - share) * new[name] + share * values(there, its, name)
        notes["dien.note.mixed"] = f"{share:g} of: " + there["__metadata__"].get("dien.note.recipe", other)
    channel = {label["index"]: label["channel"] for label in json.loads(notes["dien.labels"])}
    end = [name for name in ENDS if name in header and header[name]["shape"] == [len(channel)]]
    done = json.loads(notes.get("dien.note.calibration", "{}"))
    for word in words:
        label, change = word.split("=")
        if int(label) not in channel or not end:
            sys.exit(f"{source} has no label {label}, or no last layer with a bias per label")
        new[end[0]][channel[int(label)]] += float(change)
        done[label] = round(done.get(label, 0) + float(change), 6)
    if done:
        notes["dien.note.calibration"] = json.dumps(done)
    out = bytearray(body)
    for name in tensors:
        a, b = header[name]["data_offsets"]
        out[a:b] = new[name].astype(KINDS[header[name]["dtype"]]).tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + bytes(out))


if __name__ == "__main__":
    main()
