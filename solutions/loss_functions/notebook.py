# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How wrong are we? Loss functions
#
# *AI Saturdays Lagos, week 3. Goes with CS231n lecture 3, "Loss functions and optimization".*
#
# A classifier that has learnt nothing and one that has learnt everything are the same few
# lines of code; only the numbers in `W` differ. To get from one to the other we need a single
# number that says **how wrong** the current `W` is (a *loss*), and the direction in which it
# gets less wrong (its *gradient*). You will write both, twice, referee them with a third
# function that knows no calculus, and then watch twenty digits being learnt.
#
# ## Contents
#
# | | section | you write | minutes |
# |---|---|---|---|
# | 1 | [Scores](#1.-Scores) | `linear_scores` | 10 |
# | 2 | [The SVM loss, one image at a time](#2.-The-SVM-loss,-one-image-at-a-time) | `svm_loss_naive` | 15 |
# | 3 | [All images at once](#3.-All-images-at-once) | `svm_loss` | 15 |
# | 4 | [A referee for gradients](#4.-A-referee-for-gradients) | `numerical_gradient`, `relative_error` | 20 |
# | 5 | [The gradient of the SVM loss](#5.-The-gradient-of-the-SVM-loss) | `svm_gradient` | 15 |
# | 6 | [Softmax and cross-entropy](#6.-Softmax-and-cross-entropy) | `softmax_loss`, `softmax_gradient` | 20 |
# | 7 | [Learning twenty digits](#7.-Learning-twenty-digits) | `train` | 10 |
# | 8 | [In your own words](#8.-In-your-own-words) | two short answers | 10 |
#
# About two hours, and a break after section 4 is a good idea. There are 100 points: 88 for code,
# 12 for the written answers.
#
# ## When you are done, you can
#
# - compute both losses for three images **with a pencil**, and say what they must be before
#   any training has happened;
# - write them, and their gradients, without a loop over images;
# - keep `exp` from overflowing, and say why the fix changes nothing;
# - check any gradient numerically, and name three mistakes that such a check does *not* catch.
#
# ## How to work through it
#
# Replace `raise NotImplementedError()` by your code and run the cell. Then type `%check` into a
# new cell below it: all tests of the exercise run on a copy of your notebook, and you hear which
# pass, what was seen where one does not, and which mistake it looks like. Stuck? `%hint` gives a
# nudge, then more each time you ask. `%progress` shows how far you are.
#
# The cells below an answer are its tests; run them to see the numbers for yourself. Of a hidden
# test you see the title only: `%check` runs it all the same. **No exercise uses your answer to
# another one**, so if you are stuck, go on and come back.
#
# The shapes are those of CS231n throughout: `X` is (N, D), one image per row; `W` has one
# **column** per class; `y` holds the N correct classes, numbered from 0.
#
# To read alongside: [Linear classification](https://cs231n.github.io/linear-classify/) and
# [Optimization](https://cs231n.github.io/optimization-1/) in the CS231n notes.

# %% setup="imports"
import numpy as np
import torch
import torch.nn.functional as F

from course.checking import open_notebook
from course.testing import assert_close, exercise, probe

torch.set_num_threads(1)
open_notebook("loss_functions")  # gives you %check, %hint, %solution and %progress

# %% [markdown]
# ## 1. Scores
#
# Our images are the 8 x 8 handwritten digits that come with scikit-learn: 64 pixels, 10 classes.

# %% figure="digits"
from course import figures
from course.data import digits

figures.digit_samples(digits())

# %% [markdown]
# A linear classifier gives every class a score: multiply each pixel by a weight, add up, add a
# bias. For all images and all classes in one line,
#
# $$ S = XW + b, \qquad S \text{ is } (N, C). $$
#
# Carrying `W` and `b` about separately is a nuisance, and there is a trick that makes the bias
# disappear: **give every image one more pixel that is always 1**, and put `b` into `W` as one more
# row, the last. The extra pixel switches the extra row on:
#
# $$ \begin{pmatrix} x_1 & \dots & x_D & 1 \end{pmatrix}
#    \begin{pmatrix} W \\ b \end{pmatrix} = xW + b. $$
#
# ### Exercise 1: the bias trick
#
# With two images of two pixels and three classes,
#
# ```
# X = 1  2        W =  1   0  -1
#     3  4             0   1   1
#                     10  20  30     <- the biases
# ```
#
# the first image scores 1·1 + 2·0 + 10 = 11 for class 0. **Expected output**, worth doing by hand
# once:
#
# ```
# 11  22  31
# 13  24  31
# ```


# %% answer="linear_scores" title="Scores with the bias trick" minutes=8
def linear_scores(W, X):
    """Score every image for every class, with the biases in the last row of `W`.

    Args:
        W: weights and, in the last row, biases; shape (D + 1, C).
        X: images, one per row, *without* the extra pixel; shape (N, D).

    Returns:
        The scores, shape (N, C), also for a single image. Two float32 arrays give float32.
    """
    ### BEGIN SOLUTION
    ones = np.ones((X.shape[0], 1), dtype=X.dtype)  # the dtype: float64 ones would upcast
    return np.hstack([X, ones]) @ W
    ### END SOLUTION


# %% [markdown] hints="linear_scores"
# 1. How many columns does `X` have, and how many rows has `W`? What has to happen to `X` before the
#    two can be multiplied?
# 2. Every image gets one more pixel that is always 1, as its *last* entry, so that it meets the
#    last row of `W`. For N images that is one column with N ones.
# 3. Make a column of ones of shape (N, 1) in the dtype of `X`, stack it to the right of `X` with
#    `np.hstack`, and multiply by `W`. Or multiply `X` by all rows of `W` but the last, and add the
#    last row.

# %% test="scores_by_hand" exercise="linear_scores" points=3 title="two images worked out by hand"
X = np.array([[1.0, 2.0], [3.0, 4.0]])
W = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0], [10.0, 20.0, 30.0]])
with exercise("linear_scores"):
    assert_close(linear_scores(W, X), [[11, 22, 31], [13, 24, 31]], "the scores")

# %% test="scores_one_image" exercise="linear_scores" points=1 title="one image is still a table, with one row"
X = np.array([[1.0, 2.0]])
W = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0], [10.0, 20.0, 30.0]])
with exercise("linear_scores"):
    assert_close(linear_scores(W, X), [[11, 22, 31]], "the scores of one image")

# %% hidden="scores_many_images" exercise="linear_scores" points=2 title="many images, few pixels"
rng = np.random.default_rng(1)
W, X = rng.normal(size=(4, 5)), rng.normal(size=(7, 3))
assert_close(linear_scores(W, X), X @ W[:-1] + W[-1], "the scores of 7 images with 3 pixels")

# %% hidden="scores_float32" exercise="linear_scores" points=2 title="float32 stays float32, float64 stays float64"
rng = np.random.default_rng(2)
W, X = rng.normal(size=(4, 2)), rng.normal(size=(5, 3))
for dtype in (np.float64, np.float32):
    got = np.asarray(linear_scores(W.astype(dtype), X.astype(dtype)))
    assert got.dtype == dtype, f"from {dtype.__name__} arrays your scores come out as {got.dtype}"
    assert_close(got, X @ W[:-1] + W[-1], "the scores", rtol=1e-4, atol=1e-5)

# %% [markdown]
# **What just happened.** Learning now has one thing to find, `W`, instead of two. From here on
# `X` already contains its column of ones, and scores are simply `X @ W`.

