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
# # Invariance, measured
#
# *AI Saturdays Lagos, week 3. Goes with STATS385 lecture 2, "Harmonic analysis of convolutional
# networks".*
#
# A cat that sits one pixel further to the right is still a cat. Everybody knows that convolutional
# networks know that; it is even their usual introduction. Do they? You will move pictures about,
# and **measure**: which layer moves along, which layer stands still, what a shift by one pixel does
# to the accuracy of a trained network (it costs more than you think), how to mend it, and what the
# theorem of the lecture says about all this, and what it does not.
#
# ## Contents
#
# | | section | you write | minutes |
# |---|---|---|---|
# | 1 | [Moving a picture](#1.-Moving-a-picture) | `shift` | 10 |
# | 2 | [Who moves along?](#2.-Who-moves-along?) | `equivariance_error` | 15 |
# | 3 | [One pixel to the right](#3.-One-pixel-to-the-right) | `accuracy_by_shift`, `shift_consistency` | 25 |
# | 4 | [Blur before you drop](#4.-Blur-before-you-drop) | `max_blur_pool`, `conv_net_cost` | 30 |
# | 5 | [Small beside what?](#5.-Small-beside-what?) | `two_yardsticks`, `sensitivity_map` | 25 |
# | 6 | [Invariance without learning](#6.-Invariance-without-learning) | `scattering` | 15 |
# | 7 | [The experiment](#7.-The-experiment) | `experiment` | 15 |
# | 8 | [In your own words](#8.-In-your-own-words) | two short answers | 15 |
#
# About two and a half hours; a break after section 4 is a good idea. There are 100 points: 86 for
# code, 14 for the written answers.
#
# ## When you are done, you can
#
# - tell **equivariant** (the output moves along) from **invariant** (the output stays), and measure
#   both;
# - explain the sawtooth: why a network may lose many digits to a shift by one pixel and none to a
#   shift by four;
# - build the pooling layer that mends most of it, and say what it costs;
# - spot the metric trap, in which the same numbers show invariance growing with depth, or not;
# - write down a convolutional network whose filters nobody trained, and say why it bears to be
#   stretched when a Fourier transform does not;
# - report an experiment with its seeds and its spread.
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
# another one**, so if you are stuck, go on and come back. The figures use what you wrote, and the
# library's function where you have not yet.
#
# Images are torch tensors of shape (N, channels, height, width). Our canvas is **circular**: what
# leaves on the right comes back on the left, and the bottom joins the top. So a shift loses nothing
# and can be undone, and when a network minds being shifted, the border is not to blame.
#
# To read alongside: R. Zhang, [Making convolutional networks shift-invariant
# again](https://arxiv.org/abs/1904.11486) (2019), sections 1 and 3.

# %% setup="imports"
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course.checking import open_notebook
from course.data import shifted_digits
from course.models import invariance_net
from course.testing import assert_close, exercise, probe, with_fallback

torch.set_num_threads(1)
open_notebook("invariance")  # gives you %check, %hint, %solution and %progress


def digits_in_the_middle(split):
    """Handwritten digits in the middle of a 16 x 16 canvas: images (N, 1, 16, 16), classes (N,)."""
    return shifted_digits(split, largest_shift=0, dtype=np.float32).to_tensors()


# %% [markdown]
# ## 1. Moving a picture
#
# Call T the operator that moves an image by `dy` pixels **down** and `dx` pixels to the
# **right**. The pixel that ends up in row r and column c came from further up and further left:
#
# $$ (T x)[r, c] = x[\,(r - d_y) \bmod H,\; (c - d_x) \bmod W\,] $$
#
# ### Exercise 1: the shift
#
# **Expected output**, for a table of two rows and three columns:
#
# ```
#     x          shift(x, 1, 0)      shift(x, 0, 1)
#  1  2  3          4  5  6             3  1  2
#  4  5  6          1  2  3             6  4  5
# ```
#
# PyTorch's `roll` does exactly this, and from section 2 on you may use it. Here, write the
# formula: make a list of the rows to fetch, one of the columns to fetch, and index with both.
# In Python, `-1 % 3` is 2, which is just what the circle needs.


# %% answer="shift" title="The shift operator" minutes=8 shortcuts="torch.roll numpy.roll"
def shift(images, dy, dx):
    """Move images `dy` pixels down and `dx` pixels to the right on a circular canvas.

    Args:
        images: a tensor of shape (..., height, width).
        dy: how far down, a whole number of any size; negative is up.
        dx: how far to the right, likewise; negative is left.

    Returns:
        A tensor of the shape of `images`. `images` itself is left as it was.

    The indexing is yours to write: an answer that calls the `roll` of PyTorch or NumPy earns
    nothing here. Compare with it as much as you like.
    """
    ### BEGIN SOLUTION
    height, width = images.shape[-2:]
    rows = (torch.arange(height) - dy) % height
    columns = (torch.arange(width) - dx) % width
    return images[..., rows[:, None], columns]
    ### END SOLUTION


# %% [markdown] hints="shift"
# 1. Where does the pixel that arrives in row 0 come from? Write the answer down for `dy` = 1 in a
#    table of three rows, then for rows 1 and 2.
# 2. The rows to fetch are r - dy for r = 0, 1, ..., height - 1, brought back into the table by
#    taking them modulo the height; the same for columns. Then fetch all rows and all columns at once.
# 3. Make `rows` and `columns` with `torch.arange` and `%`. An index `[..., rows[:, None], columns]`
#    keeps all axes in front and pairs each row with each column.

# %% test="shift_by_hand" exercise="shift" points=3 title="a table of two rows and three columns"
table = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
with exercise("shift"):
    assert_close(shift(table, 1, 0), [[4, 5, 6], [1, 2, 3]], "the table, moved down by 1")
    assert_close(shift(table, 0, 1), [[3, 1, 2], [6, 4, 5]], "the table, moved right by 1")

# %% hidden="shift_batch" exercise="shift" points=2 title="a batch of colour images, up and to the left"
images = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1))
for dy, dx in ((1, 2), (-1, -3), (0, 0)):
    expected = torch.roll(images, (dy, dx), dims=(2, 3))
    assert_close(shift(images, dy, dx), expected, f"the images, moved by dy = {dy}, dx = {dx}")

# %% hidden="shift_round" exercise="shift" points=1 title="once round, and further"
table = torch.arange(12.0).reshape(3, 4)
assert_close(shift(table, 3, -4), table, "a table of 3 x 4, moved down by 3 and left by 4")
expected = torch.roll(table, (7, 9), dims=(0, 1))
assert_close(shift(table, 7, 9), expected, "the same, moved down by 7 and right by 9")


# %% hidden="shift_input" exercise="shift" points=1 title="the images are only read"
@probe
def images_after_the_shift(images):
    shift(images, 1, 1)
    return images


table = torch.arange(6.0).reshape(2, 3)
after = images_after_the_shift(table.clone())
assert_close(after, table, "the images that were handed in, after the call")

# %% [markdown]
# How large is a shift by two pixels? As a person sees it, nothing. As a list of 256 numbers:

# %% figure="moved_digits"
from course.figures import style
from course.invariance import shift as library_shift

their_shift = with_fallback(shift, library_shift)
images, labels = digits_in_the_middle("test")
first = int((labels == 3).nonzero()[0])
x = images[first, 0]
others = {f"a {int(labels[i])}": images[i, 0] for i in range(60) if labels[i] in (7, 9)}
tiles = {"a 3": x, "2 to the right": their_shift(x, 0, 2), "8 to the right": their_shift(x, 0, 8)}
tiles |= dict(list(others.items())[:2])
with style.canvas(11, 3.3, 1, len(tiles)) as (figure, grid):
    for axes, (name, tile) in zip(grid[0], tiles.items(), strict=True):
        axes.imshow(tile, cmap="gray_r")
        axes.set(xticks=[], yticks=[])
        axes.set_title(name, loc="center", fontsize=12)
        axes.set_xlabel(f"distance {float((tile - x).norm()):.1f}")
        for spine in axes.spines.values():
            spine.set_visible(True)
    figure.suptitle("To the pixels, a 9 is nearer to this 3 than the same 3, moved by two")
figure

# %% [markdown]
# **What just happened.** Compared pixel by pixel, this 9 is 2.6 away from the 3, and the 3 itself,
# moved by two, 4.3. Whoever classifies by pixels has to see every digit at every place. We want
# features for which this is not so, and an honest measure of how far we get.

# %% [markdown]
# ## 2. Who moves along?
#
# Two words that are often mixed up. Let Φ be a layer, or several.
#
# - Φ is **equivariant** if its output moves along with its input: Φ(Tx) = T Φ(x).
# - Φ is **invariant** if its output stays where it is: Φ(Tx) = Φ(x).
#
# A circular convolution asks the same question at every place, so it is equivariant, *whatever its
# weights*; nobody trained that. It is not invariant at all: move the cat, and the map of cat's ears
# moves. With a stride S, S pixels of the input are one pixel of the output, so a shift by t
# arrives as a shift by t / S. How far a layer is from that, relative to its output:
#
# $$ \text{error} = \frac{\| \Phi(T_t\, x) - T_{t/S}\, \Phi(x) \|}{\| \Phi(x) \|} $$
#
# with ‖·‖ the root of the sum of *all* squares. If S does not divide t, there is no such shift of
# the output, and the question has no answer.
#
# From here on, `moved` moves images:


# %% setup="moved"
def moved(images, dy, dx):
    """Move images `dy` pixels down and `dx` to the right on a circular canvas."""
    return torch.roll(images, (dy, dx), dims=(-2, -1))


# %% [markdown]
# ### Exercise 2: the equivariance error
#
# **A case to do by hand:** one row of four pixels, x = (3, 0, 0, 4), and a layer that doubles the
# first column and leaves the others: Φ(x) = (6, 0, 0, 4). Moved by one to the right, the input is
# (4, 3, 0, 0), and Φ makes (8, 3, 0, 0) of it. But Φ(x) moved by one is (4, 6, 0, 0). The
# difference is (4, -3, 0, 0), of length 5; Φ(x) has the length √52; so the error is
# 5 / √52 = **0.6934**.


