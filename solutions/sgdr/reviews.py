"""Questions for spaced return about `sgdr`: a minute and a pencil each."""

import math

import numpy as np

from grader.reviews import Question, review

PARTS = ((1, 6), (1, 4), (1, 3), (1, 2), (2, 3), (3, 4), (5, 6))  # parts of a run, and of pi


def listed(numbers):
    """Numbers as a phrase."""
    *most, last = [f"{number:g}" for number in numbers]
    return f"{', '.join(most)} and {last}" if most else last


@review(exercise="cosine_annealing")
def part_of_the_way_down(rng):
    part, whole = PARTS[int(rng.integers(len(PARTS)))]
    highest, times = float(rng.choice([0.2, 0.4, 0.8, 2.0])), int(rng.integers(2, 9))
    return Question(
        f"One cosine from {highest:g} down to 0 in {whole * times} steps. With which rate is step "
        f"{part * times} taken, to three digits? (cos 30° = 0.866, cos 45° = 0.707, cos 60° = 0.5)",
        answer=highest * (1 + math.cos(math.pi * part / whole)) / 2,
        explanation="The angle is the share of the run times 180°. Half of 1 + cos is the share of "
        "the highest rate; past the middle the cosine is negative.",
        tolerance=0.001,
    )


@review(exercise="warm_restarts")
def where_in_which_cycle(rng):
    first, growth = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    cycle = int(rng.integers(1, 4))
    start = sum(first * growth**i for i in range(cycle))
    length = first * growth**cycle
    since = int(rng.integers(length))
    return Question(
        f"Warm restarts with T_0 = {first} and T_mult = {growth}. Steps count from 0. How many "
        f"steps before step {start + since} was the last restart, and how many steps has the cycle "
        "that this step lies in?",
        answer=[float(since), float(length)],
        explanation="Take whole cycles off the number of the step for as long as one fits. What is "
        "left is T_cur, and the first cycle that does not fit is T_i.",
    )


@review(exercise="cycle_ends")
def how_long_shall_i_wait(rng):
    cycles, length, growth = (int(rng.integers(a, b)) for a, b in ((2, 6), (1, 5), (1, 4)))
    return Question(
        f"fit(lr, {cycles}, cycle_len={length}, cycle_mult={growth}): after how many epochs is it "
        "over?",
        answer=float(sum(length * growth**i for i in range(cycles))),
        explanation="fit counts cycles. Add up their lengths: cycle_len, then cycle_mult times that, "
        "and so on.",
    )


@review(exercise="train_with_schedule")
def how_many_steps(rng):
    full, batch, epochs = (int(rng.integers(a, b)) for a, b in ((3, 8), (3, 10), (2, 5)))
    images = full * batch + int(rng.integers(1, batch))
    steps = math.ceil(images / batch)
    return Question(
        f"{images} images in batches of {batch}, the last of an epoch smaller if need be. Steps "
        f"count from 0. How many steps are {epochs} epochs, and which number has the first step of "
        "the second epoch?",
        answer=[float(epochs * steps), float(steps)],
        explanation="What is left over is a batch too, so round up. The count goes on from epoch to "
        "epoch.",
    )


@review(exercise="train_with_schedule")
def the_rates_of_two_groups(rng):
    body, head = float(rng.choice([0.01, 0.02, 0.03])), float(rng.choice([0.1, 0.3, 0.6]))
    share, later = float(rng.choice([0.5, 0.25, 0.75])), float(rng.choice([0.2, 0.4, 0.1]))
    return Question(
        f"Two parameter groups start with the rates {body:g} and {head:g}. The schedule's share is "
        f"{share:g} in one step and {later:g} in the next. With which rates is that next step taken?",
        answer=[body * later, head * later],
        explanation="Each group's own peak times the share of this step. Shares do not multiply up: "
        "the peak is the rate at the start of the training.",
        tolerance=1e-6,  # rates are small: the default would take any of them for right
    )


