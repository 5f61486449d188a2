#!/usr/bin/python3
"""A picture for the repository: tools/shrink_png.py FROM TO WIDTH [ROWS]. 96 greys and 160 colours, no dither, so that greys stay grey.
With ROWS, only so many rows from the top are kept."""
import sys

import numpy as np
from PIL import Image

image = Image.open(sys.argv[1]).convert("RGB")
width = int(sys.argv[3])
if width < image.width:
    image = image.resize((width, round(image.height * width / image.width)), Image.LANCZOS)
if len(sys.argv) > 4:
    image = image.crop((0, 0, image.width, min(image.height, int(sys.argv[4]))))
pixels = np.asarray(image).reshape(-1, 3)
strong = pixels[np.ptp(pixels.astype(int), axis=1) > 24]
colors = Image.fromarray(strong.reshape(1, -1, 3)).quantize(160, method=1, dither=Image.Dither.NONE).getpalette()[: 3 * 160]
greys = [v for n in range(96) for v in 3 * [round(n * 255 / 95)]]
palette = Image.new("P", (1, 1))
palette.putpalette((greys + colors + 768 * [0])[:768])
image.quantize(palette=palette, dither=Image.Dither.NONE).save(sys.argv[2], optimize=True)
