#!/usr/bin/python3
"""A NIfTI scan as the DICOM series of an examination, to try `dien` on DICOM folders with a real head (docs/evidence/longitudinal.md).

nifti_to_dicom.py SCAN OUT_DIR [PATIENT_ID [DAY [SERIES_NUMBER [DESCRIPTION]]]]
Sagittal slices of 16 bits, explicit VR little-endian, with the times of an MPRAGE. DAY: 20190402. Nothing but numpy and nibabel is needed."""
import hashlib
import os
import struct
import sys

import nibabel
import numpy

ROOT = "1.2.826.0.1.3680043.9.9999."
MR = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT = "1.2.840.10008.1.2.1"


def element(group, number, vr, value):
    data = value if isinstance(value, bytes) else value.encode("ascii")
    if len(data) % 2:
        data += b"\0" if vr in ("UI", "OB", "OW") else b" "
    if vr in ("OB", "OW", "SQ"):
        return struct.pack("<HH2sHI", group, number, vr.encode(), 0, len(data)) + data
    return struct.pack("<HH2sH", group, number, vr.encode(), len(data)) + data


def short(group, number, value):
    return element(group, number, "US", struct.pack("<H", value))


def decimals(values):
    return "\\".join(f"{v:.10g}"[:16] for v in values)


def uid(*parts):
    return ROOT + str(int(hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:14], 16))


def image(slice_, number, position, rows_way, columns_way, spacing, thickness, about):
    """One file. slice_: [row][column]."""
    study, series = uid("study", about["person"], about["day"]), uid("series", about["person"], about["day"], about["series"])
    own = uid("image", about["person"], about["day"], about["series"], number)
    meta = element(2, 1, "OB", b"\0\1") + element(2, 2, "UI", MR) + element(2, 3, "UI", own) + element(2, 0x10, "UI", EXPLICIT) + element(2, 0x12, "UI", ROOT + "1")
    body = b"".join([
        element(8, 8, "CS", "ORIGINAL\\PRIMARY\\M\\NORM\\DIS2D"), element(8, 0x16, "UI", MR), element(8, 0x18, "UI", own), element(8, 0x20, "DA", about["day"]),
        element(8, 0x21, "DA", about["day"]), element(8, 0x22, "DA", about["day"]), element(8, 0x30, "TM", "101500"), element(8, 0x31, "TM", "102000"),
        element(8, 0x60, "CS", "MR"), element(8, 0x70, "LO", "SIEMENS"), element(8, 0x103E, "LO", about["description"]),
        element(0x10, 0x10, "PN", "Doe^Jo"), element(0x10, 0x20, "LO", about["person"]), element(0x10, 0x40, "CS", "F"), element(0x10, 0x1010, "AS", "040Y"),
        element(0x18, 0x20, "CS", "GR\\IR"), element(0x18, 0x21, "CS", "SP\\MP"), element(0x18, 0x23, "CS", "3D"), element(0x18, 0x50, "DS", f"{thickness:.6g}"),
        element(0x18, 0x80, "DS", "2300"), element(0x18, 0x81, "DS", "2.98"), element(0x18, 0x82, "DS", "900"), element(0x18, 0x87, "DS", "3"),
        element(0x18, 0x1030, "LO", about["description"]), element(0x18, 0x1314, "DS", "9"), element(0x18, 0x5100, "CS", "HFS"),
        element(0x20, 0xD, "UI", study), element(0x20, 0xE, "UI", series), element(0x20, 0x10, "SH", "1"), element(0x20, 0x11, "IS", str(about["series"])),
        element(0x20, 0x12, "IS", "1"), element(0x20, 0x13, "IS", str(number)), element(0x20, 0x32, "DS", decimals(position)),
        element(0x20, 0x37, "DS", decimals([*rows_way, *columns_way])), element(0x20, 0x52, "UI", uid("frame", about["person"], about["day"])),
        short(0x28, 2, 1), element(0x28, 4, "CS", "MONOCHROME2"), short(0x28, 0x10, slice_.shape[0]), short(0x28, 0x11, slice_.shape[1]),
        element(0x28, 0x30, "DS", decimals(spacing)), short(0x28, 0x100, 16), short(0x28, 0x101, 16), short(0x28, 0x102, 15), short(0x28, 0x103, 0),
        element(0x7FE0, 0x10, "OW", slice_.astype("<u2").tobytes())])
    return b"\0" * 128 + b"DICM" + element(2, 0, "UL", struct.pack("<I", len(meta))) + meta + body


def main():
    scan, out = sys.argv[1:3]
    person, day, series, description = (*sys.argv[3:], *("P1", "20190402", "3", "t1_mprage_sag")[len(sys.argv) - 3:])
    about = {"person": person, "day": day, "series": int(series), "description": description}
    volume = nibabel.as_closest_canonical(nibabel.squeeze_image(nibabel.load(scan)))
    data = numpy.asarray(volume.dataobj, dtype=float)
    data = numpy.round((data - min(0, data.min())) * (4000 / numpy.percentile(data, 99.9))).clip(0, 65535)
    to_patient = numpy.diag([-1, -1, 1, 1]) @ volume.affine  # DICOM: left, back, up
    step = to_patient[:3, :3]
    mm = numpy.linalg.norm(step, axis=0)
    os.makedirs(out, exist_ok=True)
    for i in range(data.shape[0]):  # a row goes to the back, rows go down
        slice_ = data[i, ::-1, ::-1].T
        corner = to_patient @ [i, data.shape[1] - 1, data.shape[2] - 1, 1]
        with open(f"{out}/{series}-{i + 1:04d}.dcm", "wb") as file:
            file.write(image(slice_, i + 1, corner[:3], -step[:, 1] / mm[1], -step[:, 2] / mm[2], (mm[2], mm[1]), mm[0], about))


if __name__ == "__main__":
    main()