# %% answer="equivariance_error" title="The equivariance error" minutes=10
def equivariance_error(layer, images, by, stride=1):
    """Return how far a layer is from moving its output along with its input.

    Args:
        layer: a function from (N, channels, height, width) to (N, maps, height / stride,
            width / stride).
        images: what to try it with, of shape (N, channels, height, width).
        by: the shift of the input, a pair (dy, dx) of whole numbers.
        stride: how many pixels of the input are one of the output, in both directions.

    Returns:
        One number: the length of the difference between the layer's output for the moved images
        and its moved output, by the length of its output for the images as they are.

    Raises:
        ValueError: if the stride does not divide both dy and dx.
    """
    ### BEGIN SOLUTION
    dy, dx = by
    if dy % stride or dx % stride:
        raise ValueError(f"a stride of {stride} does not divide the shift {by}")
    output = layer(images)
    difference = layer(moved(images, dy, dx)) - moved(output, dy // stride, dx // stride)
    return float(difference.norm() / output.norm())
    ### END SOLUTION


# %% [markdown] hints="equivariance_error"
# 1. There are two ways to get from the images to a moved output: move first, or apply the layer
#    first. How far is it from where one way ends to where the other ends?
# 2. Way one: `layer` of the moved images. Way two: the layer's output, moved by dy / stride and
#    dx / stride. Take the difference, and divide its length by that of the layer's plain output.
# 3. Check `dy % stride` and `dx % stride` and raise `ValueError` if one is not 0. Divide with `//`,
#    as `moved` wants whole numbers. `tensor.norm()` is the root of the sum of all squares.


# %% test="equivariance_by_hand" exercise="equivariance_error" points=3 title="one row of four pixels"
@probe
def error_of_a_doubled_column(images, by):
    return equivariance_error(lambda x: x * torch.tensor([2.0, 1.0, 1.0, 1.0]), images, by)


with exercise("equivariance_error"):
    row = torch.tensor([3.0, 0.0, 0.0, 4.0]).reshape(1, 1, 1, 4)
    got = error_of_a_doubled_column(row, (0, 1))
    assert_close(got, 5 / 52**0.5, "the error of doubling the first column", rtol=1e-5)


# %% test="equivariance_stride" exercise="equivariance_error" points=2 title="max-pooling moves by half as much"
@probe
def error_of_max_pooling(images, by):
    return equivariance_error(lambda x: F.max_pool2d(x, 2), images, by, stride=2)


with exercise("equivariance_error"):
    images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    assert_close(error_of_max_pooling(images, (2, -4)), 0.0, "the error of max-pooling")


# %% hidden="equivariance_zero_padding" exercise="equivariance_error" points=3 title="convolutions that wrap around, and one that does not"
@probe
def errors_of_convolutions(images, weight, by):
    def circular(x):
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="circular"), weight)

    def zero_padded(x):
        return F.conv2d(x, weight, padding=1)

    return [equivariance_error(layer, images, by) for layer in (circular, zero_padded)]


from course.invariance import equivariance_error as library_error

generator = torch.Generator().manual_seed(503)
images = torch.randn(3, 2, 6, 7, generator=generator, dtype=torch.float64)
weight = torch.randn(4, 2, 3, 3, generator=generator, dtype=torch.float64)
for by in ((1, 0), (-2, 3)):
    circular, zero_padded = errors_of_convolutions(images, weight, by)
    expected = library_error(lambda x: F.conv2d(x, weight, padding=1), images, by)
    assert_close(circular, 0.0, f"the error of a circular convolution for {by}", atol=1e-6)
    assert_close(zero_padded, expected, f"the error with zero padding for {by}", rtol=1e-5)


# %% hidden="equivariance_odd_shift" exercise="equivariance_error" points=1 title="a shift that the stride does not divide"
@probe
def refuses(by):
    try:
        equivariance_error(lambda x: F.max_pool2d(x, 2), torch.ones(1, 1, 4, 4), by, stride=2)
    except ValueError:
        return True
    return False


for by in ((1, 1), (0, 1), (3, 2)):
    assert refuses(by), f"a shift by {by} with stride 2 should raise ValueError"
assert not refuses((2, 0)), "a shift by (2, 0) with stride 2 has an answer"

# %% figure="equivariance"
from course import figures
from course.invariance import equivariance_error as library_error

measure = with_fallback(equivariance_error, library_error)
images, _ = digits_in_the_middle("test")
weights = torch.rand(16, 16, generator=torch.Generator().manual_seed(0))
with torch.random.fork_rng():
    torch.manual_seed(0)
    layers = {
        "convolution, circular": (nn.Conv2d(1, 8, 3, padding=1, padding_mode="circular"), 1),
        "convolution, zero padding": (nn.Conv2d(1, 8, 3, padding=1), 1),
        "ReLU": (nn.ReLU(), 1),
        "max-pooling, stride 2": (nn.MaxPool2d(2), 2),
        "a weight for each pixel": (lambda x: x * weights, 1),
    }
with torch.no_grad():
    errors = {n: measure(f, images[:64], (0, 6), stride=s) for n, (f, s) in layers.items()}
figures.equivariance_bars(errors)

# %% [markdown]
# **What just happened.** All that a shift by 6 pixels does to circular convolutions, ReLU and
# max-pooling is to move their output. Padding with zeros costs a little, where the digit meets the
# border. What has weights of its own for every pixel, like a fully connected layer, does not move
# along at all.
#
# > **Think.** Max-pooling has an error of 0 here. Why did we not ask it about a shift by 5?

# %% [markdown]
# ## 3. One pixel to the right
#
# So the maps move along. Now add a layer that takes the **mean over all places**, *global average
# pooling*, and forgets where things were: the mean of a moved map is the mean of the map. That
# makes the network invariant. Does it? Let us train one on digits that sit in the middle of the
# canvas, then move the test digits.
#
# `invariance_net` builds small networks: three convolutions with batch normalisation and ReLU, and
# pooling with stride 2 after the first two. What comes last is global average pooling ("gap") or a
# fully connected layer ("fc"). `train_net` trains one for two epochs, in a second or two.


# %% setup="train_net"
def train_net(pooling, seed, width=8, epochs=2):
    """Train a small network on digits in the middle of the canvas; return it ready to use.

    Args:
        pooling: "max+gap", "maxblur+gap", "none+gap" or "max+fc", see `invariance_net`.
        seed: draws the first weights and the order of the images.
        width: channels of the first convolution.
        epochs: how often to go through the images.
    """
    images, labels = digits_in_the_middle("train")
    model = invariance_net(pooling, width=width, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters())
    steps = epochs * -(-len(images) // 32)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, steps, pct_start=0.2)
    for _ in range(epochs):
        for batch in torch.randperm(len(images), generator=generator).split(32):
            optimizer.zero_grad()
            F.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
            schedule.step()
    return model.eval()


# %% [markdown]
# ### Exercise 3: accuracy against shift
#
# Move *all* test images by the same shift, ask the network, count. One trap: batch normalisation
# and dropout work differently while training, and a network that is still in **training mode**
# even learns a little from the images you measure it with. So switch to evaluation mode first, and
# afterwards give the network back in the mode in which you got it.
#
# **Expected output** for four images of 1 x 4 pixels, image k with its only dot in column k, and
# a network that says in which column the dot is: shifts by 0, 1 and 4 pixels give
# **1, 0 and 1**. Its classes move along with the images: it is as equivariant, and as useless, as
# can be.


# %% answer="accuracy_by_shift" title="Accuracy against shift" minutes=12
def accuracy_by_shift(model, images, labels, shifts):
    """Return the accuracy of a classifier on images that are all moved by one shift.

    Args:
        model: a `torch.nn.Module` that gives scores of shape (N, C). It is measured in evaluation
            mode and handed back in the mode, training or evaluation, in which it came.
        images: of shape (N, channels, height, width).
        labels: the right class of each image, whole numbers of shape (N,).
        shifts: a list of pairs (dy, dx).

    Returns:
        A list of numbers from 0 to 1: for each shift, the share of images that the model
        classifies correctly when all are moved by it.
    """
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    with torch.no_grad():
        accuracies = [
            float((model(moved(images, dy, dx)).argmax(dim=1) == labels).float().mean())
            for dy, dx in shifts
        ]
    model.train(was_training)
    return accuracies
    ### END SOLUTION


# %% [markdown] hints="accuracy_by_shift"
# 1. For a single shift: what are the network's classes for the moved images, and how many of them
#    are right? Do the labels move?
# 2. The class is the place of the largest score in each row. Compare with `labels`, take the mean of
#    what is equal; once for each pair in `shifts`. Around it all: note `model.training`, switch to
#    evaluation, and switch back.
# 3. Keep `model.training` in a variable, call `model.eval()`, and within `torch.no_grad()` build a
#    list with `moved`, `argmax(dim=1)`, `==` and `.float().mean()`. At the end call
#    `model.train(...)` with the variable.


# %% test="accuracy_by_hand" exercise="accuracy_by_shift" points=3 title="a network that says where the dot is"
@probe
def accuracy_of_where(shifts):
    return accuracy_by_shift(
        nn.Flatten(), torch.eye(4).reshape(4, 1, 1, 4), torch.arange(4), shifts
    )


with exercise("accuracy_by_shift"):
    got = accuracy_of_where([(0, 0), (0, 1), (0, 4)])
    assert_close(got, [1.0, 0.0, 1.0], "the accuracies for shifts by 0, 1 and 4 pixels")


# %% hidden="accuracy_directions" exercise="accuracy_by_shift" points=2 title="a linear classifier, shifts in all directions"
@probe
def accuracy_of_a_linear_one(weight, images, labels, shifts):
    model = nn.Sequential(nn.Flatten(), nn.Linear(30, 4, bias=False).double())
    model[1].weight.data = weight
    return accuracy_by_shift(model, images, labels, shifts)


from course.invariance import accuracy_by_shift as library_accuracy

generator = torch.Generator().manual_seed(505)
weight = torch.randn(4, 30, generator=generator, dtype=torch.float64)
images = torch.randn(40, 1, 5, 6, generator=generator, dtype=torch.float64)
labels = (moved(images, 1, 0).flatten(1) @ weight.T).argmax(dim=1)  # right when one pixel down
shifts = [(0, 0), (1, 0), (0, 1), (-1, 2), (6, -6)]
expected = library_accuracy(lambda x: x.flatten(1) @ weight.T, images, labels, shifts)
got = accuracy_of_a_linear_one(weight, images, labels, shifts)
assert_close(got, expected, "the accuracies for five shifts", atol=1e-6)


# %% hidden="accuracy_evaluation_mode" exercise="accuracy_by_shift" points=2 title="it is the trained network that is measured"
@probe
def accuracy_in_training_mode():
    class RightOnlyInEvaluation(nn.Module):
        def forward(self, x):
            return torch.zeros(len(x), 4) if self.training else x.flatten(1)

    model = nn.Sequential(RightOnlyInEvaluation()).train()
    shifts = [(0, 0), (0, 4)]
    images = torch.eye(4).reshape(4, 1, 1, 4)
    return accuracy_by_shift(model, images, torch.arange(4), shifts)


got = accuracy_in_training_mode()
assert_close(got, [1.0, 1.0], "the accuracies of a network that arrives in training mode")


# %% hidden="accuracy_mode_restored" exercise="accuracy_by_shift" points=2 title="the network comes back as it went"
@probe
def what_became_of_the_network(training):
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten()).train(training)
    images = torch.eye(4).reshape(4, 1, 1, 4)
    accuracy_by_shift(model, images, torch.arange(4), [(0, 1)])
    return model.training, model[0].training, model[0].running_mean


