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
# # Learn less, know more: regularization and features
#
# *AI Saturdays Lagos, week 3. Goes with CS231n lecture 3 (regularization, image features) and
# lecture 7 (dropout).*
#
# A classifier that gets every training image right may have learnt something, or may have learnt
# the images by heart. There are two honest ways to make it do the first. You can **restrain the
# model**: make large weights expensive, take parts of it away while it trains, stop it in time.
# Or you can **restrain what it sees**: hand it colours without places, edges without colours,
# parts without an order, so that there is less to learn by heart. You will write four of the
# first kind and three of the second, and then find out by experiment what they are worth.
#
# ## Contents
#
# | | section | you write | minutes |
# |---|---|---|---|
# | 1 | [Large weights cost](#1.-Large-weights-cost) | `elastic_net` | 15 |
# | 2 | [Decay that stays out of the gradient](#2.-Decay-that-stays-out-of-the-gradient) | `decayed_step` | 12 |
# | 3 | [Dropout](#3.-Dropout) | `dropout` | 12 |
# | 4 | [Stop in time](#4.-Stop-in-time) | `early_stopping` | 15 |
# | 5 | [How strong? An experiment](#5.-How-strong?-An-experiment) | `penalty_sweep` | 15 |
# | 6 | [Colours without places](#6.-Colours-without-places) | `hue_histogram` | 12 |
# | 7 | [Edges without colours](#7.-Edges-without-colours) | `orientation_histograms` | 18 |
# | 8 | [Parts without an order](#8.-Parts-without-an-order) | `bag_of_words` | 18 |
# | 9 | [What the test set must not tell you](#9.-What-the-test-set-must-not-tell-you) | `standardise`, `feature_accuracies` | 25 |
# | 10 | [In your own words](#10.-In-your-own-words) | two short answers | 13 |
#
# About two and a half hours; the break belongs after section 5. There are 100 points: 88 for code,
# 12 for the written answers.
#
# ## When you are done, you can
#
# - write an L1, L2 or elastic penalty and its (sub)gradient, and say what each does to small
#   weights;
# - say when L2 and weight decay are the same thing, and when they are not;
# - write dropout and early stopping so that the classic traps do not catch you;
# - compute three image features **with a pencil**, and say what each of them throws away;
# - measure the strength of a penalty, or the worth of a feature, over several seeds, without
#   letting the test set leak into the training.
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
# another one**, so if you are stuck, go on and come back. Figures use your function where you
# have written it and the library's where you have not; they say which.
#
# `X` is (N, D), one example per row; `W` has one **column** per class, and its **last row** holds
# the biases, as in the notebook on loss functions.
#
# To read alongside: [Neural networks 2](https://cs231n.github.io/neural-networks-2/) in the CS231n
# notes, the parts on regularization and on preprocessing.

# %% setup="imports"
import matplotlib as mpl
import numpy as np
import torch
from matplotlib.colors import rgb_to_hsv

from course.checking import open_notebook
from course.testing import assert_close, exercise, probe, with_fallback

torch.set_num_threads(1)
open_notebook("regularization")  # gives you %check, %hint, %solution and %progress

# %% [markdown]
# ## 1. Large weights cost
#
# If some `W` gets every training image right by a margin, so does `2 * W`, only louder. The data
# cannot say which to take; a **penalty** on the weights can. The *elastic net* charges for the
# size of each weight in two ways:
#
# $$ R(W) = \lambda_1 \sum_{k,c} |W_{kc}| \;+\; \lambda_2 \sum_{k,c} W_{kc}^2 $$
#
# With λ₁ = 0 it is L2 (ridge), with λ₂ = 0 it is L1 (lasso). How differently the two
# treat a *small* weight shows in their slopes. L2's slope, 2λ₂w, fades as the weight does, so the
# weight never quite gets to 0. L1's slope is λ₁ for the smallest weight and for the largest: it
# pushes until the weight *is* 0, and holds it there.

# %% figure="balls"
from course.figures.style import BLUE, GREY, INK, ORANGE, canvas, light_grid

w1, w2 = np.meshgrid(np.linspace(-1.6, 2.6, 300), np.linspace(-1.4, 2.4, 300))
data_loss = (w1 - 0.7) ** 2 * 0.5 + (w2 - 1.6) ** 2 + 0.5 * (w1 - 0.7) * (w2 - 1.6)
weights = np.linspace(-2, 2, 401)
with canvas(11, 4.6, 1, 2) as (figure, grid):
    balls, shrinkage = grid[0]
    balls.contour(w1, w2, data_loss, levels=[0.08, 0.3, 0.7, 1.25, 2.2], colors=GREY, linewidths=1)
    balls.plot(0.7, 1.6, "x", color=INK, markersize=9, mew=2)
    balls.annotate("least data loss", (0.7, 1.6), (0.9, 1.9))
    angle = np.linspace(0, 2 * np.pi, 400)
    circle, diamond = (
        np.array([np.cos(angle), np.sin(angle)]),
        np.array([[1, 0, -1, 0, 1], [0, 1, 0, -1, 0]]),
    )
    for ball, colour, name in ((circle, BLUE, "L2"), (diamond, ORANGE, "L1")):
        edge = np.concatenate(
            [np.linspace(a, b, 200) for a, b in zip(ball.T, ball.T[1:], strict=False)]
        )
        costs = (edge[:, 0] - 0.7) ** 2 * 0.5 + (edge[:, 1] - 1.6) ** 2
        costs += 0.5 * (edge[:, 0] - 0.7) * (edge[:, 1] - 1.6)
        best = edge[costs.argmin()]
        balls.plot(*ball, color=colour, label=name)
        balls.plot(*best, "o", color=colour, markersize=9)
    balls.axhline(0, color=GREY, linewidth=0.6)
    balls.axvline(0, color=GREY, linewidth=0.6)
    balls.set(
        aspect="equal", xlabel="$w_1$", ylabel="$w_2$", title="The best point that you can afford"
    )
    balls.legend(loc="lower right")
    shrinkage.plot(weights, weights, "--", color=GREY, linewidth=1.4, label="no penalty")
    shrinkage.plot(weights, weights / 2, color=BLUE, label="L2: scaled down")
    shrunk = np.sign(weights) * np.maximum(np.abs(weights) - 0.5, 0)
    shrinkage.plot(weights, shrunk, color=ORANGE, label="L1: pulled to 0 and cut")
    shrinkage.set(xlabel="weight that the data asks for", ylabel="weight that is left")
    shrinkage.set_title("What each does to one weight")
    shrinkage.legend(loc="upper left")
    light_grid(shrinkage)
figure

# %% [markdown]
# On the left, every point on one closed curve costs the same in penalty. L1's curve has corners,
# and corners lie where a weight is exactly 0: there $w_1$ is gone. That is why L1 *selects*
# features and L2 shares the work among them.
#
# Three conventions, on which books differ: there is **no 1/2** before the squares (CS231n; so the
# slope is 2λ₂w); we take the **sum**, not the mean; and the **biases are not charged**: a bias
# moves a decision without making it more complicated.
#
# At w = 0 the absolute value has a corner and no derivative. Any slope from -1 to 1 is a
# *subgradient* there, and we take **0**, as PyTorch does.
#
# ### Exercise 1: the elastic net
#
# Return the penalty and its subgradient together. **Expected output** for λ₁ = 0.1, λ₂ = 0.5:
#
# ```
# W =  1  -2     the sizes 1 + 2 + 0 + 3 = 6, the squares 1 + 4 + 0 + 9 = 14,
#      0   3     so the penalty is 0.6 + 7.0 = 7.6
#      5  -7     <- the biases are free
#
# subgradient =  1.1  -2.1     1.1 = 0.1 * 1 + 2 * 0.5 * 1
#                0.0   3.1
#                0.0   0.0
# ```


# %% answer="elastic_net" title="The elastic net and its subgradient" minutes=10 shortcuts="torch.Tensor.backward torch.autograd.backward torch.autograd.grad"
def elastic_net(W, l1, l2):
    """Return the elastic-net penalty l1 * sum(|W|) + l2 * sum(W**2), and its subgradient.

    Args:
        W: weights and, in the last row, biases; a float array of shape (D + 1, C).
        l1: the strength of the absolute values.
        l2: the strength of the squares (there is no 1/2).

    Returns:
        Two things: the penalty, one number; and its subgradient by `W`, of the shape and dtype
        of `W`. The biases cost nothing, so their row of the subgradient is 0. Where a weight is
        0, the subgradient of its absolute value is 0. `W` itself is only read.

    The derivative is yours to work out: an answer that has PyTorch do it, by `backward` or `grad`,
    earns nothing here. Compare with it as much as you like.
    """
    ### BEGIN SOLUTION
    weights = W[:-1]
    penalty = l1 * np.abs(weights).sum() + l2 * (weights**2).sum()
    subgradient = np.zeros_like(W)
    subgradient[:-1] = l1 * np.sign(weights) + 2 * l2 * weights
    return penalty, subgradient
    ### END SOLUTION


# %% [markdown] hints="elastic_net"
# 1. Which rows of `W` are charged, and which row is free?
# 2. The penalty adds up over all rows but the last. The slope of |w| is the *sign* of w; the slope
#    of w² is 2w. The row of the biases gets slope 0.
# 3. Take all rows but the last. Add up `np.abs` of them times `l1` and their squares times `l2`.
#    For the subgradient start from zeros like `W`, and write `l1` times `np.sign` plus twice `l2`
#    times the weights into all rows but the last.

# %% test="elastic_by_hand" exercise="elastic_net" points=3 title="six numbers worked out by hand"
W = np.array([[1.0, -2.0], [0.0, 3.0], [5.0, -7.0]])
with exercise("elastic_net"):
    penalty, subgradient = elastic_net(W, 0.1, 0.5)
    assert_close(penalty, 7.6, "the penalty")
    assert_close(subgradient, [[1.1, -2.1], [0.0, 3.1], [0.0, 0.0]], "the subgradient")

# %% test="elastic_one_at_a_time" exercise="elastic_net" points=1 title="L1 alone, and L2 alone"
W = np.array([[0.5], [-4.0], [0.0], [9.0]])
with exercise("elastic_net"):
    penalty, subgradient = elastic_net(W, 2.0, 0.0)
    assert_close(penalty, 9.0, "the penalty of L1 alone")
    assert_close(subgradient, [[2.0], [-2.0], [0.0], [0.0]], "the subgradient of L1 alone")
    penalty, subgradient = elastic_net(W, 0.0, 2.0)
    assert_close(penalty, 32.5, "the penalty of L2 alone")
    assert_close(subgradient, [[2.0], [-16.0], [0.0], [0.0]], "the subgradient of L2 alone")