# %% [markdown]
# ## 2. The SVM loss, one image at a time
#
# Three images from the lecture, and how some classifier scores them:
#
# | image | cat | car | frog |
# |---|---|---|---|
# | a cat | **3.2** | 5.1 | -1.7 |
# | a car | 1.3 | **4.9** | 2.0 |
# | a frog | 2.2 | 2.5 | **-3.1** |
#
# The multiclass SVM (or *hinge*) loss has one demand: **the correct class must lead every other
# class by at least a margin Δ**. Who leads by that much costs nothing; whoever is closer
# costs the missing distance:
#
# $$ L_i = \sum_{j \neq y_i} \max(0,\; s_j - s_{y_i} + \Delta),
#    \qquad L = \frac1N \sum_{i=1}^{N} L_i. $$
#
# With Δ = 1, the image of the cat costs
#
# | other class | its score - the cat's + 1 | costs |
# |---|---|---|
# | car | 5.1 - 3.2 + 1 = 2.9 | 2.9 |
# | frog | -1.7 - 3.2 + 1 = -3.9 | 0 |
#
# which makes **2.9**. Do the car and the frog with a pencil, then compare with the picture: what
# rises above the dashed line is what you pay for.

# %% figure="lecture_scores"
from course import figures

figures.scores_as_bars(
    np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]),
    np.array([0, 1, 2]),
    names=["cat", "car", "frog"],
)

# %% [markdown]
# ### Exercise 2: a loop that reads like the formula
#
# Write it in the plainest way that you can: a loop over images, a loop over classes. It will be
# slow, it will be obviously right, and that is what it is for.
#
# **Expected output** for the lecture's images: 2.9, 0.0 and 12.9; together
# (2.9 + 0 + 12.9) / 3 = **5.27**.


# %% answer="svm_loss_naive" title="The SVM loss with loops" minutes=12 shortcuts="torch.nn.functional.multi_margin_loss"
def svm_loss_naive(scores, y, delta=1.0):
    """Return the mean multiclass SVM loss of some scores.

    Args:
        scores: one row per image, one column per class; shape (N, C); floats or whole numbers.
        y: the correct class of each image; shape (N,).
        delta: the lead that the correct class must have over every other class.

    Returns:
        One number: the mean over the N images. `scores` itself is left as it was.

    The sum is yours to write: an answer that calls PyTorch's `multi_margin_loss` earns nothing
    here. Compare with it as much as you like.
    """
    ### BEGIN SOLUTION
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, scores[i, j] - scores[i, y[i]] + delta)
    return total / len(y)
    ### END SOLUTION


# %% [markdown] hints="svm_loss_naive"
# 1. Do the cat with a pencil once more: which pairs of scores did you subtract, which did you
#    skip, and what did you do with a negative result?
# 2. Two loops, one inside the other: over the images, and for each image over all classes but the
#    correct one. A running total gathers what each pair costs.
# 3. Start a total at 0. For each image `i` and each class `j` other than `y[i]`, add the larger of 0
#    and (score of j, minus score of `y[i]`, plus `delta`). After the loops divide by the number of
#    images.

# %% test="svm_naive_lecture" exercise="svm_loss_naive" points=3 title="the lecture's three images"
cat, car, frog = [3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]
with exercise("svm_loss_naive"):
    assert_close(svm_loss_naive(np.array([cat]), np.array([0])), 2.9, "the loss of the cat")
    assert_close(svm_loss_naive(np.array([car]), np.array([1])), 0.0, "the loss of the car")
    assert_close(svm_loss_naive(np.array([frog]), np.array([2])), 12.9, "the loss of the frog")
    together = svm_loss_naive(np.array([cat, car, frog]), np.array([0, 1, 2]))
    assert_close(together, 15.8 / 3, "the loss of all three")

# %% test="svm_naive_at_zero" exercise="svm_loss_naive" points=2 title="when every score is 0"
with exercise("svm_loss_naive"):
    loss = svm_loss_naive(np.zeros((5, 10)), np.array([0, 3, 9, 3, 7]))
    assert_close(loss, 9.0, "the loss of 10 classes that all score 0")

# %% hidden="svm_naive_margin" exercise="svm_loss_naive" points=2 title="other margins than 1"
rng = np.random.default_rng(3)
scores, y = 2 * rng.normal(size=(6, 4)), np.array([0, 3, 1, 2, 3, 3])
for delta in (0.3, 2.5):
    expected = 4 * F.multi_margin_loss(torch.tensor(scores), torch.tensor(y), margin=delta)
    loss = svm_loss_naive(scores.copy(), y, delta)
    assert_close(loss, expected.item(), f"the loss with delta = {delta}")

# %% hidden="svm_naive_whole_numbers" exercise="svm_loss_naive" points=1 title="two classes, scores that are whole numbers"
loss = svm_loss_naive(np.array([[2, 4], [6, 1], [3, 0]]), np.array([0, 0, 1]))
assert_close(loss, (3 + 0 + 4) / 3, "the loss of three images with two classes")


# %% hidden="svm_naive_input" exercise="svm_loss_naive" points=2 title="the scores are only read"
@probe
def scores_after_the_call(scores, y):
    svm_loss_naive(scores, y)
    return scores


scores = np.array([[3.2, 5.1, -1.7], [2.2, 2.5, -3.1]])
after = scores_after_the_call(scores.copy(), np.array([0, 2]))
assert_close(after, scores, "the scores that were handed in, after the call")

# %% [markdown]
# **What just happened.** The loss is a pain that stops: the car is right by a wide margin
# (4.9 against 2.0), so it costs nothing, and moving its scores a little still costs nothing.
#
# > **Think.** When every score is 0, each of the C - 1 wrong classes is exactly Δ too close.
# > What would the loss be if your sum also included j = y? Would you notice while training?
# > (We come back to this in section 5.)

# %% [markdown]
# ## 3. All images at once
#
# The loops touch one number at a time. NumPy can do the whole (N, C) table in four steps, none of
# which is a loop: pick out the correct scores; subtract them from their rows; clip at 0; drop
# the correct class and add up. On 500 images with 10 classes the loops took 5 ms on the author's
# machine, and this took 0.1 ms.
#
# Two tools make it possible. **Fancy indexing** takes one entry from each row,
# `scores[np.arange(N), y]`; mind that `scores[:, y]` is a different thing altogether (try both on
# a 3 x 3 table). And **broadcasting** subtracts a column of shape (N, 1) from a table (N, C);
# a row of shape (N,) would line up with the wrong axis.
#
# ### Regularization
#
# If some `W` reaches loss 0, so does `2 * W`: the data cannot choose between them. A penalty on
# large weights can. The full loss, with the scores S = XW and Δ = 1, is
#
# $$ L(W) = \frac1N \sum_i \sum_{j \neq y_i} \max(0,\; s_{ij} - s_{i y_i} + 1)
#    \;+\; \lambda \sum_{k,l} W_{kl}^2. $$
#
# λ is called `reg`. **Mind the conventions**, on which books differ: there is no 1/2 in
# front of the penalty, and it takes in *all* of `W` as it is handed to you, as in CS231n's
# assignment (many libraries, also the one of this course, leave the bias out).
#
# ### Exercise 3: no loops
#
# **A trick for checking by hand:** if `X` is the identity matrix, then the scores `X @ W` are `W`
# itself. So the lecture's example with `reg=0` must give 5.27 once more. Its squares add up to
# 89.54, hence with `reg=0.1` you get 5.27 + 8.95 = **14.22**.


# %% answer="svm_loss" title="The SVM loss without loops" minutes=12 shortcuts="torch.nn.functional.multi_margin_loss"
def svm_loss(W, X, y, reg):
    """Return the regularized multiclass SVM loss of a linear classifier, with margin 1.

    Args:
        W: weights, one column per class; shape (D, C).
        X: images, one per row; shape (N, D).
        y: the correct class of each image; shape (N,).
        reg: the strength of the penalty `reg * sum(W**2)`.

    Returns:
        One number: the mean over the N images, plus the penalty. The inputs are only read.

    The sum is yours to write: an answer that calls PyTorch's `multi_margin_loss` earns nothing
    here. Compare with it as much as you like.
    """
    ### BEGIN SOLUTION
    scores = X @ W
    rows = np.arange(len(y))
    correct = scores[rows, y]
    margins = np.maximum(0, scores - correct[:, np.newaxis] + 1)
    margins[rows, y] = 0  # the sum runs over j != y
    return margins.sum() / len(y) + reg * np.sum(W * W)
    ### END SOLUTION