for training in (True, False):
    mode, mode_inside, mean = what_became_of_the_network(training)
    assert mode == mode_inside == training, (
        f"the network came with training = {training} and went back with training = {mode}"
    )
    assert_close(mean, [0.0], "the running mean of its batch normalisation, after the call")

# %% [markdown]
# Train two networks, and move the test digits to the right, pixel by pixel. This takes a few
# seconds.

# %% figure="sawtooth"
from course import figures
from course.invariance import accuracy_by_shift as library_accuracy

measure = with_fallback(accuracy_by_shift, library_accuracy)
nets = {"max-pooling, global average": train_net("max+gap", 0)}
nets["max-pooling, fully connected"] = train_net("max+fc", 0)
digit_images, digit_labels = digits_in_the_middle("test")
to_the_right = [(0, dx) for dx in range(9)]
curves = {
    name: measure(net, digit_images, digit_labels, to_the_right) for name, net in nets.items()
}
figures.accuracy_against_shift(curves, range(9), period=4)

# %% [markdown]
# **What just happened.** The fully connected network never saw a digit off the middle and is soon
# lost. The other one is a surprise, a **sawtooth**. On the author's machine it gets 92.2 % of the
# 450 digits right where it learnt them; 60.9 % one pixel further, that is 141 digits lost to a
# single pixel; 80.7 % after two pixels, 60.7 % after three; and after four exactly 92.2 % again.
#
# The convolutions are not to blame, nor is the mean at the end. It is the **stride**. Max-pooling
# looks at pixels (0, 1), (2, 3), ...; move the image by one, and the pairs are cut differently, so
# the maps are not moved copies, they are *other maps*. Only after 2 · 2 = 4 pixels, the product of
# the strides, does everything fall into the old pairs again. There, and only there, is the network
# exactly invariant.
#
# ### Exercise 4: consistency
#
# Accuracy needs labels. Here is a question that does not: take an image at two places, drawn
# independently and with equal chances from a list of S shifts. Does the network give **both the
# same class**, right or wrong?
#
# $$ \text{consistency} = P\,[\arg\max f(T_a x) = \arg\max f(T_b x)] $$
#
# You get a table of predicted classes, one row per shift and one column per image. *All* S · S
# pairs (a, b) count, also those with a = b and both orders.
#
# **Expected output** for a single image that is given the classes 8, 3, 3 and 3 at four places: of
# the 16 pairs, nine agree on 3 and one agrees on 8, which makes 10/16 = **0.625**. With a second
# image that is an 8 at all four places, (0.625 + 1) / 2 = **0.8125**.


# %% answer="shift_consistency" title="Consistency" minutes=8
def shift_consistency(predictions):
    """Return the probability that an image at two of the places is given the same class.

    Args:
        predictions: whole numbers of shape (S, N): the class that image n is given when it is moved
            by shift s. An array or a tensor.

    Returns:
        One number from 0 to 1: the share of agreement among all S * S pairs of shifts, averaged
        over the N images.
    """
    ### BEGIN SOLUTION
    table = np.asarray(predictions)
    return float((table[:, np.newaxis] == table[np.newaxis, :]).mean())
    ### END SOLUTION


# %% [markdown] hints="shift_consistency"
# 1. Take one column. Write its S classes along the top and down the side of a square, and mark where
#    they agree. What share of the square is marked?
# 2. Compare every row of the table with every row, itself included, and take the mean of all that you
#    see. Labels are nowhere needed.
# 3. With broadcasting: a table of shape (S, 1, N) compared with one of shape (1, S, N) gives all
#    pairs, (S, S, N). Its mean is the answer.

# %% test="consistency_by_hand" exercise="shift_consistency" points=3 title="one image at four places, then two images"
with exercise("shift_consistency"):
    got = shift_consistency(np.array([[8], [3], [3], [3]]))
    assert_close(got, 10 / 16, "the consistency of one image")
    got = shift_consistency(np.array([[8, 8], [3, 8], [3, 8], [3, 8]]))
    assert_close(got, 13 / 16, "the consistency of two images")

# %% hidden="consistency_random" exercise="shift_consistency" points=3 title="many images, several shifts"
rng = np.random.default_rng(4)
predictions = rng.integers(5, size=(6, 40))
counts = np.stack([(predictions == c).sum(axis=0) for c in range(5)])
expected = ((counts / 6) ** 2).sum(axis=0).mean()  # both draws are c with probability (n_c / S)^2
assert_close(shift_consistency(predictions), expected, "the consistency of 40 images")

# %% hidden="consistency_constant" exercise="shift_consistency" points=2 title="a network that always says 7, and one that never says the same"
assert_close(shift_consistency(np.full((4, 5), 7)), 1.0, "the consistency of always saying 7")
never = np.arange(12).reshape(4, 3)
assert_close(shift_consistency(never), 1 / 4, "the consistency of four different answers each")

# %% [markdown]
# Here are three test digits, picked because the first network is not sure of them, each at all 8 x 8
# places from (0, 0) to (7, 7). The colour says how sure it is of the right class there.

# %% figure="belief_by_place"
from course.figures import style


def belief(model, image, label):
    """The probability of the right class for each shift of 0 to 7 pixels down and right."""
    places = torch.cat([moved(image, dy, dx)[None] for dy in range(8) for dx in range(8)])
    with torch.no_grad():
        return model(places).softmax(dim=1)[:, label].reshape(8, 8)


def draw_beliefs(models, chosen):
    """One row per model, one column per image: how sure it is of the right class, by place."""
    with style.canvas(
        2.3 * len(chosen) + 2.6, 2.5 * len(models) + 0.9, len(models), len(chosen)
    ) as (
        figure,
        grid,
    ):
        for axes_of, (name, model) in zip(grid, models.items(), strict=True):
            for axes, i in zip(axes_of, chosen, strict=True):
                values = belief(model, digit_images[i], int(digit_labels[i]))
                shown = axes.imshow(values, cmap="cividis", vmin=0, vmax=1)
                axes.set(xticks=[0, 4], yticks=[0, 4], xlabel="pixels right")
                axes.set_title(f"a {int(digit_labels[i])}", loc="center", fontsize=12)
            axes_of[0].set_ylabel(f"{name}\npixels down")
        figure.colorbar(shown, ax=list(grid.ravel()), label="probability of the right class")
        figure.suptitle("One digit, 64 places: what the network believes")
    return figure


net = nets["max-pooling, global average"]
wavering = sorted(
    range(60), key=lambda i: float(belief(net, digit_images[i], int(digit_labels[i])).mean())
)
chosen = wavering[8:23:5]  # digits of which it is sure at some places and not at others
draw_beliefs({"max-pooling": net}, chosen)

# %% [markdown]
# **What just happened.** The pattern repeats every 4 pixels, down and right: 16 different networks
# live in this one, and which of them looks at your digit depends on where it stands modulo 4.
# Consistency is the chance that two of them, drawn by lot, agree.
#
# > **Think.** Which network has a consistency of 1, needs no training, and is worthless? What else
# > must you therefore always report beside it?

# %% [markdown]
# ## 4. Blur before you drop
#
# Take the row 0 1 0 1 0 1 0 1 and keep every second pixel: 0 0 0 0. Move it by one first: 1 1 1 1.
# The finest stripes came out as plain black, or plain white. Every sound engineer knows this as
# **aliasing**, and the remedy is as old as sampling: *before you drop samples, filter out what the
# remaining ones cannot hold.*
#
# Max-pooling with stride 2 is two things in one: the maximum over a window at *every* pixel (dense,
# and so equivariant), then dropping three pixels out of four. Zhang puts a small blur in between:
#
# 1. **dense maximum:** m[r, c] = the largest of x[r, c], x[r, c+1], x[r+1, c], x[r+1, c+1];
# 2. **blur:** each pixel becomes a weighted mean of its 3 x 3 neighbourhood,
#
# $$ k = \frac{1}{16} \begin{pmatrix} 1 & 2 & 1 \\ 2 & 4 & 2 \\ 1 & 2 & 1 \end{pmatrix}
#      = b\, b^\top, \qquad b = \tfrac14 (1, 2, 1); $$
#
# 3. **drop:** keep rows and columns 0, 2, 4, ...
#
# All on the circular canvas, each channel by itself (a *depthwise* filter). The weights add up to
# 1, so that a grey image stays as grey as it was.
#
# ### Exercise 5: the pooling layer
#
# **Expected output** for a 4 x 4 image that is 0 but for a 16 in row 1, column 2. The dense maximum
# puts 16 into rows 0 and 1, columns 1 and 2. Now blur: row 0 sees ½ + ¼ = ¾ of it and row 2 sees ¼;
# column 0 sees ¼, and column 2 sees ¾. That makes 16 · ¾ · ¼ = 3, and so on:
#
# ```
#  3  9
#  1  3
# ```


