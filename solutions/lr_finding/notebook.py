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
# # How far to step? Finding a learning rate
#
# *AI Saturdays Lagos, week 3. Goes with fast.ai, "Deep learning for coders" (2018), lesson 2, and
# the idea is older: Leslie Smith, 2015.*
#
# The gradient says which way is down. It does not say **how far to step**, and no other number
# that you choose decides as much about your training. There is a test that takes a second and
# tells you where to look: train for a hundred batches while the rate grows from tiny to huge,
# and watch the loss. You will build that test, the whole of it: the steps, the clean-up, the
# smoothing, the moment to stop, the rules that read a rate off the curve. Then you will find out
# how far those rules can be trusted, by letting them disagree over several seeds, and finally
# choose a rate of your own and stand by it.
#
# ## Contents
#
# | | section | you write | minutes |
# |---|---|---|---|
# | 1 | [Three rates, and a grid of rates](#1.-Three-rates,-and-a-grid-of-rates) | `growing_rates` | 10 |
# | 2 | [The range test](#2.-The-range-test) | `record_losses` | 15 |
# | 3 | [A rehearsal leaves no trace](#3.-A-rehearsal-leaves-no-trace) | `rehearse` | 20 |
# | 4 | [Seeing through the noise](#4.-Seeing-through-the-noise) | `smooth` | 15 |
# | 5 | [When to stop, what to cut](#5.-When-to-stop,-what-to-cut) | `stop_step`, `trim` | 20 |
# | 6 | [Three rules for one curve](#6.-Three-rules-for-one-curve) | `steepest_and_minimum`, `valley` | 25 |
# | 7 | [Once is not enough](#7.-Once-is-not-enough) | `across_seeds` | 10 |
# | 8 | [Choose, train, report](#8.-Choose,-train,-report) | `experiment` | 15 |
# | 9 | [In your own words](#9.-In-your-own-words) | two short answers | 10 |
#
# Two hours and twenty minutes, and a break after section 3 is a good idea. There are 100 points:
# 90 for code, 10 for the written answers.
#
# ## When you are done, you can
#
# - run a learning-rate range test on any model, and leave the model exactly as it was;
# - say what its curve shows, and the two ways in which smoothing bends it;
# - read a rate off the curve by three rules, and say why they differ by a factor of ten or so;
# - measure how far a rule can be trusted: over seeds, with the spread, on a logarithmic scale;
# - choose a rate, and defend it with accuracies instead of a curve.
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
# To read alongside: section 3.3 of L. N. Smith, [Cyclical learning rates for training neural
# networks](https://arxiv.org/abs/1506.01186), two pages.

# %% setup="imports"
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course.checking import open_notebook
from course.data import digits
from course.testing import assert_close, exercise, probe, with_fallback

torch.set_num_threads(1)
open_notebook("lr_finding")  # gives you %check, %hint, %solution and %progress

# %% [markdown]
# ## 1. Three rates, and a grid of rates
#
# All of today happens on one small problem, so that every experiment takes a fraction of a second:
# 1000 handwritten digits to train on, 347 others to measure on, and a network with one hidden
# layer of 64 units, trained by gradient descent with momentum 0.9, 32 images at a time. **Read
# the next cell**; you will use its functions. Each takes a *seed*, which decides the first
# weights and the order of the images, and nothing else depends on chance.


# %% setup="digits_to_train_on"
DIGITS = digits("train", dtype=np.float32)
PIXELS, LABELS = torch.tensor(DIGITS.pixels), torch.tensor(DIGITS.labels)