# %% [markdown] hints="svm_loss"
# 1. Write the scores first, then the table `scores - correct + 1` for all images at once. What
#    shape must `correct` have so that each row loses *its own* correct score?
# 2. Four steps: the scores `X @ W`; one correct score per row by fancy indexing; the margins by
#    broadcasting a column of shape (N, 1); clip at 0. What does the correct class contribute now,
#    and should it?
# 3. `scores[np.arange(N), y]` gives the correct scores; add an axis with `[:, np.newaxis]` and
#    subtract. After `np.maximum(0, ...)` set the entries of the correct classes to 0. Add everything
#    up, divide by N, add `reg` times the sum of the squares of `W`.

# %% test="svm_loss_lecture" exercise="svm_loss" points=3 title="the lecture's three images, with and without penalty"
W = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
X, y = np.eye(3), np.array([0, 1, 2])  # with this X, the scores are W itself
with exercise("svm_loss"):
    assert_close(svm_loss(W, X, y, 0.0), 15.8 / 3, "the loss with reg = 0")
    assert_close(svm_loss(W, X, y, 0.1), 15.8 / 3 + 8.954, "the loss with reg = 0.1")

# %% test="svm_loss_small_weights" exercise="svm_loss" points=2 title="ten classes and almost no weights"
rng = np.random.default_rng(4)
W, X, y = 1e-4 * rng.normal(size=(65, 10)), rng.random(size=(20, 65)), rng.integers(10, size=20)
with exercise("svm_loss"):
    assert_close(svm_loss(W, X, y, 0.0), 9.0, "the loss with tiny weights", rtol=0, atol=5e-3)

# %% hidden="svm_loss_random" exercise="svm_loss" points=2 title="random weights and images"
rng = np.random.default_rng(5)
W, X, y = rng.normal(size=(5, 4)), rng.normal(size=(7, 5)), rng.integers(4, size=7)
data_loss = 4 * F.multi_margin_loss(torch.tensor(X @ W), torch.tensor(y)).item()
assert_close(svm_loss(W, X, y, 0.5), data_loss + 0.5 * np.sum(W**2), "the loss")

# %% hidden="svm_loss_duplicated_batch" exercise="svm_loss" points=2 title="every image twice"
rng = np.random.default_rng(6)
W, X, y = rng.normal(size=(3, 4)), rng.normal(size=(5, 3)), rng.integers(4, size=5)
data_loss = 4 * F.multi_margin_loss(torch.tensor(X @ W), torch.tensor(y)).item()
twice = svm_loss(W, np.vstack([X, X]), np.hstack([y, y]), 0.0)
assert_close(twice, data_loss, "the loss when every image stands there twice")

# %% hidden="svm_loss_relabelled" exercise="svm_loss" points=1 title="one image, two classes; then the classes renumbered"
W, X = np.array([[1.0, 2.5], [-0.5, 0.5]]), np.array([[2.0, 1.0]])
assert_close(svm_loss(W, X, np.array([0]), 0.0), 5.0, "the loss of one image")
assert_close(svm_loss(W[:, ::-1].copy(), X, np.array([1]), 0.0), 5.0, "the same, renumbered")


# %% hidden="svm_loss_input" exercise="svm_loss" points=2 title="weights and images are only read"
@probe
def inputs_after_the_call(W, X, y):
    svm_loss(W, X, y, 0.1)
    return W, X


rng = np.random.default_rng(7)
W, X, y = rng.normal(size=(3, 4)), rng.normal(size=(5, 3)), rng.integers(4, size=5)
W_after, X_after = inputs_after_the_call(W.copy(), X.copy(), y)
assert_close(W_after, W, "the weights that were handed in, after the call")
assert_close(X_after, X, "the images that were handed in, after the call")

# %% figure="four_steps"
from course.figures import style

names = ["cat", "car", "frog"]
scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
margins = scores - np.diag(scores)[:, np.newaxis] + 1  # the correct scores, as a column
clipped = np.maximum(0, margins)
tables = {
    "1. the scores": scores,
    "2. less the correct one, plus 1": margins,
    "3. clipped at 0": clipped,
    "4. without the correct class": clipped - np.eye(3),
}
with style.canvas(13, 3.6, 1, 4) as (figure, grid):
    for axes, (title, table) in zip(grid[0], tables.items(), strict=True):
        axes.imshow(table, cmap="RdBu_r", vmin=-9, vmax=9)
        for (i, j), value in np.ndenumerate(table):
            weight = "bold" if i == j else "normal"
            axes.text(j, i, f"{value:.1f}", ha="center", va="center", weight=weight, fontsize=13)
        axes.set_title(title, loc="center", fontsize=12)
        axes.set_xticks(range(3), names)
        axes.set_yticks(range(3), [f"a {name}" for name in names])
    for i, row in enumerate(clipped - np.eye(3)):
        grid[0, 3].text(2.7, i, f"adds up to {row.sum():.1f}", va="center", fontsize=12)
figure

# %% [markdown]
# The correct class stands in bold. After step 2 it always has Δ itself, whatever its score was:
# that is why it has to leave in step 4. What is left in a row adds up to the loss of its image.
#
# **What just happened.** You have the same number twice, from two programs that share no line.
# That is the cheapest test there is: keep the slow, obvious one and compare.
#
# > **Think.** With almost no weights the loss of 10 classes was 9.000. If your first training run
# > starts at 54, what would you check first?

# %% [markdown]
# ## 4. A referee for gradients
#
# Soon you will derive gradients by hand, and hand-made gradients are wrong more often than not.
# So we first write a referee that knows no calculus: nudge **one** entry of `x` up by `h` and
# down by `h`, and see how `f` changes.
#
# $$ \frac{\partial f}{\partial x_k} \approx \frac{f(x + h e_k) - f(x - h e_k)}{2h} $$
#
# Why both sides, when one evaluation of `f` could be saved? For f(x) = x² at x = 3, where the
# slope is 6, with h = 0.1: both sides give (9.61 - 8.41) / 0.2 = **6.0**, one side gives
# (9.61 - 9) / 0.1 = **6.1**. In general the error falls like h² instead of `h`.
#
# ### Exercise 4: the numerical gradient
#
# `f` takes an array of the shape of `x` and returns one number; `x` may have any shape. If you
# nudge `x` itself, put back the very value that was there: adding and subtracting `h` again does
# not quite get you home (try `0.1 + 0.3 - 0.3 == 0.1`).
#
# **Expected output** for the sum of squares at `[3, -1]` with `h=0.1`: `[6.0, -2.0]`.


# %% answer="numerical_gradient" title="The numerical gradient" minutes=12 shortcuts="scipy.optimize.approx_fprime"
def numerical_gradient(f, x, h=1e-5):
    """Return the gradient of `f` at `x` by central differences.

    Args:
        f: a function from an array like `x` to one number.
        x: a float64 array of any shape. It may be changed on the way, but must leave
            with every bit as it came.
        h: how far to step to either side.

    Returns:
        An array of the shape of `x`.

    The differences are yours to take: an answer that calls SciPy's `approx_fprime` earns nothing
    here. Compare with it as much as you like.
    """
    ### BEGIN SOLUTION
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        before = x[k]
        x[k] = before + h
        above = f(x)
        x[k] = before - h
        below = f(x)
        x[k] = before
        gradient[k] = (above - below) / (2 * h)
    return gradient
    ### END SOLUTION


# %% [markdown] hints="numerical_gradient"
# 1. One entry at a time: how many times do you have to call `f` for an array of six entries?
# 2. For each position: remember the value, set it `h` higher and call `f`, set it `h` lower and
#    call `f`, and put the remembered value back. The slope is the difference over the distance
#    between the two points, which is not `h`.
# 3. `np.ndindex(x.shape)` walks over the positions of an array of any shape. In each round keep
#    `before = x[k]`, evaluate `f` at `before + h` and at `before - h`, store their difference divided
#    by `2 * h` in an array made by `np.zeros_like(x)`, and assign `x[k] = before`.


# %% test="numerical_gradient_squares" exercise="numerical_gradient" points=3 title="the sum of squares"
@probe
def gradient_of_squares(x, h):
    return numerical_gradient(lambda v: float(np.sum(v**2)), x, h)