# %% hidden="elastic_random" exercise="elastic_net" points=3 title="random weights, against PyTorch's own gradient"
rng = np.random.default_rng(1)
W = rng.normal(size=(5, 3))
W[1, 2] = 0.0
live = torch.tensor(W, requires_grad=True)
expected = 0.7 * live[:-1].abs().sum() + 0.3 * (live[:-1] ** 2).sum()
expected.backward()
penalty, subgradient = elastic_net(W, 0.7, 0.3)
assert_close(penalty, expected.item(), "the penalty")
assert_close(subgradient, live.grad, "the subgradient")

# %% hidden="elastic_float32" exercise="elastic_net" points=1 title="the subgradient has the dtype of the weights"
W = np.array([[1.0, -2.0], [0.0, 3.0], [5.0, -7.0]])
for dtype in (np.float64, np.float32):
    _, got = elastic_net(W.astype(dtype), 0.1, 0.5)
    got = np.asarray(got)
    assert got.dtype == dtype, f"from {dtype.__name__} weights the subgradient is {got.dtype}"
    assert_close(got, [[1.1, -2.1], [0.0, 3.1], [0.0, 0.0]], "the subgradient", rtol=1e-5)


# %% hidden="elastic_input" exercise="elastic_net" points=2 title="the weights are only read"
@probe
def weights_after_the_call(W):
    elastic_net(W, 0.1, 0.5)
    return W


W = np.array([[1.0, -2.0], [0.0, 3.0], [5.0, -7.0]])
assert_close(weights_after_the_call(W.copy()), W, "the weights that were handed in, after the call")

# %% [markdown]
# **What just happened.** One number to add to the loss, one array to add to its gradient, and
# training pays for every large weight. For the weight -4 the L2 slope is four times that of the
# weight -1; the L1 slope is the same for both.
#
# > **Think.** Follow the L1 subgradient in steps of 0.1 from w = 0.25. Do you ever hit 0
# > exactly? (This is why serious L1 solvers *cut* at 0, as in the figure on the right, instead of
# > following the subgradient.)

# %% [markdown]
# ## 2. Decay that stays out of the gradient
#
# One step of plain gradient descent on loss + λ Σ w² is
#
# $$ w \leftarrow w - \eta\,(g + 2 \lambda w) \;=\; (1 - 2 \eta \lambda)\, w - \eta\, g . $$
#
# The penalty *shrinks every weight by the same factor*, and then comes the usual step. Hence its
# other name, **weight decay**, and the popular story that the two are one thing. They are, **for
# plain SGD**. An optimizer with a memory mixes the penalty's slope into that memory: momentum
# repeats it for many steps, and Adam divides it by the size of the gradients, so that the weights
# with the *largest* gradients are regularized *least*. Nobody wanted that. *Decoupled* decay keeps
# the shrinking out of the gradient:
#
# $$ v \leftarrow \mu v + g, \qquad w \leftarrow (1 - \eta \delta)\, w - \eta\, v . $$

# %% figure="adam_and_decay"
from course.figures.style import BLUE, GREEN, INK, ORANGE, canvas, light_grid


def path_of_adam(scale, decoupled, rate=0.01, decay=0.5):
    """A weight that starts at 1 and whose gradients are noise of one scale: Adam or AdamW."""
    rng = np.random.default_rng(0)
    w, mean, square, seen = 1.0, 0.0, 0.0, [1.0]
    for t in range(1, 301):
        slope = scale * rng.normal()
        if decoupled:
            w -= rate * decay * w
        else:
            slope += decay * w
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        w -= rate * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
        seen.append(w)
    return seen


titles = {"L2 inside the gradient: Adam": False, "decoupled: AdamW": True}
with canvas(11, 4.2, 1, 2, sharey=True) as (figure, grid):
    for axes, (title, decoupled) in zip(grid[0], titles.items(), strict=True):
        for scale, colour, width in ((0.1, BLUE, 8), (1.0, GREEN, 5), (10.0, ORANGE, 2)):
            label = f"gradients of about {scale:g}"
            axes.plot(path_of_adam(scale, decoupled), color=colour, linewidth=width, label=label)
        asked_for = (1 - 0.01 * 0.5) ** np.arange(301)
        axes.plot(asked_for, "--", color=INK, linewidth=1.4, label="decay alone")
        axes.set(xlabel="step", title=title)
        light_grid(axes)
    grid[0, 0].set_ylabel("a weight")
    grid[0, 1].legend(loc="upper right", fontsize=11)
figure

# %% [markdown]
# Three weights start at 1, and their gradients are pure noise: the same noise, small, medium and large.
# The strength of the decay is the same for all. On the left it makes all the difference how *large* the
# noise is, which nobody asked for. On the right the three lie on one another, near the dashed line.
#
# ### Exercise 2: one step of SGD with momentum and decoupled decay
#
# **Expected output** from W = [2, -4], velocity [0, 0], gradient [1, 1] with rate 0.1, momentum 0.9,
# decay 0.5: the velocity becomes [1, 1], the weights shrink by 1 - 0.1 * 0.5 = 0.95 to [1.9, -3.8],
# and then the step leads to **[1.8, -3.9]**. A second step with gradient [0, 0]: velocity
# [0.9, 0.9], weights 0.95 * [1.8, -3.9] - 0.09 = **[1.62, -3.795]**.


# %% answer="decayed_step" title="SGD with momentum and decoupled decay" minutes=8 shortcuts="torch.optim.SGD torch.optim.AdamW"
def decayed_step(W, velocity, gradient, rate, momentum, decay):
    """Take one step of SGD with momentum and decoupled weight decay.

    Args:
        W: the weights, of any shape. All of them decay (biases are kept elsewhere here).
        velocity: the velocity so far; the shape of `W`.
        gradient: the gradient of the loss, without any penalty; the shape of `W`.
        rate: the learning rate, which also multiplies the decay.
        momentum: how much of the velocity is kept, 0 for plain SGD.
        decay: the strength of the decay.

    Returns:
        Two new arrays: the weights, and the velocity, which knows nothing of the decay. What
        was handed in is only read.

    The step is yours to take: an answer that leaves it to PyTorch's `SGD` or `AdamW` earns nothing
    here. Compare with them as much as you like.
    """
    ### BEGIN SOLUTION
    velocity = momentum * velocity + gradient
    return (1 - rate * decay) * W - rate * velocity, velocity
    ### END SOLUTION


# %% [markdown] hints="decayed_step"
# 1. The decay appears in one of the two formulas above only. In which?
# 2. First the new velocity, from the old one and the gradient. Then the weights: shrunk by a factor
#    a little below 1, minus the rate times the *new* velocity.
# 3. Make a new velocity: momentum times the old one, plus the gradient. The factor is 1 minus rate
#    times decay. Return factor times `W` minus rate times the new velocity, and the new velocity.

# %% test="decayed_by_hand" exercise="decayed_step" points=3 title="two steps worked out by hand"
with exercise("decayed_step"):
    W, velocity = decayed_step(np.array([2.0, -4.0]), np.zeros(2), np.ones(2), 0.1, 0.9, 0.5)
    assert_close(W, [1.8, -3.9], "the weights after the first step")
    assert_close(velocity, [1.0, 1.0], "the velocity after the first step")
    W, velocity = decayed_step(np.array([1.8, -3.9]), np.ones(2), np.zeros(2), 0.1, 0.9, 0.5)
    assert_close(W, [1.62, -3.795], "the weights after the second step")
    assert_close(velocity, [0.9, 0.9], "the velocity after the second step")

# %% hidden="decayed_plain" exercise="decayed_step" points=2 title="without momentum it is gradient descent on an L2 penalty"
rng = np.random.default_rng(2)
W, slope = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
live = torch.tensor(W, requires_grad=True)
((torch.tensor(slope) * live).sum() + 0.1 * (live**2).sum()).backward()
got, _ = decayed_step(W.copy(), np.zeros((4, 3)), slope.copy(), 0.3, 0.0, 0.2)
assert_close(got, W - 0.3 * live.grad.numpy(), "the weights after one step without momentum")

# %% hidden="decayed_momentum" exercise="decayed_step" points=2 title="five steps with momentum, against the sum of all that was added"
rng = np.random.default_rng(3)
start, gradients = rng.normal(size=(2, 3)), rng.normal(size=(5, 2, 3))
W, velocity = start.copy(), np.zeros((2, 3))
for gradient in gradients:
    W, velocity = decayed_step(W, velocity, gradient.copy(), 0.2, 0.8, 0.4)
    W, velocity = np.asarray(W), np.asarray(velocity)
velocities = [sum(0.8 ** (t - s) * gradients[s] for s in range(t + 1)) for t in range(5)]
shrunk = 0.92**5 * start - 0.2 * sum(0.92 ** (4 - t) * velocities[t] for t in range(5))
assert_close(velocity, velocities[4], "the velocity after five steps")
assert_close(W, shrunk, "the weights after five steps")


# %% hidden="decayed_input" exercise="decayed_step" points=2 title="weights, velocity and gradient are only read"
@probe
def arguments_after_the_step(W, velocity, gradient):
    decayed_step(W, velocity, gradient, 0.1, 0.9, 0.5)
    return W, velocity, gradient


before = (np.array([2.0, -4.0]), np.array([0.5, 1.0]), np.array([1.0, -1.0]))
after = arguments_after_the_step(*[each.copy() for each in before])
for name, old, new in zip(("weights", "velocity", "gradient"), before, after, strict=True):
    assert_close(new, old, f"the {name} that were handed in, after the call")

# %% [markdown]
# **What just happened.** Without momentum your step is exactly PyTorch's `SGD(weight_decay=δ)`, and
# exactly L2 with λ = δ/2 (mind the missing 1/2 once more). With momentum it is not, and that is what
# the W in AdamW is about.