def digits_net(seed):
    """A network for the digits with one hidden layer; the seed decides its first weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def digits_batches(seed, epochs):
    """A list of pairs (images, labels), 32 to a batch, in an order that the seed decides."""
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(1000, generator=generator) for _ in range(epochs)]
    return [(PIXELS[rows], LABELS[rows]) for order in orders for rows in order.split(32)]


def sgd(model, rate=0.1):
    """The optimizer of this notebook: gradient descent with momentum."""
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)


def accuracy(model):
    """The share of the 347 digits that were not trained on which the model gets right."""
    with torch.no_grad():
        guesses = model(PIXELS[1000:]).argmax(dim=1)
    return float((guesses == LABELS[1000:]).double().mean())


def accuracy_by_epoch(rate, seed, epochs=7, model=None):
    """Train at a constant rate; the accuracy after each epoch."""
    model = digits_net(seed) if model is None else model
    optimizer = sgd(model, rate)
    accuracies = []
    for step, (images, labels) in enumerate(digits_batches(seed, epochs), start=1):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 32 == 0:  # 32 batches make an epoch
            accuracies.append(accuracy(model))
    return accuracies


def train_digits(rate, seed):
    """The accuracy after 7 epochs at a constant rate."""
    return accuracy_by_epoch(rate, seed)[-1]


# %% [markdown]
# Here are three learning rates, three seeds each. Everything else is the same.

# %% figure="three_rates"
from course.figures.style import BLUE, GREEN, GREY, INK, ORANGE, canvas, light_grid

with canvas(9, 4.6) as (figure, grid):
    axes = grid[0, 0]
    for rate, colour, marker in ((0.001, BLUE, "s"), (0.1, GREEN, "o"), (1.0, ORANGE, "^")):
        for seed in range(3):
            axes.plot(range(1, 8), accuracy_by_epoch(rate, seed), color=colour, marker=marker)
        axes.plot([], [], color=colour, marker=marker, label=f"rate {rate:g}")
    axes.set_ylim(0, 1)
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy on unseen digits")
    axes.set_title("Too low, about right, too high")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    light_grid(axes)
figure

# %% [markdown]
# At 0.1 the network is done after a few epochs. At 0.001 it is on its way and will take a while. At
# 1.0 it is not on its way to anything: 10 % is what guessing gets. **A hundred times too low costs
# patience; ten times too high costs everything.**
#
# ### Exercise 1: rates that grow by a constant factor
#
# A range test tries many rates between a tiny one, a, and a huge one, b. What counts about a
# rate is its order of magnitude, so the steps must be equal **factors** and not equal
# differences:
#
# $$ \eta_i = a \left( \frac{b}{a} \right)^{i / (n - 1)}, \qquad i = 0, 1, \dots, n - 1. $$
#
# **Expected output:** five rates from 0.001 to 10 are 0.001, 0.01, 0.1, 1, 10; five from 2 to 32
# are 2, 4, 8, 16, 32. Both ends are among them.


# %% answer="growing_rates" title="Rates that grow by a constant factor" minutes=6 shortcuts="numpy.geomspace numpy.logspace torch.logspace"
def growing_rates(start, end, n):
    """Return `n` rates from `start` to `end`, each the same factor above the one before.

    Args:
        start: the first rate, above 0.
        end: the last rate, above `start`.
        n: how many, at least 2.

    Returns:
        The rates, shape (n,); the first is `start`, the last is `end`.

    The formula is yours to write: an answer that calls NumPy's `geomspace` or anybody's `logspace`
    earns nothing here. Compare with them as much as you like.
    """
    ### BEGIN SOLUTION
    return start * (end / start) ** (np.arange(n) / (n - 1))
    ### END SOLUTION


# %% [markdown] hints="growing_rates"
# 1. From 2 to 32 in five rates: how many *steps* are there between the first and the last, and by
#    what factor does each of them multiply?
# 2. The whole way is a factor of end / start. After i of the n - 1 steps, i / (n - 1) of the way is
#    behind you, as an exponent.
# 3. Divide `np.arange(n)` by `n - 1`: numbers from 0 to 1. Raise `end / start` to these powers, all
#    at once, and multiply by `start`.

# %% test="growing_by_hand" exercise="growing_rates" points=3 title="five rates, twice, by hand"
with exercise("growing_rates"):
    assert_close(growing_rates(0.001, 10, 5), [0.001, 0.01, 0.1, 1, 10], "five rates up to 10")
    assert_close(growing_rates(2, 32, 5), [2, 4, 8, 16, 32], "five rates from 2 to 32")

# %% hidden="growing_factor" exercise="growing_rates" points=2 title="a hundred rates: the ends, and one factor all the way"
rates = np.asarray(growing_rates(1e-7, 10.0, 100))
assert rates.shape == (100,), f"100 rates were asked for, and the shape is {rates.shape}"
assert_close(rates[[0, -1]], [1e-7, 10.0], "the first and the last rate", atol=0)
factors = rates[1:] / rates[:-1]
assert_close(factors, np.full(99, 1e8 ** (1 / 99)), "the factors from each rate to the next")

# %% hidden="growing_two" exercise="growing_rates" points=2 title="two rates, and three whole numbers"
assert_close(growing_rates(0.01, 0.5, 2), [0.01, 0.5], "two rates")
assert_close(growing_rates(1, 3, 3), [1, 3**0.5, 3], "three rates from 1 to 3")

# %% figure="two_grids"
from course.schedules import exponential, sample

your_rates = with_fallback(
    growing_rates, lambda start, end, n: sample(exponential(start, end, n - 1), n)
)
with canvas(9, 2.9) as (figure, grid):
    axes = grid[0, 0]
    axes.plot(your_rates(1e-4, 10, 26), np.full(26, 1), "o", color=GREEN)
    axes.plot(np.linspace(1e-4, 10, 26), np.full(26, 0), "s", color=ORANGE)
    axes.set_xscale("log")
    axes.set_yticks([0, 1], ["equal differences", "equal factors"])
    axes.set_ylim(-0.7, 1.7)
    axes.set_xlabel("learning rate")
    axes.set_title("26 rates from 0.0001 to 10")
    light_grid(axes)
figure

# %% [markdown]
# **What just happened.** With equal differences, 25 of the 26 rates lie between 0.4 and 10, where
# nearly all of them are useless; the three decades in which you will want to live get none.
# (Smith's paper has a linear grid, between ends that are close together. fast.ai made it
# exponential.)

# %% [markdown]
# ## 2. The range test
#
# One step per rate. For step i:
#
# 1. compute the loss of the next batch, and **write it down**,
# 2. set the rate of the optimizer to η_i,
# 3. take the step.
#
# The loss is written down *before* the step of its own rate. So the entry beside η_i shows what all
# the **smaller** rates have done so far; what η_i did shows in the entry after it. Keep this in
# mind when you read a curve: it always speaks a little late.
#
# ### Exercise 2: record the losses
#
# An optimizer keeps its rate in `optimizer.param_groups`, a list of dictionaries; each has an entry
# `"lr"`. Usually there is one group, but a test that sets only the first will one day be wrong
# without a word.
#
# **Expected output** for weights that are all 0, one image `[1, 2]` of class 0 out of 2, and the
# rates `[1, 1]`: both classes have probability ½, so the first loss is ln 2 = **0.6931**. The
# gradient by the weights is `[[-½, -1], [½, 1]]`; after one step the scores are 2.5 and -2.5, and
# the second loss is ln(1 + e⁻⁵) = **0.0067**.


# %% answer="record_losses" title="The steps of a range test" minutes=15
def record_losses(model, batches, optimizer, rates):
    """Take one step per rate, and return the loss of each batch before its step.

    Args:
        model: a torch module that turns inputs into scores. Leave its mode as it is.
        batches: a list of pairs (inputs, labels). If there are more rates than batches, go on
            from the first batch again; if there are fewer, the last batches are not used.
        optimizer: the torch optimizer that takes the steps, of any kind; all of its parameter
            groups are to have the rate of the step. Gradients from before must not count.
        rates: one learning rate per step.

    Returns:
        A list of numbers, the cross-entropy of each batch (`F.cross_entropy`, the mean over the
        batch). As soon as a loss is NaN or infinite it is the last one: it is on the list, no
        step is taken with it, and the test is over.
    """
    ### BEGIN SOLUTION
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return losses
    ### END SOLUTION


# %% [markdown] hints="record_losses"
# 1. It is an ordinary training loop. Which two lines are new, and where do they go: before or after
#    the step?
# 2. Loop over the rates with a counter. The counter, modulo the number of batches, picks the batch.
#    Note the loss as a plain number, look whether it is finite, set the rate in every group, then
#    zero the gradients, go backward, step.
# 3. `enumerate(rates)` gives the counter and the rate; the batch is `batches[step % len(batches)]`.
#    Append `loss.item()`, and `break` unless `math.isfinite` of it. Assign `group["lr"] = rate` for
#    each group of `optimizer.param_groups`. Then the usual three calls, `zero_grad` before
#    `backward`.


# %% test="record_by_hand" exercise="record_losses" points=3 title="three steps, the first two worked out by hand"
@probe
def losses_of_a_few_steps(rates):
    model = nn.Linear(2, 2, bias=False)
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return record_losses(model, [(torch.tensor([[1.0, 2.0]]), torch.tensor([0]))], optimizer, rates)


with exercise("record_losses"):
    lead = 5 + 10 / (1 + math.exp(5))  # of the right score, after the second step
    expected = [math.log(2), math.log(1 + math.exp(-5)), math.log(1 + math.exp(-lead))]
    assert_close(losses_of_a_few_steps([1.0, 1.0, 1.0]), expected, "the three losses", rtol=1e-4)


# %% test="record_digits" exercise="record_losses" points=3 title="seven rates on five batches of digits"
from course.lr_finder import lr_range_test


@probe
def losses_on_digits(rates):
    model = digits_net(1)
    return record_losses(model, digits_batches(1, epochs=1)[:5], sgd(model), rates)


with exercise("record_losses"):
    losses = losses_on_digits(np.geomspace(1e-3, 1, 7).tolist())
    model = digits_net(1)
    test = lr_range_test(
        model,
        digits_batches(1, epochs=1)[:5],
        F.cross_entropy,
        sgd(model),
        start=1e-3,
        end=1,
        steps=7,
        stop_factor=math.inf,
    )
    assert_close(losses, test.losses, "the seven losses", rtol=1e-3)


# %% hidden="record_groups" exercise="record_losses" points=2 title="an optimizer with two groups of parameters"
@probe
def losses_with_two_groups(rates):
    model = nn.Linear(1, 2)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    groups = [{"params": [model.weight], "lr": 0.1}, {"params": [model.bias], "lr": 0.1}]
    batch = torch.tensor([[2.0]]), torch.tensor([1])
    return record_losses(model, [batch], torch.optim.SGD(groups), rates)


# by hand: if p is the probability of the wrong class, a step at 0.5 moves the two scores apart by
# 4p through the weights (the input is 2) and by p through the biases
lead, expected = 0.0, []
for _ in range(3):
    wrong = 1 / (1 + math.exp(lead))
    expected.append(-math.log(1 - wrong))
    lead += 4 * wrong + wrong
got = losses_with_two_groups([0.5, 0.5, 0.5])
assert_close(got, expected, "the losses, with weights and biases in two groups", rtol=1e-4)


# %% hidden="record_not_finite" exercise="record_losses" points=3 title="the first loss that is NaN or infinite is the last"
@probe
def around_a_broken_batch(broken):
    model = nn.Linear(1, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1e38], [-1e38]]))
        model.bias.zero_()
    batches = [(torch.tensor([[x]]), torch.tensor([1])) for x in (0.0, 0.0, broken, 0.0)]
    losses = record_losses(model, batches, torch.optim.SGD(model.parameters(), lr=0.1), [0.1] * 4)
    return {"losses": losses, "weights": model.weight.detach().clone()}


reports = {last: around_a_broken_batch(x) for last, x in ((math.nan, math.nan), (math.inf, 3.0))}
for last, report in reports.items():
    expected = [math.log(2), math.log(1 + math.exp(-0.1)), last]
    assert_close(report["losses"], expected, f"the losses, the third of which is {last}")
    assert_close(report["weights"], [[1e38], [-1e38]], "the weights, after such a loss")


# %% hidden="record_optimizer" exercise="record_losses" points=2 title="the optimizer takes the steps, from gradients that are fresh"
@probe
def losses_with_stale_gradients():
    model = nn.Linear(2, 2, bias=False)
    nn.init.zeros_(model.weight)
    model.weight.grad = torch.tensor([[7.0, 0.0], [0.0, 0.0]])
    batches = [(torch.tensor([[1.0, 0.0]]), torch.tensor([0]))] * 4
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    return record_losses(model, batches, optimizer, [1.0, 1.0, 2.0])


# by hand: the scores are w and -w; the slope is -p, with p the probability of the wrong class
w, velocity, expected = 0.0, 0.0, []
for rate in (1.0, 1.0, 2.0):
    wrong = 1 / (1 + math.exp(2 * w))
    expected.append(-math.log(1 - wrong))
    velocity = 0.5 * velocity - wrong
    w -= rate * velocity
assert_close(losses_with_stale_gradients(), expected, "the losses with momentum", rtol=1e-4)

# %% [markdown]
# Here is your test at work: a hundred batches of digits, rates from 0.0001 to 10.

# %% figure="raw_curve"
from course.lr_finder import lr_range_test


def library_losses(model, batches, optimizer, rates):
    return lr_range_test(
        model,
        batches,
        F.cross_entropy,
        optimizer,
        start=rates[0],
        end=rates[-1],
        steps=len(rates),
        stop_factor=math.inf,
    ).losses


your_losses = with_fallback(record_losses, library_losses)
RATES = np.asarray(your_rates(1e-4, 10, 100))


def raw_curve(seed):
    """The losses of a range test, rates `RATES`, of a new network on batches of this seed."""
    model = digits_net(seed)
    return np.array(your_losses(model, digits_batches(seed, 4), sgd(model), RATES.tolist()))


raw = raw_curve(0)
with canvas(9, 4.6) as (figure, grid):
    axes = grid[0, 0]
    axes.plot(RATES[: len(raw)], raw, color=INK, linewidth=1.2, marker=".")
    axes.axhline(math.log(10), color=GREY, linestyle=":", linewidth=1.5)
    axes.annotate("guessing: ln 10", (1.1e-4, math.log(10)), xytext=(0, 6),
                  textcoords="offset points", color=GREY)  # fmt: skip
    axes.set_xscale("log")
    axes.set_ylim(0, 4)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss of the batch")
    axes.set_title("It stays, it falls, it blows up")
    light_grid(axes)
figure

# %% [markdown]
# **What just happened.** Three parts. On the left the steps are too small to matter, and the loss
# stays where a network starts that knows nothing, at ln 10 = 2.30. In the middle it learns. On the
# right each step throws away more than it gains. Somewhere in the middle part is your rate; the
# rest of this notebook is about *where*.
#
# > **Think.** The rate grows in each step, but the loss is that of a network which all the earlier
# > steps have trained. If you started from new weights for every rate, would the fall begin
# > further to the left or further to the right?

# %% [markdown]
# ## 3. A rehearsal leaves no trace
#
# After a range test the network is a wreck: it ended with steps at a rate of 10. So the test must
# put everything back, and *everything* is more than one thinks of at first:
#
# | what | why |
# |---|---|
# | the weights | of course |
# | buffers | batch normalisation keeps running means and variances beside its weights |
# | the optimizer | momentum that points nowhere, and its rate, which is now 10 |
# | the mode of **each layer** | dropout and batch normalisation behave differently in training and in evaluation; a part of the network may have been frozen in evaluation mode on purpose |
# | the random numbers | or else training depends on whether you ran a test before |
#
# And the test may well end in an error (out of memory, a NaN in the data, your own *interrupt*).
# Then it must put everything back as well.
#
# ### Exercise 3: put everything back
#
# Write a function that calls `run()`, whatever it does to the model, and afterwards leaves model
# and optimizer as they were. Two pieces of Python help: `try: ... finally: ...` does the last part
# whether or not there was an error, and lets the error pass; `copy.deepcopy(x)` makes a copy of `x`
# down to the last tensor.
#
# **Try it first:** `state = model.state_dict()`, take a step, print `state`. It has changed! A
# state dict *looks into* the model and holds no copies. This is the most frequent bug of all range
# tests, and it is silent.

# %% setup="something_to_spoil"
import copy


def fragile_net():
    """A small network with all that a rehearsal can spoil, and its optimizer with momentum."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), nn.Linear(5, 2))
    return model, sgd(model, 0.1)