with exercise("numerical_gradient"):
    got = gradient_of_squares(np.array([3.0, -1.0]), 0.1)
    assert_close(got, [6.0, -2.0], "the gradient of the sum of squares at [3, -1]")


# %% test="numerical_gradient_table" exercise="numerical_gradient" points=2 title="a table of numbers, with the default h"
@probe
def gradient_of_weighted_sum(weights, x):
    return numerical_gradient(lambda v: float(np.sum(weights * np.exp(v))), x)


with exercise("numerical_gradient"):
    weights = np.array([[1.0, -2.0, 3.0], [0.0, 5.0, -7.0]])
    x = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    got = gradient_of_weighted_sum(weights, x.copy())
    assert_close(got, weights * np.exp(x), "the gradient of sum(weights * exp(x))", rtol=1e-7)


# %% hidden="numerical_gradient_step" exercise="numerical_gradient" points=2 title="the step that is asked for is the step that is taken"
@probe
def gradient_of_cubes(x, *step):
    return numerical_gradient(lambda v: float(np.sum(v**3)), x, *step)


got = gradient_of_cubes(np.array([1.0, 2.0]), 0.5)
assert_close(got, [3.25, 12.25], "central differences of x**3 at [1, 2] with h = 0.5")
at_zero = gradient_of_cubes(np.array([0.0]))  # where it is h**2
assert_close(at_zero, [1e-10], "that of x**3 at 0 with the default h", rtol=1e-3, atol=0)


# %% hidden="numerical_gradient_restores" exercise="numerical_gradient" points=2 title="x leaves as it came, bit for bit"
@probe
def what_became_of_x(x):
    before = x.copy()
    numerical_gradient(lambda v: float(np.sum(v**2)), x)
    moved = float(np.max(np.abs(x - before)))
    return {"moved": moved, "every bit as before": x.tobytes() == before.tobytes()}


seen = what_became_of_x(np.array([[0.1, -2.3, 1e-7], [4.7, 1e3, -0.6]]))
assert_close(seen["moved"], 0.0, "how far x has moved after the call", atol=1e-9)
assert seen["every bit as before"], (
    f"x comes back changed in its last digits, by up to {seen['moved']:.1e}"
)


# %% hidden="numerical_gradient_of_a_loss" exercise="numerical_gradient" points=1 title="a real loss, against PyTorch's own gradient"
@probe
def gradient_of_cross_entropy(x, X, y):
    def loss(v):
        return float(F.cross_entropy(torch.tensor(X @ v), torch.tensor(y)))

    return numerical_gradient(loss, x)


rng = np.random.default_rng(8)
W, X, y = rng.normal(size=(3, 4)), rng.normal(size=(5, 3)), rng.integers(4, size=5)
weights = torch.tensor(W, requires_grad=True)
F.cross_entropy(torch.tensor(X) @ weights, torch.tensor(y)).backward()
got = gradient_of_cross_entropy(W.copy(), X, y)
assert_close(got, weights.grad, "the gradient of a cross-entropy")

# %% [markdown]
# ### Exercise 5: how close is close?
#
# Two gradients never agree to the last digit. Is a difference of 0.001 small? For entries near
# 1000, yes; for entries near 0.001, no. So compare relative to the larger of the two:
#
# $$ \text{error}(a, b) = \frac{|a - b|}{\max(|a|, |b|)}, \qquad \text{and } 0 \text{ where both are } 0. $$
#
# Arrays are compared entry by entry, so that you can see *where* two gradients part; take
# `.max()` of the result when one number will do.
#
# **Expected output:** `relative_error(1.0, 1.25)` is 0.2, `relative_error(0.0, 0.0)` is 0, and two
# arrays `[1, 0, 4]` and `[1.25, 0, 3]` give `[0.2, 0, 0.25]`.


# %% answer="relative_error" title="The relative error" minutes=5
def relative_error(a, b):
    """Return how far two numbers are apart, relative to the larger of them.

    Args:
        a, b: two numbers, or two arrays of the same shape. The order does not matter.

    Returns:
        One number, or an array of that shape: 0 where both are equal (two zeros are equal),
        never more than 2.
    """
    ### BEGIN SOLUTION
    difference = np.abs(np.subtract(a, b))
    scale = np.maximum(np.abs(a), np.abs(b))
    return difference / np.where(scale == 0, 1, scale)  # 0 / 1 where both are 0
    ### END SOLUTION


# %% [markdown] hints="relative_error"
# 1. What is the error of 1.0 and 1.25 if you divide by the larger one? And what happens to 0 and
#    0?
# 2. The numerator is the absolute difference; the denominator is the larger of the two *absolute*
#    values, entry by entry. Only where both are 0 is there nothing to divide by, and there the answer
#    is 0.
# 3. `np.maximum` of the two absolute values is the scale. With `np.where`, put 1 in the place of a
#    scale that is 0, then divide: 0 / 1 is the 0 that you want.

# %% test="relative_error_by_hand" exercise="relative_error" points=2 title="numbers worked out by hand"
with exercise("relative_error"):
    assert_close(relative_error(1.0, 1.25), 0.2, "the relative error of 1 and 1.25")
    assert_close(relative_error(0.0, 0.0), 0.0, "the relative error of 0 and 0")
    got = relative_error(np.array([1.0, 0.0, 4.0]), np.array([1.25, 0.0, 3.0]))
    assert_close(got, [0.2, 0.0, 0.25], "the relative errors of [1, 0, 4] and [1.25, 0, 3]")

# %% hidden="relative_error_signs" exercise="relative_error" points=1 title="either order, either sign"
assert_close(relative_error(2.0, 2.5), 0.2, "the relative error of 2 and 2.5")
assert_close(relative_error(2.5, 2.0), 0.2, "the relative error of 2.5 and 2")
assert_close(relative_error(-2.0, -2.5), 0.2, "the relative error of -2 and -2.5")
assert_close(relative_error(-1.0, 1.0), 2.0, "the relative error of -1 and 1")
assert_close(relative_error(-2.5, 2.0), 1.8, "the relative error of -2.5 and 2")
assert_close(relative_error(2.0, -2.5), 1.8, "the relative error of 2 and -2.5")

# %% hidden="relative_error_scale" exercise="relative_error" points=1 title="a table with very small and very large entries"
a, b = np.array([[1e-9, 1e6], [0.0, 3.0]]), np.array([[2e-9, 1.25e6], [0.0, 3.0]])
assert_close(relative_error(a, b), [[0.5, 0.2], [0.0, 0.0]], "the relative errors of two tables")

# %% [markdown]
# How small should `h` be? Smaller is better, until it is not:

# %% figure="step_size"
from course import figures

figures.gradient_check_errors()

# %% [markdown]
# **What just happened.** From right to left the error falls with `h` (one-sided) and with h²
# (central), until subtracting two almost equal numbers eats the digits. In float64 the best place
# for central differences is near `h` = 1e-5 to 1e-4; in float32 there is hardly a good place at all,
# which is why gradient checks are done in float64.
#
# A rule of thumb from the CS231n notes: 1e-7 or less, be happy; 1e-4, fine at a kink and a worry
# elsewhere; 1e-2 or more, the gradient is wrong.

# %% [markdown]
# ## 5. The gradient of the SVM loss
#
# One term, `max(0, s_j - s_y + 1)`, is either clipped, and then no score matters to it, or
# positive, and then it rises one for one with `s_j` and falls one for one with `s_y`. So for
# every image write down a row of small whole numbers:
#
# - **+1** for each wrong class whose margin is positive,
# - **minus how many of those there are** for the correct class,
# - 0 otherwise.
#
# Divide by N, and you have the gradient by the scores, a table of the shape of the scores. Since
# S = XW, the weights get `X.T` times this table, and the penalty adds its own slope. (What is
# the derivative of λw²?)
#
# ### Exercise 6: count, then multiply
#
# **Expected output** for the lecture's example, where `X` is the identity: the cat is bothered by
# the car alone, the car by nobody, the frog by both, so
#
# ```
#       -1  1  0                       -0.33  0.33   0
# 1/3 *  0  0  0     that is, about      0     0     0
#        1  1 -2                        0.33  0.33 -0.67
# ```