# %% [markdown]
# ## 3. Dropout
#
# Take half of the units away, at random, and train what is left; next batch, other units. A unit
# that may lose its neighbours at any moment cannot lean on one of them. In evaluation all are there.
#
# One thing must be put right. If a unit's inputs are missing half of the time, then with all of
# them present it receives twice what it is used to. The *inverted* form settles this while training:
# **what is kept is multiplied by 1/(1 - p)**, so that the expectation is the input,
#
# $$ \mathbb{E}[y] = p \cdot 0 + (1 - p) \cdot \frac{x}{1 - p} = x , $$
#
# and in evaluation there is nothing to do at all.

# %% figure="dropout_draws"
from course import figures
from course.data import digits

figures.dropout_masks(digits("test").images[0], p=0.5)

# %% [markdown]
# Books differ on `p`: in the first paper it is the probability to *keep*; here, as in every library
# of today, it is the probability to **drop**.
#
# ### Exercise 3: inverted dropout
#
# So that the result can be checked, you are handed the random numbers: `draws` has one number for
# each entry of `x`, evenly spread over 0 to 1 (1 itself never comes). An entry is dropped where its
# draw is **below p**.
#
# **Expected output** for x = [1, 2, 3, 4], p = 0.5, draws = [0.9, 0.1, 0.5, 0.49]: **[2, 0, 6, 0]**.
# With p = 0 nothing is dropped, with p = 1 everything is: zeros, and no NaN.


# %% answer="dropout" title="Inverted dropout" minutes=8
def dropout(x, p, draws, training):
    """Drop each entry whose draw is below p, and scale up the others.

    Args:
        x: a float array of any shape.
        p: the probability to drop an entry, from 0 to 1. With p = 1 everything is dropped.
        draws: numbers in [0, 1), float64, of the shape of `x`; None when not training.
        training: whether to drop anything. If False, the result equals `x`.

    Returns:
        An array of the shape and dtype of `x`, which itself is only read.
    """
    ### BEGIN SOLUTION
    if not training:
        return x
    kept = draws >= p
    result = np.zeros_like(x)
    result[kept] = x[kept] / (1 - p)  # with p = 1 there is nothing to divide
    return result
    ### END SOLUTION


# %% [markdown] hints="dropout"
# 1. What should come out when `training` is False? Settle that before you touch `draws`.
# 2. An entry becomes 0 where its draw is below p, and x / (1 - p) otherwise. When p is 1, that
#    fraction is no number, and nobody needs it: divide only what is kept.
# 3. Return `x` when not training. Otherwise start with zeros like `x`, which have its dtype, and make a
#    mask of the entries that are kept, those whose draw is not below p. Write `x` at the mask, divided by
#    1 - p, into the zeros at the mask.

# %% test="dropout_by_hand" exercise="dropout" points=3 title="four entries by hand"
x, draws = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.9, 0.1, 0.5, 0.49])
with exercise("dropout"):
    assert_close(dropout(x.copy(), 0.5, draws, True), [2.0, 0.0, 6.0, 0.0], "x with p = 0.5")
    assert_close(dropout(x, 0.2, draws, True), [1.25, 0.0, 3.75, 5.0], "x with p = 0.2")

# %% test="dropout_evaluation" exercise="dropout" points=1 title="in evaluation nothing happens"
with exercise("dropout"):
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert_close(dropout(x, 0.5, None, False), x, "x in evaluation")

# %% hidden="dropout_expectation" exercise="dropout" points=2 title="a thousand draws average to what went in"
rng = np.random.default_rng(4)
x = np.broadcast_to(np.array([1.0, -2.0, 5.0]), (4000, 3)).copy()
draws = rng.random((4000, 3))
got = np.asarray(dropout(x, 0.3, draws, True))
assert_close((got == 0).mean(axis=0), (draws < 0.3).mean(axis=0), "the share of dropped entries")
assert_close(got.mean(axis=0), [1.0, -2.0, 5.0], "the mean of the draws", rtol=0.05, atol=0)

# %% hidden="dropout_ends" exercise="dropout" points=2 title="p = 0, and p = 1"
x, draws = np.array([[1.0, -2.0, 3.0]]), np.array([[0.0, 0.3, 0.999]])
assert_close(dropout(x, 0.0, draws, True), x, "x with p = 0")
assert_close(dropout(x, 1.0, draws, True), np.zeros((1, 3)), "x with p = 1")


# %% hidden="dropout_float32" exercise="dropout" points=1 title="float32 stays float32, and the input is only read"
@probe
def dtype_and_input_after(x, draws):
    results = [
        dropout(x, p, draws, training) for p, training in ((0.5, True), (1.0, True), (0.5, False))
    ]
    return [str(np.asarray(each).dtype) for each in results], x


x = np.array([1.0, 2.0, 3.0], dtype=np.float32)
dtypes, after = dtype_and_input_after(x.copy(), np.array([0.1, 0.9, 0.4]))
assert dtypes == ["float32"] * 3, f"from float32 your results come out as {dtypes}"
assert_close(after, x, "the entries that were handed in, after the call")

# %% [markdown]
# **What just happened.** Two classic traps lie here. Without the factor 1/(1 - p) the network meets
# inputs in evaluation that it has never seen in training. And with dropout left on in evaluation
# (`model.eval()` forgotten), the same image gets another answer each time you ask.
#
# > **Think.** The expectation is right, the variance is not 0: for p = 0.5 it is x². Why does
# > batch normalisation *behind* a dropout layer see other statistics in training than in evaluation?

# %% [markdown]
# ## 4. Stop in time
#
# Train on 100 digits of which 20 carry a *wrong label*, and at first everybody gets better. Then it
# begins to learn the wrong labels by heart, and only the images that it has never seen can
# tell you. So keep some apart, measure the loss on them after every epoch, and stop when it no longer
# falls. This costs nothing, and weights that have not travelled far from 0 are small: early stopping
# is a penalty in disguise.
#
# The rules differ from library to library in their details. Ours are those of Keras and Lightning:
#
# - an epoch **improves** if its loss is *more than* `min_delta` below the **best** loss so far
#   (a tie does not; and slow progress is judged against the best, not against the last epoch);
# - a loss of NaN never improves; the first loss that is a number always does;
# - training stops **at** the epoch that makes `patience` epochs **in a row** without improvement.
#
# ### Exercise 4: when to stop
#
# **Expected output** for `[0.9, 0.5, 0.6, 0.5, 0.1]` with patience 2: epoch 1 is the best so far,
# epochs 2 and 3 do not improve (3 is a tie), so training stops at epoch 3: **(1, 3)**. The 0.1 of
# epoch 4 is never seen. With patience 3 it is, and the answer is (4, 4).


# %% answer="early_stopping" title="Early stopping" minutes=12
def early_stopping(losses, patience, min_delta=0.0):
    """Say which epoch was the best, and after which one training ends.

    Args:
        losses: the validation losses of epochs 0, 1, 2, ... if nobody stopped; a list of floats
            that is not empty. Some may be NaN.
        patience: how many epochs in a row may pass without an improvement, at least 1.
        min_delta: an improvement is a loss *more than* this below the best so far.

    Returns:
        Two epochs, counted from 0: the best one, or None if there was none (all NaN); and the last
        one that was run, which is the last of `losses` if patience never ended.
    """
    ### BEGIN SOLUTION
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        if not np.isnan(loss) and (best is None or losses[best] - loss > min_delta):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best, epoch
    ### END SOLUTION


# %% [markdown] hints="early_stopping"
# 1. What do you need to remember from epoch to epoch? There are two things.
# 2. Remember the best epoch and how many epochs have passed since. An improvement sets the count back
#    to 0; anything else, also NaN, adds 1. What does a comparison with NaN give?
# 3. Go through the losses with `enumerate`. If the loss is a number and there is no best yet, or the
#    best loss minus this one is above `min_delta`, note the epoch and set the count to 0; otherwise
#    add 1. When the count has reached `patience`, leave the loop. Return the best epoch and the one
#    you are at.

# %% test="stopping_by_hand" exercise="early_stopping" points=3 title="five epochs by hand"
losses = [0.9, 0.5, 0.6, 0.5, 0.1]
with exercise("early_stopping"):
    got = tuple(early_stopping(losses, 2))
    assert got == (1, 3), f"with patience 2 expected (1, 3), got {got}"
    got = tuple(early_stopping(losses, 3))
    assert got == (4, 4), f"with patience 3 expected (4, 4), got {got}"

# %% test="stopping_never" exercise="early_stopping" points=1 title="when patience never ends"
with exercise("early_stopping"):
    got = tuple(early_stopping([3.0, 2.0, 2.75, 2.5, 1.0, 1.5, 0.75, 1.25, 1.0], 3))
    assert got == (6, 8), f"expected best 6 and last 8, got {got}"

# %% hidden="stopping_min_delta" exercise="early_stopping" points=2 title="min_delta: slow progress, and exactly min_delta"
slow = [1.0, 0.875, 0.75, 0.625, 0.5, 0.5]
got = tuple(early_stopping(slow, 2, 0.25))  # 0.875 and 0.75 are not enough below 1.0
assert got == (0, 2), f"slow progress with patience 2: expected (0, 2), got {got}"
got = tuple(early_stopping(slow, 3, 0.25))  # 0.625 is
assert got == (3, 5), f"slow progress with patience 3: expected (3, 5), got {got}"
got = tuple(early_stopping([1.0, 0.75, 0.25, 0.5], 5, 0.5))
assert got == (2, 3), f"patience that never ends: expected (2, 3), got {got}"

# %% hidden="stopping_nan" exercise="early_stopping" points=2 title="losses that are NaN"
nan = float("nan")
for losses, patience, expected in (
    ([nan, 1.0, nan, nan, 0.1], 2, (1, 3)),
    ([nan, nan, 0.5], 2, (None, 1)),
    ([nan, nan], 5, (None, 1)),
    ([2.0, nan, 1.0, nan, 1.0], 2, (2, 4)),
):
    got = tuple(early_stopping(losses, patience))
    assert got == expected, f"{losses} with patience {patience}: expected {expected}, got {got}"

# %% hidden="stopping_random" exercise="early_stopping" points=2 title="losses that rise from 0 and below, against the library"
from course.regularization import EarlyStopping

rng = np.random.default_rng(5)
for patience in (1, 2, 3, 4):
    for _ in range(5):
        losses = [float(each) for each in rng.normal(size=12).round(2)]
        watch, model = EarlyStopping(patience, 0.125), torch.nn.Linear(1, 1)
        last = 0
        while not watch.update(losses[last], model) and last + 1 < len(losses):
            last += 1
        got = tuple(early_stopping(losses, patience, 0.125))
        expected = (watch.best_update, last)
        assert got == expected, f"{losses}, patience {patience}: expected {expected}, got {got}"