# %% answer="max_blur_pool" title="Max-pooling without aliasing" minutes=15
def max_blur_pool(images):
    """Pool with stride 2: the maximum at every pixel, then a 3 x 3 blur, then each second pixel.

    Args:
        images: a tensor of shape (N, C, height, width), height and width even and at least 2; any
            floating dtype. The canvas is circular.

    Returns:
        A tensor of shape (N, C, height / 2, width / 2), of the same dtype. The window of the
        maximum reaches from each pixel one down and one to the right; the blur is centred; rows
        and columns 0, 2, 4, ... are kept.
    """
    ### BEGIN SOLUTION
    padded = F.pad(images, (0, 1, 0, 1), mode="circular")
    dense = F.max_pool2d(padded, 2, stride=1)
    row = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype) / 4
    channels = images.shape[1]
    kernel = torch.outer(row, row).expand(channels, 1, 3, 3)
    padded = F.pad(dense, (1, 1, 1, 1), mode="circular")
    return F.conv2d(padded, kernel, stride=2, groups=channels)
    ### END SOLUTION


# %% [markdown] hints="max_blur_pool"
# 1. Do the three steps one after the other, and look at each result for the 4 x 4 image of the
#    example. Which step may have a stride?
# 2. The dense maximum needs one more row below and one more column on the right, the blur one more on
#    every side; both wrap around. The stride of 2 belongs to the last step alone.
# 3. `F.pad(..., mode="circular")` takes (left, right, top, bottom). Then `F.max_pool2d` with stride 1;
#    pad again; then `F.conv2d` with stride 2, a kernel of shape (C, 1, 3, 3) and `groups=C`. (Or add
#    up nine moved copies with their weights, and slice with `[..., ::2, ::2]`.)

# %% test="max_blur_by_hand" exercise="max_blur_pool" points=3 title="one dot"
with exercise("max_blur_pool"):
    dot = torch.zeros(1, 1, 4, 4)
    dot[0, 0, 1, 2] = 16
    assert_close(max_blur_pool(dot), [[[[3, 9], [1, 3]]]], "the pooled dot")

# %% test="max_blur_constant" exercise="max_blur_pool" points=1 title="grey stays grey"
with exercise("max_blur_pool"):
    grey = torch.full((2, 3, 6, 4), 0.5)
    assert_close(max_blur_pool(grey), torch.full((2, 3, 3, 2), 0.5), "three grey channels, pooled")

# %% hidden="max_blur_random" exercise="max_blur_pool" points=3 title="colour images that are not square, some values negative"
from course.invariance import MaxBlurPool

generator = torch.Generator().manual_seed(506)
for shape in ((2, 3, 6, 8), (1, 1, 4, 4), (3, 2, 2, 6)):
    images = torch.randn(shape, generator=generator)
    expected = MaxBlurPool()(images)
    assert_close(max_blur_pool(images), expected, f"images of shape {shape}", rtol=1e-4, atol=1e-5)

