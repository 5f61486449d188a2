#!/usr/bin/python3
"""Whether a hypothalamus volume leans on the third ventricle beside it: its correlation with the ventricle's logarithm, with the brain's volume taken
out, for the network's volumes and for the consensus's.

hypothalamus_ventricle.py TABLE
TABLE (tab): name, network's mm3, consensus's mm3, third ventricle mm3, brain mm3."""
import sys

import numpy


def partial(x, y, z):
    def rest(a):
        design = numpy.stack([numpy.ones_like(z), z], 1)
        return a - design @ numpy.linalg.lstsq(design, a, rcond=None)[0]
    return numpy.corrcoef(rest(x), rest(y))[0, 1]


def main():
    rows = [line.split("\t") for line in open(sys.argv[1]) if line.strip() and not line.startswith("name")]
    ours, truth, ventricle, brain = (numpy.array([float(r[k]) for r in rows]) for k in range(1, 5))
    for name, volume in (("network", ours), ("consensus", truth)):
        print(f"{name}\tn {len(rows)}\tr with log third ventricle {numpy.corrcoef(volume, numpy.log(ventricle))[0, 1]:+.2f}\t"
              f"brain taken out {partial(volume, numpy.log(ventricle), brain):+.2f}\tr with brain {numpy.corrcoef(volume, brain)[0, 1]:+.2f}")
    print(f"r of both {numpy.corrcoef(ours, truth)[0, 1]:.3f}")


if __name__ == "__main__":
    main()
