"""Known wrong answers of `loss_functions`: what learners really write, and what to tell them.

Each function stands in for the answer of its exercise, loses exactly the tests in `loses`,
and carries the hint for a learner whose answers come out the same. A hint names the mistake
and says why it is one; it never hands over the code.

Names that a mistake uses and this file does not define (`loss_gradient`) are those of the
notebook's setup cells, beside which it runs.
"""

# ruff: noqa: F821

import numpy as np

from grader.mistakes import mistake

# --- 1 linear_scores ---------------------------------------------------------------------


@mistake(
    exercise="linear_scores",
    loses=["scores_by_hand", "scores_one_image", "scores_many_images", "scores_float32"],
    hint="The biases never reach the scores: the last row of W is left out. Every score should "
    "move by its class's bias, and an image that is all zeros should score exactly the biases.",
)
def scores_without_the_bias(W, X):
    return X @ W[:-1]


@mistake(
    exercise="linear_scores",
    loses=["scores_by_hand", "scores_one_image", "scores_many_images", "scores_float32"],
    hint="The extra pixel stands first, but the biases stand in the last row of W. So the first "
    "row of weights is treated as the bias and every pixel meets its neighbour's weight. Where "
    "must the 1 stand to meet the last row?",
)
def extra_pixel_in_front(W, X):
    ones = np.ones((X.shape[0], 1), dtype=X.dtype)
    return np.hstack([ones, X]) @ W


@mistake(
    exercise="linear_scores",
    loses=["scores_by_hand", "scores_one_image", "scores_many_images", "scores_float32"],
    hint="The numbers are right, but the table is lying on its side: you return one row per "
    "class. CS231n's convention is one row per image and one column per class, (N, C).",
)
def scores_on_their_side(W, X):
    ones = np.ones((X.shape[0], 1), dtype=X.dtype)
    return W.T @ np.hstack([X, ones]).T


@mistake(
    exercise="linear_scores",
    loses=["scores_one_image", "scores_many_images", "scores_float32"],
    hint="The column of ones has as many entries as an image has pixels, which fits only when N "
    "happens to equal D. Every image gets one extra pixel, so the column needs N entries.",
)
def a_one_for_every_pixel(W, X):
    ones = np.ones((X.shape[1], 1), dtype=X.dtype)
    return np.hstack([X, ones]) @ W


@mistake(
    exercise="linear_scores",
    loses=["scores_float32"],
    hint="The scores are right, but float32 goes in and float64 comes out: np.ones makes float64 "
    "unless it is told otherwise, and one float64 array turns the whole product into float64, "
    "at twice the memory. Give the ones the dtype of X.",
)
def ones_in_float64(W, X):
    return np.hstack([X, np.ones((X.shape[0], 1))]) @ W


@mistake(
    exercise="linear_scores",
    loses=["scores_one_image"],
    hint="With one image your table of scores collapses into a plain row of shape (C,), and "
    "whatever comes next and expects (N, C) breaks. Keep the first axis, even at length 1.",
)
def squeezes_a_single_image(W, X):
    ones = np.ones((X.shape[0], 1), dtype=X.dtype)
    return np.squeeze(np.hstack([X, ones]) @ W)


# --- 2 svm_loss_naive --------------------------------------------------------------------


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_at_zero", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="Your loss is too large by exactly delta. The sum also compares the correct class with "
    "itself, and that margin is always s_y - s_y + delta = delta. The definition sums over j != y "
    "only; beware, a gradient check cannot see this one.",
)
def naive_keeps_the_correct_class(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            total += max(0.0, scores[i, j] - scores[i, y[i]] + delta)
    return total / len(y)


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_at_zero", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="You add up the losses of all images; the definition takes their mean. With a sum, the "
    "loss (and with it the best learning rate) would depend on how many images you look at.",
)
def naive_sum_over_images(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, scores[i, j] - scores[i, y[i]] + delta)
    return total


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_at_zero", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="You average over all N * C entries. The definition *sums* over the classes and takes "
    "the mean over the images only, so ten equal scores should cost 9, not less than 1. (PyTorch's "
    "multi_margin_loss divides by C too: it is a different convention.)",
)
def naive_mean_over_classes_too(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, scores[i, j] - scores[i, y[i]] + delta)
    return total / scores.size


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_at_zero", "svm_naive_margin"],
    hint="Only the worst wrong class counts in your loss. That is Crammer and Singer's hinge "
    "(and scikit-learn's); CS231n's adds up over *all* wrong classes: the frog of the lecture is "
    "troubled by two of them, 6.3 and 6.6.",
)
def naive_worst_class_only(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        worst = 0.0
        for j in range(scores.shape[1]):
            if j != y[i]:
                worst = max(worst, scores[i, j] - scores[i, y[i]] + delta)
        total += worst
    return total / len(y)


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="The difference is the wrong way round: you charge for how far the correct class leads. "
    "A wrong class should cost more the *higher* it scores, so s_j comes first and s_y is "
    "subtracted.",
)
def naive_margin_reversed(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, scores[i, y[i]] - scores[i, j] + delta)
    return total / len(y)


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_at_zero", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="There is no margin in your loss: a correct class that leads by a hair already costs "
    "nothing, and equal scores cost 0 instead of C - 1. Every difference needs + delta before it "
    "is clipped.",
)
def naive_without_the_margin(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, scores[i, j] - scores[i, y[i]])
    return total / len(y)


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_margin"],
    hint="Right as long as the margin is 1, but the argument delta is never used. Somewhere "
    "a 1 is written where delta is meant.",
)
def naive_margin_always_one(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, scores[i, j] - scores[i, y[i]] + 1)
    return total / len(y)


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="Your terms are squared. The squared hinge is a loss in its own right (it punishes large "
    "violations more), but the one asked for grows in a straight line: the cat costs 2.9, not 8.4.",
)
def naive_squared_hinge(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, scores[i, j] - scores[i, y[i]] + delta) ** 2
    return total / len(y)


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="The terms are added up without being clipped at 0, so a class that is far behind earns a "
    "*discount* that hides another class's violation. Each term on its own is at least 0.",
)
def naive_without_clipping(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += scores[i, j] - scores[i, y[i]] + delta
    return total / len(y)


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_at_zero", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="Your function returns after the first image: the `return` stands inside the loop over "
    "the images. Look at its indentation.",
)
def naive_returns_after_one_image(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, scores[i, j] - scores[i, y[i]] + delta)
        return total / len(y)
    return total


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_at_zero", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="Only the last image counts: the running total is set back to 0 at the start of every "
    "image. It should start once, before the loop over the images.",
)
def naive_total_starts_over(scores, y, delta=1.0):
    for i in range(len(y)):
        total = 0.0
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, scores[i, j] - scores[i, y[i]] + delta)
    return total / len(y)


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_lecture", "svm_naive_margin", "svm_naive_whole_numbers"],
    hint="You count the classes that come too close instead of adding up *by how much* they do. "
    "Equal scores hide it, because then each of them misses by exactly 1.",
)
def naive_counts_violations(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i] and scores[i, j] - scores[i, y[i]] + delta > 0:
                total += 1
    return total / len(y)