# %% hidden="max_blur_equivariant" exercise="max_blur_pool" points=2 title="moved by two pixels, and the output moves by one"
images = torch.randn(1, 2, 6, 6, generator=torch.Generator().manual_seed(7))
plain = torch.as_tensor(max_blur_pool(images))
for dy, dx in ((2, 0), (0, -2)):
    pooled = max_blur_pool(moved(images, dy, dx))
    expected = moved(plain, dy // 2, dx // 2)
    assert_close(pooled, expected, f"images moved by ({dy}, {dx})", rtol=1e-4, atol=1e-5)

# %% hidden="max_blur_float64" exercise="max_blur_pool" points=1 title="float64 stays float64, to its last digits"
generator = torch.Generator().manual_seed(508)
images = torch.randn(1, 2, 4, 6, generator=generator, dtype=torch.float64)
got = torch.as_tensor(max_blur_pool(images))
assert got.dtype == torch.float64, f"float64 images come out as {got.dtype}"
from course.invariance import MaxBlurPool

assert_close(got, MaxBlurPool()(images), "the pooled images", rtol=1e-12, atol=1e-12)

# %% [markdown]
# A row of pixels, moved by 0, 1, 2 and 3, and what the two poolings make of it. Moved by 2, both show
# what they showed at first, one dot further. Now look at what a global average would see, the sum of
# the dots:

# %% figure="pooled_edges"
from course.figures import style
from course.invariance import MaxBlurPool

pool = with_fallback(max_blur_pool, MaxBlurPool())
row = torch.tensor([0.0, 0, 0, 0.2, 1, 0.9, 1, 0.1, 0, 0, 0.8, 0, 0, 0, 0, 0])
canvas_of = row.expand(1, 1, 16, 16)
with style.canvas(11, 5.6, 2, 4, sharex=True, sharey=True) as (figure, grid):
    for column in range(4):
        image = moved(canvas_of, 0, column)
        for row_of, (pooled, colour) in enumerate(
            [(F.max_pool2d(image, 2), style.BLUE), (pool(image), style.GREEN)]
        ):
            axes = grid[row_of, column]
            axes.step(np.arange(16), image[0, 0, 0], where="mid", color=style.GREY, linewidth=1)
            axes.plot(np.arange(0, 16, 2) + 0.5, pooled[0, 0, 0], "o-", color=colour, linewidth=2)
            where = f"moved by {column}: " if row_of == 0 else ""
            title = f"{where}sum {float(torch.as_tensor(pooled)[0, 0, 0].sum()):.2f}"
            axes.set_title(title, loc="center", fontsize=12)
            style.light_grid(axes)
        grid[1, column].set_xlabel("pixel")
    grid[0, 0].set_ylabel("max-pooling")
    grid[1, 0].set_ylabel("max, then blur")
    figure.suptitle("Grey: a row of pixels. Dots: what pooling with stride 2 makes of it")
figure

# %% [markdown]
# Max-pooling adds up to 3.00 or to 2.90, depending on how the pairs are cut. After the blur it is 2.95,
# *always*, and that is no luck: (1, 2, 1) / 4 gives every second pixel a weight of ½ and its two
# neighbours ¼ each, so that in the sum every pixel counts ½, kept or dropped. If the average came right
# here, it would be exactly invariant. In a network ReLU and convolutions come in between, and we
# have to measure:

# %% figure="sawtooth_mended"
from course import figures
from course.invariance import accuracy_by_shift as library_accuracy
from course.invariance import shift_consistency as library_consistency

measure = with_fallback(accuracy_by_shift, library_accuracy)
nets["max, blur, global average"] = train_net("maxblur+gap", 0)
curves = {
    name: measure(net, digit_images, digit_labels, to_the_right) for name, net in nets.items()
}
for name, each in nets.items():
    draws = torch.Generator().manual_seed(0)
    share = library_consistency(each, digit_images, 7, draws, draws=2)
    print(f"{name:<32} consistency {share:.2f}")
figures.accuracy_against_shift(curves, range(9), period=4)

# %% figure="belief_mended"
draw_beliefs({"max-pooling": net, "max, then blur": nets["max, blur, global average"]}, chosen)

# %% [markdown]
# **What just happened.** The same training, the same number of weights, and the teeth are gone: from
# a drop by 31 points to a curve between 94.0 % and 95.6 %. The library's estimate of the
# consistency, for pairs of places drawn from up to 7 pixels away, goes from 0.54 to 0.96. (The
# fully connected network has 0.18.) It is *not* exactly invariant: three taps are a modest
# low-pass filter, and a trace of the checkered pattern is left.
#
# That was a toy. On ImageNet, Zhang reports for ResNet18 a consistency of 88.4 % instead of 85.1 %,
# and, which nobody had promised, an accuracy of 71.7 % instead of 69.7 %.
#
# ### Why pool at all?
#
# Without strides there is no aliasing: "none+gap" is exactly invariant under *every* shift. The
# reason to pool is the bill. A convolution from C to C' channels with k x k taps multiplies and
# adds, at every one of its H · W places,
#
# $$ \text{multiply-adds} = H\, W\, C'\, k^2\, C, \qquad \text{activations} = H\, W\, C'. $$
#
# Pooling by S multiplies nothing (for max-pooling), keeps the channels, and makes **everything after
# it** S² times as cheap, in time and in memory.
#
# ### Exercise 6: the bill
#
# A network is a list of layers: `("conv", 1, 4, 3)` takes 1 channel to 4 with 3 x 3 taps and keeps
# the size of the image; `("pool", 2)` keeps the channels and divides height and width by 2.
#
# **Expected output** for an 8 x 8 image and `[("conv", 1, 4, 3), ("pool", 2), ("conv", 4, 8, 3)]`:
#
# | layer | output | activations | multiply-adds |
# |---|---|---|---|
# | conv | 4 maps of 8 x 8 | 256 | 256 · 9 = 2304 |
# | pool | 4 maps of 4 x 4 | 64 | 0 |
# | conv | 8 maps of 4 x 4 | 128 | 128 · 36 = 4608 |
# | together | | **448** | **6912** |
#
# Without the pooling it would be 768 and 20736.


# %% answer="conv_net_cost" title="Activations and multiply-adds" minutes=10
def conv_net_cost(layers, height, width):
    """Count what a convolutional network computes for one image.

    Args:
        layers: a list of ("conv", channels before, channels after, k), a convolution with k x k
            taps and stride 1 that keeps the size of its input, and ("pool", S), which keeps each
            S-th row and column of every channel; S divides both sides. The first layer is
            a convolution.
        height, width: of the image, in pixels.

    Returns:
        A pair of whole numbers: the activations that all layers, pooling included, put out, and
        the multiply-adds of all convolutions. Biases are not counted.
    """
    ### BEGIN SOLUTION
    activations = multiply_adds = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            before, channels, k = numbers
            multiply_adds += height * width * channels * k**2 * before
        else:
            height, width = height // numbers[0], width // numbers[0]
        activations += height * width * channels
    return activations, multiply_adds
    ### END SOLUTION


# %% [markdown] hints="conv_net_cost"
# 1. Walk through the table of the example line by line. What do you have to know from the layers
#    before in order to write the next line?
# 2. Carry three numbers along: height, width and channels. A convolution changes the channels,
#    pooling changes height and width; then the output of either has height * width * channels
#    activations. Only a convolution adds multiply-adds.
# 3. Loop over `layers` and look at `layer[0]`. For "conv", unpack the three numbers and add
#    H * W * after * k * k * before. For "pool", divide both sides with `//`. In both cases add the
#    activations at the end of the round.

# %% test="cost_by_hand" exercise="conv_net_cost" points=3 title="two convolutions, with and without pooling"
with exercise("conv_net_cost"):
    got = conv_net_cost([("conv", 1, 4, 3), ("pool", 2), ("conv", 4, 8, 3)], 8, 8)
    assert_close(got, (448, 6912), "activations and multiply-adds with pooling")
    got = conv_net_cost([("conv", 1, 4, 3), ("conv", 4, 8, 3)], 8, 8)
    assert_close(got, (768, 20736), "activations and multiply-adds without")

# %% hidden="cost_of_a_network" exercise="conv_net_cost" points=3 title="colour images that are not square, several poolings"
from course.invariance import pooling_cost

model = nn.Sequential(
    nn.Conv2d(3, 6, 5, padding=2),
    nn.MaxPool2d(2),
    nn.Conv2d(6, 4, 1),
    nn.Conv2d(4, 10, 3, padding=1),
    nn.MaxPool2d(3),
    nn.Conv2d(10, 2, 3, padding=1),
)
layers = [("conv", 3, 6, 5), ("pool", 2), ("conv", 6, 4, 1), ("conv", 4, 10, 3), ("pool", 3)]
layers += [("conv", 10, 2, 3)]
counted = pooling_cost(model, (3, 12, 18))
expected = (counted.activations[0], counted.multiply_adds[0])
assert_close(conv_net_cost(layers, 12, 18), expected, "activations and multiply-adds", rtol=0)

# %% hidden="cost_repeated_pooling" exercise="conv_net_cost" points=2 title="one pooling after the other, in whole numbers"
got = conv_net_cost([("conv", 2, 3, 1), ("pool", 2), ("pool", 2)], 4, 8)
assert_close(got, (96 + 24 + 6, 192), "activations and multiply-adds", rtol=0)
kind = np.asarray(got).dtype
assert kind.kind in "iu", f"both counts should be whole numbers, but they come out as {kind}"

# %% figure="the_bill"
from course.figures import style
from course.invariance import pooling_cost

counted = pooling_cost(invariance_net("max+gap"), (1, 16, 16))
bills = [
    [layer.multiply_adds / 1e6 for layer in layers if layer.kind == "Conv2d"]
    for layers in (counted.unpooled, counted.pooled)
]
with style.canvas(9, 3.4) as (figure, grid):
    axes = grid[0, 0]
    for place, bill in enumerate(bills):
        left = 0.0
        for number, (cost, colour) in enumerate(
            zip(bill, (style.GREY, style.ORANGE, style.BLUE), strict=True), start=1
        ):
            label = f"convolution {number}" if place == 0 else None
            axes.barh(place, cost, left=left, color=colour, height=0.6, label=label)
            left += cost
        axes.annotate(f"{left:.2f}", (left, place), (6, 0), textcoords="offset points", va="center")
    axes.set_yticks([0, 1], ["no pooling", "pooling by 2, twice"])
    axes.set_xlim(0, 1.12 * sum(bills[0]))
    axes.set_xlabel("million multiply-adds for one image of 16 x 16 pixels")
    axes.set_title("What pooling saves")
    axes.legend(loc="upper right")
    style.light_grid(axes)
figure

# %% [markdown]
# **What just happened.** The first convolution costs the same; the second costs a quarter and the
# third a sixteenth. Together, 5.94 million multiply-adds become 0.63 million. That is what
# stride pays for, and why nobody does without; so the question is how to pool, not whether.
#
# > **Think.** Max-then-blur pools with the same stride. By how much does it raise the bill? (Nine
# > multiplications for each of the pixels that are *kept*, after 16 and after 32 channels. You
# > should find about 2 %.)

# %% [markdown]
# ## 5. Small beside what?
#
# The lecture says that invariance is *vertical*: it grows with depth. Let us look, layer by layer.
# Call Φ(x) the features of an image after some layer, and measure how far a shift moves them:
# ‖Φ(Tx) - Φ(x)‖. Is 0.3 much? That depends on what you hold it against. Two yardsticks:
#
# $$ \text{relative change} = \operatorname{mean}_i \frac{\|\Phi(T x_i) - \Phi(x_i)\|}{\|\Phi(x_i)\|},
#    \qquad
#    \text{change over distance} = \frac{\operatorname{mean}_i \|\Phi(T x_i) - \Phi(x_i)\|}
#    {\operatorname{mean}_{i<j} \|\Phi(x_i) - \Phi(x_j)\|}. $$
#
# The first asks: is the change small beside the **features**? The second: is it small beside what
# **tells two images apart**? 1 means that moving an image changes as much as taking another image.
#
# ### Exercise 7: two yardsticks
#
# **By hand:** the features of two images are (6, 8) and (3, 4), of lengths 10 and 5. A shift makes
# (6, 9) and (5, 4) of them: changes of 1 and 2. So the relative change is (1/10 + 2/5) / 2 =
# **0.25**. The two images are 5 apart, and the mean change is 1.5: over distance, **0.3**.


# %% answer="two_yardsticks" title="The same change by two yardsticks" minutes=10
def two_yardsticks(features, features_moved):
    """Return how far a shift moves features: by their size, and by the distance between images.

    Args:
        features: a tensor of shape (N, ...), one entry per image, at least two; for instance the
            maps (N, channels, height, width) of a convolution.
        features_moved: the features of the same images when they are moved, of the same shape.

    Returns:
        A pair of numbers. The first is the mean over the images of change / size. The second is
        the mean change divided by the mean distance between two *different* images. Lengths and
        distances are Euclidean, over all entries of an image.
    """
    ### BEGIN SOLUTION
    rows = features.flatten(1)
    changes = (features_moved.flatten(1) - rows).norm(dim=1)
    relative = (changes / rows.norm(dim=1)).mean()
    distances = (rows[:, None] - rows).norm(dim=2)
    n = len(rows)
    between = distances.sum() / (n * (n - 1))  # the n distances of images to themselves are 0
    return float(relative), float(changes.mean() / between)
    ### END SOLUTION


# %% [markdown] hints="two_yardsticks"
# 1. How many distances between different images do four images have? Six. What would change if you
#    also counted the distance of each image to itself?
# 2. Make each image one long row first. Then there are N changes, N sizes, and N (N - 1) / 2
#    distances. The first yardstick divides image by image and averages afterwards; the second divides
#    one mean by another.
# 3. `flatten(1)` makes rows, `norm(dim=1)` gives a length for each. `torch.pdist(rows)` is the list
#    of the distances of all pairs i < j.

# %% test="yardsticks_by_hand" exercise="two_yardsticks" points=4 title="two images with two features"
with exercise("two_yardsticks"):
    features = torch.tensor([[6.0, 8.0], [3.0, 4.0]])
    got = two_yardsticks(features, torch.tensor([[6.0, 9.0], [5.0, 4.0]]))
    assert_close(got, (0.25, 0.3), "relative change, and change over distance", rtol=1e-5)

# %% hidden="yardsticks_maps" exercise="two_yardsticks" points=3 title="maps of five images"
from scipy.spatial.distance import pdist

generator = torch.Generator().manual_seed(509)
features = torch.randn(5, 2, 3, 4, generator=generator, dtype=torch.float64) + 0.5
after = features + torch.rand(5, 2, 3, 4, generator=generator, dtype=torch.float64)
rows, changes = features.reshape(5, 24).numpy(), (after - features).reshape(5, 24).numpy()
lengths = np.sqrt((changes**2).sum(axis=1))
expected = (
    np.mean(lengths / np.sqrt((rows**2).sum(axis=1))),
    np.mean(lengths) / np.mean(pdist(rows)),
)
assert_close(two_yardsticks(features, after), expected, "relative change, and over distance")

# %% hidden="yardsticks_large" exercise="two_yardsticks" points=2 title="features that share a large constant"
generator = torch.Generator().manual_seed(510)
features = torch.rand(4, 6, generator=generator, dtype=torch.float64)
after = torch.rand(4, 6, generator=generator, dtype=torch.float64)
small, large = two_yardsticks(features, after), two_yardsticks(features + 100, after + 100)
assert large[0] < small[0] / 50, "a constant of 100 in all features should shrink the first number"
assert_close(large[1], small[1], "the second number, which a constant should not change")

# %% [markdown]
# Here are both for a network that is **not trained at all**, and shifts by one pixel.

# %% figure="depth"
from course import figures
from course.invariance import invariance_by_depth

untrained = invariance_net("max+gap", seed=0).eval()
layers = {
    "convolution 1, max-pooling": untrained.body[0],
    "convolution 2, max-pooling": untrained.body[1],
    "convolution 3": untrained.body[2],
    "global average": nn.Sequential(untrained.head[0], untrained.head[1]),
}
by_depth = invariance_by_depth(layers, digit_images[:100], [(0, 1), (1, 0)])
figures.invariance_with_depth(by_depth)

# %% [markdown]
# **What just happened: the metric trap.** On the left, invariance grows with depth, on the whole, as
# promised: from 0.53 down to 0.11. On the right, nothing of the kind: 0.90, 0.91, 0.91. To move a digit by one
# pixel changes these features nearly as much as to take another digit; and even the global
# average, which should end all this, only reaches 0.71, since the strides have spoilt it. (For a
# shift by four pixels it is 0, and without strides for every shift.)
#
# Both are right; they answer different questions. After ReLU and max-pooling *no* feature is
# negative, and all images have much in common. That common part hardly minds being moved and makes any change look
# small beside it, yet it tells no digit from another. **A measure of invariance without a measure of
# what is still told apart is worth nothing**: a network that answers 0 to everything would win.
#
# ### What the theorem says
#
# Wiatowski and Bölcskei prove, for networks of frames, Lipschitz nonlinearities and pooling by
# S₁, ..., Sₙ whose constants multiply to at most 1, and output filters that decay (constant K):
#
# $$ \|\Phi^n(T_t f) - \Phi^n(f)\| \;\le\; \frac{2\pi\,|t|\,K}{S_1 S_2 \cdots S_n}\, \|f\|. $$
#
# The filters may be wavelets, random or trained; it is pooling that divides the bound. Take a pencil:
# with |t| = 1, K = 1 and two poolings by 2, it is 2π/4 · ‖f‖ = **1.57** ‖f‖. Now, such a network
# never stretches distances, so that ‖Φ(Tf) - Φ(f)‖ ≤ ‖Tf - f‖ ≤ **2** ‖f‖ holds anyway. The
# theorem says something new once S₁ ⋯ Sₙ > π|t|K, deep in the network. It holds the change against
# ‖f‖, a relative of the first yardstick, not of the second. And it speaks of signals on a continuum,
# where there is no grid of pixels that a shift could hit or miss: the sawtooth is not in it.
#
# ### Exercise 8: a map of shifts
#
# The second yardstick, for every shift of up to m pixels in all directions:
#
# $$ D[d_y, d_x] = \frac{\operatorname{mean}_i \|f(T x_i) - f(x_i)\|}
#    {\operatorname{mean}_{i<j} \|f(x_i) - f(x_j)\|} $$
#
# a table of 2m + 1 rows and columns. Row m + dy and column m + dx belong to the shift (dy, dx), so
# the middle is 0.
#
# **By hand:** two images of 1 x 4 pixels, (1, 0, 0, 0) and (0, 3, 0, 0), and f leaves them as they
# are. Moved by one pixel either way, the first changes by √2, the second by 3√2; that is 2√2 on
# average. Their distance is √10. So with m = 1 the middle row is 2√2/√10 = **0.894, 0, 0.894**;
# and since the images have only one row, moving them up or down changes nothing, and the other rows
# are the same.


# %% answer="sensitivity_map" title="The sensitivity map" minutes=12
def sensitivity_map(features, images, max_shift):
    """Return how far each shift moves the features, by the distance between two images.

    Args:
        features: a function from images to a tensor of shape (N, ...), one entry per image.
        images: of shape (N, channels, height, width), at least two.
        max_shift: m, the largest shift in each direction.

    Returns:
        A table of shape (2 m + 1, 2 m + 1): entry [m + dy, m + dx] is the mean change under the
        shift (dy, dx), divided by the mean distance between two different images, not moved.
    """
    ### BEGIN SOLUTION
    plain = features(images).flatten(1)
    yardstick = torch.pdist(plain).mean()

    def change(dy, dx):
        after = features(moved(images, dy, dx)).flatten(1)
        return float((after - plain).norm(dim=1).mean() / yardstick)

    span = range(-max_shift, max_shift + 1)
    return [[change(dy, dx) for dx in span] for dy in span]
    ### END SOLUTION


# %% [markdown] hints="sensitivity_map"
# 1. For m = 1, draw the 3 x 3 table and write the shift (dy, dx) into each cell. Where is (-1, -1)?
# 2. The distance between images is computed once, from the images as they are. Then two loops, over
#    dy and dx from -m to m, with the mean length of the change in each cell.
# 3. `range(-m, m + 1)` gives the shifts, `enumerate` their places. Flatten what `features` returns to
#    one row per image, subtract, `norm(dim=1)`, mean, and divide by the mean of `torch.pdist`.


# %% test="sensitivity_by_hand" exercise="sensitivity_map" points=3 title="two images of one row"
@probe
def map_of_pixels(images, max_shift):
    return sensitivity_map(lambda x: x, images, max_shift)


with exercise("sensitivity_map"):
    images = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 3.0, 0.0, 0.0]]).reshape(2, 1, 1, 4)
    got = map_of_pixels(images, 1)
    expected = 3 * [[0.8**0.5, 0.0, 0.8**0.5]]
    assert_close(got, expected, "the map for shifts of up to 1 pixel", rtol=1e-5)