# %% answer="svm_gradient" title="The gradient of the SVM loss" minutes=12 shortcuts="torch.Tensor.backward torch.autograd.backward torch.autograd.grad"
def svm_gradient(W, X, y, reg):
    """Return the gradient by `W` of the regularized multiclass SVM loss, with margin 1.

    Args:
        W: weights, one column per class; shape (D, C).
        X: images, one per row; shape (N, D).
        y: the correct class of each image; shape (N,).
        reg: the strength of the penalty `reg * sum(W**2)`.

    Returns:
        An array of the shape and dtype of `W`. The inputs are only read.

    The derivative is yours to work out: an answer that has PyTorch do it, by `backward` or `grad`,
    earns nothing here. Compare with it as much as you like.
    """
    ### BEGIN SOLUTION
    scores = X @ W
    rows = np.arange(len(y))
    margins = scores - scores[rows, y][:, np.newaxis] + 1
    slopes = (margins > 0).astype(W.dtype)
    slopes[rows, y] = 0
    slopes[rows, y] = -slopes.sum(axis=1)  # every violating class pushes the correct one up
    return X.T @ slopes / len(y) + 2 * reg * W
    ### END SOLUTION


# %% [markdown] hints="svm_gradient"
# 1. Take the cat's row of the expected output: -1, 1, 0. Which class is too close to the cat, and
#    why does the cat itself get -1?
# 2. Make the table of margins as in exercise 3. Put 1 wherever a wrong class has a positive margin;
#    the entry of the correct class is minus the number of ones in its row. This table is the gradient
#    by the scores, times N. How do the scores depend on `W`?
# 3. Turn `margins > 0` into numbers of the dtype of `W`, set the correct entries to 0, then to minus
#    the sum of their row (`axis=1`). The answer is `X.T` times this table, divided by N, plus the
#    slope of the penalty, `2 * reg * W`.

# %% test="svm_gradient_lecture" exercise="svm_gradient" points=3 title="the lecture's three images"
W = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
with exercise("svm_gradient"):
    gradient = svm_gradient(W, np.eye(3), np.array([0, 1, 2]), 0.0)
    expected = np.array([[-1, 1, 0], [0, 0, 0], [1, 1, -2]]) / 3
    assert_close(gradient, expected, "the gradient")

# %% test="svm_gradient_penalty" exercise="svm_gradient" points=2 title="black images: only the penalty is left"
W = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, -1.0]])
with exercise("svm_gradient"):
    gradient = svm_gradient(W, np.zeros((4, 2)), np.array([0, 1, 2, 0]), 0.25)
    assert_close(gradient, [[0.5, -1.0, 0.25], [1.5, 0.0, -0.5]], "the gradient of the penalty")

# %% hidden="svm_gradient_two_classes" exercise="svm_gradient" points=1 title="two classes"
rng = np.random.default_rng(9)
W, X, y = rng.normal(size=(3, 2)), rng.normal(size=(6, 3)), np.array([0, 1, 1, 0, 1, 0])
weights = torch.tensor(W, requires_grad=True)
loss = 2 * F.multi_margin_loss(torch.tensor(X) @ weights, torch.tensor(y))
(loss + 0.3 * (weights**2).sum()).backward()
assert_close(svm_gradient(W, X, y, 0.3), weights.grad, "the gradient with two classes")

# %% hidden="svm_gradient_many_classes" exercise="svm_gradient" points=3 title="six classes, against PyTorch's own gradient"
rng = np.random.default_rng(10)
W, X, y = rng.normal(size=(4, 6)), rng.normal(size=(9, 4)), rng.integers(6, size=9)
weights = torch.tensor(W, requires_grad=True)
loss = 6 * F.multi_margin_loss(torch.tensor(X) @ weights, torch.tensor(y))
(loss + 0.3 * (weights**2).sum()).backward()
assert_close(svm_gradient(W, X, y, 0.3), weights.grad, "the gradient with six classes")

# %% hidden="svm_gradient_duplicated_batch" exercise="svm_gradient" points=2 title="one image, and the same image three times"
W, X = np.array([[1.0, 2.5, -1.0], [-0.5, 0.5, 1.0]]), np.array([[2.0, 1.0]])
expected = [[-2.0, 2.0, 0.0], [-1.0, 1.0, 0.0]]  # scores 1.5, 5.5, -1: only class 1 is too close
assert_close(svm_gradient(W, X, np.array([0]), 0.0), expected, "the gradient of one image")
thrice = svm_gradient(W, np.repeat(X, 3, axis=0), np.array([0, 0, 0]), 0.0)
assert_close(thrice, expected, "the gradient of the same image three times")

# %% hidden="svm_gradient_relabelled" exercise="svm_gradient" points=1 title="the classes renumbered"
rng = np.random.default_rng(11)
W, X, y = rng.normal(size=(3, 4)), rng.normal(size=(5, 3)), rng.integers(4, size=5)
order = np.array([2, 0, 3, 1])  # the new column k is the old column order[k]
weights = torch.tensor(W, requires_grad=True)
(4 * F.multi_margin_loss(torch.tensor(X) @ weights, torch.tensor(y))).backward()
gradient = svm_gradient(W[:, order], X, np.argsort(order)[y], 0.0)
assert_close(gradient, weights.grad.numpy()[:, order], "the gradient after renumbering")

# %% hidden="svm_gradient_float32" exercise="svm_gradient" points=1 title="float32 stays float32, float64 stays float64"
W = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
expected = np.array([[-1, 1, 0], [0, 0, 0], [1, 1, -2]]) / 3
for dtype in (np.float64, np.float32):
    got = svm_gradient(W.astype(dtype), np.eye(3, dtype=dtype), np.array([0, 1, 2]), 0.0)
    got = np.asarray(got)
    assert got.dtype == dtype, (
        f"from {dtype.__name__} arrays your gradient comes out as {got.dtype}"
    )
    assert_close(got, expected, "the gradient", rtol=1e-4, atol=1e-6)


# %% hidden="svm_gradient_input" exercise="svm_gradient" points=1 title="weights and images are only read"
@probe
def inputs_after_the_gradient(W, X, y):
    svm_gradient(W, X, y, 0.1)
    return W, X


rng = np.random.default_rng(12)
W, X, y = rng.normal(size=(3, 4)), rng.normal(size=(5, 3)), rng.integers(4, size=5)
W_after, X_after = inputs_after_the_gradient(W.copy(), X.copy(), y)
assert_close(W_after, W, "the weights that were handed in, after the call")
assert_close(X_after, X, "the images that were handed in, after the call")

# %% [markdown]
# ### What the referee does not see
#
# A gradient check asks one question: do *this* loss and *this* gradient belong together? It cannot
# ask whether the loss is the one you meant. Here are three broken pairs. Which of the three
# columns raises the alarm?

# %% figure="blind_spots"
import numpy as np

from course.gradients import numerical_gradient as slow_gradient
from course.gradients import relative_error as error_per_entry
from course.losses import multiclass_hinge, multiclass_hinge_gradient

rng = np.random.default_rng(0)
photos, truth, reg = rng.random((50, 8)), rng.integers(10, size=50), 1e-4


def hinge(weights):
    data_loss = float(multiclass_hinge(photos @ weights, truth))
    return data_loss + reg * float(np.sum(weights**2))


def slope(weights):
    return photos.T @ multiclass_hinge_gradient(photos @ weights, truth) + 2 * reg * weights