# %% [markdown]
# Before we look at a real run, here is the classifier for the next experiments: softmax, gradient
# descent with momentum, and an L2 penalty that leaves the biases alone. (It applies the penalty as a
# factor *after* the step, so that no strength, however large, can make it diverge.)


# %% setup="classifier"
def fit(X, y, reg, steps=500):
    """Return weights, biases in the last row, of a softmax classifier with reg * sum(W**2)."""
    n = len(y)
    X, truth = np.hstack([X, np.ones((n, 1))]), np.eye(10)[y]  # room for ten classes
    W, velocity = np.zeros((X.shape[1], 10)), 0.0
    rate = 2 * n / np.linalg.norm(X, 2) ** 2  # the inverse of the steepest curvature
    for _ in range(steps):
        scores = X @ W
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        velocity = 0.9 * velocity + X.T @ (p - truth) / n
        W = W - rate * velocity
        W[:-1] /= 1 + 20 * rate * reg
    return W


def accuracy(W, X, y):
    """Return the share of the rows of X for which the highest score is that of class y."""
    return np.mean((X @ W[:-1] + W[-1]).argmax(axis=1) == y)


def mislabelled(images, labels, seed):
    """Draw 100 examples to train on, 20 with a wrong label, and 500 others, all right, to validate."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    train, validation = order[:100], order[100:600]
    y = labels[train].copy()
    y[:20] = (y[:20] + rng.integers(1, 10, size=20)) % 10
    return images[train], y, images[validation], labels[validation]


# %% figure="overfitting"
from course.data import digits
from course.figures.style import BLUE, INK, ORANGE, canvas, light_grid
from course.losses import softmax_cross_entropy
from course.regularization import EarlyStopping


def library_stopping(losses, patience, min_delta=0.0):
    watch, model = EarlyStopping(patience, min_delta), torch.nn.Linear(1, 1)
    epoch = 0
    while not watch.update(losses[epoch], model) and epoch + 1 < len(losses):
        epoch += 1
    return watch.best_update, epoch


pool = digits("train")
X, y, X_val, y_val = mislabelled(pool.pixels, pool.labels, seed=0)
epochs = np.arange(10, 401, 10)
weights = [fit(X, y, 0.0, int(steps)) for steps in epochs]
train_loss = [float(softmax_cross_entropy(X @ W[:-1] + W[-1], y)) for W in weights]
validation_loss = [float(softmax_cross_entropy(X_val @ W[:-1] + W[-1], y_val)) for W in weights]
best, last = with_fallback(early_stopping, library_stopping)(validation_loss, 5)
with canvas(9.5, 4.4) as (figure, grid):
    axes = grid[0, 0]
    axes.plot(epochs, train_loss, color=BLUE, label="train (20 of 100 labels are wrong)")
    axes.plot(epochs, validation_loss, color=ORANGE, label="validation (all labels are right)")
    axes.axvline(epochs[best], color=INK, linewidth=1.4)
    axes.axvline(epochs[last], color=INK, linewidth=1.4, linestyle="--")
    axes.text(
        epochs[best] + 3,
        1.95,
        f"best: {epochs[best]}\n{100 * accuracy(weights[best], X_val, y_val):.0f}% right",
    )
    axes.text(epochs[last] + 3, 1.6, f"patience ends: {epochs[last]}")
    axes.text(
        400,
        validation_loss[-1] - 0.14,
        f"{100 * accuracy(weights[-1], X_val, y_val):.0f}% right",
        ha="right",
        va="top",
    )
    axes.set(xlabel="steps of gradient descent, no penalty", ylabel="cross-entropy", ylim=(0, 2.3))
    axes.set_title("The training loss falls on and on; the validation loss turns")
    axes.legend(loc="center right")
    light_grid(axes)
figure

# %% [markdown]
# **What just happened.** The validation loss has its minimum after 50 steps. From there to step 400 the
# training loss goes on falling, but validation falls from 80% right to 70%: what is still being learnt is
# the wrong labels. Mind what early stopping hands back: not the weights you *end* with but a **copy** of
# those of the best epoch. (A reference will not do; the optimizer goes on writing into it.)

# %% [markdown]
# ## 5. How strong? An experiment
#
# A penalty has a strength, and nobody can tell you which. The popular story is "more regularization,
# better generalization". Let us see.
#
# A *trial* is one draw of training and validation examples, `(X, y, X_val, y_val)`. For each strength
# and each trial you `fit` (given above) on the training examples, and take the `accuracy` on both.
#
# ### Exercise 5: the sweep
#
# **Expected output.** A trial so small that you can predict it: five examples with a single feature,
#
# ```
# X = -1 -1 1 1 1      X_val = -1 -1 -1 1
# y =  0  0 1 1 1      y_val =  0  0  0 1
# ```
#
# With a tiny strength everything is learnt: 1.0 and 1.0. With the strength 10 000 there are no weights
# left, only biases, so every example gets the most common class, 1: that is right for **0.6** of the
# training and **0.25** of the validation examples.


# %% answer="penalty_sweep" title="Accuracy against the strength of a penalty" minutes=12
def penalty_sweep(strengths, trials):
    """Measure training and validation accuracy for each strength of the penalty and each trial.

    Args:
        strengths: K numbers, the `reg` of `fit(X, y, reg)`.
        trials: a list of S trials, each a tuple (X, y, X_val, y_val).

    Returns:
        Two arrays of shape (K, S), one row per strength and one column per trial: the accuracies,
        by `accuracy(W, X, y)`, on the examples trained on, and on those for validation.
    """
    ### BEGIN SOLUTION
    train = np.empty((len(strengths), len(trials)))
    validation = np.empty((len(strengths), len(trials)))
    for k, reg in enumerate(strengths):
        for s, (X, y, X_val, y_val) in enumerate(trials):
            W = fit(X, y, reg)
            train[k, s] = accuracy(W, X, y)
            validation[k, s] = accuracy(W, X_val, y_val)
    return train, validation
    ### END SOLUTION


# %% [markdown] hints="penalty_sweep"
# 1. How often must something be fitted for K strengths and S trials? On which examples, each time?
# 2. Two loops, one in the other. Each round fits once, on the training examples of its trial, and
#    notes two accuracies of those same weights.
# 3. Make two empty arrays of shape (K, S). Go through the strengths and the trials with
#    `enumerate`; call `fit` on X and y with this strength; write `accuracy` on X, y into the first
#    array and on X_val, y_val into the second, at the same place.

# %% test="sweep_by_hand" exercise="penalty_sweep" points=3 title="a trial that can be predicted"
X, y = np.array([[-1.0], [-1.0], [1.0], [1.0], [1.0]]), np.array([0, 0, 1, 1, 1])
X_val, y_val = np.array([[-1.0], [-1.0], [-1.0], [1.0]]), np.array([0, 0, 0, 1])
with exercise("penalty_sweep"):
    train, validation = penalty_sweep([1e-4, 1e4], [(X, y, X_val, y_val)])
    assert_close(train, [[1.0], [0.6]], "the accuracies in training")
    assert_close(validation, [[1.0], [0.25]], "the accuracies in validation")

# %% hidden="sweep_three_trials" exercise="penalty_sweep" points=3 title="two strengths, three trials that differ"
X, y = np.array([[-1.0], [-1.0], [1.0], [1.0], [1.0]]), np.array([0, 0, 1, 1, 1])
trials = [
    (X, y, np.array([[-1.0], [1.0]]), np.array([0, 1])),
    (X, 1 - y, np.array([[-1.0], [1.0], [1.0], [2.0]]), np.array([1, 1, 0, 0])),
    (X[:3], y[:3] + 1, np.array([[-1.0], [1.0], [1.0], [1.0], [3.0]]), np.array([0, 2, 2, 2, 2])),
]
train, validation = penalty_sweep([1e4, 1e-4], trials)
assert_close(train, [[0.6, 0.6, 2 / 3], [1.0, 1.0, 1.0]], "the accuracies in training")
assert_close(validation, [[0.5, 0.5, 0.0], [1.0, 0.75, 0.8]], "the accuracies in validation")

# %% hidden="sweep_between" exercise="penalty_sweep" points=2 title="strengths in between, on examples with wrong labels"
rng = np.random.default_rng(6)
X, y = rng.normal(size=(30, 8)), rng.integers(3, size=30)
trial = (X, y, X + 0.5 * rng.normal(size=X.shape), y)
train, validation = (np.asarray(each) for each in penalty_sweep([1e-3, 0.1, 0.3, 30.0], [trial]))
for k, reg in enumerate([1e-3, 0.1, 0.3, 30.0]):
    W = fit(X, y, reg)
    assert_close(train[k, 0], accuracy(W, X, y), f"training at {reg:g}", atol=1 / 30 + 1e-9)
    assert_close(
        validation[k, 0], accuracy(W, *trial[2:]), f"validation at {reg:g}", atol=1 / 30 + 1e-9
    )

# %% [markdown]
# Now the real one: nine strengths, five draws of 100 digits, each with 20 wrong labels.

# %% figure="gap"
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import validation_curve

from course import figures
from course.data import digits


def library_sweep(strengths, trials):
    """The same experiment with scikit-learn, whose C is 1 / (2 N reg)."""
    curves = []
    for X, y, X_val, y_val in trials:
        n, rows = len(y), np.arange(len(y) + len(y_val))
        curve = validation_curve(
            LogisticRegression(max_iter=5000),
            np.vstack([X, X_val]),
            np.hstack([y, y_val]),
            param_name="C",
            param_range=[1 / (2 * n * reg) for reg in strengths],
            cv=[(rows[:n], rows[n:])],
        )
        curves.append(curve)
    return np.concatenate(curves, axis=2)


pool = digits("train")
trials = [mislabelled(pool.pixels, pool.labels, seed) for seed in range(5)]
strengths = [1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0]
train, validation = with_fallback(penalty_sweep, library_sweep)(strengths, trials)
figures.train_validation_gap(strengths, train, validation)

# %% [markdown]
# **What just happened.** With almost no penalty the classifier learns its examples by heart, the wrong
# labels included: 0.998 in training, 0.700 in validation. At λ = 0.01 validation reaches 0.826, and
# training falls to 0.810. Is that a loss? **20 of 100 labels are wrong, so whoever understands the digits
# should score about 0.80 in training.** The penalty has made it decline to learn the lies.
#
# Then more of the same hurts: 0.305 at λ = 0.3, and 0.157 at λ = 1, where guessing gets 0.10. The
# gap is small there, too, so a small gap is nothing to aim for. The best strength is a *place*, not a
# direction. And look at the dots before you celebrate a difference: 0.795 at λ = 0.003 and 0.792 at 0.03
# lie well within the spread of single trials, about 0.026. (Those are the author's numbers, with the
# reference answer; without yours, the figure is drawn by scikit-learn, whose numbers differ a little.)
#
# And the same 100 digits with all labels *right*? There the same sweep gives 0.906 in validation with the
# weakest penalty and 0.883 at λ = 0.01: no penalty that we tried helped at all. Regularization is a
# medicine. Find out first whether there is an illness.

# %% [markdown]
# ## 6. Colours without places
#
# Now the other half: leave the classifier as it is, and change what it is shown. The first feature
# is the oldest: **count the colours**. Each pixel's hue is an angle on the circle of colours, as a
# part of the whole: 0 is red, 1/3 green, 2/3 blue, and just below 1 it is red again. Divide the
# circle into `bins` equal parts, count the pixels in each, divide by the number of pixels.
#
# $$ h_b = \frac{1}{HW} \,\bigl|\{\text{pixels whose hue lies in } [\,b/B,\; (b+1)/B\,)\}\bigr| $$
#
# What is gone: where each colour was, how bright and how pure it was. Grey has no hue at all; the
# usual conversion gives it 0, so black, white and grey count as red.

# ### Exercise 6: the hue histogram
#
# The setup cell at the top has imported `rgb_to_hsv` from matplotlib. It turns colours (..., 3) in
# red, green, blue into hue, saturation and value, all from 0 to 1; take the hue.
#
# **Expected output** for one image of four pixels, red, green, blue and grey, with 4 bins: their hues
# are 0, 1/3, 2/3 and 0, so the histogram is **[0.5, 0.25, 0.25, 0]**.


# %% answer="hue_histogram" title="The hue histogram" minutes=10
def hue_histogram(images, bins):
    """Return the share of each hue among the pixels of each image.

    Args:
        images: colours from 0 to 1; shape (N, H, W, 3).
        bins: into how many equal parts to divide the circle of hues.

    Returns:
        An array of shape (N, bins); each row adds up to 1. A hue that rounding has brought to 1 is
        a red: it may go to the first bin or the last, but it must not be lost.
    """
    ### BEGIN SOLUTION
    hues = rgb_to_hsv(images)[..., 0].reshape(len(images), -1)
    places = (hues * bins).astype(int) % bins
    counts = np.array([np.bincount(row, minlength=bins) for row in places])
    return counts / places.shape[1]
    ### END SOLUTION


# %% [markdown] hints="hue_histogram"
# 1. Two images give two rows. Which axes are counted together, and which is not?
# 2. Take the hue of all pixels, and flatten each image to one row. A hue times `bins`, cut to a whole
#    number, is the place of its bin. Count the places in each row and divide by the number of pixels.
# 3. `rgb_to_hsv(...)[..., 0]`, reshaped to (N, H * W). For each row use `np.bincount` with
#    `minlength`, on places taken modulo `bins`; or `np.histogram` with the number of bins and
#    `range=(0, 1)`. Divide by H * W.

# %% test="hues_by_hand" exercise="hue_histogram" points=3 title="four pixels by hand"
red, green, blue, grey = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.5]
with exercise("hue_histogram"):
    got = hue_histogram(np.array([[[red, green], [blue, grey]]]), 4)
    assert_close(got, [[0.5, 0.25, 0.25, 0.0]], "the histogram of red, green, blue and grey")
    got = hue_histogram(np.array([[[green, green, blue]], [[red, red, red]]]), 5)
    expected = [[0.0, 2 / 3, 0.0, 1 / 3, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]]
    assert_close(got, expected, "the histograms of two images")

# %% hidden="hues_random" exercise="hue_histogram" points=2 title="random colours, several numbers of bins"
import colorsys

images = np.random.default_rng(7).random((3, 4, 5, 3))
hues = [[colorsys.rgb_to_hsv(*pixel)[0] for pixel in image.reshape(-1, 3)] for image in images]
for bins in (1, 7, 12):
    expected = [
        [sum(b <= hue * bins < b + 1 for hue in row) / 20 for b in range(bins)] for row in hues
    ]
    assert_close(hue_histogram(images, bins), expected, f"the histograms with {bins} bins")

# %% hidden="hues_places" exercise="hue_histogram" points=1 title="the places do not matter, nor brightness and purity"
images = 0.2 + 0.8 * np.random.default_rng(8).random((2, 3, 4, 3))
expected = hue_histogram(images, 6)
assert_close(
    hue_histogram(images[:, ::-1, ::-1].copy(), 6), expected, "images turned by 180 degrees"
)
assert_close(hue_histogram(images * 0.4, 6), expected, "images that are darker")
assert_close(hue_histogram(0.5 + 0.5 * images, 6), expected, "images that are paler")

# %% hidden="hues_a_hair_from_red" exercise="hue_histogram" points=2 title="a red with a trace of blue is not lost"
images = np.array([[[[1.0, 0.0, 1e-17], [1.0, 0.0, 0.02], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]])
got = np.asarray(hue_histogram(images, 4))
assert got.shape == (1, 4), f"expected shape (1, 4), got shape {got.shape}"
assert_close(got.sum(), 1.0, "the sum of the shares")
assert_close(got[0, 1:3], [0.25, 0.25], "the shares of green and blue")
assert got[0, 3] in (0.25, 0.5), f"the last bin, of reds with a trace of blue, holds {got[0, 3]}"

# %% figure="hues"
from course.data import gratings
from course.features import color_histogram
from course.figures.style import GREY, canvas

data = gratings("test")
chosen = [int(np.flatnonzero(data.labels == label)[0]) for label in range(4)]
histograms = with_fallback(hue_histogram, color_histogram)(data.images[chosen], 12)
hues = (np.arange(12) + 0.5) / 12
with canvas(11, 4.8, 2, 4) as (figure, grid):
    for column, (index, histogram) in enumerate(zip(chosen, histograms, strict=True)):
        picture, bars = grid[:, column]
        picture.imshow(data.images[index])
        picture.set(xticks=[], yticks=[])
        picture.set_title(data.names[index], loc="center", fontsize=12)
        colours = mpl.colormaps["hsv"](hues)
        bars.bar(hues, histogram, width=1 / 12, color=colours, edgecolor=GREY)
        bars.set(xlim=(0, 1), ylim=(0, 1), yticks=[0, 0.5, 1])
        bars.set_xticks([0, 1 / 3, 2 / 3, 1], ["0", "1/3", "2/3", "1"])
    grid[1, 0].set_ylabel("share of pixels")
    figure.supxlabel("hue", fontsize=12)
figure

# %% [markdown]
# **What just happened.** Two of these four classes have the same histogram as the other two: whoever
# sees only hues cannot tell upright stripes from lying ones, however much is trained. And red spreads
# over *both* ends of the axis, because hue is a circle and a histogram is not.

# %% [markdown]
# ## 7. Edges without colours
#
# What makes a shape is not how bright it is but where the brightness *changes*. HOG, the histogram of
# oriented gradients, keeps exactly that. At each pixel take the change to the right and the change
# downwards. Together they are an arrow:
#
# $$ |g| = \sqrt{\text{right}^2 + \text{down}^2}, \qquad
#    \theta = \operatorname{atan2}(\text{down}, \text{right}) \bmod 180° . $$
#
# **Why modulo 180?** A dark line on white and a white line on dark have the same shape, but arrows
# that point opposite ways. Modulo 180 degrees they agree.
#
# Then cut the image into *cells*, and let the pixels of each cell vote: into the bin of their angle,
# **with the weight |g|**, so that a strong edge counts and flat ground does not. Divide by the number
# of pixels in the cell. (Full HOG then normalises blocks of neighbouring cells, so that shadows cancel;
# that part is the library's.)

# %% figure="edges"
from course import figures
from course.data import letters

figures.hog_glyphs(letters("test", count=5).images, cell=8)

# %% [markdown]
# ### Exercise 7: the histograms of the cells
#
# **Expected output** with 4 bins of 45 degrees and cells of 2 x 2, for a table with two cells, in which
# most arrows have length 5:
#
# ```
# right =   4  -4   -3   6        angle =   37   37   127  127
#           3   0   -4   0                  53    -   143    -
# down  =   3  -3    4  -8        |g|   =    5    5     5   10
#           4   0    3   0                   5    0     5    0
# ```
#
# The left cell has (5 + 5)/4 = 2.5 in bin 0 and 5/4 = 1.25 in bin 1: **[2.5, 1.25, 0, 0]**. The right one
# has (5 + 10)/4 = 3.75 in bin 2, and 1.25 in bin 3: **[0, 0, 3.75, 1.25]**.


# %% answer="orientation_histograms" title="Histograms of oriented gradients, cell by cell" minutes=15
def orientation_histograms(right, down, bins, cell):
    """Return, for each cell, how much the brightness changes in each direction.

    Args:
        right: the change of brightness to the right, at each pixel; shape (H, W).
        down: the change downwards; shape (H, W).
        bins: into how many equal parts to divide 0 to 180 degrees.
        cell: the side of a cell in pixels; H and W are multiples of it.

    Returns:
        An array of shape (H / cell, W / cell, bins): the lengths of the gradients of a cell, added up
        by the bin of their angle modulo 180 degrees, and divided by the number of its pixels. An
        angle that rounding has brought to 180 may go to the first bin or the last, but its length
        must not be lost.
    """
    ### BEGIN SOLUTION
    places = (np.arctan2(down, right) % np.pi * (bins / np.pi)).astype(int) % bins
    lengths = np.hypot(right, down)
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.empty((rows, columns, bins))
    for i in range(rows):
        for j in range(columns):
            part = np.s_[i * cell : (i + 1) * cell, j * cell : (j + 1) * cell]
            votes = np.bincount(places[part].ravel(), lengths[part].ravel(), minlength=bins)
            histograms[i, j] = votes / cell**2
    return histograms
    ### END SOLUTION


# %% [markdown] hints="orientation_histograms"
# 1. Each pixel has an angle, which says *where* it votes, and a length, which says *how much*. Which
#    function gives an angle between -180 and 180 from two sides?
# 2. `np.arctan2(down, right)`, in degrees, modulo 180; its part of 180, times `bins`, cut to a whole
#    number, is the place. Then go from cell to cell, add up the lengths by place, and divide by the
#    number of pixels in a cell.
# 3. Compute places and lengths (`np.hypot`) for the whole table. In two loops over the cells, slice
#    both from i * cell to (i + 1) * cell, and likewise for j, and use `np.bincount` with the lengths as
#    its weights and a `minlength`, or `np.histogram` with `range=(0, 180)` and `weights`.

# %% test="cells_by_hand" exercise="orientation_histograms" points=3 title="two cells by hand"
right = np.array([[4.0, -4.0, -3.0, 6.0], [3.0, 0.0, -4.0, 0.0]])
down = np.array([[3.0, -3.0, 4.0, -8.0], [4.0, 0.0, 3.0, 0.0]])
with exercise("orientation_histograms"):
    got = orientation_histograms(right, down, 4, 2)
    assert_close(
        got, [[[2.5, 1.25, 0.0, 0.0], [0.0, 0.0, 3.75, 1.25]]], "the histograms of two cells"
    )

# %% hidden="cells_random" exercise="orientation_histograms" points=2 title="six cells, nine bins, random gradients"
rng = np.random.default_rng(9)
right, down = rng.normal(size=(2, 6, 9))
expected = np.zeros((2, 3, 9))
for i, j in np.ndindex(6, 9):
    along = complex(right[i, j], down[i, j])
    angle = np.degrees(np.angle(along))
    bin_of_pixel = next(b for b in range(9) if 20 * b <= (angle + 180 * (angle < 0)) < 20 * (b + 1))
    expected[i // 3, j // 3, bin_of_pixel] += abs(along) / 9
assert_close(orientation_histograms(right, down, 9, 3), expected, "the histograms of six cells")

# %% hidden="cells_turned" exercise="orientation_histograms" points=2 title="light and dark exchanged; the image turned by 90 degrees"
rng = np.random.default_rng(10)
right, down = rng.normal(size=(2, 4, 4))
histograms = np.asarray(orientation_histograms(right, down, 6, 2))
assert_close(orientation_histograms(-right, -down, 6, 2), histograms, "light and dark exchanged")
turned = orientation_histograms(np.rot90(down).copy(), -np.rot90(right), 6, 2)
assert_close(turned, np.roll(np.rot90(histograms), 3, axis=2), "the image turned by 90 degrees")

# %% hidden="cells_one_cell" exercise="orientation_histograms" points=1 title="one cell, one bin; and cells of one pixel"
right, down = np.array([[3.0, -6.0], [0.0, 5.0]]), np.array([[4.0, 8.0], [0.0, 12.0]])
assert_close(orientation_histograms(right, down, 1, 2), [[[7.0]]], "one cell and one bin")
expected = [[[5.0, 0.0, 0.0], [0.0, 0.0, 10.0]], [[0.0, 0.0, 0.0], [0.0, 13.0, 0.0]]]
assert_close(orientation_histograms(right, down, 3, 1), expected, "cells of one pixel")

# %% hidden="cells_a_hair_below" exercise="orientation_histograms" points=2 title="an angle a hair below 0 is not lost"
right, down = np.array([[1.0, 2.0], [0.0, 4.0]]), np.array([[-1e-20, -2e-20], [3.0, 5e-3]])
got = np.asarray(orientation_histograms(right, down, 4, 2))
assert got.shape == (1, 1, 4), f"expected shape (1, 1, 4), got shape {got.shape}"
assert_close(got[0, 0, 1:3], [0.0, 0.75], "the two bins in the middle")
assert_close(got[0, 0, 0] + got[0, 0, 3], 1.75, "first and last bin together", rtol=1e-5)

# %% [markdown]
# **What just happened.** Add 0.2 to every pixel: no gradient changes. Make the picture a negative: all
# arrows turn round, modulo 180 nothing changes. Move an edge by a pixel within its cell: nothing, or
# nearly. This is what HOG forgives, and a linear classifier on raw pixels does not.
#
# It is also what HOG can *lose*. On the native 8 x 8 digits there is next to nothing to forgive, they
# are centred and clean, and HOG with cells of 4 pixels leaves four cells per image. You will see in
# section 9 what that costs.

# %% [markdown]
# ## 8. Parts without an order
#
# Cut an image into small patches, replace each by the most similar entry of a dictionary, and keep only
# **how often each word occurs**. The name, a *bag of visual words*, comes from texts: "the cat sat on the
# mat" becomes {the: 2, cat: 1, ...}, and who sat on whom is gone.
#
# The dictionary is learnt: k-means on many patches, and its centres are the words. Here are those of
# digits that stand at random places:

# %% figure="codebook"
from course import figures
from course.data import shifted_digits
from course.features import BagOfVisualWords

bag = BagOfVisualWords(words=48, patch=5).fit(shifted_digits("train").images[:300])
figures.visual_words(bag)

# %% [markdown]
# Strokes, ends and bends, at all angles and at all places within the patch. For a patch to count by its
# *shape*, two things are taken off it first: its mean (brightness), and then its standard deviation is
# scaled to 1 (contrast).
#
# **But not that of a flat patch.** A piece of empty paper has a contrast of almost nothing, and
# dividing by almost nothing blows the noise up into a shape (dividing by exactly nothing gives NaN).
# So a patch whose standard deviation is below 0.01 has only its mean taken off, and stays near 0.
#
# ### Exercise 8: the bag of one image
#
# **Expected output** with patches of two pixels and three words,
#
# ```
# patches = 0.2 0.8   -> mean 0.5, deviation 0.3 -> -1  1   nearest: word 0
#           0.5 0.9   ->      0.7            0.2 -> -1  1            word 0
#           0.9 0.1   ->      0.5            0.4 ->  1 -1            word 1
#           0.4 0.4   ->      0.4              0 ->  0  0  (flat)    word 2
#
# words   = -1  1
#            1 -1
#            0  0
# ```
#
# the histogram is **[0.5, 0.25, 0.25]**.


# %% answer="bag_of_words" title="A bag of visual words" minutes=15 shortcuts="scipy.cluster.vq.vq"
def bag_of_words(patches, words):
    """Return the share of each visual word among the patches of an image.

    Args:
        patches: the P patches of one image, one per row, pixels from 0 to 1; shape (P, D).
        words: the K words of the dictionary, one per row; shape (K, D). They have been scaled as
            patches are to be: mean 0, and standard deviation 1 unless flat.

    Returns:
        An array of shape (K,) that adds up to 1. Each patch has its mean taken off and is divided
        by its standard deviation (of all D numbers, divided by D), but not if that is below 0.01.
        It counts for the word at the least (Euclidean) distance. `patches` is only read.

    The search is yours to write: an answer that calls SciPy's `vq` earns nothing here. Compare
    with it as much as you like.
    """
    ### BEGIN SOLUTION
    shapes = patches - patches.mean(axis=1, keepdims=True)
    contrast = shapes.std(axis=1, keepdims=True)
    shapes = shapes / np.where(contrast < 0.01, 1, contrast)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    counts = np.bincount(distances.argmin(axis=1), minlength=len(words))
    return counts / len(patches)
    ### END SOLUTION


# %% [markdown] hints="bag_of_words"
# 1. Three steps: bring the patches to the scale of the words, find the nearest word of each, count.
# 2. Mean and deviation are taken *per patch*, so along the axis of the pixels. Where the deviation is
#    below 0.01, divide by 1 instead. All distances together are a table (P, K).
# 3. Use `keepdims=True` for mean and deviation and `np.where` for the flat ones. With a new axis in the
#    middle, patches (P, 1, D) minus words (K, D) gives (P, K, D); square, add up over the last axis, take
#    `argmin` along the words, `np.bincount` with a `minlength`, and divide by the number of patches.

# %% test="bag_by_hand" exercise="bag_of_words" points=3 title="four patches and three words by hand"
patches = np.array([[0.2, 0.8], [0.5, 0.9], [0.9, 0.1], [0.4, 0.4]])
words = np.array([[-1.0, 1.0], [1.0, -1.0], [0.0, 0.0]])
with exercise("bag_of_words"):
    assert_close(bag_of_words(patches, words), [0.5, 0.25, 0.25], "the shares of three words")

# %% hidden="bag_random" exercise="bag_of_words" points=2 title="many patches and words, of which some are never used"
rng = np.random.default_rng(11)
patches, words = rng.random((40, 6)), rng.normal(size=(9, 6))
words[4] *= 1.5
words[8] = 20.0  # nearest to nothing
shapes = [(row - row.mean()) / np.sqrt(((row - row.mean()) ** 2).mean()) for row in patches]
nearest = torch.cdist(torch.tensor(np.array(shapes)), torch.tensor(words)).argmin(dim=1)
assert_close(
    bag_of_words(patches, words), np.bincount(nearest, minlength=9) / 40, "the shares of nine words"
)

# %% hidden="bag_light" exercise="bag_of_words" points=2 title="another brightness and contrast; another order of the patches"
rng = np.random.default_rng(12)
patches, words = rng.random((30, 5)), rng.normal(size=(6, 5))
expected = bag_of_words(patches, words)
lights = 0.1 + 0.3 * rng.random((30, 1))
assert_close(bag_of_words(lights + 0.5 * patches, words), expected, "patches in another light")
assert_close(bag_of_words(patches[::-1].copy(), words), expected, "patches in another order")

# %% hidden="bag_flat" exercise="bag_of_words" points=2 title="flat patches: exactly flat, and almost"
words = np.array([[-1.0, 1.0], [1.0, -1.0], [0.3, -0.3], [0.0, 0.0], [0.008, -0.008]])
patches = np.array([[0.5, 0.5], [0.5, 0.504], [0.514, 0.5], [0.53, 0.5], [0.2, 0.28], [0.7, 0.7]])
assert_close(
    bag_of_words(patches, words), np.array([1, 1, 0, 3, 1]) / 6, "the shares of five words"
)


# %% hidden="bag_input" exercise="bag_of_words" points=1 title="the patches are only read"
@probe
def patches_after_the_call(patches, words):
    bag_of_words(patches, words)
    return patches, words


rng = np.random.default_rng(13)
patches, words = rng.random((5, 4)), rng.normal(size=(3, 4))
after = patches_after_the_call(patches.copy(), words.copy())
assert_close(after[0], patches, "the patches that were handed in, after the call")
assert_close(after[1], words, "the words that were handed in, after the call")

# %% [markdown]
# **What just happened.** An image of any size has become K numbers, and a digit in the top left corner
# has the same bag as one in the bottom right: what is thrown away is exactly what differs between them.
# Every pixel's own weight in a linear classifier is at the mercy of where the digit stands.
#
# > **Think.** A 6 and a 9 are each other turned by 180 degrees. Which of our three features can tell
# > them apart at all, and why?

# %% [markdown]
# ## 9. What the test set must not tell you
#
# A hue histogram is between 0 and 1, an oriented gradient may be around 0.01, and next to a column that
# is a hundred times larger, gradient descent hardly notices it. So columns are **standardised**: mean 0 and
# standard deviation 1.
#
# Whose mean? **The training set's.** The mean over all images is a message from the test set: a small one,
# usually, but then your score is no longer that of images nobody had seen. The rule has no exceptions, so
# it is easy to keep: *whatever is computed from data, a mean, a codebook, the choice of λ, is computed from
# training data, and then applied to the test data as it is.*
#
# ### Exercise 9: standardise
#
# **Expected output**:
#
# ```
# train = 1 5     mean 2 5     ->  -1 0      test = 2 6  ->  0 1
#         3 5     deviation 1 (0)   1 0             5 5      3 0
# ```
#
# The second column is *constant* in training: its mean is taken off, and it is not divided by anything.
# Beware, a deviation of 0 is not always 0: three times 0.1 have a mean of 0.10000000000000002 and a deviation
# of 1.4e-17. Whether a column is constant is better asked of its largest and smallest value.


# %% answer="standardise" title="Standardise, by the training set" minutes=8 shortcuts="sklearn.preprocessing.StandardScaler sklearn.preprocessing.scale scipy.stats.zscore"
def standardise(train, test):
    """Standardise the columns of both by the statistics of the training examples.

    Args:
        train: features of the training examples, one per row; shape (N, D).
        test: features of the test examples; shape (M, D).

    Returns:
        Two new arrays, train and test: from each column the mean of `train` is taken off, then it is
        divided by the standard deviation of `train` (the square root of the mean of the squares:
        divide by N). A column with the same value in all of `train` is not divided. (No other
        column in the tests has a deviation below 1e-6.)

    The scaling is yours to write: an answer that calls `StandardScaler` or `scale` of scikit-learn,
    or SciPy's `zscore`, earns nothing here. Compare with them as much as you like.
    """
    ### BEGIN SOLUTION
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    constant = train.max(axis=0) == train.min(axis=0)
    scale = np.where(constant, 1.0, deviation)
    return (train - mean) / scale, (test - mean) / scale
    ### END SOLUTION


# %% [markdown] hints="standardise"
# 1. How many means are there: one, one per row, or one per column? And from which of the two arrays?
# 2. Mean and deviation of each column of `train`. Where its largest and smallest value are equal, use 1
#    in the place of the deviation. Treat both arrays with these same numbers.
# 3. `train.mean(axis=0)` and `train.std(axis=0)`; `np.where` on the comparison of `train.max(axis=0)` with
#    `train.min(axis=0)` for the scale; then subtract and divide, for `train` and for `test`.

# %% test="standardise_by_hand" exercise="standardise" points=2 title="two columns by hand"
with exercise("standardise"):
    train, test = standardise(
        np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[2.0, 6.0], [5.0, 5.0]])
    )
    assert_close(train, [[-1.0, 0.0], [1.0, 0.0]], "the training examples")
    assert_close(test, [[0.0, 1.0], [3.0, 0.0]], "the test examples")

# %% hidden="standardise_random" exercise="standardise" points=2 title="columns of very different sizes"
rng = np.random.default_rng(14)
sizes, middles = np.array([0.01, 1.0, 500.0]), np.array([3.0, 0.0, -70.0])
train, test = middles + sizes * rng.normal(size=(7, 3)), middles + sizes * rng.normal(size=(4, 3))
mean = sum(train) / 7
scale = sum((train - mean) ** 2 / 7) ** 0.5
got_train, got_test = standardise(train.copy(), test.copy())
assert_close(got_train, (train - mean) / scale, "the training examples")
assert_close(got_test, (test - mean) / scale, "the test examples")

# %% hidden="standardise_constant" exercise="standardise" points=2 title="columns that do not vary: 0, 0.1 and a million"
train = np.array([[0.0, 0.1, 1e6, 1.0], [0.0, 0.1, 1e6, 2.0], [0.0, 0.1, 1e6, 3.0]])
got_train, got_test = standardise(train, np.array([[0.5, 0.3, 1e6 + 3, 2.0]]))
assert_close(np.asarray(got_train)[:, :3], np.zeros((3, 3)), "the constant columns in training")
assert_close(np.asarray(got_test), [[0.5, 0.2, 3.0, 0.0]], "a test example", atol=1e-9)


# %% hidden="standardise_input" exercise="standardise" points=1 title="both are only read"
@probe
def features_after_the_call(train, test):
    standardise(train, test)
    return train, test


train, test = np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[2.0, 6.0]])
after = features_after_the_call(train.copy(), test.copy())
assert_close(after[0], train, "the training examples that were handed in, after the call")
assert_close(after[1], test, "the test examples that were handed in, after the call")

# %% [markdown]
# ### Exercise 10: an experiment that you may publish
#
# One accuracy is an anecdote: with other images in training it would have been another. So repeat the
# experiment with several seeds, and report the **mean and the spread**.
#
# Each seed draws its own split: shuffle the row numbers with `np.random.default_rng(seed).permutation(N)`;
# the first `n_train` are for training, the rest is for testing. Columns are to be brought to 0..1 with
# `to_unit_range` (the next cell; another scaling than above, and the same rule: whose smallest and
# largest values do you hand to it?). Then `fit` with `reg=0.001`, and take the `accuracy` on the test rows.


# %% setup="scaling"
def to_unit_range(X, low, high):
    """Bring each column from low..high to 0..1; a column for which they are equal becomes 0."""
    width = high - low
    return np.divide(X - low, width, out=np.zeros(X.shape), where=width > 0)


# %% [markdown]
# The spread is the *sample* standard deviation: S accuracies have S - 1 degrees of freedom, so divide by
# S - 1. (NumPy divides by S unless told otherwise.) **Expected output** for the accuracies 0.8, 0.9, 1.0: mean 0.9,
# spread √((0.01 + 0 + 0.01)/2) = 0.1.


# %% answer="feature_accuracies" title="Accuracy over seeds, with its spread" minutes=12
def feature_accuracies(X, y, n_train, seeds):
    """Measure how well the linear classifier does with some features, over several splits.

    Args:
        X: features, one example per row; shape (N, D).
        y: their classes; shape (N,).
        n_train: how many examples to train on; the other N - n_train are for testing.
        seeds: one number for each of S splits, at least two. The split of a seed follows from
            np.random.default_rng(seed).permutation(N): its first n_train entries are the rows
            to train on.

    Returns:
        Three things: the accuracies on the test rows, shape (S,), in the order of the seeds; their
        mean; and their sample standard deviation. Everything that is computed from features, the
        smallest and largest value of each column included, comes from the rows trained on.
    """
    ### BEGIN SOLUTION
    accuracies = np.empty(len(seeds))
    for s, seed in enumerate(seeds):
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = order[:n_train], order[n_train:]
        low, high = X[train].min(axis=0), X[train].max(axis=0)
        W = fit(to_unit_range(X[train], low, high), y[train], 0.001)
        accuracies[s] = accuracy(W, to_unit_range(X[test], low, high), y[test])
    return accuracies, accuracies.mean(), accuracies.std(ddof=1)
    ### END SOLUTION


# %% [markdown] hints="feature_accuracies"
# 1. Write it for one seed first. Which of your lines may see the test rows before the very last one?
# 2. For each seed: shuffle, cut in two, take smallest and largest values of the columns in the *training*
#    rows, scale both parts with them, fit on the one, and take the accuracy on the other.
# 3. In a loop over the seeds: `order`, then `X[order[:n_train]]` and `X[order[n_train:]]`; `min(axis=0)` and
#    `max(axis=0)` of the first; `to_unit_range` for both; `fit` with 0.001; append `accuracy`. At the end
#    `mean()`, and `std` with `ddof=1`.

# %% test="accuracies_known" exercise="feature_accuracies" points=3 title="a feature that is right for all but six examples"
rng = np.random.default_rng(15)
side = np.repeat([-1.0, 1.0], 20)
X = np.column_stack([side, np.full(40, 7.0)])
y = (side > 0).astype(int)
y[[2, 9, 17, 22, 31, 36]] ^= 1  # for these the feature is wrong
expected = []
for seed in (0, 1, 2, 3):
    rest = np.random.default_rng(seed).permutation(40)[24:]
    expected.append(1 - np.isin(rest, [2, 9, 17, 22, 31, 36]).mean())
with exercise("feature_accuracies"):
    accuracies, mean, spread = feature_accuracies(X, y, 24, [0, 1, 2, 3])
    assert_close(accuracies, expected, "the accuracies of four splits")
    assert_close(mean, sum(expected) / 4, "their mean")
    squares = [(each - sum(expected) / 4) ** 2 for each in expected]
    assert_close(spread, (sum(squares) / 3) ** 0.5, "their spread")

# %% hidden="accuracies_outlier" exercise="feature_accuracies" points=2 title="test rows with huge values teach the training nothing"
seeds = [5, 6, 8]
tests = [np.random.default_rng(seed).permutation(60)[30:] for seed in seeds]
never_trained = set(tests[0]) & set(tests[1]) & set(tests[2])
X = np.where(np.arange(60) % 2 == 0, -1.0, 1.0)[:, np.newaxis] * np.array([[1.0, 0.01]])
y = np.arange(60) % 2
for row in never_trained:
    X[row] *= 1e4
accuracies, mean, spread = feature_accuracies(X, y, 30, seeds)
assert_close(accuracies, [1.0, 1.0, 1.0], "the accuracies of three splits")
assert_close([mean, spread], [1.0, 0.0], "their mean and spread")

# %% hidden="accuracies_overlap" exercise="feature_accuracies" points=2 title="classes that overlap, columns in different units"
import statistics

rng = np.random.default_rng(40)
y = rng.integers(3, size=80)
X = 1.5 * np.eye(3, 9)[y] + rng.normal(size=(80, 9))
X = X * np.array([1.0, 100.0, 0.01] * 3) + np.arange(9.0)  # columns in different units
seeds = [1, 2]
accuracies, mean, spread = feature_accuracies(X, y, 30, seeds)
accuracies = [float(each) for each in np.asarray(accuracies)]
for seed, each in zip(seeds, accuracies, strict=True):
    order = np.random.default_rng(seed).permutation(80)
    known, new = X[order[:30]], X[order[30:]]
    least, most = known.min(axis=0), known.max(axis=0)
    W = fit((known - least) / (most - least), y[order[:30]], 0.001)
    expected = accuracy(W, (new - least) / (most - least), y[order[30:]])
    assert_close(each, expected, f"the accuracy of seed {seed}", atol=0.04)
assert_close(mean, statistics.mean(accuracies), "the mean of these accuracies")
assert_close(spread, statistics.stdev(accuracies), "the spread of these accuracies")
y = np.arange(20) % 2  # with these seeds, one of each class among the first two rows
accuracies, _, _ = feature_accuracies(y[:, np.newaxis] + 1.0, y, 2, [0, 1])
assert_close(accuracies, [1.0, 1.0], "the accuracies after training on two examples")

# %% [markdown]
# Now the experiment that this notebook has been leading up to. First the coloured stripes of section 6:
# four classes, two orientations times two hues.

# %% figure="stripes_by_feature"
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from course import figures
from course.data import gratings
from course.features import color_histogram, hog, raw_pixels


def library_accuracies(X, y, n_train, seeds):
    """The same experiment with scikit-learn, whose C is 1 / (2 N reg)."""
    classifier = LogisticRegression(C=1 / (2 * n_train * 0.001), max_iter=1000)
    model = make_pipeline(MinMaxScaler(), classifier)
    splits = [ShuffleSplit(1, train_size=n_train, random_state=seed) for seed in seeds]
    found = np.hstack([cross_val_score(model, X, y, cv=split) for split in splits])
    return found, found.mean(), found.std(ddof=1)


measure = with_fallback(feature_accuracies, library_accuracies)
stripes = gratings("test")
hues = with_fallback(hue_histogram, color_histogram)(stripes.images, 12)
edges = hog(stripes.images, cell=8)
tables = {
    "raw pixels": raw_pixels(stripes.images),
    "hue histogram": hues,
    "HOG": edges,
    "hue and HOG": np.hstack([hues, edges]),
}
bars = {}
for name, X in tables.items():
    accuracies, mean, spread = measure(X, stripes.labels, 200, range(5))
    bars[f"{name}\n{X.shape[1]} numbers, spread {spread:.3f}"] = accuracies
figures.feature_accuracies(bars, chance=1 / 4)

# %% [markdown]
# **What just happened.** Hues alone get 0.477, with a spread of 0.029, and HOG alone 0.477 (0.020): each
# knows one half of the class and has to guess the other. Side by side, with 48 numbers, they get 1.000
# in all five splits. Raw pixels, all 768 of them, get 0.519 (0.016), although every feature was
# computed from them: **to contain the answer is not to have it where a straight line can reach it.** The
# phase of the stripes is random, so no single pixel is bright more often in one orientation than in the other.

# %% figure="digits_by_feature"
from course import figures
from course.data import digits, shifted_digits
from course.features import BagOfVisualWords, hog, raw_pixels

bag = BagOfVisualWords(words=100, patch=5).fit(shifted_digits("train").images[:400])
moved, still = shifted_digits("test"), digits("test")
measurements = {
    "moved, raw pixels": (raw_pixels(moved.images), moved.labels),
    "moved, HOG": (hog(moved.images, cell=4), moved.labels),
    "moved, visual words": (bag.transform(moved.images), moved.labels),
    "native, raw pixels": (raw_pixels(still.images), still.labels),
    "native, HOG": (hog(still.images, cell=4), still.labels),
}
bars = {}
for name, (X, y) in measurements.items():
    accuracies, mean, spread = measure(X, y, 225, range(5))
    bars[f"{name}\n{X.shape[1]} numbers, spread {spread:.3f}"] = accuracies
figures.feature_accuracies(bars, chance=1 / 10)

# %% [markdown]
# **What just happened.** At random places, raw pixels get 0.164 (spread 0.014), HOG 0.384 (0.044), and the
# bag of words, which never asks *where*, 0.869 (0.025). On the native digits, centred and clean, raw
# pixels get 0.933 (0.009), and HOG **hurts**: 0.813 (0.025). The popular story that features beat pixels is
# a story about *nuisances*. Where there is none, a feature only throws information away.
#
# (The codebook was learnt from other images than those that are split here. Had it been learnt from
# these, it would have seen the test rows.)

# %% [markdown]
# ## 10. In your own words
#
# Two short answers, 4 to 8 sentences each, marked by a person. Numbers and reasons count, style
# does not.
#
# ### Question 1: what is thrown away?
#
# For each of the three features, the hue histogram, HOG and the bag of visual words: what does it throw
# away, and for which task is just that right? Name one task for which it is wrong. Then explain with the
# numbers above why the same HOG helped digits at random places and hurt native ones.

# %% [markdown] written="thrown_away" points=6 title="What does each feature throw away?" minutes=7
# ### BEGIN SOLUTION
# The hue histogram throws away all places, and brightness and saturation too: right for "is this fruit ripe",
# wrong for telling letters or stripes apart (gratings by hue alone: about one half, as it cannot see the
# orientation). HOG throws away colour, the absolute brightness, which side is the lighter one, and the
# exact place within a cell; it keeps the coarse place, the cell. Right for pedestrians or letters in any
# light, wrong for the ripe fruit, or when light on dark means something else than dark on light. The bag
# of words throws away where the parts are and how they are arranged; right for textures and for objects
# at any place, wrong where the arrangement is the class (two parts that change places).
#
# A feature helps if what it throws away varies without changing the class, and hurts if the class depends
# on it. For digits at random places single pixels mean nothing (near chance), and edges say at least
# something. Native digits are centred and of the same size, so the exact place of the ink *is* the
# information; 4 cells of 4 x 4 pixels keep too little of it, and accuracy falls.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 3 points: one for each feature: what is thrown away (hue: places; HOG: colour, brightness, sign, place
#   within a cell; bag: places and arrangement).
# - 1 point: a task for which it is right, and one for which it is wrong, for at least two of them.
# - 1 point: the principle: throw away what varies without changing the class.
# - 1 point: HOG with numbers: native digits are centred and tiny, so the place of the ink is information.
# ### END MARK SCHEME

# %% [markdown]
# ### Question 2: a report to take apart
#
# A colleague writes: *"We standardised all 1797 digits, learnt the codebook from them, and split off a test
# set. We trained with 30 values of λ and 3 seeds each. The best of the 90 runs reaches 99.1% on the test set, so
# our method beats the 98.8% of last year."* Name everything that is wrong, say in which direction
# each thing moves the number, and describe what they should have done.

# %% [markdown] written="report" points=6 title="A report to take apart" minutes=6
# ### BEGIN SOLUTION
# Mean and deviation, and the codebook, were computed from test images too: a leak that makes the test
# images look more like what was trained on, so the number is too high (the codebook more than the mean).
# λ was chosen by the test set: the best of 30 looks better than it is, so too high again. So does taking
# the best of the seeds instead of their mean: the largest of 90 noisy numbers is above their mean even if
# they are all equally good. And 0.3 points between single runs say nothing without a spread; with 450
# test images that is about one image, and the standard error of one accuracy near 99% is about 0.5 points.
#
# They should split first; compute mean, deviation and codebook from the training part; choose λ by the mean
# over seeds on a validation part (or by cross-validation); then run the chosen setting once on the test
# set with several seeds, and report mean and spread beside the same for last year's method.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 1 point: statistics or codebook from all images: a leak, too high.
# - 2 points: λ chosen on the test set, too high; it takes a validation set. (1 point without the way out.)
# - 1 point: the best seed instead of mean and spread, too high.
# - 1 point: a difference of 0.3 points without a spread (or: one or two images) means nothing.
# - 1 point: the right order: split, compute on training, choose on validation, test once.
# ### END MARK SCHEME

# %% [markdown]
# ## If you want more
#
# Not graded; add cells of your own below.
#
# - **The one-standard-error rule.** From the table of section 5 take, not the λ of the best mean, but the
#   *strongest* one whose mean is within one standard error (spread / √S) of the best. Which is it?
#   Why would anyone prefer it?
# - **Cut at 0.** Write a step for L1 that takes the gradient step of the data and then pulls every weight to 0
#   by ηλ, cutting at 0. How many weights of a digit classifier are left, and which pixels are they?
# - **Does dropout help a linear classifier?** Drop pixels while training on the mislabelled digits. On average
#   this *is* an L2 penalty, with a strength of its own for every pixel (Wager, Wang and Liang, 2013).
# - **How many words?** Sweep the size of the codebook: 5, 20, 100, 400. Is there a best? What does the
#   spread over seeds say about the difference between the last two?
# - **Cells of 2.** Give HOG smaller cells on the native digits. Do you win back what was lost?
#
# ## Sources
#
# - CS231n, lecture 3 (regularization, image features), and the notes
#   [Neural networks 2](https://cs231n.github.io/neural-networks-2/); assignment 1, `features.ipynb`.
# - H. Zou and T. Hastie, *Regularization and variable selection via the elastic net*, J. Royal Statistical
#   Society B 67 (2005); R. Tibshirani, *Regression shrinkage and selection via the lasso*, ibid. 58 (1996).
# - I. Loshchilov and F. Hutter, *Decoupled weight decay regularization*, ICLR 2019.
# - N. Srivastava et al., *Dropout: a simple way to prevent neural networks from overfitting*, JMLR 15 (2014).
# - L. Prechelt, *Early stopping - but when?*, in: Neural networks: tricks of the trade (1998).
# - N. Dalal and B. Triggs, *Histograms of oriented gradients for human detection*, CVPR 2005.
# - G. Csurka et al., *Visual categorization with bags of keypoints*, ECCV workshop 2004.