# %% hidden="sensitivity_directions" exercise="sensitivity_map" points=3 title="features that know up from right"
@probe
def map_of_a_corner(images, max_shift):
    return sensitivity_map(lambda x: x[:, 0, :3, :2] + 2.0, images, max_shift)


from course.invariance import sensitivity_map as library_map

images = torch.randn(4, 1, 6, 7, generator=torch.Generator().manual_seed(11), dtype=torch.float64)
expected = library_map(lambda x: x[:, 0, :3, :2] + 2.0, images, 2)
got = map_of_a_corner(images, 2)
assert_close(got, expected, "the map for shifts of up to 2 pixels", rtol=1e-5, atol=1e-6)


# %% hidden="sensitivity_of_a_mean" exercise="sensitivity_map" points=2 title="a global average, and no shift at all"
@probe
def map_of_means(images, max_shift):
    return sensitivity_map(lambda x: x.mean(dim=(2, 3)), images, max_shift)


images = torch.rand(3, 2, 4, 5, generator=torch.Generator().manual_seed(12), dtype=torch.float64)
assert_close(map_of_means(images, 1), np.zeros((3, 3)), "the map of a global average", atol=1e-6)
assert_close(map_of_pixels(images, 0), [[0.0]], "the map with a largest shift of 0")

# %% hidden="sensitivity_yardstick" exercise="sensitivity_map" points=1 title="three images, worked out by hand"
images = torch.tensor([[2.0, 0.0], [4.0, 0.0], [9.0, 0.0]]).reshape(3, 1, 1, 2)
got = map_of_pixels(images, 1)  # mean change 5 sqrt 2; distances 2, 5 and 7
edge = 5 * 2**0.5 / (14 / 3)
assert_close(got, 3 * [[edge, 0.0, edge]], "the map", rtol=1e-5)

# %% figure="sensitivity"
from course import figures
from course.invariance import sensitivity_map as library_map

measure = with_fallback(sensitivity_map, library_map)


def features_of(net):
    """What the last layer of a trained network decides by, without gradients."""

    def features(x):
        with torch.no_grad():
            return net.head[:-1](net.body(x))

    return features


some = digits_in_the_middle("test")[0][:24]
seen = {"pixels": lambda x: x} | {
    name: features_of(nets[key])
    for name, key in (
        ("max, fully connected", "max-pooling, fully connected"),
        ("max, average", "max-pooling, global average"),
        ("max, blur, average", "max, blur, global average"),
    )
}
figures.sensitivity_maps({name: measure(f, some, 5) for name, f in seen.items()})

# %% [markdown]
# **What just happened.** For pixels, one step to the side (1.05) is already as bad as another digit.
# The fully connected network is not much better. With a global average, the exact zeros lie on
# a lattice of 4 x 4 pixels, a fingerprint of the strides, and between them the map goes up to 0.71;
# with the blur, nowhere above 0.23. That *is* progress by the second yardstick, and unlike the
# network of the last figure, these are trained.

# %% [markdown]
# ## 6. Invariance without learning
#
# Who says that the filters must be learnt? There is a feature that is *exactly* invariant under
# every circular shift, and two hundred years old: the **modulus of the Fourier transform**. A shift
# only turns the phases; take absolute values, and it is gone.
#
# It has a flaw. Digits are not only moved, they are also *stretched* a little. Stretch a signal by
# 5 % and a frequency of 40 becomes one of 38: a thin peak moves off itself, and for the Fourier
# transform an old peak and a new one have nothing in common. Mallat's answer is to average over
# **bands** of frequencies that get wider as the frequency gets higher, in proportion. A stretched
# peak stays in its band. Such bands are wavelets ψ, and the first layer of the **scattering
# transform** is
#
# $$ S_j = \bigl|\, x * \psi_j \,\bigr| * \phi $$
#
# convolution, nonlinearity, average: a convolutional network, whose filters were found with a
# pencil. All three steps have their reason: the convolution *moves along*; its average would be 0,
# as wavelets have mean 0, so the **modulus** makes it an envelope first; and averaging by the
# low-pass φ makes it *stay*.
#
# ### Exercise 9: first-order scattering
#
# Signals are 1-D and circular, of length T, and convolving is multiplying Fourier transforms. The
# wavelets and φ come as their Fourier transforms, in the order of `np.fft.fft`. Their output is
# **complex**, and its modulus is √(re² + im²).
#
# **By hand:** x = (0, 4, 0, -4). A filter whose transform is (1, 1, 1, 1) does nothing; the modulus
# is (0, 4, 0, 4); and φ with the transform (1, 0, 0, 0) replaces all by the mean: (2, 2, 2, 2).
# Without the modulus it would be 0. A filter (0, 1, 0, 0) keeps one frequency: x = 4 sin(πn/2) is
# made of two complex waves of height 2, one is left, its modulus is 2 everywhere, so again
# (2, 2, 2, 2).


# %% answer="scattering" title="First-order scattering" minutes=12
def scattering(x, psi, phi):
    """Return the first-order scattering coefficients of a signal: wavelet, modulus, average.

    Args:
        x: a real signal, an array of shape (T,).
        psi: the Fourier transforms of J wavelets, real, of shape (J, T), in the order of
            `np.fft.fft`.
        phi: the Fourier transform of the low-pass filter, real, of shape (T,).

    Returns:
        Real numbers of shape (J, T): row j is the modulus of the circular convolution of `x` with
        wavelet j, convolved with the low-pass filter.
    """
    ### BEGIN SOLUTION
    filtered = np.fft.ifft(np.fft.fft(x) * psi)
    moduli = np.abs(filtered)
    return np.fft.ifft(np.fft.fft(moduli) * phi).real
    ### END SOLUTION


