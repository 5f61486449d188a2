#!/usr/bin/env python3
"""Tables of people who do not exist, with the n, mean and SD that the seeds print, for the gallery and the demo.

    tools/simulate_seeds.py FOLDER

Needs only Python's own library. Every sample is drawn with a fixed seed and then moved and stretched to have exactly the mean and SD that
the paper gives; outliers, where a paper counts them, are added after that. Nothing here is a norm or a finding: the shapes are ours.
"""

import os
import random
import statistics
import sys

SEED = 20231206
rng = random.Random(SEED)
normal = statistics.NormalDist()


def g():
    return normal.inv_cdf(min(max(rng.random(), 1e-12), 1 - 1e-12))


def exactly(n, mean, sd):
    z = [g() for _ in range(n)]
    m, s = statistics.fmean(z), statistics.stdev(z)
    return [mean + sd * (x - m) / s for x in z]


def write(folder, name, header, rows):
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(header) + "\n")
        for row in rows:
            file.write("\t".join("n/a" if x is None else f"{x:.6g}" if isinstance(x, float) else str(x) for x in row) + "\n")


def hypothalamus(folder):
    """Vernikouskaya et al. 2023 and Kassubek et al. 2025."""
    rows = []
    for group, n, mean, sd, age, age_sd in (("CON", 107, 852, 77, 61.4, 10.4), ("ALS", 411, 823, 84, 62.4, 11.6), ("PLS", 46, 818, 73, 59.8, 10.7)):
        for i, (v, a) in enumerate(zip(exactly(n, mean, sd), exactly(n, age, age_sd))):
            rows.append([f"sub-{group}{i + 1:03d}", group, v, a])
    header = ["participant_id", "group", "hypothalamus", "age"]
    write(folder, "groups.tsv", header, rows)
    for pair in (("CON", "ALS"), ("CON", "PLS"), ("ALS", "PLS")):
        write(folder, f"{pair[0]}_{pair[1]}.tsv", header, [row for row in rows if row[1] in pair])
    # The test group of 2023: 15 and 15.
    rows = [[f"sub-{group}{i + 1:02d}", group, v] for group, mean, sd in (("CON", 863, 66), ("ALS", 775, 62)) for i, v in enumerate(exactly(15, mean, sd))]
    write(folder, "test_group.tsv", ["participant_id", "group", "hypothalamus"], rows)
    # Four networks against the manual delineation: mean difference and limits as in figure 2.
    manual = exactly(30, 0.82, 0.10)
    networks = {"EfficientNetB0": (-0.015, 0.064), "Inceptionv3": (0.14, 0.0714), "ResNet50": (0.05, 0.067), "VGG16": (0.035, 0.115)}
    differences = {name: exactly(30, *d) for name, d in networks.items()}
    write(folder, "networks.tsv", ["participant_id", "manual"] + list(networks),
          [[f"sub-{i + 1:02d}", manual[i]] + [manual[i] + differences[k][i] for k in networks] for i in range(30)])
    # PLS: volume against the slope of the ALS-FRS-R, r = -0.14.
    skewed = [2.718281828459045 ** (0.55 * x) for x in exactly(46, 0.0, 1.0)]
    m, s = statistics.fmean(skewed), statistics.stdev(skewed)
    slope, other = [(x - m) / s for x in skewed], exactly(46, 0.0, 1.0)
    b = sum(x * y for x, y in zip(slope, other)) / 45
    rest = [y - b * x for x, y in zip(slope, other)]
    s = statistics.stdev(rest)
    r = -0.14
    volume = [818 + 73 * (r * x + (1 - r * r) ** 0.5 * y / s) for x, y in zip(slope, rest)]
    write(folder, "pls.tsv", ["participant_id", "ALS-FRS-R slope", "hypothalamus"],
          [[f"sub-PLS{i + 1:02d}", 2.3 + 1.4 * slope[i], volume[i]] for i in range(46)])


def expected_thalamus(age, icv):
    return 15.6 + 0.0062 * (icv - 1480) + 8e-7 * (icv - 1480) ** 2 - 0.012 * (age - 45) - 0.0003 * (age - 45) ** 2


