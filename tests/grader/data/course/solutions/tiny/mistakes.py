"""The known wrong answers of the sample assignment."""

import numpy as np

from grader.mistakes import mistake


@mistake(
    exercise="mean_square",
    loses=["mean_square_by_hand", "mean_square_twice"],
    hint="You sum the squares; the definition averages them: what should doubling the data do?",
)
def sums_the_squares(x):
    """No division by the number of entries."""
    all_the_entries = np.asarray(x)
    return float((all_the_entries**2).sum())


@mistake(
    exercise="row_sums",
    loses={"row_sums_by_hand", "row_sums_one_row"},
    hint="These are the sums of the columns. Which axis runs along a row?",
)
def sums_the_columns(rows):
    return np.asarray(rows).sum(axis=0)  # the other axis