def spoil(model, optimizer, steps=3, rate=5.0):
    """Steps on random inputs, far too large: what a range test ends with."""
    model.train()
    for group in optimizer.param_groups:
        group["lr"] = rate
    for _ in range(steps):
        loss = F.cross_entropy(model(torch.randn(6, 4)), torch.tensor([0, 1, 0, 1, 0, 1]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def everything(model, optimizer):
    """All that has to be as it was: copies of tensors, numbers, and the mode of each layer."""
    states = [optimizer.state.get(parameter, {}) for parameter in model.parameters()]
    momentum = [state.get("momentum_buffer") for state in states]
    return {
        "parameters": [parameter.detach().clone() for parameter in model.parameters()],
        "buffers": [buffer.clone() for buffer in model.buffers()],
        "rate": optimizer.param_groups[0]["lr"],
        "momentum": [0.0 if each is None else float(each.norm()) for each in momentum],
        "modes": [layer.training for layer in model.modules()],
        "random": torch.get_rng_state(),
    }


# %% answer="rehearse" title="A rehearsal leaves no trace" minutes=18
def rehearse(model, optimizer, run):
    """Return what `run()` returns, and put back everything that it has changed.

    Args:
        model: a torch module.
        optimizer: an optimizer of its parameters, new or in use for long.
        run: a function without arguments that trains the model with the optimizer.

    Returns:
        What `run()` returned. If it raised an error, the error goes on to the caller.

    In both cases these are afterwards as they were: the model's parameters and buffers; the
    optimizer's state (such as momentum) and settings (such as the rate); the mode, training or
    evaluation, of each layer; and torch's random state (`torch.get_rng_state`). Gradients need
    not be put back.
    """
    ### BEGIN SOLUTION
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)
    ### END SOLUTION


# %% [markdown] hints="rehearse"
# 1. Go through the table of this section row by row: where does PyTorch keep this thing, and would
#    what you saved notice if it changed?
# 2. Before: deep copies of both state dicts (buffers are in the model's), a list with each layer
#    and its mode, and the random state. Then run. After, in any case: load both, and put back modes
#    and random state.
# 3. `model.modules()` gives the model and all layers in it, however deep; each has an attribute
#    `training`, which you may assign. `return run()` inside `try`, and below `finally` the two
#    calls of `load_state_dict`, a loop over the modes, `torch.set_rng_state`. There is no `except`.


# %% test="rehearse_weights" exercise="rehearse" points=3 title="the weights, and the result of the run"
@probe
def around_a_rehearsal(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, optimizer = fragile_net()
        spoil(model, optimizer, steps=1, rate=0.1)
        before = everything(model, optimizer)

        def run():
            spoil(model, optimizer)
            return everything(model, optimizer)

        during = rehearse(model, optimizer, run)
        return {"before": before, "during": during, "after": everything(model, optimizer)}


with exercise("rehearse"):
    seen = around_a_rehearsal(seed=1)
    assert seen["during"] is not None, "rehearse returned None instead of what run() returned"
    names = ("first layer's weights", "first layer's biases", "scales", "shifts",
             "last layer's weights", "last layer's biases")  # fmt: skip
    for name, before, during, after in zip(
        names, *(seen[when]["parameters"] for when in ("before", "during", "after")), strict=True
    ):
        assert float(abs(during - before).max()) > 0, f"run() did not get to change the {name}"
        assert_close(after, before, f"the {name}, after the rehearsal")


# %% test="rehearse_error" exercise="rehearse" points=2 title="a run that ends in an error"
@probe
def around_an_error(seed, message):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, optimizer = fragile_net()
        spoil(model, optimizer, steps=1, rate=0.1)
        before = everything(model, optimizer)

        def run():
            spoil(model, optimizer)
            if message:
                raise ArithmeticError(message)

        try:
            rehearse(model, optimizer, run)
            outcome = "no error"
        except ArithmeticError as error:
            outcome = str(error)
        return {"outcome": outcome, "before": before, "after": everything(model, optimizer)}


with exercise("rehearse"):
    messages = {"": "no error", "the loss is NaN": "the loss is NaN"}
    reports = {message: around_an_error(2, message) for message in messages}
    for message, expected in messages.items():
        outcome, before, after = reports[message].values()
        assert outcome == expected, f"the caller should see: {expected}, and sees: {outcome}"
        what = f"after a run with {'an' if message else 'no'} error"
        assert_close(after["parameters"][4], before["parameters"][4], f"the last weights, {what}")
        assert_close(after["rate"], 0.1, f"the optimizer's rate, {what}")


# %% hidden="rehearse_buffers" exercise="rehearse" points=2 title="the buffers of batch normalisation"
@probe
def around_a_second_test(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, optimizer = fragile_net()
        spoil(model, optimizer, steps=2)
        before = everything(model, optimizer)
        rehearse(model, optimizer, lambda: spoil(model, optimizer))
        return before, everything(model, optimizer)


before, after = around_a_second_test(seed=3)
names = ("running mean", "running variance", "count of batches")
for name, was, now in zip(names, before["buffers"], after["buffers"], strict=True):
    assert_close(now, was, f"the {name}, after the rehearsal")


# %% hidden="rehearse_optimizer" exercise="rehearse" points=3 title="the rate and the momentum, of a new optimizer and of one in use"
@probe
def optimizer_around_a_rehearsal(seed, steps_before):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, optimizer = fragile_net()
        spoil(model, optimizer, steps_before)
        optimizer.param_groups[0]["lr"] = 0.25
        before = everything(model, optimizer)
        rehearse(model, optimizer, lambda: spoil(model, optimizer))
        return before, everything(model, optimizer)


pairs = {
    "a new optimizer": optimizer_around_a_rehearsal(4, 0),
    "an optimizer in use": optimizer_around_a_rehearsal(4, 2),
}
for kind, (before, after) in pairs.items():
    assert_close(after["rate"], 0.25, f"the rate of {kind}, after the rehearsal")
    what = f"how long the momentum of {kind} is, after the rehearsal"
    assert_close(after["momentum"], before["momentum"], what)


# %% hidden="rehearse_modes" exercise="rehearse" points=2 title="the mode of each layer"
@probe
def modes_after_a_rehearsal(seed, modes):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, optimizer = fragile_net()
        for layer, mode in zip(model.modules(), modes, strict=True):
            layer.training = mode
        rehearse(model, optimizer, lambda: spoil(model, optimizer))
        return everything(model, optimizer)


patterns = (
    [True, True, False, True, True],  # the model, its four layers: batch normalisation is frozen
    [False, False, False, False, False],
    [True, True, True, True, True],
    [False, False, True, False, True],
)
reports = [modes_after_a_rehearsal(5, modes) for modes in patterns]
for modes, report in zip(patterns, reports, strict=True):
    assert report["modes"] == modes, (
        "the model and its four layers, which of them are in training mode: "
        f"{modes} before, {report['modes']} after"
    )


# %% hidden="rehearse_random" exercise="rehearse" points=1 title="torch's random numbers"
@probe
def next_random_numbers(seed):
    with torch.random.fork_rng(devices=[]):
        model, optimizer = fragile_net()
        torch.manual_seed(seed)
        torch.rand(3)
        expected = torch.rand(4)
        torch.manual_seed(seed)
        torch.rand(3)
        rehearse(model, optimizer, lambda: spoil(model, optimizer))
        after = everything(model, optimizer)
        return {"expected": expected, "got": torch.rand(4), "after": after}


for seen in [next_random_numbers(seed) for seed in (5, 6)]:
    assert_close(seen["got"], seen["expected"], "the random numbers that come after the rehearsal")

# %% [markdown]
# Does it matter? Below, two times three networks are trained at a rate of 0.1, right after a range
# test. Half of them were put back first, by your function.

# %% figure="forgotten"
from course.lr_finder.rehearsal import rehearsal


def library_rehearsal(model, optimizer, run):
    with rehearsal([model], optimizer, []):
        return run()


your_rehearsal = with_fallback(rehearse, library_rehearsal)


def after_a_test(seed, put_back):
    """The accuracies of seven epochs at 0.1 after a range test."""
    model = digits_net(seed)
    optimizer = sgd(model)

    def test():
        return library_steps(model, optimizer, digits_batches(seed, 4))

    _ = your_rehearsal(model, optimizer, test) if put_back else test()
    return accuracy_by_epoch(0.1, seed, model=model)


def library_steps(model, optimizer, batches):
    for (images, labels), rate in zip(batches, RATES, strict=False):
        optimizer.param_groups[0]["lr"] = float(rate)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()


with canvas(9, 4.6) as (figure, grid):
    axes = grid[0, 0]
    for put_back, colour, marker, name in (
        (True, GREEN, "o", "put back"),
        (False, ORANGE, "^", "forgotten"),
    ):
        for seed in range(3):
            axes.plot(range(1, 8), after_a_test(seed, put_back), color=colour, marker=marker)
        axes.plot([], [], color=colour, marker=marker, label=name)
    axes.set_ylim(0, 1)
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy on unseen digits")
    axes.set_title("Training at 0.1, after a range test")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    light_grid(axes)
figure

# %% [markdown]
# **What just happened.** The forgotten ones do not just start a bit behind. After seven epochs at a
# perfectly good rate the best of the three is below 0.6, and one is still guessing. The last steps
# of the test were so large that of the 64 hidden units 64, 61 and 60 are now *dead*: off for each
# of the 1000 images. A ReLU that is off passes no gradient, so nothing will ever wake them. Whoever
# forgets to put the weights back will blame the rate.

# %% [markdown]
# ## 4. Seeing through the noise
#
# A loss on 32 images jumps from batch to batch. An *exponential moving average* follows it more
# calmly: keep a fraction β of what you had, and take in 1 - β of the new value,
#
# $$ m_i = \beta\, m_{i-1} + (1 - \beta)\, x_i, \qquad m_0 = 0,\quad i = 1, 2, \dots $$
#
# The start at 0 drags the first averages towards 0: with β = 0.98 the first one is a fiftieth of
# the first loss. How much of m_i is that made-up 0? The weights of the true values add up to 1 -
# β^i. So divide by it:
#
# $$ \hat m_i = \frac{m_i}{1 - \beta^{\,i}}. $$
#
# (Adam does the same with its averages; there it is called bias correction.)
#
# ### Exercise 4: a debiased average
#
# **Expected output** for the values 4, 4, 1 and β = ½, with a pencil:
#
# | i | x | m | 1 - β^i | smoothed |
# |---|---|---|---|---|
# | 1 | 4 | ½·0 + ½·4 = 2 | ½ | **4** |
# | 2 | 4 | ½·2 + ½·4 = 3 | ¾ | **4** |
# | 3 | 1 | ½·3 + ½·1 = 2 | ⅞ | **2.2857** |


# %% answer="smooth" title="A debiased moving average" minutes=10
def smooth(values, beta):
    """Return the debiased exponential moving average of some values.

    Args:
        values: a list or an array of n numbers, whole ones or not.
        beta: how much of the average is kept at each step, at least 0 and below 1.

    Returns:
        The n averages, shape (n,), floats. From the first NaN among the values on, they are NaN.
    """
    ### BEGIN SOLUTION
    average, smoothed = 0.0, []
    for i, value in enumerate(values, start=1):
        average = beta * average + (1 - beta) * value
        smoothed.append(average / (1 - beta**i))
    return np.array(smoothed)
    ### END SOLUTION


# %% [markdown] hints="smooth"
# 1. Redo the pencil table for 4, 4, 4. What must come out, and at which line would you notice that
#    something is off?
# 2. Two numbers per step, and they must not be mixed up: the running m, which goes on to the next
#    step, and m divided by 1 - β^i, which goes on the list.
# 3. Start with an average of 0.0 and an empty list. `enumerate(values, start=1)` counts from 1.
#    Update the average, append it *divided* by `1 - beta**i`, and leave the average itself
#    undivided.

# %% test="smooth_by_hand" exercise="smooth" points=3 title="4, 4, 1 by hand"
with exercise("smooth"):
    got = smooth(np.array([4.0, 4.0, 1.0]), 0.5)
    assert_close(got, [4, 4, 16 / 7], "the smoothed values")

# %% test="smooth_constant" exercise="smooth" points=2 title="what is constant stays so, from the first value on"
with exercise("smooth"):
    assert_close(smooth(np.full(6, 2.3), 0.98), np.full(6, 2.3), "six times 2.3, smoothed")

# %% hidden="smooth_noise" exercise="smooth" points=2 title="a noisy curve, with heavy and with light smoothing"
from course.lr_finder import exponential_moving_average

values = np.random.default_rng(20).normal(2.0, 1.0, size=40)
for beta in (0.98, 0.7, 0.0):
    expected = exponential_moving_average(values, beta)
    assert_close(smooth(values, beta), expected, f"40 values smoothed with beta = {beta}")

# %% hidden="smooth_whole_numbers" exercise="smooth" points=1 title="a list of whole numbers"
got = smooth([2, 7, 0, 0], 0.5)
assert_close(got, [2, 16 / 3, 16 / 7, 16 / 15], "the values 2, 7, 0, 0, smoothed")

# %% hidden="smooth_nan" exercise="smooth" points=1 title="NaN among the values"
got = smooth(np.array([4.0, 4.0, math.nan, 4.0]), 0.5)
assert_close(got, [4, 4, math.nan, math.nan], "the smoothed values, with a NaN in the third place")

# %% figure="smoothing"
from course.lr_finder import exponential_moving_average

your_smooth = with_fallback(smooth, exponential_moving_average)
with canvas(11, 4.8, 1, 2, sharey=True) as (figure, grid):
    left, right = grid[0]
    for axes in (left, right):
        axes.plot(RATES[: len(raw)], raw, color=GREY, linewidth=0.9, alpha=0.6, label="each batch")
        axes.set_xscale("log")
        axes.set_ylim(0, 3.8)
        axes.set_xlabel("learning rate")
        light_grid(axes)
    biased = exponential_moving_average(raw, 0.98, debias=False)
    left.plot(RATES[: len(raw)], biased, color=ORANGE, linestyle="--", label="not debiased")
    left.plot(RATES[: len(raw)], your_smooth(raw, 0.98), color=GREEN, label="debiased")
    left.set_title("With β = 0.98")
    for beta, colour, line, marker in (
        (0.5, BLUE, ":", "s"),
        (0.9, GREEN, "-", "o"),
        (0.98, ORANGE, "--", "^"),
    ):
        curve = np.asarray(your_smooth(raw, beta))
        lowest = int(np.nanargmin(curve))
        right.plot(RATES[: len(raw)], curve, color=colour, linestyle=line, linewidth=2)
        right.plot(RATES[lowest], curve[lowest], color=colour, marker=marker, markersize=10,
                   linestyle=line, label=f"β = {beta}: lowest at {RATES[lowest]:.2g}")  # fmt: skip
    right.set_title("More smoothing: later")
    left.set_ylabel("loss of the batch")
    for axes in (left, right):
        axes.legend(loc="upper left", fontsize=10)
figure

# %% [markdown]
# **What just happened.** Two lessons. On the left: without the division the curve begins near 0 and
# *rises*, and a rule that looks for the lowest point would find the first one. On the right, and
# less well known: an average looks back, over about 1 / (1 - β) values, so **smoothing moves the
# curve to the right**. Over five seeds, the lowest raw loss was at a rate between 0.34 and 0.69;
# after smoothing with 0.98, at 0.87 to 1.6. Fifty values are half of our whole test. From here on
# we use β = 0.9.

# %% [markdown]
# ## 5. When to stop, what to cut
#
# Once the loss has exploded there is nothing left to learn, and a long test can be cut short: stop
# at the first loss that is NaN or infinite, or as soon as the smoothed loss is **more than four
# times the best smoothed loss so far**.
#
# ### Exercise 5: the step at which to stop
#
# **Expected output** for the smoothed losses 2.0, 1.0, 0.5, 1.9, 2.1, 9.0: the best so far is 0.5
# from the third on, four times that is 2.0; 1.9 may go on, 2.1 may not. It has the index **4**.


# %% answer="stop_step" title="When to stop" minutes=8
def stop_step(smoothed, factor=4.0):
    """Return the index of the step at which a range test stops.

    Args:
        smoothed: the smoothed losses, one per step, each above 0, infinite or NaN.
        factor: stop when the loss is more than this many times the best one before it. Exactly
            so many times is not more.

    Returns:
        The index, counted from 0, of the first step whose loss is NaN, infinite or too large;
        `len(smoothed)` if there is none.
    """
    ### BEGIN SOLUTION
    best = math.inf
    for step, loss in enumerate(smoothed):
        if not math.isfinite(loss) or loss > factor * best:
            return step
        best = min(best, loss)
    return len(smoothed)
    ### END SOLUTION


# %% [markdown] hints="stop_step"
# 1. When the test is at step 3, which losses has it seen? And what does Python say to
#    `float("nan") > 2`?
# 2. Walk along the losses and keep the smallest so far. NaN is neither larger nor smaller than
#    anything, so no comparison will notice it: ask for it separately, with `math.isfinite`.
# 3. Begin with a best of infinity. For each step and its loss: if it is not finite, or larger than
#    `factor` times the best, return the step. If not, the best is the smaller of the two. After the
#    loop, return the number of losses.

# %% test="stop_by_hand" exercise="stop_step" points=3 title="four short curves by hand"
curves = {
    (2.0, 1.0, 0.5, 1.9, 2.1, 9.0): 4,
    (8.0, 1.0, 5.0, 40.0): 2,
    (1.0, 2.0, 6.0, 30.0): 2,
    (0.5, 1.0, 3.0, 9.0, 50.0): 2,
}
with exercise("stop_step"):
    steps = [stop_step(np.array(losses)) for losses in curves]
    for losses, step in zip(curves, steps, strict=True):
        assert_close(step, curves[losses], f"the step at which {losses} stops")

# %% test="stop_at_nan" exercise="stop_step" points=2 title="NaN"
with exercise("stop_step"):
    got = stop_step(np.array([2.3, 2.2, math.nan, 0.1]))
    assert_close(got, 2, "the step at which 2.3, 2.2, NaN, 0.1 stop")

# %% hidden="stop_edges" exercise="stop_step" points=2 title="infinity, a NaN at the very start, and a test that never stops"
assert_close(stop_step(np.array([1.0, 2.0, 3.5, math.inf])), 3, "1, 2, 3.5, infinity stop at")
assert_close(stop_step(np.array([math.nan, 1.0])), 0, "the step at which NaN, 1 stop")
assert_close(stop_step(np.array([math.inf, 1.0])), 0, "the step at which infinity, 1 stop")
assert_close(stop_step(np.array([2.3, 2.0, 1.5])), 3, "what comes out if nothing stops it")

# %% hidden="stop_limit" exercise="stop_step" points=2 title="exactly at the limit, other factors, and no look ahead"
curves = {
    ((1.0, 0.5, 2.0, 2.5), 4.0): 3,
    ((1.0, 1.6, 9.0), 1.5): 1,
    ((1.0, 9.0, 11.0), 10): 2,
    ((2.0, 2.5, 0.3, 1.0), 4.0): 4,
    ((0.4, 1.0, 3.0, 9.0, 50.0), 4.0): 2,
    ((6.0, 2.0, 3.0, 7.0, 30.0), 3.0): 3,
}
steps = [stop_step(np.array(losses), factor) for losses, factor in curves]
for (losses, factor), step in zip(curves, steps, strict=True):
    what = f"the step at which {losses} stops with factor {factor}"
    assert_close(step, curves[losses, factor], what)

# %% [markdown]
# ### Exercise 6: cut the ends
#
# Before a rule looks at a curve, the parts that mislead are cut off. At the start, where the
# average has seen few values yet, a tenth of the points. At the end, **everything from the first
# loss on that is not finite**; and then another five, because there the explosion has begun. (These
# numbers are fast.ai's. Nothing but experience speaks for them.)
#
# **Expected output:** of 20 finite points, 20 / 10 = 2 go at the start and 5 at the end; the points
# with index 2 to 14 are left. If the loss with index 12 is NaN, whatever comes later, then the
# points 2 to 6 are left.


# %% answer="trim" title="Cut the ends" minutes=10
def trim(rates, losses, skip_end=5):
    """Return the part of a curve that rules may look at: its rates, and its losses.

    Args:
        rates: shape (n,).
        losses: shape (n,); some may be NaN or infinite.
        skip_end: how many of the last points to cut off, 0 or more.

    Returns:
        Two arrays of the same length. Gone are the first n // 10 points; everything from the
        first loss on that is NaN or infinite; and of what comes before that loss, the last
        `skip_end` points. You may count on some points being left.
    """
    ### BEGIN SOLUTION
    broken = np.flatnonzero(~np.isfinite(losses))
    n_finite = broken[0] if len(broken) else len(losses)
    kept = slice(len(losses) // 10, n_finite - skip_end)
    return rates[kept], losses[kept]
    ### END SOLUTION


# %% [markdown] hints="trim"
# 1. Find two numbers, the index of the first point to keep and that of the first point not to keep
#    any more. Both arrays are cut in the same places.
# 2. The first is a tenth of *all* points, rounded down. For the second: where is the first loss
#    that is not finite, or, if all are, how many losses are there? Then `skip_end` less.
# 3. `np.flatnonzero(~np.isfinite(losses))` lists the broken places; take its first entry if there
#    is one, and `len(losses)` if not. Slice from `len(losses) // 10` to this number minus
#    `skip_end`, counted from the front: a slice that ends at `-skip_end` is empty when `skip_end`
#    is 0.

# %% test="trim_by_hand" exercise="trim" points=3 title="twenty points, and twenty with a NaN"
with exercise("trim"):
    rates, losses = np.arange(1.0, 21.0), np.linspace(2.0, 1.0, 20)
    kept_rates, kept_losses = trim(rates, losses)
    assert_close(kept_rates, np.arange(3.0, 16.0), "the rates that are left of twenty")
    assert_close(kept_losses, losses[2:15], "the losses that are left of twenty")
    losses[12] = math.nan
    kept_rates, kept_losses = trim(rates, losses)
    assert_close(kept_rates, [3, 4, 5, 6, 7], "the rates that are left before a NaN")
    assert_close(kept_losses, losses[2:7], "the losses that are left before a NaN")

# %% hidden="trim_broken" exercise="trim" points=2 title="several losses that are not finite"
rates, losses = np.arange(1.0, 41.0), np.linspace(2.0, 1.0, 40)
losses[[29, 33, 36]] = math.inf, math.nan, math.nan
kept_rates, kept_losses = trim(rates, losses)
assert_close(kept_rates, np.arange(5.0, 25.0), "the rates that are left before infinity")
assert_close(kept_losses, losses[4:24], "the losses that are left before infinity")

# %% hidden="trim_nothing" exercise="trim" points=2 title="none, one and seven to cut at the end"
rates, losses = np.arange(1.0, 26.0), np.linspace(2.0, 1.0, 25)
for skip_end in (0, 1, 7):
    kept_rates, kept_losses = trim(rates, losses, skip_end)
    what = f"that are left of 25 with skip_end = {skip_end}"
    assert_close(kept_rates, np.arange(3.0, 26.0 - skip_end), f"the rates {what}")
    assert_close(kept_losses, losses[2 : 25 - skip_end], f"the losses {what}")

# %% hidden="trim_short" exercise="trim" points=1 title="nine points: a tenth of them is none"
kept_rates, kept_losses = trim(np.arange(9.0), np.arange(9.0, 0.0, -1.0), 2)
assert_close(kept_rates, [0, 1, 2, 3, 4, 5, 6], "the rates that are left of nine")
assert_close(kept_losses, [9, 8, 7, 6, 5, 4, 3], "the losses that are left of nine")

# %% figure="cut"
from course.lr_finder import lr_range_test


def library_stop(smoothed):
    model = digits_net(0)
    batches = digits_batches(0, 4)
    test = lr_range_test(
        model, batches, F.cross_entropy, sgd(model), start=1e-4, end=10, smoothing=0.9
    )
    return len(test) - 1  # the step that stopped it is the last on record


your_stop = with_fallback(stop_step, library_stop)
your_trim = with_fallback(trim, lambda *curve: tuple(part[len(part) // 10 : -5] for part in curve))
smoothed = np.asarray(your_smooth(raw, 0.9))
stop = int(your_stop(smoothed))
kept_rates, _ = your_trim(RATES[: stop + 1], smoothed[: stop + 1])
with canvas(9, 4.6) as (figure, grid):
    axes = grid[0, 0]
    axes.plot(RATES[: stop + 1], smoothed[: stop + 1], color=ORANGE, label="cut off")
    inside = np.isin(RATES[: len(raw)], kept_rates)
    axes.plot(RATES[: len(raw)][inside], smoothed[inside], color=GREEN, label="left to look at")
    limit = 4 * float(np.nanmin(smoothed[:stop]))
    axes.axhline(limit, color=INK, linewidth=1.2, linestyle="--", label="4 times the best loss")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.4 * limit)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("smoothed loss, β = 0.9")
    axes.set_title("Where the test stops, and what is left of its curve")
    axes.legend(loc="lower left", fontsize=11)
    light_grid(axes)
figure

# %% [markdown]
# **What just happened.** "Four times the best" depends on how good the best was. A network that
# starts at 2.3 and gets down to 0.5 is stopped at 2; one that never gets below 2 would be stopped
# at 8, and one that *begins* nearly perfect, as a pretrained one may, would be stopped by a single
# bad batch. It is a rule for saving time, nothing more.

# %% [markdown]
# ## 6. Three rules for one curve
#
# The curve is a line of dots; what you need is one number. Three rules are in use.
#
# - **Steepest:** the rate at which the loss falls fastest. Fastest *per factor of the rate*, which
#   is what you see in the picture: the slope by log η,
#
#   $$ \arg\min_i \frac{L_{i+1} - L_{i-1}}{\log \eta_{i+1} - \log \eta_{i-1}}. $$
#
# - **Minimum / 10:** a tenth of the rate at which the loss is lowest.
# - **Valley:** half way down the longest valley. It comes after the other two.
#
# ### Exercise 7: the steepest place, and a tenth of the minimum
#
# **Expected output** for these seven points:
#
# | rate | 0.00001 | 0.0001 | 0.001 | 0.01 | 0.1 | 1 | 10 |
# |---|---|---|---|---|---|---|---|
# | loss | 2.3 | 2.2 | 2.1 | 1.0 | 0.1 | 0.0 | 3.0 |
# | right neighbour less left | | -0.2 | -1.2 | **-2.0** | -1.0 | 2.9 | |
#
# The steepest fall is at **0.01**; the lowest loss is at 1, so the other rule says **0.1**.


# %% answer="steepest_and_minimum" title="Steepest, and minimum over ten" minutes=10
def steepest_and_minimum(rates, losses):
    """Return two suggested rates: the steepest one, and a tenth of the one at the minimum.

    Args:
        rates: increasing, above 0, shape (n,) with n at least 3. They need not be evenly spaced.
        losses: smoothed, trimmed and finite, shape (n,).

    Returns:
        A pair of numbers. The first is the rate, with a neighbour on both sides, at which the
        loss falls fastest: the slope from the left neighbour to the right one, by the logarithm
        of the rate, is lowest. The second is a tenth of the rate with the lowest loss.
    """
    ### BEGIN SOLUTION
    slopes = (losses[2:] - losses[:-2]) / np.log(rates[2:] / rates[:-2])
    steepest = rates[np.argmin(slopes) + 1]
    return steepest, rates[np.argmin(losses)] / 10
    ### END SOLUTION


# %% [markdown] hints="steepest_and_minimum"
# 1. Fill in the third line of the table with a pencil. To which rate does each of your five
#    differences belong?
# 2. All differences at once: the losses without the first two, less the losses without the last
#    two; the same for the logarithms. The most negative quotient wins, and it belongs to the rate
#    in the *middle*.
# 3. `losses[2:] - losses[:-2]`, divided by the difference of `np.log(rates)` likewise. `np.argmin`
#    of this counts from the second point, so add 1 before you index `rates`. The other number is
#    `rates[np.argmin(losses)] / 10`.

# %% test="steepest_by_hand" exercise="steepest_and_minimum" points=4 title="seven points by hand"
with exercise("steepest_and_minimum"):
    rates = np.array([1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0])
    losses = np.array([2.3, 2.2, 2.1, 1.0, 0.1, 0.0, 3.0])
    others = np.array([2.3, 2.2, 1.9, 1.0, 0.0, 0.05, 0.1])
    suggested = [steepest_and_minimum(rates, curve) for curve in (losses, others)]
    assert_close(suggested[0], [0.01, 0.1], "steepest and minimum / 10 of the table")
    assert_close(suggested[1], [0.01, 0.01], "steepest and minimum / 10 of another curve")

# %% hidden="steepest_smooth_curve" exercise="steepest_and_minimum" points=3 title="smooth curves of sixty points"
from course.lr_finder import minimum_over_ten
from course.lr_finder import steepest as library_steepest

rates = np.geomspace(1e-6, 10, 60)
falls = [2.3 - 2 / (1 + middle / rates) for middle in (1e-4, 3e-3, 0.02, 0.013)]
curves = [fall + rates**2 / 9 for fall in falls] + falls
suggested = [steepest_and_minimum(rates, losses) for losses in curves]
for losses, (steepest, tenth) in zip(curves, suggested, strict=True):
    expected = library_steepest(rates, losses, skip_start=0, skip_end=0)
    assert_close(steepest, expected, "the rate where a smooth curve falls fastest")
    expected = minimum_over_ten(rates, losses, skip_start=0, skip_end=0)
    assert_close(tenth, expected, "a tenth of the rate where a smooth curve is lowest")

# %% hidden="steepest_uneven" exercise="steepest_and_minimum" points=2 title="rates that are not evenly spaced"
rates = np.array([1e-4, 1e-3, 0.01, 0.02, 0.04, 0.08, 8.0, 80.0])
wide_gap_last = np.array([2.3, 2.28, 2.2, 2.0, 1.7, 1.6, 0.6, 0.9])
wide_gap_steep = np.array([2.3, 1.5, 0.8, 0.7, 0.6, 0.55, 0.7, 2.0])
suggested = [steepest_and_minimum(rates, losses) for losses in (wide_gap_last, wide_gap_steep)]
assert_close(suggested[0], [0.02, 0.8], "steepest and minimum / 10 at uneven rates")
assert_close(suggested[1], [0.001, 0.008], "steepest and minimum / 10 of another such curve")

# %% [markdown]
# ### Exercise 8: half way down the longest valley
#
# Take away as few points as possible, so that those that are left go down and down. What is left is
# the **longest valley**: the longest series of losses, from left to right, each *lower* than the
# one before, where points that stick out are skipped. Noise cannot cut it in two.
#
# To find out how long it is: let len(i) be the length of the longest such series that **ends** with
# point i. It is 1, or 1 more than the longest that ends at an earlier, higher point:
#
# $$ \text{len}(i) = 1 + \max \{\, \text{len}(j) : j < i,\; L_j > L_i \,\}, \qquad
#    \text{or 1 if there is no such } j. $$
#
# | index | 0 | 1 | 2 | 3 | 4 | 5 |
# |---|---|---|---|---|---|---|
# | loss | 5 | 4 | 9 | 3 | 3 | 2 |
# | len | 1 | 2 | 1 | 3 | 3 | 4 |
#
# The longest valley ends at e = 5 and has n = 4 losses: 5, 4, 3, 2. The suggestion is the rate half
# way down, and fast.ai's library counts half as a third and a sixth, rounded down one by one, in
# points back from the end:
#
# $$ \text{index } = e - n + \lfloor n / 3 \rfloor + \lfloor n / 6 \rfloor $$
#
# which is 5 - 4 + 1 + 0 = 2 here, so **the third rate**.


# %% answer="valley" title="Half way down the longest valley" minutes=15
def valley(rates, losses):
    """Return the rate half way down the longest valley.

    Args:
        rates: increasing, shape (n,).
        losses: smoothed, trimmed and finite, shape (n,); at least three of them form a valley.

    Returns:
        One number, `rates[e - n + n // 3 + n // 6]`, where n is the number of losses in the
        longest valley, each lower than the one before (an equal one does not count), and e is
        the index of its last one. Of several that are longest, it is the first to end.
    """
    ### BEGIN SOLUTION
    lengths = []
    for i in range(len(losses)):
        higher = [lengths[j] for j in range(i) if losses[j] > losses[i]]
        lengths.append(1 + max(higher, default=0))
    n = max(lengths)
    end = lengths.index(n)
    return rates[end - n + n // 3 + n // 6]
    ### END SOLUTION


# %% [markdown] hints="valley"
# 1. Make the third line of the table for the losses 6, 2, 5, 4, 3 with a pencil, from left to
#    right. What did you look at for each entry?
# 2. Two loops, one inside the other: for each point over all earlier ones; among those that are
#    higher, the greatest length so far, plus 1. Then the greatest of all lengths is n, and the
#    *first* place where it stands is e.
# 3. Append to a list `lengths`: 1 plus the `max` of the lengths of earlier, higher points, or 1 if
#    there are none (`max(..., default=0)` helps). n is `max(lengths)`, e is `lengths.index(n)`;
#    then the formula of the docstring.

# %% test="valley_by_hand" exercise="valley" points=3 title="the table above, and ten points in a row"
with exercise("valley"):
    table = [5.0, 4.0, 9.0, 3.0, 3.0, 2.0]
    row = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 9.0]
    rates = 10.0 ** np.arange(-6, 4)
    suggested = [valley(rates[: len(losses)], np.array(losses)) for losses in (table, row)]
    assert_close(suggested[0], 1e-4, "half way down 5, 4, 9, 3, 3, 2, at rates from 1e-6 on")
    assert_close(suggested[1], 1e-3, "half way down nine losses in a row")

# %% hidden="valley_noise" exercise="valley" points=3 title="noisy curves"
from course.lr_finder import valley as library_valley

rates = np.geomspace(1e-5, 10, 50)
for seed in (21, 22, 23, 24):
    noise = np.random.default_rng(seed).normal(0, 0.2, size=50)
    losses = 2.3 - 2 / (1 + 0.01 / rates) + rates**2 / 9 + noise
    expected = library_valley(rates, losses, skip_start=0, skip_end=0)
    assert_close(valley(rates, losses), expected, "half way down the valley of a noisy curve")

# %% hidden="valley_detour" exercise="valley" points=2 title="a deep dip early, and a flat piece"
rates = np.linspace(0.1, 1.2, 12)
dip = [8.0, 0.5, 7.0, 6.0, 6.0, 5.0, 6.0, 4.0, 3.0, 3.0, 2.0, 3.0]
flat = [9.0, 9.0, 8.0, 8.0, 1.0, 7.0, 6.5, 6.5, 6.0, 5.0, 4.0, 4.0]
zigzag = [9.0, 7.0, 8.0, 6.0, 6.5, 5.0, 5.5, 4.0]
curves = (dip, flat, zigzag)
suggested = [valley(rates[: len(losses)], np.array(losses)) for losses in curves]
assert_close(suggested[0], 0.7, "the rate half way down, with a dip at the second place")
assert_close(suggested[1], 0.7, "the rate half way down, with flat pieces and a dip")
assert_close(suggested[2], 0.4, "the rate half way down, in a zigzag")

# %% hidden="valley_first" exercise="valley" points=1 title="two valleys of the same length"
rates = np.linspace(0.1, 1.0, 10)
apart = np.array([7.0, 6.0, 5.0, 4.0, 8.0, 8.5, 9.0, 6.5, 5.5, 4.5])
woven = np.array([4.0, 0.5, 2.0, 9.0, 2.0, 6.0, 7.0, 10.0, 4.0, 8.0])
suggested = valley(rates, apart), valley(rates, woven)
assert_close(suggested[0], 0.1, "the rate half way down the first of two valleys")
assert_close(suggested[1], 0.7, "the rate half way down a valley that is woven into others")

# %% figure="three_rules"
from course import lr_finder
from course.figures import range_test_curves


def library_pair(rates, losses):
    ends = {"skip_start": 0, "skip_end": 0}
    return (
        lr_finder.steepest(rates, losses, **ends),
        lr_finder.minimum_over_ten(rates, losses, **ends),
    )


your_pair = with_fallback(steepest_and_minimum, library_pair)
your_valley = with_fallback(
    valley, lambda rates, losses: lr_finder.valley(rates, losses, skip_start=0, skip_end=0)
)


class YourCurve:
    """A range test made of your functions, with the three rules."""

    def __init__(self, losses, beta=0.9):
        smoothed = np.asarray(your_smooth(losses, beta))
        self.stop = min(int(your_stop(smoothed)) + 1, len(losses))
        self.rates, self.losses = RATES[: self.stop], np.asarray(losses)[: self.stop]
        self.smoothed = smoothed[: self.stop]

    def trimmed(self):
        return your_trim(self.rates, self.smoothed)

    def steepest(self):
        return float(your_pair(*self.trimmed())[0])

    def minimum_over_ten(self):
        return float(your_pair(*self.trimmed())[1])

    def valley(self):
        return float(your_valley(*self.trimmed()))


range_test_curves(YourCurve(raw))

# %% [markdown]
# **What just happened.** Three rules, one curve, and the boldest answer is almost six times the
# most careful one. This is no accident and no bug. The valley is careful: the long, nearly flat
# stretch on the left counts, too, as long as it falls at all, and so half of the points is early on
# the way. Steepest is bold: it goes where the fall is fastest, which is shortly before the bottom.
# And the curve itself, you remember, speaks late, and smoothing made it later still.
#
# > **Think.** Each entry of the curve was made with *one* step at its rate. Which rates does that
# > flatter, the low ones or the high ones?

# %% [markdown]
# ## 7. Once is not enough
#
# A single range test is one draw: one set of first weights, one order of the images. To know what a
# rule is worth, run it again with other seeds, and look at the **spread**.

# %% figure="seeds"
from course.figures import range_test_curves

curves = [YourCurve(raw_curve(seed)) for seed in range(5)]
range_test_curves(curves)

# %% [markdown]
# ### Exercise 9: the typical rate, and the spread
#
# On a scale where factors count, the arithmetic mean is the wrong average: of 0.01 and 1 it makes
# 0.505, which is next to the larger one. Work with logarithms. And take the **median**, which a
# single odd seed cannot move: the one in the middle; of an even number of seeds the mean of the two
# in the middle, *of their logarithms*. The spread is a factor, too: the largest rate divided by the
# smallest.
#
# **Expected output** for 0.01, 1, 0.04 and 0.09: in the middle are 0.04 and 0.09; half way between
# their logarithms lies √(0.04 · 0.09) = **0.06**. The spread is 1 / 0.01 = **100**.


# %% answer="across_seeds" title="The typical rate and the spread" minutes=8
def across_seeds(rates):
    """Return the typical one of some suggested rates, and how far they are apart.

    Args:
        rates: a list or an array of numbers above 0, one per seed, in any order.

    Returns:
        A pair of numbers: the median, taken on the logarithmic scale, and the largest rate
        divided by the smallest.
    """
    ### BEGIN SOLUTION
    typical = np.exp(np.median(np.log(rates)))
    return typical, np.max(rates) / np.min(rates)
    ### END SOLUTION


# %% [markdown] hints="across_seeds"
# 1. Put the four rates of the expected output in order. Which two are in the middle, and what is
#    the plain mean of the two, compared with 0.06?
# 2. Go to logarithms, take the median there, and come back with the exponential. For the spread
#    nothing is needed but the two extremes.
# 3. `np.log` of all rates, `np.median` of that, `np.exp` of that. Then `np.max` divided by
#    `np.min`.

# %% test="across_by_hand" exercise="across_seeds" points=3 title="four rates by hand"
with exercise("across_seeds"):
    typical, spread = across_seeds([0.01, 1.0, 0.04, 0.09])
    assert_close(typical, 0.06, "the typical rate of 0.01, 1, 0.04 and 0.09")
    assert_close(spread, 100, "the spread of 0.01, 1, 0.04 and 0.09")

# %% hidden="across_odd" exercise="across_seeds" points=2 title="five seeds, and a single one"
typical, spread = across_seeds(np.array([0.3, 0.02, 5.0, 0.05, 0.04]))
assert_close(typical, 0.05, "the typical one of five rates")
assert_close(spread, 250, "the spread of five rates")
typical, spread = across_seeds([0.07])
assert_close([typical, spread], [0.07, 1.0], "the typical rate and the spread of a single rate")

# %% hidden="across_units" exercise="across_seeds" points=1 title="all rates ten times as high"
rates = np.array([0.02, 0.3, 0.08, 0.011, 0.5, 0.09])
before, after = across_seeds(rates), across_seeds(10 * rates)
assert_close(after[0] / before[0], 10, "the factor between the typical rates")
assert_close(after[1] / before[1], 1, "the factor between the spreads")

# %% [markdown]
# **What just happened.** Over the seeds 0 to 4, the valley said 0.027 to 0.048, the minimum over
# ten 0.077 to 0.12, and steepest 0.22 to 0.39. Each rule repeats *itself* within a factor of two;
# but on one and the same seed, steepest was up to fourteen times the valley. So a small spread over
# seeds does not make a rule right. It only means that the rule would say the same thing again.

# %% [markdown]
# ## 8. Choose, train, report
#
# A curve can only suggest. What decides is training. Here is the truth that the range test tries to
# guess, at the price of thirty trainings: the accuracy after seven epochs, for ten rates and three
# seeds, and above it the ranges in which the rules' suggestions fell.

# %% figure="plateau"
sweep = np.geomspace(0.003, 3, 10)
found = np.array([[train_digits(float(rate), seed) for seed in range(3)] for rate in sweep])
with canvas(9, 5.2) as (figure, grid):
    axes = grid[0, 0]
    for name, colour, height in (
        ("valley", GREEN, 1.14),
        ("minimum_over_ten", BLUE, 1.09),
        ("steepest", ORANGE, 1.04),
    ):
        said = [getattr(curve, name)() for curve in curves]
        axes.plot([min(said), max(said)], [height, height], color=colour, linewidth=6,
                  solid_capstyle="butt")  # fmt: skip
        words = name.replace("_over_ten", " / 10")
        axes.annotate(words, (max(said), height), xytext=(8, 0), textcoords="offset points",
                      va="center", color=colour)  # fmt: skip
    axes.plot(sweep, found, "o", color=INK, markersize=5, alpha=0.6)
    axes.plot(sweep, found.mean(axis=1), color=INK)
    axes.axhline(0.9, color=GREY, linestyle="--", linewidth=1.2)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.2)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlabel("learning rate, kept constant")
    axes.set_ylabel("accuracy after 7 epochs")
    axes.set_title("What each rate leads to, and what the rules suggested")
    light_grid(axes)
figure

# %% [markdown]
# A plateau, and a cliff. On the left the accuracy falls off gently, on the right it falls off at
# once. **Steepest stands at the edge of the cliff.**
#
# ### Exercise 10: your rate
#
# Choose one. Then do what every claim about a training deserves: try it on several seeds, and
# report *all* of them, with their mean and their spread.
#
# Two rules of honest work. **Decide on the rate before you look at the seeds that you report on**:
# so try as many rates as you like in cells of your own, with other seeds, and write the winner into
# your function as a number. Whoever tries ten rates on a seed and reports the best of them has
# measured luck as well. And **no seed is left out**, least of all the bad one.
#
# Your function is handed `train`: `train(rate, seed)` trains and returns an accuracy, as
# `train_digits` does. The tests hand you a stand-in first, which is quicker and makes up its
# accuracies, and see whether you report what it said. Then they train three real networks at your
# rate. Any rate will do that gets there: **after 7 epochs the middle one of the three has an accuracy
# of at least 0.90**. (Why the middle one? Even at a good rate a network stumbles now and then: of
# 3600 trainings at rates from 0.02 to 0.2, two ended below 0.90.)


# %% answer="experiment" title="Choose, train, report" minutes=15
def experiment(train, seeds):
    """Train with a rate of your choice on some seeds, and report what came out.

    Args:
        train: a function; `train(rate, seed)` returns an accuracy, a number from 0 to 1.
        seeds: a list of whole numbers.

    Returns:
        A dictionary with four entries: "rate", the learning rate that you chose beforehand;
        "accuracies", one number for each seed, in the order of `seeds`; "mean", their mean; and
        "spread", the highest accuracy minus the lowest. `train` is called once for each seed.
    """
    ### BEGIN SOLUTION
    rate = 0.1
    accuracies = [train(rate, seed) for seed in seeds]
    return {
        "rate": rate,
        "accuracies": accuracies,
        "mean": float(np.mean(accuracies)),
        "spread": max(accuracies) - min(accuracies),
    }
    ### END SOLUTION


# %% [markdown] hints="experiment"
# 1. In the figure above, how far to the right can you go before a seed fails? How far to the left,
#    before it gets slow? Where in between would you like to stand, if the next network is a little
#    different?
# 2. Everything between about 0.02 and 0.2 gets there. The rest is bookkeeping: one call of `train`
#    for each seed, always with your rate, all results kept.
# 3. Assign your number to `rate`, make the list `[train(rate, seed) for seed in seeds]`, and return
#    a dictionary with that rate, the list, its mean (`np.mean`), and `max` minus `min` of the list.


# %% test="experiment_report" exercise="experiment" points=2 title="all seeds are reported, with mean and spread"
@probe
def report_on_made_up_accuracies(made_up):
    calls = []

    def train(rate, seed):
        calls.append((rate, seed))
        return made_up[seed]

    report = experiment(train, list(made_up))
    return {"report": report, "calls": calls}


with exercise("experiment"):
    seen = report_on_made_up_accuracies({4: 0.875, 0: 0.5, 9: 0.75, 2: 0.625, 7: 1.0})
    report = seen["report"]
    assert_close(report["accuracies"], [0.875, 0.5, 0.75, 0.625, 1.0], "the accuracies")
    assert_close(report["mean"], 0.75, "their mean")
    assert_close(report["spread"], 0.5, "their spread")


# %% test="experiment_reaches" exercise="experiment" points=2 title="three networks at your rate: the middle one reaches 0.90"
@probe
def rate_of_the_report():
    return experiment(lambda rate, seed: 0.5, [0])["rate"]


with exercise("experiment"):
    rate = float(rate_of_the_report())
    reached = sorted(train_digits(rate, seed) for seed in (5, 6, 7))
    assert reached[1] >= 0.9, (
        f"at a rate of {rate:g}, three networks reach {reached[0]:.3f}, {reached[1]:.3f} and "
        f"{reached[2]:.3f} in 7 epochs; for the middle one 0.90 is asked for"
    )


# %% hidden="experiment_calls" exercise="experiment" points=1 title="each seed once, all at the rate that is reported"
@probe
def calls_of_train(seeds):
    calls = []

    def train(rate, seed):
        calls.append((float(rate), int(seed)))
        return 0.9 - seed / 100

    report = experiment(train, seeds)
    return {
        "rate": report["rate"],
        "mean": report["mean"],
        "spread": report["spread"],
        "calls": calls,
    }


seen = calls_of_train([3, 8, 1])
assert [seed for _, seed in seen["calls"]] == [3, 8, 1], (
    f"for the seeds 3, 8, 1 train was called with the seeds {[seed for _, seed in seen['calls']]}"
)
assert_close([rate for rate, _ in seen["calls"]], [seen["rate"]] * 3, "the rates of the calls")
assert_close([seen["mean"], seen["spread"]], [0.86, 0.07], "the mean and the spread")


# %% hidden="experiment_other_seed" exercise="experiment" points=2 title="your rate on seeds that nobody has tried"
@probe
def rate_of_another_report():
    return experiment(lambda rate, seed: 0.25, [1, 2])["rate"]


rate = float(rate_of_another_report())
reached = sorted(train_digits(rate, seed) for seed in (77, 78, 79))
assert reached[1] >= 0.9, (
    f"at a rate of {rate:g}, the middle one of three other networks reaches {reached[1]:.3f}"
)

# %% figure="your_rate"
your_experiment = with_fallback(
    experiment,
    lambda train, seeds: {"rate": 0.1, "accuracies": [train(0.1, seed) for seed in seeds]},
)
seeds = [11, 12, 13, 14, 15]
report = your_experiment(train_digits, seeds)
found_by_you = np.array(report["accuracies"])
with canvas(9, 4.2) as (figure, grid):
    axes = grid[0, 0]
    axes.plot(seeds, found_by_you, "D", color=GREEN, markersize=10, label="each seed")
    axes.axhline(found_by_you.mean(), color=GREEN, linewidth=1.5, label="their mean")
    axes.axhline(0.9, color=GREY, linestyle="--", linewidth=1.2, label="asked for")
    axes.set_ylim(min(0.88, found_by_you.min() - 0.02), 1)
    axes.set_xticks(seeds)
    axes.set_xlabel("seed")
    axes.set_ylabel("accuracy after 7 epochs")
    axes.set_title(f"Your rate, {report['rate']:g}, on five new seeds")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    light_grid(axes)
figure

# %% [markdown]
# **What just happened.** On the seeds 0 to 4, a rate of 0.1 reached 0.951 to 0.968, and three times
# less reached 0.937 to 0.951: hardly worse. Four times *more* reached 0.905 to 0.960, five times
# more 0.57 to 0.82, and ten times more got 0.08 to 0.19, which is guessing. The mistake is not
# symmetric: **too low costs a little, too high costs everything, so lean to the left of what looks
# best**. The range test told you where to look, for the price of three epochs. Which rate it is,
# only training tells: take the careful suggestions, try a third and the triple of them, on a few
# seeds, and keep what stands firm.

# %% [markdown]
# ## 9. In your own words
#
# Two short answers, 3 to 6 sentences each, marked by a person. Numbers and reasons count, style
# does not.
#
# ### Question 1: why not the minimum?
#
# The loss of a range test is lowest at some rate. Why is this very rate not a good one to train
# with? Give two reasons: one about what the minimum of a curve means, one about *when* the curve
# shows what a rate does. And what happens in the figure of section 8 at ten times the rate that
# "minimum / 10" names?

# %% [markdown] written="why_not_the_minimum" points=5 title="Why not the minimum?" minutes=5
# ### BEGIN SOLUTION
# At the minimum the loss has stopped falling: steps at this rate gain as much as they lose, and a
# bit further the loss explodes. What we want is a rate at which it falls well, and that is to the
# left of the lowest point.
#
# And the curve is late. The loss is written down before the step of its own rate, it is what all
# the smaller rates have achieved, and a rate that is too large needs some steps until the damage
# shows. The average looks back over some ten or fifty values and moves the minimum further to the
# right. So the rate beside the lowest loss did not bring it about, and is already too large.
#
# Ten times the suggestion of minimum / 10 is the minimum itself, here 0.8 to 1.2: beyond the cliff.
# At 1.0 the networks end near 10 %, like guessing, although the curve is lowest there.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 2 points: at the minimum the loss no longer falls, and it is about to rise; one wants a rate at
#   which it still falls. (1 point for "it is too close to the explosion" alone.)
# - 2 points: the curve is late: any one of the loss before the step, the work of the smaller rates,
#   the damage that takes some steps to show, the smoothing that shifts to the right.
# - 1 point: the figure: about 1 is beyond the cliff, networks end near 10 %.
# ### END MARK SCHEME

# %% [markdown]
# ### Question 2: it worked for me
#
# A friend has run one range test on our digits, has taken what *steepest* said, 0.39, has trained
# once, and reached 0.91. "So steepest works," they say. What do you say? Use the figure of section
# 8, and name two things that you would do before you believe it, or use it for another problem.

# %% [markdown] written="it_worked_for_me" points=5 title="It worked for me" minutes=5
# ### BEGIN SOLUTION
# One seed is one draw. At 0.39 we are at the edge of the cliff: at 0.4 the seeds 0 to 4 reach 0.905
# to 0.960, on the plateau, at 0.1, they reach 0.951 to 0.968; and a little further, at 0.5, all of
# them fail (0.57 to 0.82). So the rate is worse than a lower one, differs more from seed to seed,
# and leaves no room: with other data, or another network, the edge may lie a bit to the left of it.
#
# I would train with the same rate on several seeds and report all of them, with the spread; run the
# range test on several seeds to see how far the suggestion moves; and train with a rate a factor of
# three lower (0.1), which reached about 0.96 on all seeds. For another problem I would take the
# careful rules as a start, and compare two or three rates around them by training.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 2 points: one seed proves little; results near the cliff differ from seed to seed.
# - 1 point: reads off the figure that lower rates are better or safer (numbers, or "on the
#   plateau").
# - 2 points: two sensible checks, 1 point each: more seeds for the training with the spread, more
#   seeds for the range test, other rates beside it, another rule.
# ### END MARK SCHEME

# %% [markdown]
# ## If you want more
#
# Not graded; add cells of your own below.
#
# - **Take away the momentum.** Write your own `sgd` with `momentum=0.0` and repeat sections 6 to 8.
#   By what factor do the suggestions move, and by what factor the cliff? (Momentum 0.9 adds up
#   about 1 / (1 - 0.9) = 10 gradients.) A rate belongs to an optimizer, too.
# - **Batches of 8, batches of 256.** The noise changes, and so does the best rate. In which
#   direction?
# - **A fresh network for every rate.** Answer the question of section 2 by experiment: ten steps at
#   a constant rate from new weights, for each of 25 rates. Compare with your curve.
# - **How late is late?** Plot the rate of the lowest smoothed loss against β, over five seeds.
# - **Let the rate move.** A rate that is good in the first epoch need not be in the last. (Next in
#   this week: a notebook on annealing and warm restarts.)
#
# ## Sources
#
# - L. N. Smith, [Cyclical learning rates for training neural
#   networks](https://arxiv.org/abs/1506.01186), WACV 2017, section 3.3: the range test.
# - fast.ai, *Practical deep learning for coders* (2018), lesson 2: the exponential grid, and "a
#   tenth of the minimum".
# - S. Gugger, [How do you find a good learning
#   rate](https://sgugger.github.io/how-do-you-find-a-good-learning-rate.html) (2018): the debiased
#   average with 0.98, and four times the best.
# - The fastai library, [callback.schedule](https://docs.fast.ai/callback.schedule.html): steepest,
#   minimum / 10 and valley, and how much is cut off.
# - D. P. Kingma and J. Ba, [Adam](https://arxiv.org/abs/1412.6980), ICLR 2015, section 3: why an
#   average that starts at 0 is divided by 1 - β^i.
# - The digits: E. Alpaydin and C. Kaynak, *Optical recognition of handwritten digits*, UCI machine
#   learning repository, by way of scikit-learn.
