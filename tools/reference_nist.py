"""Exact rational arithmetic on NIST's hardest sets as doubles hold them: what any program can reach. Run: /usr/bin/python3 tools/reference_nist.py
The certified values assume the decimal data; a double near 1e12 holds 0.4 to 1e-4 only. tests/stats/test_nist.c has the output."""
from fractions import Fraction as F

def anova(groups):
    groups = [[F(v) for v in g] for g in groups]
    n = sum(map(len, groups)); k = len(groups)
    grand = sum(map(sum, groups)) / n
    means = [sum(g) / len(g) for g in groups]
    between = sum(len(g) * (m - grand) ** 2 for g, m in zip(groups, means))
    within = sum(sum((v - m) ** 2 for v in g) for g, m in zip(groups, means))
    return float(between / (k - 1) / (within / (n - k))), float(between / (between + within))

def smls(lead, n):
    out = []
    for t in range(9):
        tenths = 4 if t == 0 else 3 if t % 2 else 5
        out.append([float(f"{lead}.{tenths + (0 if i == 0 else -1 if i % 2 else 1)}") for i in range(n)])
    return out

for s, (lead, n) in enumerate([(1, 21), (1, 201), (1, 2001), (1000000, 21), (1000000, 201), (1000000, 2001), (1000000000000, 21), (1000000000000, 201), (1000000000000, 2001)], 1):
    print(f"SmLs0{s}", *("%.17g" % v for v in anova(smls(lead, n))))
for name, first, a, b in (("NumAcc2", 1.2, 1.1, 1.3), ("NumAcc3", 1000000.2, 1000000.1, 1000000.3), ("NumAcc4", 10000000.2, 10000000.1, 10000000.3)):
    v = [F(x) for x in [first] + [a, b] * 500]
    m = sum(v) / len(v); var = sum((x - m) ** 2 for x in v) / (len(v) - 1)
    print(name, "%.17g" % float(m), "%.17g" % float(var) , "%.17g" % (float(var) ** 0.5))
