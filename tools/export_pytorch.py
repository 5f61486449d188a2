"""A PyTorch network as a model file of dien.

    from export_pytorch import export
    export(net.state_dict(), "mine.safetensors", name="mine", architecture="unet3d",
           config={"classes": 2, "features": [16, 32, 64]}, labels=[("background", 0, "B"), ("left_thalamus", 10, "L")])

Names and shapes of the state dict must be those of the architecture: docs/manual/models.md. Check with: dien models show FILE --weights
"""
import json
import struct

import numpy as np


def export(state, path, name, architecture, config, labels, spacing=(1, 1, 1), orientation="RAS", multiple=None, channels=1,
           normalisation=None, half=False, structure=None, colours=None, mirror=False,
           **texts):
    """labels: (name, FreeSurfer number, hemisphere L|R|B), one per output channel. structure: what all of them are parts of; colours: of all but the
    first, else made from the channel's number. mirror: `dien segment` runs it on the mirror image, too. texts: trained_on, licence, source."""
    if multiple is None:
        multiple = 2 ** (len(config["features"]) - 1) if "features" in config else 32
    entries = []
    for i, (n, index, hemi) in enumerate(labels):
        part = n.removeprefix("left_").removeprefix("right_")
        entries.append({"channel": i, "index": index, "name": n, "structure": f"{structure}_{part}" if structure and i > 0 else part, "hemi": hemi,
                        "color": "#000000" if colours and i == 0 else colours[i - 1] if colours else "#%06x" % (i * 2654435761 % 2**24)})
    contract = {"spacing_mm": list(spacing), "orientation": orientation, "multiple": multiple, "channels": channels,
                "normalisation": normalisation or {"kind": "percentile", "low": 0.5, "high": 99.5}, "region": None}
    if mirror:
        contract["mirror"] = True
    header = {"__metadata__": {"dien.format": "1", "dien.name": name, "dien.architecture": architecture,
                               "dien.config": json.dumps(config), "dien.input": json.dumps(contract),
                               "dien.labels": json.dumps(entries), **{f"dien.{k}": v for k, v in texts.items()}}}
    blobs, offset = [], 0
    for key, tensor in state.items():
        if key.endswith("num_batches_tracked"):
            continue
        blobs.append(np.ascontiguousarray(tensor.detach().cpu().numpy(), "<f2" if half else "<f4").tobytes())
        header[key] = {"dtype": "F16" if half else "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blobs[-1])]}
        offset += len(blobs[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