@review(exercise="parameter_groups")
def the_rate_of_the_first_group(rng):
    groups, ratio = int(rng.integers(2, 5)), int(rng.choice([2, 3, 4, 10]))
    head = float(rng.choice([0.1, 0.2, 0.3, 0.6, 0.9]))
    return Question(
        f"There are {groups} groups of layers; the head's rate is {head:g}, the ratio {ratio}. How "
        "many times smaller than the head's is the rate of the first group? And which rate has the "
        "group just before the head, to three digits?",
        answer=[float(ratio ** (groups - 1)), head / ratio],
        explanation="Each group's rate is the next one's divided by the ratio, so the first group's "
        "is divided once for every group between it and the head, and once for the head.",
        tolerance=0.001,
    )


@review(exercise="freeze_to")
def the_average_that_moves(rng):
    mean = int(rng.integers(-5, 6)) * 2
    batch = mean + int(rng.integers(3, 12)) * 2
    return Question(
        f"A batch normalisation (momentum 0.1) has the running mean {mean}. All its parameters are "
        f"frozen. A batch with the mean {batch} passes. What is the running mean afterwards in "
        "training mode, and what in evaluation mode?",
        answer=[0.9 * mean + 0.1 * batch, float(mean)],
        explanation="In training mode the running mean goes a tenth of the way to the mean of the "
        "batch, gradient or not. In evaluation mode nothing moves.",
    )


@review(exercise="take_snapshots")
def names_and_copies(rng):
    weights = [int(w) for w in rng.choice(np.arange(2, 30), size=3, replace=False)]
    return Question(
        f"A model's one weight is {listed(weights)} after its three cycles. After each of them it is "
        "appended to a list. What is the mean of the three weights in the list if the model itself "
        "is appended each time, and what if deep copies are?",
        answer=[float(weights[-1]), float(np.mean(weights))],
        explanation="The model itself is one model under three names, with the weight that it has in "
        "the end. Copies keep what was.",
    )


@review(exercise="snapshot_vote")
def the_common_vote(rng):
    sure, doubtful = int(rng.integers(7, 20)), int(rng.integers(2, 6))
    scores = rng.permutation([f"(0, ln {sure})", f"(ln {doubtful}, 0)"])
    return Question(
        f"Two snapshots give an image the scores {scores[0]} and {scores[1]}. Which probability "
        "has the second class in their vote, as a fraction or to two digits?",
        answer=(sure / (sure + 1) + 1 / (doubtful + 1)) / 2,
        explanation="e to the power ln k is k, and e to the power 0 is 1, so the probabilities are "
        "k / (1 + k) and 1 / (1 + k). The vote is the mean of the probabilities, not of the scores.",
        tolerance=0.006,
    )


@review(exercise="epochs_to_reach")
def first_at_the_target(rng):
    run = np.round(rng.uniform(0.4, 0.95, size=6), 2)
    target = float(rng.choice(run))
    return Question(
        f"The accuracies after epochs 1 to 6 are {listed(run)}. After how many epochs is "
        f"{target:g} first reached?",
        answer=float((run >= target).argmax() + 1),
        explanation="The first epoch whose accuracy is at least the target, counted from 1; exactly "
        "the target is enough, and later falls do not matter.",
    )


@review(exercise="race")
def a_paired_difference(rng):
    first = rng.integers(88, 95, size=2)
    gaps = rng.choice(np.arange(0, 7), size=2, replace=False)
    second = first + gaps
    return Question(
        f"From two seeds, one schedule ends with {first[0]}% and {first[1]}%, the other, from the "
        f"same seeds, with {second[0]}% and {second[1]}%. What is the mean of the paired differences "
        "in points, and its standard error? (With two numbers, the standard error of their mean is "
        "half of what they differ by.)",
        answer=[float(gaps.mean()), float(abs(gaps[0] - gaps[1]) / 2)],
        explanation="Subtract seed by seed first; only then take the mean and the spread.",
    )
