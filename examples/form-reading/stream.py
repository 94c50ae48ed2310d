"""The forms of half a year, as a log: real digit images, everything around them simulated.

The images and their labels ship inside scikit-learn. The second half of them, which the model never saw, is drawn
again and again. Simulated, and said so wherever it is shown: when a form came in, through which channel, how badly it
was scanned, and what the clerk read.
"""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, rotate
from sklearn.datasets import load_digits

FORMS = 12_000
PILOT_STARTS = datetime(2026, 3, 2, 7, tzinfo=UTC)
ENDS = datetime(2026, 8, 31, tzinfo=UTC)
CHANNELS = ("counter", "mail", "app")
SHARE = (0.5, 0.3, 0.2)
DEGRADED = {"counter": 0.02, "mail": 0.6, "app": 0.35}  # share of scans that are not clean, by channel
CLERK_RIGHT = {False: 0.985, True: 0.96}  # how often a clerk reads a clean and a degraded digit right
INK = "0123456789abcdefg"  # one character a pixel, 0 to 16


def main(target: Path) -> None:
    """Writes the log as CSV."""
    random = np.random.default_rng(20260302)
    digits = load_digits()
    images, truths = digits.images[len(digits.images) // 2 :], digits.target[len(digits.target) // 2 :]
    seconds = np.sort(random.integers(0, int((ENDS - PILOT_STARTS).total_seconds()), FORMS))
    with target.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["form", "received_at", "channel", "pixels", "degradation", "digit", "clerk", "booked_at"])
        for number, second in enumerate(seconds.tolist()):
            at = PILOT_STARTS + timedelta(seconds=second)
            channel = str(random.choice(CHANNELS, p=SHARE))
            which = int(random.integers(len(images)))
            truth, bad = int(truths[which]), random.random() < DEGRADED[channel]
            image = degraded(images[which], random) if bad else images[which]
            clerk = truth if random.random() < CLERK_RIGHT[bad] else (truth + int(random.integers(1, 10))) % 10
            booked = at + timedelta(hours=float(random.exponential(20)))
            times = [at.isoformat(), booked.isoformat(timespec="seconds")]
            sheet.writerow([f"F{number:06d}", times[0], channel, ink(image), int(bad), truth, clerk, times[1]])


def degraded(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The image noisy, blurred or turned, one of the three."""
    kind = random.integers(3)
    if kind == 0:
        return np.clip(image + random.normal(0, 2, image.shape), 0, 16)
    if kind == 1:
        return gaussian_filter(image, 0.7)
    return np.clip(rotate(image, random.choice([-15, 15]), reshape=False, order=1), 0, 16)


def ink(image: np.ndarray) -> str:
    """64 characters, row by row."""
    return "".join(INK[round(float(value))] for value in image.ravel())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
