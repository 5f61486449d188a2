#!/usr/bin/python3
"""Reference centres of k-means from SciPy (scipy.cluster.vq.kmeans2, minit="matrix") for tests/stats/test_kmeans.c:

    tools/reference_kmeans.py >tests/stats/kmeans_reference.h

The numbers are those of the test: a linear congruential generator, so that no table of them is needed."""
import numpy as np
import scipy
from scipy.cluster.vq import kmeans2

N = 5000


def numbers():
    s, out = 12345, []
    for i in range(N):
        total = 0
        for _ in range(6):
            s = (s * 16807) % 2147483647
            total += s % 1000
        out.append(np.float32(40.0 * (1 + i % 5) + total / 100.0))
    return np.array(out, dtype=np.float64)


values = numbers()
print(f'/* Centres that SciPy {scipy.__version__} finds (kmeans2, minit="matrix", 300 steps): made by tools/reference_kmeans.py. */')
print('static const struct {\n    int k;\n    double centre[9];\n    int size[9];\n} references[] = {')
for k in range(4, 10):
    start = np.linspace(values.min(), values.max(), k + 2)[1:-1]
    centre, label = kmeans2(values[:, None], start[:, None], iter=300, minit='matrix')
    c = ', '.join(f'{x:.12g}' for x in centre[:, 0])
    n = ', '.join(str(x) for x in np.bincount(label, minlength=k))
    print(f'    {{{k}, {{{c}}}, {{{n}}}}},')
print('};')
