"""How often would a right answer fail the one test of `sgdr` that trains? Run, and read the end.

    OMP_NUM_THREADS=1 python solutions/sgdr/false_failures.py 2000

`race` leaves the seeds to the learner, so `race_digits` looks at statistics of five seeds of
their choice. Here the notebook's own `train_digits` is run from many seeds, and the test's
bounds are applied to every five of them, drawn without repetition, a hundred thousand times.
"""

import re
import sys
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("notebook.py")
DRAWS = 100_000


def cell(key: str) -> str:
    """The code of one cell of the notebook's source."""
    found = re.search(
        rf"^# %% {key}.*?\n(.*?)(?=^# %%)", SOURCE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert found is not None, key
    return found[1]


def main(seeds: int) -> None:
    notebook: dict = {}
    exec(cell('setup="imports"') + cell('setup="digit_network"'), notebook)  # noqa: S102 - our own cells
    train = notebook["train_digits"]
    slow = np.array([train([0.02] * 84, seed)[-1] for seed in range(seeds)])
    fast = np.array([train([0.3] * 84, seed)[-1] for seed in range(seeds)])
    rng = np.random.default_rng(0)
    five = np.array([rng.choice(seeds, size=5, replace=False) for _ in range(DRAWS)])
    spread = fast[five].std(axis=1, ddof=1)
    error = (fast - slow)[five].std(axis=1, ddof=1) / np.sqrt(5)
    slow_mean, fast_mean = slow[five].mean(axis=1), fast[five].mean(axis=1)
    passed = (
        (slow_mean > 0.20)
        & (slow_mean < 0.55)
        & (fast_mean > 0.80)
        & (fast_mean < 0.97)
        & (spread > 0)
        & (spread < 0.12)
        & (error > 0)
        & (error < 0.12)
    )
    for name, seen in (
        ("mean with 0.02", slow_mean),
        ("mean with 0.3", fast_mean),
        ("spread with 0.3", spread),
        ("error of the difference", error),
    ):
        print(f"{name}: {seen.mean():.3f}, from {seen.min():.4f} to {seen.max():.4f}")
    print(f"{DRAWS} right answers judged, {int((~passed).sum())} failed")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
