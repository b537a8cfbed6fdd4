# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Two small exercises
#
# The mean of squares of $x$, and a sum by rows. Expected for `[1, 2, 3]`: `4.666667`.
#
# ```python
# mean_square([1, 2, 3])
# ```
#
# ## When you are done, you can
#
# - square numbers and
#   average them;
# - add up rows.

# %% setup="imports"
import numpy as np
import numpy.typing as npt

from course.testing import assert_close, exercise, probe

Array = npt.NDArray[np.float64]

# %% [markdown]
# ## The mean of squares


# %% answer="mean_square" title="The mean of squares" minutes=5
def mean_square(x: Array) -> float:
    """The mean of the squares of `x`."""
    ### BEGIN SOLUTION
    squares_of_all_entries = np.asarray(x) ** 2
    total_of_the_squares = squares_of_all_entries.sum()
    number_of_entries = squares_of_all_entries.size
    return float(total_of_the_squares / number_of_entries)
    ### END SOLUTION


# %% test="mean_square_by_hand" exercise="mean_square" points=1 title="three numbers by hand"
with exercise("mean_square"):
    assert_close(mean_square(np.array([1.0, 2.0, 3.0])), 14 / 3, "the mean of squares")

# %% hidden="mean_square_twice" exercise="mean_square" points=2 title="twice the data, same mean"
data_drawn_once = np.random.default_rng(7).normal(size=11)
data_seen_twice = np.concatenate([data_drawn_once, data_drawn_once])
assert_close(mean_square(data_seen_twice), mean_square(data_drawn_once), "twice the data")


# %% hidden="mean_square_input" exercise="mean_square" points=1 title="the input stays as it was"
@probe
def leaves_its_input_alone(values: Array) -> bool:
    before = values.copy()
    mean_square(values)
    return bool((before == values).all())


assert leaves_its_input_alone(np.array([3.0, -1.0])), "your function changed its input"

# %% [markdown]
# ## Sums by rows


# %% answer="row_sums" title="Sums by rows" minutes=3
def row_sums(rows: Array) -> Array:
    """The sum of each row of `rows`."""
    ### BEGIN SOLUTION
    return np.asarray(rows).sum(axis=1)
    ### END SOLUTION


# %% test="row_sums_by_hand" exercise="row_sums" points=1 title="two rows by hand"
with exercise("row_sums"):
    assert_close(row_sums(np.array([[1.0, 2.0], [3.0, 4.0]])), [3.0, 7.0], "the sums")

# %% hidden="row_sums_one_row" exercise="row_sums" points=1.5 title="a single row"
assert_close(row_sums(np.array([[0.5, 0.25, 0.25]])), [1.0], "the sum of one row")

# %% figure="squares"
squares_below_four = [number**2 for number in range(4)]

# %% [markdown]
# ## A question
#
# Why does doubling the data leave the mean as it is?

# %% [markdown] written="why_unchanged" points=5 title="Why does the mean stay?" minutes=2
# ### BEGIN SOLUTION
# Both the sum of squares and the number of entries double, so the quotient stays.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# - 3 points for naming that numerator and denominator double
# - 2 points for the conclusion about the quotient
# ### END MARK SCHEME
