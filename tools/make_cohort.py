#!/usr/bin/env python3
"""Makes a data set and what `dien run ... participant` would have left of it, without a scan: records, tables of volumes and their JSON
files. For trying `dien run ... group` on many people (docs/evidence/cohorts.md).

    tools/make_cohort.py 50000 /tmp/cohort              # /tmp/cohort/bids, /tmp/cohort/out
    build/dien run /tmp/cohort/bids /tmp/cohort/out group

Of 100 people about 2 scans fail, 2 are rejected, 2 have a wild volume, 5 have a second session and 3 a second run. The numbers are made up:
log-normal around usual volumes, following head size, smaller hypothalamus and thalamus in the group ALS. Equal arguments give equal files."""
import argparse
import json
import math
import os
import random

# structure, both sides in mm3, sides, spread (SD of the logarithm beside head size)
STRUCTURES = [("hypothalamus", 900, True, 0.07), ("cerebral_white_matter", 460000, True, 0.06), ("cerebral_cortex", 530000, True, 0.06),
              ("lateral_ventricle", 18000, True, 0.40), ("cerebellum_white_matter", 31000, True, 0.08), ("cerebellum_cortex", 115000, True, 0.08),
              ("thalamus", 15500, True, 0.06), ("caudate", 7700, True, 0.09), ("putamen", 11200, True, 0.09), ("pallidum", 3700, True, 0.07),
              ("hippocampus", 9000, True, 0.08), ("amygdala", 4300, True, 0.09), ("accumbens", 1250, True, 0.12), ("ventral_diencephalon", 8800, True, 0.07),
              ("third_ventricle", 1100, False, 0.35), ("fourth_ventricle", 1600, False, 0.25), ("brain_stem", 24000, False, 0.09),
              ("csf", 300000, False, 0.15), ("optic_chiasm", 260, False, 0.15)]
PARTS = [("anterior_inferior", 0.04), ("anterior_superior", 0.06), ("posterior", 0.29), ("tubular_inferior", 0.31), ("tubular_superior", 0.30)]
MODELS = [("hypothalamus", "a6098ec8"), ("whole-head-coarse", "9e8e14b7"), ("whole-head-fine", "246cc035")]