pairs = {
    "all is well": (hinge, slope),
    "keeps j = y in the sum": (lambda w: hinge(w) + 1, slope),
    "no 1/N in either": (lambda w: 50 * hinge(w), lambda w: 50 * slope(w)),
    "reg*W, not 2*reg*W": (hinge, lambda w: slope(w) - reg * w),
}
print(f"{'':24}{'relative error with':>24}{'loss at':>12}")
print(f"{'':24}{'W ~ 0.0001':>12}{'W ~ 1':>12}{'W = 0':>12}")
for name, (loss, gradient) in pairs.items():
    row = f"{name:24}"
    for size in (1e-4, 1.0):
        W = size * np.random.default_rng(1).normal(size=(8, 10))
        row += f"{error_per_entry(gradient(W), slow_gradient(loss, W)).max():12.0e}"
    print(row + f"{loss(np.zeros((8, 10))):12.1f}")

# %% [markdown]
# **What just happened.** Keeping j = y and dropping 1/N pass the check with flying colours: loss
# and gradient are wrong *together*. A known value catches both, C - 1 = 9 at zero weights. The
# missing 2 hides for another reason: at weights of 1e-4 the penalty is too small to be seen,
# and 1e-05 looks harmless; at weights near 1 it is plain.
#
# So a check is three things: **the referee, a known value, and weights of honest size.** One more
# for the road: try three classes or more, since with two, nobody can miscount how many of them come
# too close.

# %% [markdown]
# ## 6. Softmax and cross-entropy
#
# The SVM loss stops caring once the margin is met. Softmax never does: it turns scores into
# probabilities, and the loss is how surprised we are by the correct class.
#
# $$ p_j = \frac{e^{s_j}}{\sum_k e^{s_k}}, \qquad L_i = -\ln p_{y_i}
#        = \ln \sum_k e^{s_k} - s_{y_i} $$

# %% figure="margins"
from course import figures

figures.margin_losses()

# %% [markdown]
# For the lecture's cat, with scores 3.2, 5.1, -1.7:
#
# | | cat | car | frog |
# |---|---|---|---|
# | `exp(s)` | 24.5 | 164.0 | 0.18 |
# | `p` | **0.13** | 0.87 | 0.00 |
#
# so the loss is -ln 0.13 = **2.04**. If your slides say 0.89, see section 8.
#
# ### The trap
#
# Try `np.exp(1000.0)`: it is infinite, and infinity divided by infinity is not a number. The way
# out is exact, not an approximation: **adding the same constant to all scores of an image changes
# no probability** (it cancels in the fraction). So subtract, from every row, the largest score *of
# that row*: the largest exponential becomes `exp(0)` = 1, and nothing can overflow. And use the
# right-hand form of the loss: the logarithm of a probability that has been rounded to 0 is minus infinity.
#
# ### Exercise 7: a loss that cannot overflow
#
# **Expected output:** 2.04 for the cat. For one image with scores `[10000, 0, -10000]`: 20000
# if class 2 is correct, 0 if class 0 is. For C equal scores: ln C, so 2.3026 for ten classes.


# %% answer="softmax_loss" title="Stable softmax cross-entropy" minutes=10 shortcuts="torch.nn.functional.cross_entropy torch.nn.functional.log_softmax torch.Tensor.log_softmax torch.log_softmax torch.special.log_softmax scipy.special.log_softmax"
def softmax_loss(scores, y):
    """Return the mean softmax cross-entropy of some scores, without ever overflowing.

    Args:
        scores: one row per image, one column per class; shape (N, C); floats or whole numbers.
        y: the correct class of each image; shape (N,).

    Returns:
        One number, with the natural logarithm: the mean over the N images. `scores` itself
        is left as it was.

    The trick is yours to write: an answer that calls `cross_entropy` or `log_softmax`, PyTorch's or
    SciPy's, earns nothing here. Compare with them as much as you like.
    """
    ### BEGIN SOLUTION
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return np.mean(log_sums - shifted[np.arange(len(y)), y])
    ### END SOLUTION


# %% [markdown] hints="softmax_loss"
# 1. What is the largest number that `np.exp` gets to see? Make sure that it is never more than
#    0, for each image by itself.
# 2. Subtract from each row its own maximum: neither the probabilities nor the loss change. Then use
#    the form without probabilities: the log of the sum of the exponentials, minus the correct
#    score, both of the shifted scores.
# 3. `scores.max(axis=1, keepdims=True)` has the shape (N, 1) that broadcasting needs. Of the shifted
#    scores take `np.log(np.exp(...).sum(axis=1))`, subtract the correct entries (fancy indexing), and
#    return the mean over the images.

# %% test="softmax_loss_lecture" exercise="softmax_loss" points=3 title="the lecture's cat, and ten equal scores"
with exercise("softmax_loss"):
    loss = softmax_loss(np.array([[3.2, 5.1, -1.7]]), np.array([0]))
    assert_close(loss, 2.0404, "the loss of the cat", rtol=0, atol=1e-4)
    loss = softmax_loss(np.zeros((3, 10)), np.array([0, 4, 9]))
    assert_close(loss, np.log(10), "the loss of three images with ten equal scores")

# %% test="softmax_loss_huge" exercise="softmax_loss" points=3 title="scores of ten thousand"
with exercise("softmax_loss"):
    scores = np.array([[1e4, 0.0, -1e4]])
    assert_close(softmax_loss(scores.copy(), np.array([0])), 0.0, "the loss if class 0 is correct")
    assert_close(softmax_loss(scores.copy(), np.array([2])), 2e4, "the loss if class 2 is correct")

# %% hidden="softmax_loss_far_apart" exercise="softmax_loss" points=2 title="one image with huge scores, one with tiny ones"
scores = np.array([[1000.0, 1001.0], [-1001.0, -1000.0]])
expected = np.log(1 + np.exp(-1.0)) + 0.5  # the mean of log(1 + e) and log(1 + 1/e)
assert_close(softmax_loss(scores, np.array([0, 1])), expected, "the loss of two images far apart")

# %% hidden="softmax_loss_random" exercise="softmax_loss" points=2 title="two classes, five classes, whole numbers, against PyTorch"
rng = np.random.default_rng(13)
for n_classes in (2, 5):
    scores, y = 3 * rng.normal(size=(6, n_classes)), rng.integers(n_classes, size=6)
    expected = F.cross_entropy(torch.tensor(scores), torch.tensor(y)).item()
    assert_close(softmax_loss(scores, y), expected, f"the loss with {n_classes} classes")
scores, y = np.array([[3, -1, 0], [0, 2, 2]]), np.array([2, 1])
expected = F.cross_entropy(torch.tensor(scores, dtype=torch.float64), torch.tensor(y)).item()
assert_close(softmax_loss(scores, y), expected, "the loss of scores that are whole numbers")

# %% hidden="softmax_loss_duplicated_batch" exercise="softmax_loss" points=1 title="every image twice"
scores, y = np.array([[3.2, 5.1, -1.7], [0.5, -1.0, 2.0]]), np.array([0, 2])
expected = F.cross_entropy(torch.tensor(scores), torch.tensor(y)).item()
twice = softmax_loss(np.vstack([scores, scores]), np.hstack([y, y]))
assert_close(twice, expected, "the loss when every image stands there twice")


# %% hidden="softmax_loss_input" exercise="softmax_loss" points=1 title="the scores are only read"
@probe
def scores_after_the_loss(scores, y):
    softmax_loss(scores, y)
    return scores


scores = np.array([[3.2, 5.1, -1.7], [0.5, -1.0, 2.0]])
after = scores_after_the_loss(scores.copy(), np.array([0, 2]))
assert_close(after, scores, "the scores that were handed in, after the call")

# %% [markdown]
# ### Exercise 8: the most beautiful gradient there is
#
# All those exponentials and logarithms, and the derivative by the scores is just *what we said
# minus what was true*:
#
# $$ \frac{\partial L}{\partial s_{ij}} = \frac1N \left( p_{ij} - [\,j = y_i\,] \right) $$
#
# The cat's row is p - (1, 0, 0) = (-0.87, 0.87, 0.00): push the cat up, the car down.
# Probabilities add up to 1 and so does the truth, so **every row adds up to 0**.
#
# **Expected output** for four equal scores with correct class 1: `[0.25, -0.75, 0.25, 0.25]`. With
# two such images, each row is half of that.


