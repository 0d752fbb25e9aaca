"""Writes kolmogorov_smirnov.txt: two-sample Kolmogorov-Smirnov tests by scipy.stats.ks_2samp.

    python3 kolmogorov_smirnov.py

A case is a paragraph of lines `name value...`. First, pairs of samples with

    two_sided    statistic and exact p-value of recent against older
    one_sided    the same, for recent values that are the larger ones

then windows over a stream: the values, counted from 0, at which the newest `recent_size` of the
last `window_size` values differ from the others with a p-value of at most `alpha`; the next window
then begins with the recent values.
"""

import os
import warnings

import numpy as np
import scipy
from scipy.stats import ks_2samp

SIZES = [(1, 4), (5, 5), (5, 20), (10, 15), (30, 70), (70, 30), (40, 260)]
SHIFTS = [0, 0.3, -1, 2, 10]

warnings.simplefilter("always")
generator = np.random.default_rng(22)


def number(value):
    """Returns 17 significant digits, which parse to the same number."""
    return format(value, ".17g")


def test(recent, older, one_sided):
    # The alternative is F < G somewhere, for the distribution function F of the recent values,
    # which means that the recent values are larger.
    alternative = "less" if one_sided else "two-sided"
    with warnings.catch_warnings(record=True) as caught:
        result = ks_2samp(recent, older, alternative=alternative, method="exact")
    # SciPy warns, and does not return an exact p-value, if rounding has made it larger than 1.
    return result.statistic, 1 if caught else result.pvalue


def samples():
    for recent_size, older_size in SIZES:
        for shift in SHIFTS:
            for decimals in (None, 1, 0):
                recent = shift + generator.standard_normal(recent_size)
                older = generator.standard_normal(older_size)
                if decimals is not None:
                    recent, older = recent.round(decimals), older.round(decimals)
                yield {
                    "recent": recent,
                    "older": older,
                    "two_sided": test(recent, older, False),
                    "one_sided": test(recent, older, True),
                }


def windows():
    for window_size, recent_size, alpha, one_sided in [
        (100, 30, 0.005, False),
        (100, 30, 0.005, True),
        (60, 20, 1e-4, True),
        (200, 50, 1e-6, False),
    ]:
        means = np.repeat([1, 2, 0.5, 0.5, 4], 300)
        stream = (means * generator.exponential(size=len(means))).round(2)
        window, alarms = [], []
        for i, value in enumerate(stream):
            window = (window + [value])[-window_size:]
            if len(window) == window_size:
                older, recent = window[:-recent_size], window[-recent_size:]
                if test(recent, older, one_sided)[1] <= alpha:
                    alarms.append(i)
                    window = recent
        yield {
            "window_size": [window_size],
            "recent_size": [recent_size],
            "alpha": [alpha],
            "increases_only": [int(one_sided)],
            "stream": stream,
            "alarms": alarms,
        }


if __name__ == "__main__":
    path = os.path.splitext(os.path.abspath(__file__))[0] + ".txt"
    with open(path, "w") as out:
        out.write(f"# Written by kolmogorov_smirnov.py with SciPy {scipy.__version__}.\n")
        for case in [*samples(), *windows()]:
            out.write("\n")
            out.writelines(
                " ".join([name, *map(number, values)]) + "\n" for name, values in case.items()
            )