# %% [markdown] hints="scattering"
# 1. Do it for one wavelet first, and print what you have after each of the three steps. Which of them
#    is complex, which must be real?
# 2. Convolving is: transform, multiply by the filter's transform, transform back. Do that with psi;
#    take absolute values; do it again with phi.
# 3. `np.fft.fft(x) * psi` broadcasts (T,) over (J, T), and `np.fft.ifft` works along the last axis.
#    Then `np.abs`; then fft, times `phi`, ifft, and the real part, since only rounding is left of
#    the imaginary one.

# %% test="scattering_by_hand" exercise="scattering" points=4 title="four samples, two filters"
with exercise("scattering"):
    psi, phi = np.array([[1.0, 1, 1, 1], [0, 1, 0, 0]]), np.array([1.0, 0, 0, 0])
    got = scattering(np.array([0.0, 4.0, 0.0, -4.0]), psi, phi)
    assert_close(got, [[2, 2, 2, 2], [2, 2, 2, 2]], "the coefficients of (0, 4, 0, -4)")


# %% setup="wavelet_bank"
def wavelet_bank(length, octaves):
    """Fourier transforms of Morlet wavelets, one per octave, (octaves, T), and a low-pass, (T,)."""
    frequency = 2 * np.pi * np.fft.fftfreq(length)

    def bump(middle, width):
        around = frequency[:, None] - middle + 2 * np.pi * np.arange(-1, 2)
        return np.exp(-((around * width) ** 2) / 2).sum(axis=1)

    waves = []
    for j in range(octaves):
        wave, low = bump(0.75 * np.pi / 2**j, 0.8 * 2**j), bump(0.0, 0.8 * 2**j)
        waves.append(wave - wave[0] / low[0] * low)  # a wavelet has mean 0
    return np.stack(waves), bump(0.0, 0.8 * 2 ** (octaves - 1))


# %% hidden="scattering_convolutions" exercise="scattering" points=3 title="against convolutions in the time domain"
def convolved(a, b):
    n = np.arange(len(a))
    return np.array([np.sum(a[n] * b[(k - n) % len(a)]) for k in n])


rng = np.random.default_rng(13)
x = rng.normal(size=16)
psi, phi = wavelet_bank(16, 3)
expected = [
    convolved(np.abs(convolved(x, np.fft.ifft(wave))), np.fft.ifft(phi)).real for wave in psi
]
got = scattering(x, psi, phi)
assert_close(got, expected, "the coefficients of noise", rtol=1e-5, atol=1e-6)
assert not np.iscomplexobj(np.asarray(got)), "the coefficients should be real numbers"

# %% hidden="scattering_moves" exercise="scattering" points=2 title="moved with the signal, doubled with the signal"
rng = np.random.default_rng(14)
x = rng.normal(size=12)
psi, phi = wavelet_bank(12, 2)
plain = np.asarray(scattering(x, psi, phi))
got = scattering(np.roll(x, 5), psi, phi)
assert_close(got, np.roll(plain, 5, axis=1), "the signal moved by 5", rtol=1e-5, atol=1e-6)
got = scattering(-2 * x, psi, phi)
assert_close(got, 2 * plain, "the coefficients of -2 times the signal", rtol=1e-5, atol=1e-6)

# %% figure="stretched"
from course.figures import style
from course.scattering.transform import wavelet_modulus


def by_the_library(x, psi, phi):
    """The library's 2-D wavelet modulus on an image of one row; phi keeps what is positive so."""
    rows = torch.from_numpy(np.asarray(x)).reshape(1, 1, -1)
    moduli = wavelet_modulus(torch.fft.fft2(rows), torch.from_numpy(psi)[:, None], 1)
    spectrum = torch.fft.fft2(moduli[:, None])
    averages = wavelet_modulus(spectrum, torch.from_numpy(phi)[None, None], 1)
    return averages[:, 0, 0].numpy()


scatter = with_fallback(scattering, by_the_library)
psi, phi = wavelet_bank(256, 6)
u = np.arange(256) - 128.0


def note(stretch):
    """A short tone, stretched in time."""
    return np.exp(-((u / stretch) ** 2) / (2 * 12**2)) * np.cos(2.0 * u / stretch)


def change(features, stretch):
    """How far stretching moves the features, by their size."""
    plain = features(note(1.0))
    return np.linalg.norm(features(note(stretch)) - plain) / np.linalg.norm(plain)


def spectrum_of(x):
    return np.abs(np.fft.fft(x))


def scattering_of(x):
    return scatter(x, psi, phi)


scattering_of(note(1.0))
with style.canvas(12, 4.0, 1, 3) as (figure, grid):
    stretches = np.linspace(1, 1.1, 21)
    for stretch, colour, line in ((1.0, style.BLUE, "-"), (1.05, style.ORANGE, "--")):
        name = "as it is" if stretch == 1 else "stretched by 5 %"
        half = spectrum_of(note(stretch))[:129]
        grid[0, 0].plot(half, color=colour, linestyle=line, linewidth=1.8, label=name)
        means = scattering_of(note(stretch)).max(axis=1)
        grid[0, 1].plot(range(6), means, marker="o", color=colour, linestyle=line, linewidth=1.8)
    grid[0, 0].set(xlabel="frequency", xlim=(60, 115), title="|Fourier transform|")
    grid[0, 0].legend(loc="upper right", fontsize=10)
    grid[0, 1].set(xlabel="octave j, high to low", title="scattering, largest of each")
    for name, features, colour in (
        ("|Fourier|", spectrum_of, style.BLUE),
        ("scattering", scattering_of, style.ORANGE),
    ):
        changes = [change(features, stretch) for stretch in stretches]
        grid[0, 2].plot(100 * (stretches - 1), changes, color=colour, label=name)
    grid[0, 2].set(xlabel="stretched by, in %", title="relative change")
    grid[0, 2].legend(loc="upper left", fontsize=10)
    for axes in grid[0]:
        style.light_grid(axes)
figure

# %% [markdown]
# **What just happened.** Stretched by 5 %, the moduli of Fourier change by 77 % of their size, and the
# scattering coefficients by 11 %, in proportion to the stretch. The price: a shift by 4 samples
# changes the Fourier moduli by nothing, scattering by 10 % (and the signal itself by 151 %), as φ
# averages over a neighbourhood and not over everything.
#
# The average pays with detail: what it has washed out, a second layer of wavelets picks up again
# (`course.scattering` has it in 2-D, of second order). And mind section 5: bearing changes well
# is easy for features that say nothing.

# %% [markdown]
# ## 7. The experiment
#
# One network of each kind has been trained, with seed 0. Perhaps it was luck. So: **the same with
# several seeds, and a report of mean and spread.**
#
# The spread is the *standard deviation of the sample*: with K seeds and accuracies a₁, ..., a_K,
#
# $$ s = \sqrt{\frac{1}{K - 1} \sum_{k} (a_k - \bar a)^2}. $$
#
# The K - 1 is there because the mean was computed from the same few numbers, which makes it lie too
# close to them. NumPy divides by K unless it is told `ddof=1`; PyTorch divides by K - 1. With three
# seeds the difference is a factor of 1.22.
#
# ### Exercise 10: run it
#
# **By hand:** three seeds give the accuracies 0.5, 0.75 and 1 at some shift. Mean **0.75**, spread
# √((0.0625 + 0 + 0.0625) / 2) = **0.25**.


# %% answer="experiment" title="Several seeds, mean and spread" minutes=12
def experiment(train, images, labels, shifts, seeds):
    """Train one network per seed; return mean and spread of its accuracy at each shift.

    Args:
        train: a function from a seed to a trained network, ready to use: it maps images to
            scores of shape (N, C). Training is slow, so call it once per seed.
        images: test images, of shape (N, channels, height, width).
        labels: the right class of each, of shape (N,).
        shifts: a list of S pairs (dy, dx).
        seeds: a list of at least two seeds.

    Returns:
        A pair (mean, spread) of S numbers each: over the seeds, the mean of the accuracy on
        images that are all moved by that shift, and its sample standard deviation (K - 1).
    """
    ### BEGIN SOLUTION
    runs = []
    for seed in seeds:
        network = train(seed)
        with torch.no_grad():
            classes = [network(moved(images, dy, dx)).argmax(dim=1) for dy, dx in shifts]
        runs.append([float((each == labels).float().mean()) for each in classes])
    return np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1)
    ### END SOLUTION


# %% [markdown] hints="experiment"
# 1. You need a table: a row for every seed, a column for every shift. How often is `train` called
#    while you fill it?
# 2. Outer loop over seeds, with one training each; inner loop over shifts, with one accuracy each.
#    Only when the table is full, take mean and standard deviation down its columns.
# 3. `np.zeros((len(seeds), len(shifts)))` for the table; in it the mean of
#    `scores.argmax(dim=1) == labels` for the moved images, under `torch.no_grad()`. Then
#    `table.mean(axis=0)` and `table.std(axis=0, ddof=1)`.


# %% test="experiment_by_hand" exercise="experiment" points=3 title="three networks whose accuracy is known"
@probe
def known_networks(shifts, seeds):
    def train(seed):
        """A network that sees a dot only in the first so many columns."""
        return lambda x: x.flatten(1) * (torch.arange(4) < seed)

    images = torch.eye(4).reshape(4, 1, 1, 4)
    return experiment(train, images, torch.arange(4), shifts, seeds)


with exercise("experiment"):
    mean, spread = known_networks([(0, 0), (0, 1), (0, 4)], [2, 3, 4])
    assert_close(mean, [0.75, 0.0, 0.75], "the mean accuracy at shifts by 0, 1 and 4")
    assert_close(spread, [0.25, 0.0, 0.25], "its spread over the three seeds")


# %% hidden="experiment_seeds" exercise="experiment" points=2 title="one training for each seed"
@probe
def seeds_that_were_trained(seeds):
    trained = []

    def train(seed):
        trained.append(seed)
        return lambda x: x.flatten(1)

    images = torch.eye(4).reshape(4, 1, 1, 4)
    experiment(train, images, torch.arange(4), [(0, 0), (0, 1), (0, 2)], seeds)
    return trained