# %% answer="softmax_gradient" title="The gradient of the cross-entropy" minutes=8 shortcuts="torch.Tensor.backward torch.autograd.backward torch.autograd.grad"
def softmax_gradient(scores, y):
    """Return the gradient by the scores of the mean softmax cross-entropy.

    Args:
        scores: one row per image, one column per class; shape (N, C).
        y: the correct class of each image; shape (N,).

    Returns:
        An array of the shape and dtype of `scores`. `scores` itself is left as it was.

    The derivative is yours to work out: an answer that has PyTorch do it, by `backward` or `grad`,
    earns nothing here. Compare with it as much as you like.
    """
    ### BEGIN SOLUTION
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    gradient = powers / powers.sum(axis=1, keepdims=True)
    gradient[np.arange(len(y)), y] -= 1
    return gradient / len(y)
    ### END SOLUTION


# %% [markdown] hints="softmax_gradient"
# 1. Start from the probabilities. How do the four equal scores of the expected output become
#    0.25, -0.75, 0.25, 0.25?
# 2. What we said minus what was true: the table of probabilities (with the row maximum subtracted
#    first, as in exercise 7), less 1 at the correct class of each row. And the loss was a mean.
# 3. Exponentials of the shifted scores, each row divided by its sum (`axis=1, keepdims=True`). This
#    is a new table, so you may subtract 1 in place at `[np.arange(N), y]`. Divide by N.

# %% test="softmax_gradient_equal" exercise="softmax_gradient" points=3 title="four equal scores"
with exercise("softmax_gradient"):
    one = softmax_gradient(np.zeros((1, 4)), np.array([1]))
    assert_close(one, [[0.25, -0.75, 0.25, 0.25]], "the gradient of one image")
    two = softmax_gradient(np.zeros((2, 4)), np.array([1, 3]))
    expected = [[0.125, -0.375, 0.125, 0.125], [0.125, 0.125, 0.125, -0.375]]
    assert_close(two, expected, "the gradient of two images")

# %% test="softmax_gradient_rows" exercise="softmax_gradient" points=2 title="the lecture's cat, and every row adds up to 0"
with exercise("softmax_gradient"):
    gradient = np.asarray(softmax_gradient(np.array([[3.2, 5.1, -1.7]]), np.array([0])))
    assert_close(gradient, [[-0.87, 0.87, 0.0]], "the gradient of the cat", rtol=0, atol=5e-3)
    assert_close(gradient.sum(axis=1), [0.0], "the sum over the classes")

# %% hidden="softmax_gradient_random" exercise="softmax_gradient" points=2 title="two classes and five, against PyTorch's own gradient"
rng = np.random.default_rng(14)
for n_classes in (2, 5):
    scores, y = 2 * rng.normal(size=(6, n_classes)), rng.integers(n_classes, size=6)
    live = torch.tensor(scores, requires_grad=True)
    F.cross_entropy(live, torch.tensor(y)).backward()
    assert_close(softmax_gradient(scores, y), live.grad, f"the gradient with {n_classes} classes")

# %% hidden="softmax_gradient_huge" exercise="softmax_gradient" points=1 title="huge scores, far apart"
scores = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4]])
expected = [[0.5, 0.0, -0.5], [-1 / 3, 1 / 6, 1 / 6]]
assert_close(softmax_gradient(scores, np.array([2, 0])), expected, "the gradient of huge scores")

# %% hidden="softmax_gradient_float32" exercise="softmax_gradient" points=1 title="float32 stays float32, float64 stays float64"
for dtype in (np.float64, np.float32):
    got = np.asarray(softmax_gradient(np.zeros((1, 4), dtype=dtype), np.array([1])))
    assert got.dtype == dtype, (
        f"from {dtype.__name__} scores your gradient comes out as {got.dtype}"
    )
    assert_close(got, [[0.25, -0.75, 0.25, 0.25]], "the gradient of one image")


# %% hidden="softmax_gradient_input" exercise="softmax_gradient" points=1 title="the scores are only read"
@probe
def scores_after_the_gradient(scores, y):
    softmax_gradient(scores, y)
    return scores


scores = np.array([[3.2, 5.1, -1.7], [0.5, -1.0, 2.0]])
after = scores_after_the_gradient(scores.copy(), np.array([0, 2]))
assert_close(after, scores, "the scores that were handed in, after the call")

# %% [markdown]
# **What just happened.** You have the last layer of nearly every classifier of the last decade.
# Its gradient is never large (each entry is between -1/N and 1/N) and never quite zero.
#
# > **Think.** Sum the SVM's gradient by the scores over the classes, too. Why is it 0 for both? (What
# > happens to either loss if you add 5 to *all* scores of an image?)

# %% [markdown]
# ## 7. Learning twenty digits
#
# Stochastic gradient descent: take a few images, ask which way is uphill, take a step the other
# way. Repeat with other images, from where you now are:
#
# $$ W \leftarrow W - \eta \, \nabla L_{\text{batch}}(W) $$
#
# Before training on thousands of images, **make sure that you can overfit twenty**. If a model
# cannot learn twenty digits by heart, there is a bug, and you will find it in seconds instead of
# hours.
#
# So that this exercise stands on its own, the next cell gives you the gradient of the softmax
# loss with its penalty. It lets PyTorch do the calculus.


# %% setup="loss_gradient"
def loss_gradient(W, X, y, reg):
    """Return the gradient by `W` of mean cross-entropy + reg * sum(W**2), from PyTorch."""
    weights = torch.tensor(W, requires_grad=True)
    loss = F.cross_entropy(torch.tensor(X) @ weights, torch.tensor(y))
    (loss + reg * (weights**2).sum()).backward()
    return weights.grad.numpy()


# %% [markdown]
# ### Exercise 9: the training loop
#
# `batches` says which images to use in each step: with `batches=[[0, 2], [1, 3]]`, take one step
# with images 0 and 2 (`X[[0, 2]]`, `y[[0, 2]]`), then one with images 1 and 3.
#
# **Expected output** for one image `[1, 2]`, correct class 0 of 2, starting from `W` = 0 with
# learning rate 1 and no penalty: p = (½, ½), so the scores' gradient is (-½, ½), the weights'
# gradient is `[[-½, ½], [-1, 1]]`, and one step leads to `[[0.5, -0.5], [1, -1]]`.


# %% answer="train" title="Stochastic gradient descent" minutes=10 shortcuts="torch.optim.SGD"
def train(W, X, y, batches, learning_rate, reg):
    """Take one step of gradient descent per batch and return the weights you end with.

    Args:
        W: the weights to start from; shape (D, C). They are left as they were.
        X: images, one per row; shape (N, D).
        y: the correct class of each image; shape (N,).
        batches: one list (or array) of row numbers per step.
        learning_rate: how far to go along the gradient.
        reg: the strength of the penalty, for `loss_gradient(W, X, y, reg)`.

    Returns:
        New weights, shape (D, C).

    The step is yours to take: an answer that leaves it to PyTorch's `SGD` earns nothing here.
    Compare with it as much as you like.
    """
    ### BEGIN SOLUTION
    for batch in batches:
        W = W - learning_rate * loss_gradient(W, X[batch], y[batch], reg)  # a new array
    return W
    ### END SOLUTION


# %% [markdown] hints="train"
# 1. Do the one step of the expected output by hand. Which `W` goes into the gradient in the
#    second step?
# 2. A loop over `batches`. In each round take only the rows of `X` and `y` that the batch names, ask
#    `loss_gradient` at the *current* weights, and go against it.
# 3. `X[batch]` and `y[batch]` pick the rows. The new weights are the old ones minus
#    `learning_rate` times `loss_gradient(W, X[batch], y[batch], reg)`. Write `W = W - ...`, which makes
#    a new array; `W -= ...` would change the one that was handed in.

# %% test="train_one_step" exercise="train" points=2 title="one step worked out by hand"
with exercise("train"):
    W = train(np.zeros((2, 2)), np.array([[1.0, 2.0]]), np.array([0]), [[0]], 1.0, 0.0)
    assert_close(W, [[0.5, -0.5], [1.0, -1.0]], "the weights after one step")