def people(n, low, high):
    rows = []
    for _ in range(n):
        sex = rng.choice("FM")
        rows.append((rng.uniform(low, high), sex, 1480 + (75 if sex == "M" else -75) + 115 * g()))
    return rows


def thalamus(folder):
    """Opfer et al. 2022."""
    names = ["net3d", "fastsurfer", "fsl"]
    # Dice and Hausdorff distance of 18 scans: a common part for each scan makes them related, as scans are.
    for name, means, sds, common in (("dice", (0.862, 0.862, 0.872), (0.02, 0.02, 0.02), 0.95), ("hausdorff", (4.51, 5.18, 4.55), (0.91, 1.03, 0.90), 0.3)):
        shared = exactly(18, 0, 1)
        columns = []
        for mean, sd in zip(means, sds):
            own = exactly(18, 0, 1)
            mix = [common * x + (1 - common ** 2) ** 0.5 * y for x, y in zip(shared, own)]
            m, s = statistics.fmean(mix), statistics.stdev(mix)
            columns.append([mean + sd * (x - m) / s for x in mix])
        write(folder, f"{name}.tsv", ["participant_id"] + names, [[f"IBSR-{i + 1:02d}"] + [c[i] for c in columns] for i in range(18)])
    manual = exactly(18, 14.2, 1.6)
    wanted = ((0.61, 0.76, -0.44), (0.35, 1.19, 0.56), (1.26, 0.77, -0.28))
    columns = []
    for bias, sd, r in wanted:
        z = [(x - 14.2) / 1.6 for x in manual]
        own = exactly(18, 0, 1)
        b = sum(x * y for x, y in zip(z, own)) / 17
        rest = [y - b * x for x, y in zip(z, own)]
        s = statistics.stdev(rest)
        columns.append([m + bias + sd * (r * x + (1 - r * r) ** 0.5 * y / s) for m, x, y in zip(manual, z, rest)])
    write(folder, "volumes.tsv", ["participant_id", "manual"] + names, [[f"IBSR-{i + 1:02d}", manual[i]] + [c[i] for c in columns] for i in range(18)])
    # The travelling phantom: 477 scans on 123 scanners.
    repeats = [4] * 108 + [3] * 15
    rng.shuffle(repeats)
    between = [exactly(123, 0, sd) for sd in (0.28, 0.62, 0.63)]
    rows = []
    for s, count in enumerate(repeats):
        for _ in range(count):
            rows.append(["phantom", f"scanner-{s + 1:03d}"] + [15.2 + between[m][s] + sd * g() for m, sd in enumerate((0.093, 0.104, 0.173))])
    write(folder, "phantom.tsv", ["participant_id", "scanner"] + names, rows)
    # Norms: 4872 people on 160 scanners, residual SD of each method as in table 4, and a few segmentations that failed; 127 patients whose
    # deficit spreads so that the rule finds the published share (the paper prints no mean of the patients).
    header = ["participant_id", "age", "sex", "scanner", "icv", "thalamus", "thalamus_fastsurfer", "thalamus_fsl"]
    rows = []
    for i, (age, sex, icv) in enumerate(people(4872, 18, 90)):
        failed = rng.choice((-1, 1)) * rng.uniform(3, 6) if rng.random() < 0.006 else 0.0
        rows.append([f"sub-{i + 1:04d}", round(age, 1), sex, f"scanner-{rng.randrange(160) + 1:03d}", round(icv, 1)]
                    + [expected_thalamus(age, icv) + sd * g() + failed for sd in (0.88, 1.09, 1.15)])
    write(folder, "norms.tsv", header, rows)
    deficits = [exactly(127, -1.25, sd) for sd in (1.44, 2.11, 1.83)]
    rows = []
    for i, (_, sex, icv) in enumerate(people(127, 18, 70)):
        age = min(max(38.6 + 9.4 * g(), 18.5), 70)
        rows.append([f"MS-{i + 1:03d}", round(age, 1), sex, f"scanner-{rng.randrange(2) + 1:03d}", round(icv, 1)]
                    + [expected_thalamus(age, icv) + d[i] for d in deficits])
    write(folder, "patients.tsv", header, rows)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    hypothalamus(sys.argv[1])
    thalamus(sys.argv[1])
    print(f"simulated tables, seed {SEED}: {sys.argv[1]}")


if __name__ == "__main__":
    main()