trained = seeds_that_were_trained([7, 3, 11, 5])
assert sorted(trained) == [3, 5, 7, 11], f"for the seeds 7, 3, 11 and 5 you trained {trained}"


# %% hidden="experiment_networks" exercise="experiment" points=3 title="four networks, shifts in all directions"
@probe
def linear_networks(weights, images, labels, shifts, seeds):
    def train(seed):
        return lambda x: x.flatten(1) @ weights[seed].T

    return experiment(train, images, labels, shifts, seeds)


from course.invariance import accuracy_by_shift as library_accuracy

generator = torch.Generator().manual_seed(515)
weights = torch.randn(6, 4, 30, generator=generator, dtype=torch.float64)
images = torch.randn(50, 1, 5, 6, generator=generator, dtype=torch.float64)
labels = (moved(images, 1, 0).flatten(1) @ weights[2].T).argmax(dim=1)
shifts, seeds = [(0, 0), (1, 0), (0, 1), (-1, 2), (6, -6)], [4, 2, 5, 3]
runs = [
    library_accuracy(lambda x, w=weights[seed]: x.flatten(1) @ w.T, images, labels, shifts)
    for seed in seeds
]
mean, spread = linear_networks(weights, images, labels, shifts, seeds)
assert_close(mean, np.mean(runs, axis=0), "the mean accuracies", atol=1e-6)
assert_close(spread, np.std(runs, axis=0, ddof=1), "their spreads", atol=1e-6)

# %% [markdown]
# Now the real thing: five seeds, max-pooling against max-then-blur, ten networks in a few seconds.
# **Change the seeds, add some, let it run, and use your numbers in the last question.** (The cell is
# locked; copy it into a cell of your own.)

# %% figure="experiment_figure"
import statistics

from course.figures import style
from course.invariance import accuracy_by_shift as library_accuracy


def with_the_library(train, images, labels, shifts, seeds):
    runs = [library_accuracy(train(seed), images, labels, shifts) for seed in seeds]
    columns = [[float(run[k]) for run in runs] for k in range(len(shifts))]
    return [*map(statistics.fmean, columns)], [*map(statistics.stdev, columns)]


run = with_fallback(experiment, with_the_library)
images, labels = digits_in_the_middle("test")
seeds, shifts = [0, 1, 2, 3, 4], [(0, dx) for dx in range(5)]
with style.canvas(9, 4.6) as (figure, grid):
    axes = grid[0, 0]
    for pooling, colour, marker in (
        ("max+gap", style.BLUE, "o"),
        ("maxblur+gap", style.GREEN, "s"),
    ):
        mean, spread = run(
            lambda seed, pooling=pooling: train_net(pooling, seed),
            images,
            labels,
            shifts,
            seeds,
        )
        axes.errorbar(
            range(5), mean, yerr=spread, marker=marker, color=colour, capsize=4, label=pooling
        )
        print(
            pooling, *(f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread, strict=True)), sep="   "
        )
    axes.set(
        xlabel="shift of all images, in pixels",
        ylabel="accuracy",
        xticks=range(5),
        ylim=(0.5, 1.02),
    )
    axes.set_title("Mean and spread over five seeds")
    axes.legend(loc="lower left")
    style.light_grid(axes)
figure

# %% [markdown]
# **What just happened.** On the author's machine, a shift by one pixel leaves max-pooling with
# 0.706 ± 0.092 and max-then-blur with 0.948 ± 0.012: a difference far beyond the spread. Without
# a shift it is 0.950 ± 0.020 against 0.960 ± 0.014, from which nobody should conclude anything. And
# look at the spreads themselves: where max-pooling was not trained to see, it is left to chance how
# well it sees.
#
# All that comes from digits in the *middle*. Networks are usually trained with shifted copies
# (augmentation), and then they learn to bear a part of this; that is the first item of "If you
# want more".

# %% [markdown]
# ## 8. In your own words
#
# Two short answers, 4 to 8 sentences each, marked by a person. Numbers and reasons count, style
# does not.
#
# ### Question 1: where does the invariance come from?
#
# "Convolutional networks are translation invariant, because they use convolutions." Correct this
# sentence: say what each of convolution, stride and global pooling contributes, and support it with
# something that you measured. Then: what does the theorem of Wiatowski and Bölcskei say about
# invariance and depth, and name one thing that it does *not* say about the networks of this
# notebook.

# %% [markdown] written="where_from" points=8 title="Where does the invariance come from?" minutes=8
# ### BEGIN SOLUTION
# Convolutions are equivariant, not invariant: their output moves along with the input (error 0 up
# to rounding with circular padding), whatever the weights are. A network whose last layer is fully connected
# has the same convolutions and falls to a fraction of its accuracy within three or four pixels. What
# makes the answer stay is the global average, which forgets the places: moved maps have the same mean.
# Strides break it. With stride 2 the maps of an image that is moved by one pixel are no moved copies
# but other maps, so the accuracy is a sawtooth, and exact invariance is left only for multiples of the
# product of the strides, 4 here. A low-pass filter before each stride mends most of it, and no strides
# at all would mend everything, for nine times the multiply-adds.
#
# The theorem says that the change under a translation is at most 2 pi |t| K / (S_1 ... S_n) times the
# norm of the signal: deeper layers bear more, and it is the pooling factors that achieve it, for all
# filters that fit the condition, learnt or not. It is an upper bound, on a continuum. It does not speak
# of aliasing, so the sawtooth is not in it; it does not say that the change falls beside what tells
# two images apart; it does not say that features are useful; and with small strides it is weaker
# than the trivial bound of 2.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 2 points: convolution gives equivariance (the output moves along), not invariance, and whatever the
#   weights.
# - 2 points: global (average) pooling supplies the invariance; strides break it for shifts that are no
#   multiples of their product. (1 point for one of the two.)
# - 1 point: a measurement of one's own in support, with a number.
# - 2 points: the theorem: the bound falls with the product of the pooling factors, so with depth, for
#   any admissible filters. (1 point without the role of pooling.)
# - 1 point: one thing that it does not say: aliasing or the sampled grid; the second yardstick; that the
#   features discriminate; that networks are exactly invariant; that the bound is tight.
# ### END MARK SCHEME

# %% [markdown]
# ### Question 2: your experiment
#
# Report your run of section 7: how many seeds, mean and spread at the shift where max-pooling
# does worst, for both kinds of pooling. Is the difference larger than what another choice of seeds
# could explain? What is *not* shown by this experiment, and which single further measurement would
# you make next?

# %% [markdown] written="your_experiment" points=6 title="Report your experiment" minutes=6
# ### BEGIN SOLUTION
# With the seeds 0 to 4 and a shift by one pixel, max-pooling got 0.706 ± 0.092 and max-then-blur
# 0.948 ± 0.012 (mean and sample standard deviation). The difference, 0.24, is more than twice the
# larger spread, and it is positive for each of the five seeds (0.12 to 0.33), so chance is no explanation.
# Without a shift the two differ by 0.01, less than their spread, so nothing can be said there.
#
# Not shown: anything about other data or larger networks, other directions (only shifts to the right
# were measured), zero padding, or training with shifted images, which might close the gap without any
# blur. Next I would train both with random shifts, with the same seeds.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 2 points: number of seeds, and mean with spread for both kinds at a named shift. (1 point without the
#   spread.)
# - 2 points: compares the difference with the spread (or seed by seed), and says what follows. At shift 0
#   "cannot be told" is right. (1 point for a comparison without a reason.)
# - 1 point: names a limit: data, size, few seeds, one direction, no augmentation, canvas.
# - 1 point: a further measurement that would answer an open question.
# ### END MARK SCHEME

# %% [markdown]
# ## If you want more
#
# Not graded; add cells of your own below.
#
# - **Teach it instead.** Train "max+gap" on digits that are moved at random in every step. How much
#   of the sawtooth is left, and how many epochs does it take? (Zhang finds
#   that a blur still helps after such training. Does it, here?)
# - **The exact one.** Train "none+gap" and check that its curve is flat. Measure how long it takes,
#   and compare with your `conv_net_cost`.
# - **More taps.** Five taps, (1, 4, 6, 4, 1) / 16, blur more. Does consistency go on rising? Where does
#   accuracy begin to fall?
# - **Few examples.** Take 10 training digits per class at *random* places (`shifted_digits`), and a
#   linear classifier on pixels against one on `course.scattering.Scattering2d(2, (16, 16))`.
# - **Deform.** `course.invariance.smooth_displacement` and `deform` bend images. Draw the second
#   yardstick against the amplitude for your trained networks.
#
# ## Sources
#
# - STATS385, *Theories of deep learning*, [lecture 2](https://stats385.github.io): harmonic analysis of
#   convolutional networks.
# - T. Wiatowski and H. Bölcskei, [A mathematical theory of deep convolutional neural networks for
#   feature extraction](https://arxiv.org/abs/1512.06293), IEEE Trans. Inf. Theory 64(3), 2018,
#   theorem 1.
# - R. Zhang, [Making convolutional networks shift-invariant again](https://arxiv.org/abs/1904.11486),
#   ICML 2019: blur pooling, consistency, and the numbers for ImageNet.
# - A. Azulay and Y. Weiss, [Why do deep convolutional networks generalize so poorly to small image
#   transformations?](https://arxiv.org/abs/1805.12177), JMLR 20(184), 2019.
# - S. Mallat, [Group invariant scattering](https://arxiv.org/abs/1101.2286), Comm. Pure Appl. Math. 65,
#   2012; J. Bruna and S. Mallat, [Invariant scattering convolution
#   networks](https://arxiv.org/abs/1203.1513), IEEE TPAMI 35(8), 2013.
# - Y. LeCun, F. J. Huang and L. Bottou, *Learning methods for generic object recognition with invariance
#   to pose and lighting*, CVPR 2004: maps of what a shift changes.
# - The digits: E. Alpaydin and C. Kaynak, *Optical recognition of handwritten digits*, UCI machine
#   learning repository, by way of scikit-learn.