# %% test="train_twenty_digits" exercise="train" points=2 title="twenty digits, learnt by heart"
from course.data import digits

twenty = digits()
X = np.hstack([twenty.pixels[:20], np.ones((20, 1))])
y = twenty.labels[:20]
rng = np.random.default_rng(15)
batches = [rng.choice(20, size=5, replace=False) for _ in range(200)]
with exercise("train"):
    W = np.asarray(train(np.zeros((65, 10)), X, y, batches, 0.5, 1e-4))
    right = int(np.sum((X @ W).argmax(axis=1) == y))
    assert right == 20, f"after 200 steps your weights get {right} of the 20 digits right"

# %% hidden="train_three_steps" exercise="train" points=2 title="three steps on different batches"
rng = np.random.default_rng(16)
start, X, y = rng.normal(size=(3, 4)), rng.normal(size=(6, 3)), rng.integers(4, size=6)
weights = torch.tensor(start, requires_grad=True)
optimizer = torch.optim.SGD([weights], lr=0.7)
batches = [[0, 3], [5, 1, 2], [4]]
for batch in batches:
    optimizer.zero_grad()
    F.cross_entropy(torch.tensor(X[batch]) @ weights, torch.tensor(y[batch])).backward()
    optimizer.step()
got = train(start.copy(), X, y, batches, 0.7, 0.0)
assert_close(got, weights, "the weights after three steps")

# %% hidden="train_penalty" exercise="train" points=1 title="with a strong penalty"
start = np.array([[1.0, -2.0], [3.0, 0.5]])
got = train(start.copy(), np.zeros((3, 2)), np.array([0, 1, 1]), [[0, 1], [2]], 0.1, 0.5)
assert_close(got, 0.81 * start, "the weights after two steps on black images")


# %% hidden="train_start" exercise="train" points=1 title="the starting weights are only read"
@probe
def start_after_training(W, X, y):
    train(W, X, y, [[0], [1]], 0.5, 0.0)
    return W


start = np.array([[1.0, -2.0], [3.0, 0.5]])
after = start_after_training(start.copy(), np.eye(2), np.array([0, 1]))
assert_close(after, start, "the starting weights, after the call")

# %% [markdown]
# Here is what the library's classifier, the same loop with bookkeeping, does with *all* the
# digits: the loss as it falls, and then `W` itself, each column folded back into an 8 x 8 image.

# %% figure="loss_curve"
from course import figures
from course.data import digits
from course.linear import LinearClassifier

everything = digits("train")
classifier = LinearClassifier(loss="softmax").fit(everything.pixels, everything.labels)
figures.loss_curve(classifier.loss_history_, expected_start=np.log(10))

# %% figure="templates"
from course import figures

figures.digit_templates(classifier)

# %% [markdown]
# **What just happened.** Every class has one template, and a score is how well the image matches
# it: red where ink speaks for the class, blue where ink speaks against it (look at the hole of the
# 0). One template per digit is also all that a linear classifier can have, which is why it
# averages all the ways of writing a 7 into one ghostly 7.

# %% [markdown]
# ## 8. In your own words
#
# Two short answers, 3 to 6 sentences each, marked by a person. Numbers and reasons count, style
# does not.
#
# ### Question 1: why log C, and why C - 1?
#
# Before any training, with `W` close to zero and no penalty, the softmax loss should be ln C
# and the SVM loss C - 1. Explain why, for both. What would you suspect if your first loss is
# something else? And a well-known slide gives the cat, whose probability is 0.13, a loss of 0.89:
# what happened there, and what should it say?

# %% [markdown] written="why_log_c" points=6 title="Why log C, and why C - 1?" minutes=5
# ### BEGIN SOLUTION
# With `W` close to zero all scores are about 0, so no class is preferred. Softmax gives each class
# the probability 1/C, and the loss is -ln(1/C) = ln C (2.3026 for ten classes). In the SVM loss each
# of the C - 1 wrong classes has the margin 0 - 0 + 1 = 1, so they add up to C - 1 (9 for ten
# classes); the correct class is not in the sum.
#
# Both are known before any training, so they are a free test of the loss: 10 instead of 9 says that
# j = y was kept, 23 instead of 2.3 that the mean is missing, something much larger that the weights
# start too large (or that the penalty is counted in).
#
# The slide took the logarithm to base 10: -log10(0.13) = 0.89. Cross-entropy here uses the natural
# logarithm, -ln(0.13) = 2.04, which is ln 10 = 2.303 times as much; the gradient p - 1 belongs to
# the natural one.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 2 points: equal scores give each class 1/C, and -ln(1/C) = ln C.
# - 2 points: each of the C - 1 wrong classes costs exactly the margin, 1. (1 point if the answer
#   does not say why it is C - 1 and not C.)
# - 1 point: a use: a wrong first loss means a bug or weights that start too large; any sensible
#   example counts.
# - 1 point: the slide used log10; it should say 2.04.
# ### END MARK SCHEME

# %% [markdown]
# ### Question 2: the point that one loss does not notice
#
# A classifier is trained. Now one new image joins the training set, while `W` stays as it is, and
# you look at the *sum* of the losses over all images. Describe an image that leaves the sum of the
# SVM losses exactly as it was. Is there one that leaves the sum of the softmax losses exactly as
# it was? And how does the answer change for the *mean*?

# %% [markdown] written="which_new_point" points=6 title="The point that one loss does not notice" minutes=5
# ### BEGIN SOLUTION
# Any image whose correct class already leads every other class by at least the margin: all its terms
# max(0, s_j - s_y + 1) are 0, so it adds nothing to the sum. An example is a car with the scores 1.3,
# 4.9, 2.0. Its gradient is zero as well, so training would ignore it.
#
# For softmax there is none. The correct class has a probability below 1 as long as the other scores
# are finite (each e^s is positive), so -ln p is greater than 0 and every new image adds something,
# perhaps very little, and goes on pushing.
#
# With the mean the sum is divided by N + 1 instead of N. The SVM image then *lowers* the mean (unless
# the loss was 0 anyway), although it adds nothing; and the mean of the softmax losses stays the same if
# the new image happens to cost exactly the old mean.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 2 points: a correct image beyond the margin against *every* other class adds 0. (1 point for "it is
#   classified correctly" without the margin.)
# - 2 points: softmax never reaches p = 1 for finite scores, so the loss is always positive.
# - 1 point: an example with numbers, or the remark that the gradient is zero too.
# - 1 point: the mean divides by N + 1, so it falls for the SVM image; or: the softmax mean is unchanged
#   by an image that costs exactly the mean.
# ### END MARK SCHEME

# %% [markdown]
# ## If you want more
#
# Not graded; add cells of your own below.
#
# - **Break the learning rate.** Call your `train` with 0.01, 0.5, 5 and 50. What do the twenty
#   digits do? (Next in this week: a notebook on choosing the rate.)
# - **Square the hinge.** max(0, ...)² hates large violations more. Derive its gradient, and
#   let your referee decide.
# - **Race them.** Time `svm_loss_naive` and `svm_loss` on 5000 images with `%timeit`.
#   Where does the factor come from?
# - **Fool it.** Take a digit and walk the *image* uphill along one template. How few pixels must
#   change before a 3 becomes an 8?
#
# ## Sources
#
# - CS231n, lecture 3 and the notes [Linear classification](https://cs231n.github.io/linear-classify/)
#   and [Optimization](https://cs231n.github.io/optimization-1/); on gradient checks,
#   [Neural networks 3](https://cs231n.github.io/neural-networks-3/#gradcheck).
# - K. Crammer and Y. Singer, *On the algorithmic implementation of multiclass kernel-based vector
#   machines*, JMLR 2 (2001): the multiclass hinge (there with the largest margin instead of the sum;
#   the sum is J. Weston and C. Watkins, 1999).
# - The digits: E. Alpaydin and C. Kaynak, *Optical recognition of handwritten digits*, UCI machine
#   learning repository, by way of scikit-learn.
