"""Writes bicubic.json: images, and what Pillow makes of them (Image.resize, BICUBIC).

Run: python3 bicubic.py > bicubic.json; made with Pillow 9.4.
"""

import json
import random

from PIL import Image

random.seed(1)
cases = []
for before, after in [
    ((5, 4), (5, 4)),
    ((5, 4), (13, 11)),
    ((7, 9), (3, 2)),
    ((6, 3), (6, 8)),
    ((8, 5), (3, 5)),
    ((1, 1), (4, 3)),
    ((16, 16), (5, 40)),
]:
    pixels = bytes(random.choice([0, 255, random.randrange(256)]) for _ in range(3 * before[0] * before[1]))
    resized = Image.frombytes("RGB", before, pixels).resize(after, Image.BICUBIC)
    cases.append({"width": before[0], "height": before[1], "pixels": pixels.hex(),
                  "newWidth": after[0], "newHeight": after[1], "resized": resized.tobytes().hex()})
print(json.dumps(cases, indent=1))