@mistake(
    exercise="svm_loss_naive",
    loses=["svm_naive_input"],
    hint="The loss is right, but afterwards the caller's scores are changed: `-=` on a row of "
    "`scores` writes into the array that was handed in, not into a copy of it.",
)
def naive_shifts_the_callers_scores(scores, y, delta=1.0):
    total = 0.0
    for i in range(len(y)):
        row = scores[i]
        row -= row[y[i]]
        total += np.maximum(0, row + delta).sum() - delta
    return total / len(y)


# --- 3 svm_loss --------------------------------------------------------------------------


@mistake(
    exercise="svm_loss",
    loses=[
        "svm_loss_lecture",
        "svm_loss_small_weights",
        "svm_loss_random",
        "svm_loss_duplicated_batch",
        "svm_loss_relabelled",
    ],
    hint="Your loss is too large by exactly 1. In the clipped table the correct class still has "
    "its own entry, s_y - s_y + 1 = 1, in every row. It has to go before you add up; a gradient "
    "check would not have told you.",
)
def svm_keeps_the_correct_class(W, X, y, reg):
    scores = X @ W
    correct = scores[np.arange(len(y)), y][:, np.newaxis]
    margins = np.maximum(0, scores - correct + 1)
    return margins.sum() / len(y) + reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=[
        "svm_loss_lecture",
        "svm_loss_small_weights",
        "svm_loss_random",
        "svm_loss_duplicated_batch",
    ],
    hint="You add up over the images; the definition takes their mean. Every image twice should "
    "change nothing, but it doubles your loss.",
)
def svm_sum_over_images(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return margins.sum() + reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=[
        "svm_loss_lecture",
        "svm_loss_small_weights",
        "svm_loss_random",
        "svm_loss_duplicated_batch",
        "svm_loss_relabelled",
    ],
    hint="`np.mean` over the whole table divides by N * C. The definition sums over the classes "
    "and takes the mean over the images only: ten classes at zero weights should cost 9.",
)
def svm_mean_over_classes_too(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return margins.mean() + reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=[
        "svm_loss_lecture",
        "svm_loss_small_weights",
        "svm_loss_random",
        "svm_loss_duplicated_batch",
        "svm_loss_relabelled",
    ],
    hint="The 1 is missing: a wrong class that is just behind costs nothing in your loss, and "
    "with almost no weights the loss is almost 0 instead of C - 1.",
)
def svm_without_the_margin(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis])
    margins[rows, y] = 0
    return margins.sum() / len(y) + reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=[
        "svm_loss_lecture",
        "svm_loss_random",
        "svm_loss_duplicated_batch",
        "svm_loss_relabelled",
    ],
    hint="The difference is the wrong way round: the correct class is charged for leading. "
    "Subtract the correct score from the others, not the others from it.",
)
def svm_margin_reversed(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores[rows, y][:, np.newaxis] - scores + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y) + reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=[
        "svm_loss_lecture",
        "svm_loss_small_weights",
        "svm_loss_random",
        "svm_loss_duplicated_batch",
    ],
    hint="You take the largest margin of each image (Crammer and Singer's hinge). CS231n's loss "
    "adds up over *all* the wrong classes that come too close.",
)
def svm_worst_class_only(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return margins.max(axis=1).mean() + reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=["svm_loss_lecture", "svm_loss_random", "svm_loss_duplicated_batch"],
    hint="You clip at 0 after adding up over the classes. Then a class far behind pays for one "
    "that is too close. Clip every margin first, and add up afterwards.",
)
def svm_clips_after_the_sum(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = scores - scores[rows, y][:, np.newaxis] + 1
    margins[rows, y] = 0
    return np.maximum(0, margins.sum(axis=1)).mean() + reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=[
        "svm_loss_lecture",
        "svm_loss_small_weights",
        "svm_loss_random",
        "svm_loss_duplicated_batch",
        "svm_loss_input",
    ],
    hint="The correct scores line up with the wrong axis: a row of N numbers is subtracted from "
    "every *row* of the table (or does not fit at all). Each image has its own correct score, so "
    "they must stand as a column of shape (N, 1).",
)
def svm_correct_scores_as_a_row(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y] + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y) + reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=[
        "svm_loss_lecture",
        "svm_loss_small_weights",
        "svm_loss_random",
        "svm_loss_duplicated_batch",
    ],
    hint="`margins[:, y] = 0` wipes out whole columns: each class that is correct for *some* image "
    "is forgiven for *all* of them. One entry from each row needs a row number and a column "
    "number together.",
)
def svm_wipes_out_columns(W, X, y, reg):
    scores = X @ W
    margins = np.maximum(0, scores - scores[np.arange(len(y)), y][:, np.newaxis] + 1)
    margins[:, y] = 0
    return margins.sum() / len(y) + reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=["svm_loss_lecture", "svm_loss_random"],
    hint="The data part is right, but the penalty is missing: with reg = 0.1 the lecture's example "
    "should cost 8.95 more.",
)
def svm_without_the_penalty(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y)