def volumes(rng, factor, person, wild):
    """Rows of a table of volumes. person: offsets that the scans of a person share."""
    head = person["head"]
    rows = []
    for name, both, sides, spread in STRUCTURES:
        v = both * (1 if name.endswith("ventricle") else head ** 0.6) * math.exp(spread * person[name] + 0.01 * rng.gauss(0, 1))
        v *= factor if name in ("hypothalamus", "thalamus") else 1
        v *= wild if name == "thalamus" else 1
        if not sides:
            rows.append((name, "B", v))
            continue
        left = v * (0.5 + 0.006 * rng.gauss(0, 1) + 0.004)
        rows += [(name, "L", left), (name, "R", v - left), (name, "B", v)]
        if name == "hypothalamus":
            for side, whole in (("L", left), ("R", v - left)):
                rows += [(f"hypothalamus_{part}", side, share * whole) for part, share in PARTS]
    rows.append(("icv", "B", 1500000 * head * math.exp(0.004 * rng.gauss(0, 1))))
    return rows


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def make_scan(args, rng, subject, session, run, person, factor):
    folder = f"sub-{subject}/" + (f"ses-{session}/" if session else "") + "anat"
    key = f"sub-{subject}" + (f"_ses-{session}" if session else "") + (f"_run-{run}" if run else "")
    os.makedirs(f"{args.folder}/bids/{folder}", exist_ok=True)
    write(f"{args.folder}/bids/{folder}/{key}_T1w.nii.gz", "")
    chance = rng.random()
    failed, rejected = chance < 0.02, 0.02 <= chance < 0.04
    wild = (1.6 if rng.random() < 0.5 else 0.6) if rng.random() < 0.02 else 1
    accepted = "no" if rejected else "yes"
    models = [{"name": n, "sha256": h * 8} for n, h in MODELS]
    record = {"Scan": f"{folder}/{key}_T1w.nii.gz", "State": "failed" if failed else "done", "Status": 3 if failed else 0,
              "Message": f"'/data/{folder}/{key}_T1w.nii.gz' is shorter than its header says: copy or download it again" if failed else "",
              "Accepted": not failed and not rejected, "Score": None if failed else 0 if rejected else round(1 - abs(rng.gauss(0, 0.1)), 3),
              "Input": {"Bytes": 9000000, "Modified": "1700000000.000000000", "SHA256": "0" * 64}, "Version": "0.1.0", "Models": models,
              "Settings": {}, "Folder": folder, "Outputs": [], "Seconds": 10.0, "PeakMemory_MB": 600.0}
    if not failed:
        out = f"{args.folder}/out/{folder}"
        os.makedirs(out, exist_ok=True)
        table = "structure\themi\tvolume_mm3\thard_volume_mm3\tmean_posterior\taccepted\n" + "".join(
            f"{n}\t{h}\t{v:.3f}\t{v:.3f}\t0.9000\t{accepted}\n" for n, h, v in volumes(rng, factor * (0.3 if rejected else 1), person, wild))
        flags = [{"Level": "failed", "Code": "volume_low", "Text": "The hypothalamus is smaller than any measured by hand"}] if rejected else []
        flags += [{"Level": "warning", "Code": "coarse", "Text": "The voxels are coarse"}] if rng.random() < 0.1 else []
        about = {"GeneratedBy": [{"Name": "dien", "Version": "0.1.0", "Threads": 1, "Precision": "f32",
                                  "Models": [{"Name": n, "SHA256": h * 8, "Licence": "x" * 60, "Source": "y" * 60} for n, h in MODELS]}],
                 "Sources": [f"bids:raw:{record['Scan']}"], "QualityControl": "failed" if rejected else "passed",
                 "Quality": {"Score": record["Score"], "Marks": {"certainty": 1.0, "volume": 1.0, "symmetry": 1.0}},
                 "VoxelSize_mm": [1.0, 1.0, 1.0], "Flags": flags,
                 "structure": {"Description": "z" * 200, "Levels": {n: "w" * 80 for n, _, _, _ in STRUCTURES[:10]}}}
        write(f"{out}/{key}_volumes.tsv", table)
        write(f"{out}/{key}_volumes.json", json.dumps(about, indent=2))
        names = [f"{key}_volumes.tsv", f"{key}_volumes.json", f"{key}_report.html"]
        if args.picture:
            os.symlink(os.path.abspath(args.picture), f"{out}/{key}_qc.png")
            names.append(f"{key}_qc.png")
        record["Outputs"] = [{"name": n, "bytes": len(table) if n.endswith(".tsv") else 1} for n in names]
    write(f"{args.folder}/out/status/{key}.json", json.dumps(record, indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=int)
    parser.add_argument("folder")
    parser.add_argument("--picture", help="a PNG file that stands for each scan's picture")
    args = parser.parse_args()
    os.makedirs(f"{args.folder}/bids")
    os.makedirs(f"{args.folder}/out/status")
    description = json.dumps({"Name": "a made cohort", "BIDSVersion": "1.10.0"})
    write(f"{args.folder}/bids/dataset_description.json", description)
    import hashlib
    write(f"{args.folder}/out/dataset_description.json", json.dumps(
        {"Name": "dien: volumes of a made cohort", "BIDSVersion": "1.10.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "dien", "Version": "0.1.0"}],
         "DienSource": {"Name": "a made cohort", "SHA256": hashlib.sha256(description.encode()).hexdigest()}}))
    rng = random.Random(1)
    rows = ["participant_id\tage\tsex\tgroup\n"]
    digits = max(3, len(str(args.people)))
    for i in range(1, args.people + 1):
        subject = f"{i:0{digits}d}"
        als = i % 2 == 0
        rows.append(f"sub-{subject}\t{rng.randint(20, 85)}\t{rng.choice('FM')}\t{'ALS' if als else 'control'}\n")
        person = {name: rng.gauss(0, 1) for name, _, _, _ in STRUCTURES}
        person["head"] = math.exp(0.09 * rng.gauss(0, 1))
        chance = rng.random()
        for session in (("1", "2") if chance < 0.05 else (None,)):
            for run in (("1", "2") if 0.05 <= chance < 0.08 else (None,)):
                make_scan(args, rng, subject, session, run, person, 0.96 if als else 1)
    write(f"{args.folder}/bids/participants.tsv", "".join(rows))


main()
