"""Measure what the prose and the tests of `lr_finding` claim; `README.md` holds the results.

    .venv/bin/python solutions/lr_finding/measure.py

Runs the setup cells of the notebook and the library's range test; takes some minutes.
"""

import math
from pathlib import Path

import numpy as np
import torch.nn.functional as F

from course.lr_finder import exponential_moving_average, lr_range_test
from grader.authoring.source import read_source
from grader.records import Role

HERE = Path(__file__).parent
SEEDS = (5, 6, 7, 77, 78, 79)
N_RATES, N_SEEDS = 600, 200


def names_of_the_notebook():
    names = {"__name__": "notebook"}
    for cell in read_source(HERE / "notebook.py").cells:
        if cell.role is Role.SETUP:
            exec(compile(cell.source, cell.id, "exec"), names)  # noqa: S102 - our own notebook
    return names


NOTEBOOK = names_of_the_notebook()
train_digits = NOTEBOOK["train_digits"]


def range_test(seed, **options):
    model = NOTEBOOK["digits_net"](seed)
    batches, optimizer = NOTEBOOK["digits_batches"](seed, 4), NOTEBOOK["sgd"](model)
    return lr_range_test(model, batches, F.cross_entropy, optimizer, start=1e-4, **options)


def suggestions():
    print("what the rules say, seeds 0 to 4, beta = 0.9")
    tests = [range_test(seed, smoothing=0.9) for seed in range(5)]
    for rule in ("valley", "minimum_over_ten", "steepest"):
        print(f"  {rule}:", *(f"{getattr(test, rule)():.3g}" for test in tests))


def lateness():
    print("the rate of the lowest loss, by beta, seeds 0 to 4")
    tests = [range_test(seed, stop_factor=math.inf) for seed in range(5)]
    for beta in (0.0, 0.5, 0.9, 0.98):
        lowest = [np.nanargmin(exponential_moving_average(test.losses, beta)) for test in tests]
        rates = [test.rates[i] for i, test in zip(lowest, tests, strict=True)]
        print(f"  beta {beta}:", *(f"{rate:.2g}" for rate in rates))


def sweep():
    print("the accuracy after 7 epochs, seeds 0 to 4")
    for rate in (0.001, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0):
        print(f"  rate {rate}:", *(f"{train_digits(rate, seed):.3f}" for seed in range(5)))


def medians_at_right_rates():
    rates = np.geomspace(0.02, 0.2, N_RATES)
    found = np.array([[train_digits(float(rate), seed) for seed in SEEDS] for rate in rates])
    print(f"{N_RATES} rates from 0.02 to 0.2 on the seeds {SEEDS} of the tests")
    print(f"  single networks below 0.90: {(found < 0.9).sum()} of {found.size}")
    medians = np.median(found.reshape(N_RATES, 2, 3), axis=2)
    print(f"  tests that fail: {(medians < 0.9).sum()} of {medians.size}, ", end="")
    print(f"the lowest median {medians.min():.3f}")


def rates_of_the_careful_rules():
    rates, failed, lowest = [], 0, 1.0
    for seed in range(100, 100 + N_SEEDS):
        test = range_test(seed, smoothing=0.9)
        for rate in (test.valley(), test.minimum_over_ten()):
            networks = [train_digits(rate, 1000 + 3 * seed + k) for k in range(3)]
            median = float(np.median(networks))
            rates, failed, lowest = [*rates, rate], failed + (median < 0.9), min(lowest, median)
    print(f"valley and minimum / 10 of {N_SEEDS} range tests, {min(rates):.3g} to ", end="")
    print(f"{max(rates):.3g}, on three new seeds each: {failed} of {len(rates)} medians ", end="")
    print(f"below 0.90, the lowest {lowest:.3f}")


def not_undone():
    print("after a range test that is not undone, seeds 0 to 5: dead units, and the accuracy")
    for seed in range(6):
        model = NOTEBOOK["digits_net"](seed)
        optimizer = NOTEBOOK["sgd"](model)
        for (images, labels), rate in zip(
            NOTEBOOK["digits_batches"](seed, 4), np.geomspace(1e-4, 10, 100), strict=False
        ):
            optimizer.param_groups[0]["lr"] = float(rate)
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
        dead = int((model[:2](NOTEBOOK["PIXELS"][:1000]) == 0).all(dim=0).sum())
        reached = NOTEBOOK["accuracy_by_epoch"](0.1, seed, model=model)[-1]
        print(f"  {dead} of 64, {reached:.3f}")


if __name__ == "__main__":
    suggestions()
    lateness()
    sweep()
    not_undone()
    medians_at_right_rates()
    rates_of_the_careful_rules()