@mistake(
    exercise="svm_loss",
    loses=["svm_loss_lecture", "svm_loss_random"],
    hint="Your penalty is half of what is asked for. Many books put 1/2 in front of it (so that "
    "its derivative is neat); here it is reg * sum(W**2) without the 1/2.",
)
def svm_half_a_penalty(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y) + 0.5 * reg * np.sum(W * W)


@mistake(
    exercise="svm_loss",
    loses=["svm_loss_lecture", "svm_loss_random"],
    hint="The penalty is divided by the number of images. The mean belongs to the data part "
    "alone; how large the weights are has nothing to do with how many images you look at.",
)
def svm_penalty_in_the_mean(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return (margins.sum() + reg * np.sum(W * W)) / len(y)


@mistake(
    exercise="svm_loss",
    loses=["svm_loss_lecture", "svm_loss_random"],
    hint="You penalise the *absolute values* of the weights. That is the L1 penalty; asked for is "
    "L2, the sum of the squares.",
)
def svm_absolute_penalty(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y) + reg * np.sum(np.abs(W))


@mistake(
    exercise="svm_loss",
    loses=["svm_loss_lecture", "svm_loss_random"],
    hint="`np.linalg.norm(W)` is the *square root* of the sum of squares. The penalty is the sum "
    "of squares itself.",
)
def svm_penalty_with_a_root(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y) + reg * np.linalg.norm(W)


@mistake(
    exercise="svm_loss",
    loses=["svm_loss_lecture", "svm_loss_random"],
    hint="The last row of W is missing from your penalty. Leaving out the bias is a good habit in "
    "many libraries, but the convention here takes in all of W as it is handed to you.",
)
def svm_penalty_without_the_last_row(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y) + reg * np.sum(W[:-1] ** 2)


@mistake(
    exercise="svm_loss",
    loses=["svm_loss_input"],
    hint="The loss is right, but afterwards the caller's weights are squared: `W *= W` (or `**=`) "
    "writes into the array that was handed in. Training would go on from there.",
)
def svm_squares_the_callers_weights(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    W *= W
    return margins.sum() / len(y) + reg * W.sum()


# --- 4 numerical_gradient ----------------------------------------------------------------


@mistake(
    exercise="numerical_gradient",
    loses=[
        "numerical_gradient_squares",
        "numerical_gradient_table",
        "numerical_gradient_step",
        "numerical_gradient_of_a_loss",
    ],
    hint="You step to one side only. That error falls with h, the error of the two-sided "
    "difference with h squared: for x**2 at 3 with h = 0.1 it is 6.1 against exactly 6.0.",
)
def one_sided_difference(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    here = f(x)
    for k in np.ndindex(x.shape):
        before = x[k]
        x[k] = before + h
        gradient[k] = (f(x) - here) / h
        x[k] = before
    return gradient


@mistake(
    exercise="numerical_gradient",
    loses=[
        "numerical_gradient_squares",
        "numerical_gradient_table",
        "numerical_gradient_step",
        "numerical_gradient_of_a_loss",
    ],
    hint="Everything is twice too large: between x - h and x + h lies a distance of 2h, and that "
    "is what the difference must be divided by.",
)
def divides_by_h(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        before = x[k]
        x[k] = before + h
        above = f(x)
        x[k] = before - h
        gradient[k] = (above - f(x)) / h
        x[k] = before
    return gradient


@mistake(
    exercise="numerical_gradient",
    loses=[
        "numerical_gradient_squares",
        "numerical_gradient_table",
        "numerical_gradient_step",
        "numerical_gradient_of_a_loss",
    ],
    hint="It reads (f(x + h) - f(x - h)) / 2 * h in your code: Python divides by 2 and then "
    "*multiplies* by h. The 2h needs parentheses.",
)
def divides_by_two_times_h(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        before = x[k]
        x[k] = before + h
        above = f(x)
        x[k] = before - h
        gradient[k] = (above - f(x)) / 2 * h
        x[k] = before
    return gradient


@mistake(
    exercise="numerical_gradient",
    loses=[
        "numerical_gradient_squares",
        "numerical_gradient_table",
        "numerical_gradient_step",
        "numerical_gradient_of_a_loss",
    ],
    hint="The gradient points the wrong way: f at x - h comes second in the difference, f at "
    "x + h first.",
)
def difference_reversed(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        before = x[k]
        x[k] = before + h
        above = f(x)
        x[k] = before - h
        gradient[k] = (f(x) - above) / (2 * h)
        x[k] = before
    return gradient


@mistake(
    exercise="numerical_gradient",
    loses=[
        "numerical_gradient_squares",
        "numerical_gradient_table",
        "numerical_gradient_of_a_loss",
    ],
    hint="Somewhere your numbers pass through float32, which keeps 7 digits. The difference of two "
    "nearly equal numbers eats nearly all of them. Gradient checks need float64 throughout.",
)
def differences_in_float32(f, x, h=1e-5):
    x32 = x.astype(np.float32)
    gradient = np.zeros_like(x32)
    for k in np.ndindex(x.shape):
        before = x32[k]
        x32[k] = before + h
        above = f(x32)
        x32[k] = before - h
        gradient[k] = (above - f(x32)) / (2 * h)
        x32[k] = before
    return gradient


@mistake(
    exercise="numerical_gradient",
    loses=["numerical_gradient_restores", "numerical_gradient_of_a_loss"],
    hint="The gradient is right, but x does not come back: every entry stays where the last "
    "nudge left it. Whoever trains with this x goes on from another place.",
)
def leaves_x_nudged(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        x[k] += h
        above = f(x)
        x[k] -= 2 * h
        gradient[k] = (above - f(x)) / (2 * h)
    return gradient


@mistake(
    exercise="numerical_gradient",
    loses=["numerical_gradient_restores"],
    hint="Almost: x comes back changed in its last digits, because adding h, subtracting 2h and "
    "adding h again rounds three times. Remember the old value and put that back.",
)
def walks_back_to_x(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        x[k] += h
        above = f(x)
        x[k] -= 2 * h
        gradient[k] = (above - f(x)) / (2 * h)
        x[k] += h
    return gradient


@mistake(
    exercise="numerical_gradient",
    loses=["numerical_gradient_step"],
    hint="The argument h is never used: the step is always 1e-5. On a curve such as x**3 with "
    "h = 0.5 the difference shows.",
)
def step_always_tiny(f, x, h=1e-5):
    h = 1e-5
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        before = x[k]
        x[k] = before + h
        above = f(x)
        x[k] = before - h
        gradient[k] = (above - f(x)) / (2 * h)
        x[k] = before
    return gradient


@mistake(
    exercise="numerical_gradient",
    loses=["numerical_gradient_table", "numerical_gradient_of_a_loss"],
    hint="You nudge a whole *row* of x at a time: `range(len(x))` counts the rows of a table. Then "
    "every entry of the row gets the slope of all of them together. Nudge one entry at a time.",
)
def nudges_whole_rows(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for k in range(len(x)):
        before = x[k].copy()
        x[k] = before + h
        above = f(x)
        x[k] = before - h
        gradient[k] = (above - f(x)) / (2 * h)
        x[k] = before
    return gradient


@mistake(
    exercise="numerical_gradient",
    loses=[
        "numerical_gradient_squares",
        "numerical_gradient_table",
        "numerical_gradient_step",
        "numerical_gradient_of_a_loss",
    ],
    hint="`x + h` nudges every entry at once, so you get one number: the sum of all the slopes. "
    "The gradient has one number for each entry, and each needs a nudge of its own.",
)
def nudges_everything_at_once(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2 * h)


# --- 5 relative_error --------------------------------------------------------------------


@mistake(
    exercise="relative_error",
    loses=["relative_error_by_hand", "relative_error_signs", "relative_error_scale"],
    hint="That is the *absolute* error. 0.001 is much beside 0.001 and nothing beside 1000, so it "
    "has to be divided by the size of the numbers themselves.",
)
def absolute_error(a, b):
    return np.abs(np.subtract(a, b))


@mistake(
    exercise="relative_error",
    loses=["relative_error_by_hand", "relative_error_scale"],
    hint="Where both numbers are 0 you divide 0 by 0, and the answer is not a number. Two zeros "
    "agree, so their error is 0. (Black pixels give many such pairs.)",
)
def zero_over_zero(a, b):
    scale = np.maximum(np.abs(a), np.abs(b))
    with np.errstate(invalid="ignore"):
        return np.abs(np.subtract(a, b)) / np.float64(scale)


@mistake(
    exercise="relative_error",
    loses=["relative_error_by_hand", "relative_error_signs", "relative_error_scale"],
    hint="You divide by the *sum* of the two sizes. CS231n's own rel_error does so, and its errors "
    "come out about half as large; its notes, and this exercise, divide by the larger of the two.",
)
def divides_by_the_sum(a, b):
    scale = np.abs(a) + np.abs(b)
    return np.abs(np.subtract(a, b)) / np.where(scale == 0, 1, scale)


@mistake(
    exercise="relative_error",
    loses=["relative_error_by_hand", "relative_error_signs", "relative_error_scale"],
    hint="You always divide by the first number, so the answer depends on the order of the two. "
    "Divide by the larger one.",
)
def divides_by_the_first(a, b):
    scale = np.abs(a)
    return np.abs(np.subtract(a, b)) / np.where(scale == 0, 1, scale)


@mistake(
    exercise="relative_error",
    loses=["relative_error_signs"],
    hint="You divide by max(a, b), without taking absolute values. For two negative numbers that "
    "is the smaller one in size, and the error comes out negative.",
)
def scale_keeps_its_sign(a, b):
    scale = np.maximum(a, b)
    return np.abs(np.subtract(a, b)) / np.where(scale == 0, 1, scale)


@mistake(
    exercise="relative_error",
    loses=["relative_error_by_hand", "relative_error_signs", "relative_error_scale"],
    hint="The difference keeps its sign, so an error can come out negative, and `max` would then "
    "overlook it. Take its absolute value.",
)
def difference_keeps_its_sign(a, b):
    scale = np.maximum(np.abs(a), np.abs(b))
    return np.subtract(a, b) / np.where(scale == 0, 1, scale)


@mistake(
    exercise="relative_error",
    loses=["relative_error_scale"],
    hint="A floor such as 1e-8 under the division keeps 0/0 away, but it also calls 1e-9 and 2e-9 "
    "nearly equal. Gradients can be that small. Treat only the case where both are exactly 0.",
)
def scale_with_a_floor(a, b):
    scale = np.maximum(1e-8, np.maximum(np.abs(a), np.abs(b)))
    return np.abs(np.subtract(a, b)) / scale


@mistake(
    exercise="relative_error",
    loses=["relative_error_by_hand", "relative_error_scale"],
    hint="You return the worst entry only, as CS231n's rel_error does. Asked for is one error "
    "per entry, so that one can see where two gradients part.",
)
def worst_entry_only(a, b):
    scale = np.maximum(np.abs(a), np.abs(b))
    return np.max(np.abs(np.subtract(a, b)) / np.where(scale == 0, 1, scale))


@mistake(
    exercise="relative_error",
    loses=["relative_error_by_hand", "relative_error_scale"],
    hint="Every difference is divided by the largest number of the *whole* array, so the error of "
    "a small entry disappears beside a large one. Each pair has its own scale.",
)
def one_scale_for_all(a, b):
    scale = max(np.max(np.abs(a)), np.max(np.abs(b)))
    return np.abs(np.subtract(a, b)) / (scale or 1)


# --- 6 svm_gradient ----------------------------------------------------------------------


@mistake(
    exercise="svm_gradient",
    loses=["svm_gradient_penalty", "svm_gradient_two_classes", "svm_gradient_many_classes"],
    hint="The data part is right, but the derivative of reg * w**2 is 2 * reg * w, not reg * w. "
    "With weights of 1e-4 no gradient check would have noticed; with weights near 1 it is plain.",
)
def penalty_slope_without_the_two(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    return X.T @ slopes / len(y) + reg * W


@mistake(
    exercise="svm_gradient",
    loses=["svm_gradient_penalty", "svm_gradient_two_classes", "svm_gradient_many_classes"],
    hint="The penalty is in the loss, so its slope must be in the gradient too; yours is missing.",
)
def penalty_slope_missing(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    return X.T @ slopes / len(y)


@mistake(
    exercise="svm_gradient",
    loses=["svm_gradient_penalty", "svm_gradient_two_classes", "svm_gradient_many_classes"],
    hint="The penalty's slope is divided by the number of images as well. Only the data part is "
    "a mean over images.",
)
def penalty_slope_in_the_mean(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    return (X.T @ slopes + 2 * reg * W) / len(y)


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_two_classes",
        "svm_gradient_many_classes",
        "svm_gradient_duplicated_batch",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="The 1/N of the mean is missing. If it is missing from the loss too, a gradient check is "
    "happy; the same image three times, which should change nothing, is not.",
)
def svm_gradient_of_the_sum(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    return X.T @ slopes + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_many_classes",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="The correct class is pushed once per image, however many classes come too close. It "
    "appears in *each* of those margins, so it is pushed as often as there are of them. (With two "
    "classes there is never more than one, and the mistake cannot be seen.)",
)
def correct_class_pushed_once(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -np.sign(slopes.sum(axis=1))
    return X.T @ slopes / len(y) + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_two_classes",
        "svm_gradient_many_classes",
        "svm_gradient_duplicated_batch",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="The correct class is counted among those that come too close to it (its own margin is "
    "s_y - s_y + 1 = 1, which is positive), so it is pushed once too often. Take it out before "
    "you count.",
)
def correct_class_counted_too(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = -slopes.sum(axis=1)
    return X.T @ slopes / len(y) + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_two_classes",
        "svm_gradient_many_classes",
        "svm_gradient_duplicated_batch",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="The correct class is pushed by all C - 1 others, even those that keep their distance. "
    "Only positive margins push.",
)
def pushed_by_every_class(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = -(W.shape[1] - 1)
    return X.T @ slopes / len(y) + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_two_classes",
        "svm_gradient_many_classes",
        "svm_gradient_duplicated_batch",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="The classes that come too close are pushed down, but nobody pushes the correct class up: "
    "its entry stays 0. It appears in each of those margins, with a minus sign.",
)
def correct_class_not_pushed(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    return X.T @ slopes / len(y) + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_two_classes",
        "svm_gradient_many_classes",
        "svm_gradient_duplicated_batch",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="You multiply by the margins themselves. A hinge has slope 0 or 1, however large the "
    "violation is; what you have belongs to the squared hinge.",
)
def slopes_grow_with_the_margin(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    return X.T @ slopes / len(y) + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=["svm_gradient_many_classes", "svm_gradient_relabelled"],
    hint="Only classes that have already overtaken the correct one count in your gradient. A class "
    "that is behind, but by less than the margin of 1, pushes just as hard.",
)
def slopes_without_the_margin(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] > 0).astype(W.dtype)
    slopes[rows, y] = -slopes.sum(axis=1)
    return X.T @ slopes / len(y) + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_two_classes",
        "svm_gradient_many_classes",
        "svm_gradient_duplicated_batch",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="The data part has the wrong sign: stepping against your gradient would raise the loss. "
    "Classes that come too close have slope +1, the correct class minus their number.",
)
def svm_gradient_upside_down(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    return -X.T @ slopes / len(y) + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_two_classes",
        "svm_gradient_many_classes",
        "svm_gradient_duplicated_batch",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="You divide by N * C. The loss is a mean over the N images and a *sum* over the classes.",
)
def svm_gradient_mean_over_classes_too(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    return X.T @ slopes / slopes.size + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_penalty",
        "svm_gradient_two_classes",
        "svm_gradient_many_classes",
        "svm_gradient_duplicated_batch",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="You add up the slopes of all images without weighing each image by its pixels, so every "
    "pixel gets the same gradient. A weight's slope is the score's slope times the pixel that it "
    "multiplies.",
)
def slopes_without_the_images(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    return np.tile(slopes.mean(axis=0), (W.shape[0], 1)) + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=[
        "svm_gradient_lecture",
        "svm_gradient_penalty",
        "svm_gradient_two_classes",
        "svm_gradient_many_classes",
        "svm_gradient_duplicated_batch",
        "svm_gradient_relabelled",
        "svm_gradient_float32",
    ],
    hint="The gradient is right but lies on its side: one row per class. It must have the shape "
    "of W, (D, C), or it cannot be subtracted from it.",
)
def svm_gradient_on_its_side(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    return (X.T @ slopes / len(y) + 2 * reg * W).T


@mistake(
    exercise="svm_gradient",
    loses=["svm_gradient_float32"],
    hint="The numbers are right, but float32 weights get a float64 gradient: np.zeros makes "
    "float64 unless it is told otherwise. Give your table the dtype of W.",
)
def svm_gradient_in_float64(W, X, y, reg):
    scores = X @ W
    slopes = np.zeros(scores.shape)
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i] and scores[i, j] - scores[i, y[i]] + 1 > 0:
                slopes[i, j] += 1
                slopes[i, y[i]] -= 1
    return X.T @ slopes / len(y) + 2 * reg * W


@mistake(
    exercise="svm_gradient",
    loses=["svm_gradient_input"],
    hint="The gradient is right, but the caller's weights have changed: `gradient = W` gives the "
    "same array a second name, and whatever you add to the one is added to the other.",
)
def gradient_is_another_name_for_w(W, X, y, reg):
    scores = X @ W
    rows = np.arange(len(y))
    slopes = (scores - scores[rows, y][:, np.newaxis] + 1 > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)
    gradient = W
    gradient *= 2 * reg
    gradient += X.T @ slopes / len(y)
    return gradient


# --- 7 softmax_loss ----------------------------------------------------------------------


@mistake(
    exercise="softmax_loss",
    loses=["softmax_loss_huge", "softmax_loss_far_apart"],
    hint="exp(10000) is infinite, and infinity divided by infinity is not a number. Nothing is "
    "wrong with the formula, only with its size: shift the scores of each image first. The "
    "notebook says by how much, and why that changes nothing.",
)
def ratio_without_the_shift(scores, y):
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        return -np.mean(np.log(probabilities[np.arange(len(y)), y]))


@mistake(
    exercise="softmax_loss",
    loses=["softmax_loss_huge", "softmax_loss_far_apart"],
    hint="The formula is right, but exp(10000) is infinite, and the loss is no longer a number. "
    "Shift the scores before you take exp; the notebook says by how much, and why that changes "
    "nothing.",
)
def softmax_without_the_shift(scores, y):
    with np.errstate(all="ignore"):
        log_sums = np.log(np.exp(scores).sum(axis=1))
        return np.mean(log_sums - scores[np.arange(len(y)), y])


@mistake(
    exercise="softmax_loss",
    loses=["softmax_loss_huge"],
    hint="You shift well, but then take the logarithm of the *probability*. One that is small "
    "enough is rounded to 0, and the logarithm of 0 is minus infinity. Write the logarithm of the "
    "fraction as a difference first.",
)
def logarithm_of_the_softmax(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        return -np.mean(np.log(probabilities[np.arange(len(y)), y]))


@mistake(
    exercise="softmax_loss",
    loses=["softmax_loss_huge"],
    hint="To keep log away from 0 you add a tiny number to the probability. That caps the loss at "
    "about 20 or 30, where 20000 is right, and bends every other value a little. With the "
    "logarithm written as a difference no such crutch is needed.",
)
def logarithm_with_a_crutch(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return -np.mean(np.log(probabilities[np.arange(len(y)), y] + 1e-12))


@mistake(
    exercise="softmax_loss",
    loses=["softmax_loss_far_apart"],
    hint="You subtract one maximum, that of the whole table. An image whose scores all lie far "
    "below it has nothing but zeros after exp, and log(0) is minus infinity. Every image needs the "
    "maximum of its own row.",
)
def one_maximum_for_all(scores, y):
    shifted = scores - scores.max()
    with np.errstate(divide="ignore"):
        log_sums = np.log(np.exp(shifted).sum(axis=1))
    return np.mean(log_sums - shifted[np.arange(len(y)), y])


@mistake(
    exercise="softmax_loss",
    loses=[
        "softmax_loss_lecture",
        "softmax_loss_huge",
        "softmax_loss_far_apart",
        "softmax_loss_random",
        "softmax_loss_duplicated_batch",
    ],
    hint="You normalise down the columns (axis 0): the images compete with one another for each "
    "class. The classes compete within an image, that is along axis 1.",
)
def softmax_along_the_wrong_axis(scores, y):
    shifted = scores - scores.max(axis=0, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=0, keepdims=True))
    return np.mean((log_sums - shifted)[np.arange(len(y)), y])


@mistake(
    exercise="softmax_loss",
    loses=[
        "softmax_loss_lecture",
        "softmax_loss_far_apart",
        "softmax_loss_random",
        "softmax_loss_duplicated_batch",
    ],
    hint="You add up over the images; the loss is their mean. Every image twice should change "
    "nothing.",
)
def softmax_sum_over_images(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return np.sum(log_sums - shifted[np.arange(len(y)), y])


@mistake(
    exercise="softmax_loss",
    loses=[
        "softmax_loss_lecture",
        "softmax_loss_huge",
        "softmax_loss_far_apart",
        "softmax_loss_random",
        "softmax_loss_duplicated_batch",
    ],
    hint="Your logarithm is to base 10, the very slip of the slide: -log10(0.13) = 0.89, but "
    "-ln(0.13) = 2.04. Cross-entropy uses the natural logarithm, np.log.",
)
def logarithm_to_base_ten(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log10(np.exp(shifted).sum(axis=1))
    return np.mean(log_sums - shifted[np.arange(len(y)), y] / np.log(10))


@mistake(
    exercise="softmax_loss",
    loses=[
        "softmax_loss_lecture",
        "softmax_loss_huge",
        "softmax_loss_far_apart",
        "softmax_loss_random",
        "softmax_loss_duplicated_batch",
    ],
    hint="Your logarithm is to base 2, so the loss is counted in bits. Cross-entropy here uses the "
    "natural logarithm, np.log: ten equal scores cost 2.3026.",
)
def logarithm_to_base_two(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log2(np.exp(shifted).sum(axis=1))
    return np.mean(log_sums - shifted[np.arange(len(y)), y] / np.log(2))


@mistake(
    exercise="softmax_loss",
    loses=[
        "softmax_loss_lecture",
        "softmax_loss_huge",
        "softmax_loss_far_apart",
        "softmax_loss_random",
        "softmax_loss_duplicated_batch",
    ],
    hint="The minus sign is missing: your loss is at most 0 and gets *larger* the better the "
    "classifier is. Loss is minus the logarithm of the probability.",
)
def softmax_loss_upside_down(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return np.mean(shifted[np.arange(len(y)), y] - log_sums)


@mistake(
    exercise="softmax_loss",
    loses=[
        "softmax_loss_lecture",
        "softmax_loss_huge",
        "softmax_loss_random",
        "softmax_loss_duplicated_batch",
    ],
    hint="You average the logarithms of the probabilities of *all* classes. Only the correct class "
    "of each image enters the loss.",
)
def averages_every_class(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.mean(log_sums - shifted)


@mistake(
    exercise="softmax_loss",
    loses=["softmax_loss_random", "softmax_loss_duplicated_batch"],
    hint="`scores[:, y]` takes whole columns, an N x N table, and the mean runs over all of it: "
    "every image is also charged for the other images' classes. One image hides it. Take one "
    "entry from each row.",
)
def takes_whole_columns(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.mean((log_sums - shifted)[:, y])


@mistake(
    exercise="softmax_loss",
    loses=[
        "softmax_loss_lecture",
        "softmax_loss_huge",
        "softmax_loss_far_apart",
        "softmax_loss_random",
        "softmax_loss_duplicated_batch",
    ],
    hint="The scores are shifted inside the exponentials but not where the correct score is "
    "subtracted (or the other way round). The shift cancels only if it is in both places.",
)
def shifted_in_one_place_only(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return np.mean(log_sums - scores[np.arange(len(y)), y])


@mistake(
    exercise="softmax_loss",
    loses=[
        "softmax_loss_lecture",
        "softmax_loss_huge",
        "softmax_loss_far_apart",
        "softmax_loss_random",
        "softmax_loss_duplicated_batch",
    ],
    hint="You return one loss per image. Asked for is one number, their mean.",
)
def one_loss_per_image(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return log_sums - shifted[np.arange(len(y)), y]


@mistake(
    exercise="softmax_loss",
    loses=["softmax_loss_input"],
    hint="The loss is right, but the caller's scores have changed: `scores -= ...` writes into the "
    "array that was handed in. Make a new array for the shifted scores.",
)
def shifts_the_callers_scores(scores, y):
    scores -= scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(scores).sum(axis=1))
    return np.mean(log_sums - scores[np.arange(len(y)), y])


# --- 8 softmax_gradient ------------------------------------------------------------------


@mistake(
    exercise="softmax_gradient",
    loses=["softmax_gradient_equal", "softmax_gradient_random", "softmax_gradient_huge"],
    hint="The 1/N of the mean is missing: with two images each row should be half as large as with "
    "one. If the loss forgets it as well, a gradient check stays silent.",
)
def softmax_gradient_of_the_sum(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    gradient = powers / powers.sum(axis=1, keepdims=True)
    gradient[np.arange(len(y)), y] -= 1
    return gradient


@mistake(
    exercise="softmax_gradient",
    loses=[
        "softmax_gradient_equal",
        "softmax_gradient_rows",
        "softmax_gradient_random",
        "softmax_gradient_huge",
        "softmax_gradient_float32",
    ],
    hint="You divide by N * C, the size of the whole table. The loss is a mean over the N images "
    "only.",
)
def softmax_gradient_mean_over_classes_too(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    gradient = powers / powers.sum(axis=1, keepdims=True)
    gradient[np.arange(len(y)), y] -= 1
    return gradient / scores.size


@mistake(
    exercise="softmax_gradient",
    loses=[
        "softmax_gradient_equal",
        "softmax_gradient_rows",
        "softmax_gradient_random",
        "softmax_gradient_huge",
        "softmax_gradient_float32",
    ],
    hint="That is p / N: the probabilities alone. Something is missing for the correct class; a "
    "row should add up to 0, and yours adds up to 1/N.",
)
def probabilities_alone(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) / len(y)


@mistake(
    exercise="softmax_gradient",
    loses=[
        "softmax_gradient_equal",
        "softmax_gradient_rows",
        "softmax_gradient_random",
        "softmax_gradient_huge",
        "softmax_gradient_float32",
    ],
    hint="The sign is reversed: you have truth minus probability. Stepping *against* the gradient "
    "must raise the correct score, so its entry is negative.",
)
def softmax_gradient_upside_down(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    gradient = powers / powers.sum(axis=1, keepdims=True)
    gradient[np.arange(len(y)), y] -= 1
    return -gradient / len(y)


@mistake(
    exercise="softmax_gradient",
    loses=[
        "softmax_gradient_equal",
        "softmax_gradient_rows",
        "softmax_gradient_random",
        "softmax_gradient_huge",
        "softmax_gradient_float32",
    ],
    hint="You subtract 1 from every class. The 1 is the truth, and only the correct class of each "
    "image is true.",
)
def one_from_every_class(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True) - 1) / len(y)


@mistake(
    exercise="softmax_gradient",
    loses=["softmax_gradient_equal", "softmax_gradient_random", "softmax_gradient_huge"],
    hint="`gradient[:, y] -= 1` subtracts from whole columns, in every image's row. With one image "
    "it looks right. Each image has one correct class: a row number and a column number together.",
)
def one_from_whole_columns(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    gradient = powers / powers.sum(axis=1, keepdims=True)
    gradient[:, y] -= 1
    return gradient / len(y)


@mistake(
    exercise="softmax_gradient",
    loses=["softmax_gradient_equal", "softmax_gradient_random", "softmax_gradient_huge"],
    hint="The 1 is taken off after the division by N, so with more than one image the row no "
    "longer adds up to 0. p - 1 first, then divide everything.",
)
def one_after_the_mean(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    gradient = powers / powers.sum(axis=1, keepdims=True) / len(y)
    gradient[np.arange(len(y)), y] -= 1
    return gradient


@mistake(
    exercise="softmax_gradient",
    loses=["softmax_gradient_huge"],
    hint="exp overflows for large scores, and infinity divided by infinity is not a number. The "
    "gradient needs the same shift as the loss.",
)
def softmax_gradient_without_the_shift(scores, y):
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        gradient = powers / powers.sum(axis=1, keepdims=True)
    gradient[np.arange(len(y)), y] -= 1
    return gradient / len(y)


@mistake(
    exercise="softmax_gradient",
    loses=["softmax_gradient_huge"],
    hint="You shift by the maximum of the whole table. For an image far below it all exponentials "
    "are 0, and 0 divided by 0 is not a number. Use the maximum of each row.",
)
def softmax_gradient_one_maximum(scores, y):
    powers = np.exp(scores - scores.max())
    with np.errstate(invalid="ignore"):
        gradient = powers / powers.sum(axis=1, keepdims=True)
    gradient[np.arange(len(y)), y] -= 1
    return gradient / len(y)


@mistake(
    exercise="softmax_gradient",
    loses=[
        "softmax_gradient_equal",
        "softmax_gradient_rows",
        "softmax_gradient_random",
        "softmax_gradient_huge",
        "softmax_gradient_float32",
    ],
    hint="The probabilities are normalised down the columns, over the images. They should add up "
    "to 1 within each row, over the classes.",
)
def softmax_gradient_along_the_wrong_axis(scores, y):
    powers = np.exp(scores - scores.max(axis=0, keepdims=True))
    gradient = powers / powers.sum(axis=0, keepdims=True)
    gradient[np.arange(len(y)), y] -= 1
    return gradient / len(y)


@mistake(
    exercise="softmax_gradient",
    loses=["softmax_gradient_float32"],
    hint="The numbers are right, but float32 scores get a float64 gradient: a table made by "
    "np.zeros or np.eye is float64 unless it is told otherwise.",
)
def softmax_gradient_in_float64(scores, y):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    truth = np.eye(scores.shape[1])[y]
    return (powers / powers.sum(axis=1, keepdims=True) - truth) / len(y)


@mistake(
    exercise="softmax_gradient",
    loses=["softmax_gradient_input"],
    hint="The gradient is right, but the caller's scores have changed: `scores -= ...` writes into "
    "the array that was handed in.",
)
def softmax_gradient_shifts_the_callers_scores(scores, y):
    scores -= scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    gradient = powers / powers.sum(axis=1, keepdims=True)
    gradient[np.arange(len(y)), y] -= 1
    return gradient / len(y)


# --- 9 train -----------------------------------------------------------------------------


@mistake(
    exercise="train",
    loses=["train_one_step", "train_twenty_digits", "train_three_steps", "train_penalty"],
    hint="You walk uphill: the gradient points to where the loss *grows*, so the step goes the "
    "other way.",
)
def climbs_the_loss(W, X, y, batches, learning_rate, reg):
    for batch in batches:
        W = W + learning_rate * loss_gradient(W, X[batch], y[batch], reg)
    return W


@mistake(
    exercise="train",
    loses=["train_twenty_digits", "train_three_steps", "train_penalty"],
    hint="Every step uses the gradient at the *starting* weights. After the first step you stand "
    "somewhere else, and the slope there is another one: take it at the current weights.",
)
def gradient_at_the_start(W, X, y, batches, learning_rate, reg):
    current = W.copy()
    for batch in batches:
        current -= learning_rate * loss_gradient(W, X[batch], y[batch], reg)
    return current


@mistake(
    exercise="train",
    loses=["train_twenty_digits", "train_three_steps", "train_penalty"],
    hint="Every step sets off from the starting weights again, so only the last batch counts. The "
    "next step starts where the last one ended.",
)
def every_step_from_the_start(W, X, y, batches, learning_rate, reg):
    for batch in batches:
        new = W - learning_rate * loss_gradient(W, X[batch], y[batch], reg)
    return new


@mistake(
    exercise="train",
    loses=["train_three_steps"],
    hint="Each step looks at all the images and the batch is never used. That is plain gradient "
    "descent; the S of SGD is to look at the images of the batch only.",
)
def uses_the_whole_set(W, X, y, batches, learning_rate, reg):
    for _ in batches:
        W = W - learning_rate * loss_gradient(W, X, y, reg)
    return W


@mistake(
    exercise="train",
    loses=["train_twenty_digits", "train_three_steps", "train_penalty"],
    hint="You return after the first batch: the `return` stands inside the loop. Look at its "
    "indentation.",
)
def stops_after_one_step(W, X, y, batches, learning_rate, reg):
    for batch in batches:
        return W - learning_rate * loss_gradient(W, X[batch], y[batch], reg)
    return W


@mistake(
    exercise="train",
    loses=["train_one_step", "train_three_steps", "train_penalty"],
    hint="The last batch is never used. Every batch counts, also a last one that is smaller than "
    "the others.",
)
def leaves_out_the_last_batch(W, X, y, batches, learning_rate, reg):
    for batch in batches[:-1]:
        W = W - learning_rate * loss_gradient(W, X[batch], y[batch], reg)
    return W


@mistake(
    exercise="train",
    loses=["train_three_steps", "train_penalty"],
    hint="You divide by the size of the batch, but the gradient that you are given is already that "
    "of a mean. Dividing twice makes the steps of large batches too small.",
)
def divides_by_the_batch_again(W, X, y, batches, learning_rate, reg):
    for batch in batches:
        W = W - learning_rate * loss_gradient(W, X[batch], y[batch], reg) / len(batch)
    return W


@mistake(
    exercise="train",
    loses=["train_penalty"],
    hint="The penalty gets lost on the way: `reg` never reaches the gradient.",
)
def trains_without_the_penalty(W, X, y, batches, learning_rate, reg):
    for batch in batches:
        W = W - learning_rate * loss_gradient(W, X[batch], y[batch], 0.0)
    return W


@mistake(
    exercise="train",
    loses=["train_three_steps", "train_penalty"],
    hint="The learning rate is never used: each step is as long as the gradient itself. With a "
    "rate of 1 it does not show.",
)
def without_a_learning_rate(W, X, y, batches, learning_rate, reg):
    for batch in batches:
        W = W - loss_gradient(W, X[batch], y[batch], reg)
    return W


@mistake(
    exercise="train",
    loses=["train_start"],
    hint="Your weights come out right, but the caller's starting weights have changed too: `W -= "
    "...` writes into the array that was handed in. To start a second run from the same place, "
    "somebody needs the old ones.",
)
def trains_the_callers_weights(W, X, y, batches, learning_rate, reg):
    for batch in batches:
        W -= learning_rate * loss_gradient(W, X[batch], y[batch], reg)
    return W
