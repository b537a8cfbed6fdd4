"""The figures of rates: what they say is drawn from the numbers."""

import numpy as np
import pytest

from course.errors import ArgumentError
from course.figures import (
    range_test_curves,
    rates_above_accuracy,
    restart_cycles,
    schedule_curves,
)
from course.lr_finder import LRRangeTest
from course.schedules import constant, linear, sample, warm_restarts


def range_test(shift=0.0, scale=1.0):
    rates = np.geomspace(1e-5, 10, 60)
    losses = scale * (2.3 - 2 / (1 + 0.01 * 10**shift / rates)) + rates**2 / 9
    noisy = losses + 0.05 * np.sin(np.arange(60))
    return LRRangeTest(rates, noisy, losses, "finished")


def test_a_schedule_is_drawn_with_the_value_of_each_step():
    axes = schedule_curves({"a": linear(1.0, 0.0, 4), "b": constant(0.5)}, 6).axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [1, 0.75, 0.5, 0.25, 0, 0])
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 0.5)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_the_cycles_of_restarts_are_drawn_apart_and_counted_in_epochs():
    axes = restart_cycles(1.0, 0.2, n_cycles=3, cycle_len=1, cycle_mult=2, batches=10).axes[0]
    cycles = axes.lines[:3]
    assert [len(line.get_xdata()) for line in cycles] == [10, 20, 40]
    drawn = np.concatenate([line.get_ydata() for line in cycles])
    np.testing.assert_array_equal(drawn, sample(warm_restarts(1.0, 0.2, 10, 2), 70))
    np.testing.assert_allclose(cycles[2].get_xdata()[[0, -1]], [3, 6.9])
    assert [line.get_xdata()[0] for line in axes.lines[3:5]] == [1, 3]  # the restarts


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({}, "3 cycles of 1, 2 and 4 epochs: 7 in all"),
        ({"n_cycles": 1}, "1 cycle of 1 epoch"),
        ({"n_cycles": 1, "cycle_len": 3}, "1 cycle of 3 epochs"),
        ({"n_cycles": 2, "cycle_mult": 1, "cycle_len": 5}, "2 cycles of 5 and 5 epochs: 10 in all"),
        ({"n_cycles": 6, "batches": 3}, "6 cycles of 1, 2, 4, ..., 32 epochs: 63 in all"),
    ],
)
def test_the_title_of_restarts_counts_them(options, title):
    assert restart_cycles(**options).axes[0].get_title(loc="left") == title


def suggested(axes, marker):
    """The places of the markers of one rule."""
    return [line.get_xdata()[0] for line in axes.lines if line.get_marker() == marker]


def test_a_range_test_shows_both_curves_and_each_suggestion_where_it_lies():
    test = range_test()
    top, rows = range_test_curves(test).axes
    np.testing.assert_array_equal(top.lines[0].get_ydata(), test.losses)
    np.testing.assert_array_equal(top.lines[1].get_ydata(), test.smoothed)
    found = test.suggestions()
    for axes in (top, rows):
        assert suggested(axes, "o") == [found.valley]
        assert suggested(axes, "s") == [found.minimum_over_ten]
        assert suggested(axes, "^") == [found.steepest]
    marked = next(line for line in top.lines if line.get_marker() == "^")
    place = int(np.flatnonzero(test.rates == found.steepest)[0])
    assert marked.get_ydata()[0] == pytest.approx(test.smoothed[place])


def test_several_seeds_share_a_figure_with_their_medians_in_the_rows():
    tests = [range_test(shift) for shift in (0.0, 0.3, 0.9)]
    top, rows = range_test_curves(tests).axes
    rates = [test.steepest() for test in tests]
    assert suggested(rows, "^") == rates == sorted(rates)
    assert rows.get_yticklabels()[2].get_text() == f"steepest: {rates[1]:.2g}"
    labels = [text.get_text() for text in top.get_legend().get_texts()]
    assert labels == ["each batch", "smoothed"]  # once, not once a seed


def test_a_curve_that_blows_up_does_not_squash_what_falls():
    test = range_test()
    test.losses[-1], test.smoothed[-1] = np.inf, np.inf
    test.losses[-2], test.smoothed[-2] = 1e6, 1e6
    low, high = range_test_curves(test).axes[0].get_ylim()
    assert low < test.losses[np.isfinite(test.losses)].min()
    assert test.smoothed[0] < high < 2 * test.smoothed[0]


def test_a_rule_that_finds_nothing_says_so():
    rising = range_test(scale=-1.0)
    rows = range_test_curves(rising).axes[1]
    labels = [label.get_text() for label in rows.get_yticklabels()]
    assert labels == ["valley: none", "minimum / 10: none", "steepest: none"]


def test_rates_stand_above_the_accuracy_of_the_same_epochs():
    rates = {"constant": np.full(6, 0.1), "SGDR": sample(warm_restarts(0.1, 0.0, 2, 2), 6)}
    accuracies = {"constant": [0.5, 0.6, 0.7], "SGDR": [0.4, 0.7, 0.8]}
    top, bottom = rates_above_accuracy(rates, accuracies, restarts=[2]).axes
    np.testing.assert_array_equal(top.lines[1].get_ydata(), rates["SGDR"])
    np.testing.assert_allclose(top.lines[1].get_xdata(), np.arange(6) / 2)
    np.testing.assert_allclose(bottom.lines[1].get_ydata(), accuracies["SGDR"])
    np.testing.assert_allclose(bottom.lines[1].get_xdata(), [1, 2, 3])
    assert top.lines[2].get_xdata()[0] == bottom.lines[2].get_xdata()[0] == 1.0  # the restart


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: schedule_curves({}, 9), "schedules: .*1 to 4"),
        (lambda: schedule_curves({"a": 0.1}, 9), "schedule: .*constant"),
        (lambda: schedule_curves({"a": constant(1)}, 0), "steps: "),
        (lambda: restart_cycles(batches=0), "batches: "),
        (lambda: restart_cycles(0.1, 0.2), "minimum: "),
        (lambda: restart_cycles(cycle_mult=0), "cycle_mult: "),
        (lambda: range_test_curves([]), "tests: .*none"),
        (lambda: range_test_curves([1.0]), "tests: .*got 1.0"),
        (lambda: rates_above_accuracy({}, {}), "rates: .*1 to 4"),
        (lambda: rates_above_accuracy({"a": [1.0]}, {"b": [1.0]}), r"accuracies: .*\['a'\]"),
        (lambda: rates_above_accuracy({"a": [1.0] * 5}, {"a": [0.5] * 2}), "rates: .*multiple"),
        (lambda: rates_above_accuracy({"a": [np.nan]}, {"a": [0.5]}), "rates: .*NaN"),
        (lambda: rates_above_accuracy({"a": [1.0]}, {"a": []}), "accuracies: "),
    ],
)
def test_what_cannot_be_drawn_is_named(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
