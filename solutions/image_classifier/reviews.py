"""Questions for spaced return about `image_classifier`: a minute and a pencil each."""

import math

import numpy as np

from grader.reviews import Question, review

PARTS = ((1, 3), (1, 2), (2, 3))  # of a cycle, and of 180 degrees


def listed(numbers):
    """Numbers as a phrase."""
    return ", ".join(f"{number:g}" for number in numbers)


@review(exercise="augment")
def a_window_in_a_padded_row(rng):
    row, pad = rng.choice(np.arange(1, 10), size=4, replace=False) / 10, int(rng.integers(1, 3))
    start, light = int(rng.integers(2 * pad + 1)), float(rng.choice([-0.2, -0.1, 0.1, 0.2, 0.3]))
    view = np.pad(row, pad, mode="edge")[start : start + 4] + light
    return Question(
        f"A row of four pixels, {listed(row)}, is padded by {pad} on both sides with what is at its "
        f"edge. The window of four begins at place {start} of the padded row, counted from 0, and "
        f"the light adds {light:g}; values stay within 0 to 1. What are the pixels of this view?",
        answer=list(view.clip(0, 1)),
        explanation="What comes into view repeats the pixel at the edge. One amount of light for "
        "the whole image, and then everything is clipped to 0..1.",
    )


@review(exercise="augment")
def how_many_draws(rng):
    shift, images = int(rng.integers(1, 6)), int(rng.integers(4, 60))
    return Question(
        f"A batch of {images} images is moved by at most {shift} pixels, up or down and left or "
        "right, and made lighter or darker. Among how many places does each image choose? And how "
        "many random numbers does the batch take in all?",
        answer=[float((2 * shift + 1) ** 2), float(3 * images)],
        explanation="From -shift to shift there are 2 * shift + 1 places, in both directions. Each "
        "image has three draws of its own: down, right and light.",
    )


@review(exercise="precompute")
def how_often_the_body_runs(rng):
    full, batch, epochs = (int(rng.integers(a, b)) for a, b in ((2, 7), (4, 13), (3, 11)))
    images = full * batch + int(rng.integers(1, batch))
    return Question(
        f"A head is trained for {epochs} epochs on {images} pictures, in batches of at most "
        f"{batch}. How many batches pass through the body if the activations are computed once, "
        "in batches of the same size, and how many if they are not?",
        answer=[float(full + 1), float(epochs * (full + 1))],
        explanation="With a cache the body sees every picture once, in all; without one, once in "
        "every epoch. What is left over is a batch too.",
    )


@review(exercise="precompute")
def whose_mean_is_it(rng):
    mean, deviation = int(rng.integers(-5, 6)), int(rng.integers(2, 6))
    times, gap = int(rng.choice([-3, -2, 2, 3])), int(rng.choice([-6, -4, 4, 6]))
    value = mean + times * deviation
    return Question(
        f"A batch normalisation (no scale, no shift) has the running mean {mean} and the running "
        f"standard deviation {deviation}. A batch of the two values {value} and {value + gap} "
        f"arrives. What does it make of the {value} in evaluation mode, and what in training mode?",
        answer=[float((value - mean) / deviation), -float(np.sign(gap))],
        explanation="In evaluation mode it takes its running averages. In training mode it takes "
        "mean and deviation of the batch, so a picture's features depend on its neighbours, and a "
        "cache would hold an accident.",
    )


@review(exercise="pick_rate")
def before_the_curve_breaks(rng):
    bottom, lead = int(rng.integers(1, 4)), int(rng.choice([1, 2, 4, 5, 8]))
    rates = [lead * 10.0**power for power in range(-4, 3)]
    losses = [1 + 0.5 * abs(i - bottom) + int(rng.integers(4)) / 10 for i in range(5)]
    shown = [*(f"{loss:.1f}" for loss in losses), "NaN", "0.3"]
    lines = [f"    {rate:<6g}  {loss}" for rate, loss in zip(rates, shown, strict=True)]
    return Question(
        "A range test gave these rates and smoothed losses:\n\n" + "\n".join(lines) + "\n\n"
        "Which rate does the rule of a tenth pick?",
        answer=rates[losses.index(min(losses))] / 10,
        explanation="A tenth of the rate with the lowest loss; from the first NaN on, the curve "
        "means nothing, whatever comes back.",
        tolerance=1e-6,  # rates are small: the default would take any of them for right
    )


@review(exercise="train_head")
def first_step_from_zero(rng):
    feature, rate = int(rng.integers(1, 10)), float(rng.choice([0.2, 0.4, 0.5, 1.0, 2.0]))
    label = int(rng.integers(2))
    slope = np.array([0.5, 0.5]) - np.eye(2)[label]
    return Question(
        f"A head has two classes, one feature, and all its weights and biases are 0. One image has "
        f"the feature {feature} and the label {label}. Cross-entropy, rate {rate:g}. What are the "
        "two weights after one step, and then the two biases?",
        answer=[float(n) for n in np.append(-rate * slope * feature, -rate * slope)],
        explanation="The probabilities are one half each. The scores' gradient is p - 1 at the right "
        "class and p at the other; times the feature for the weights, times 1 for the biases, and "
        "the step goes against it.",
    )


@review(exercise="train_head")
def what_the_optimizer_remembers(rng):
    slope, rate = int(rng.integers(1, 10)) * 10, float(rng.choice([0.1, 0.2, 0.3, 0.5]))
    return Question(
        f"A weight's gradient is {slope} in three steps running. Gradient descent with rate "
        f"{rate:g} and momentum 0.9. How far does the weight move in the second step? And how far if "
        "every step has a new optimizer?",
        answer=[rate * slope * 1.9, rate * slope],
        explanation="The velocity is 0.9 times the one before, plus the gradient: 1, 1.9, 2.71 times "
        "it. A new optimizer has forgotten the steps before.",
    )


@review(exercise="few_label_accuracies")
def from_few_pictures(rng):
    classes, labels = int(rng.choice([4, 5, 8, 10])), int(rng.integers(2, 7))
    valid = classes * int(rng.choice([10, 20]))
    wrong = valid // 20 * int(rng.integers(1, 6))
    return Question(
        f"{classes} letters, a pool with many pictures of each, {labels} of each drawn for training; "
        f"{valid} pictures for validation, of which the trained head gets {wrong} wrong. On how many "
        "pictures is it trained, what is its accuracy, and what would guessing get?",
        answer=[float(classes * labels), 1 - wrong / valid, 1 / classes],
        explanation="So many of *each* class for training, and the accuracy is the share of all "
        "validation pictures. Beside it belong what guessing gets, 1 / classes, and other draws.",
    )


@review(exercise="few_label_accuracies")
def luck_of_the_draw(rng):
    first = rng.choice(np.arange(60, 86), size=3, replace=False)
    gains = rng.permutation(3 * rng.integers(1, 4) + np.array([-1, 0, 1]) * rng.integers(1, 3))
    second = first + gains
    return Question(
        f"From three draws one method reads {listed(first)} % of the letters, another one, from the "
        f"same draws, {listed(second)} %. By how many points is the second better on average? And "
        "how far apart are its largest and its smallest gain?",
        answer=[float(gains.mean()), float(np.ptp(gains))],
        explanation="Compare draw by draw: what the luck of a draw does to both methods falls out of "
        "the differences.",
    )


@review(exercise="train_augmented")
def a_cosine_for_each_epoch(rng):
    part, whole = PARTS[int(rng.integers(len(PARTS)))]
    times, epoch = int(rng.integers(2, 6)), int(rng.integers(1, 6))
    rate = float(rng.choice([0.4, 0.8, 2.0, 4.0]))
    batches = whole * times
    return Question(
        f"Epochs have {batches} batches, each epoch is a cosine cycle (cycle_len = 1), and the full "
        f"rate is {rate:g}. Steps count from 0 through the whole training. With which rate is step "
        f"{epoch * batches + part * times} taken? (cos 60° = 0.5, cos 90° = 0, cos 120° = -0.5)",
        answer=rate * (1 + math.cos(math.pi * part / whole)) / 2,
        explanation="Take whole epochs off the number of the step. What is left, divided by the "
        "batches of an epoch, is the part of 180°; half of 1 + cos of it is the share of the full "
        "rate.",
        tolerance=1e-4,
    )


@review(exercise="freeze_to")
def how_many_may_learn(rng):
    sizes = [int(n) for n in rng.choice(np.arange(2, 30), size=4, replace=False) * 10]
    back = int(rng.integers(1, 4))
    first = int(rng.choice([n for n in range(4) if n != 4 - back]))
    return Question(
        f"Four groups have {listed(sizes)} parameters; the last is the head. How many parameters "
        f"learn after freeze_to(groups, -{back}), and how many after freeze_to(groups, {first})?",
        answer=[float(sum(sizes[-back:])), float(sum(sizes[first:]))],
        explanation="n is the first group that learns, counted from 0, or from the end if negative: "
        "-1 leaves the head alone.",
    )


@review(exercise="freeze_to")
def a_gradient_that_was_left(rng):
    weight, slope = int(rng.integers(-9, 10)), int(rng.integers(2, 10)) * int(rng.choice([1, -1]))
    rate = float(rng.choice([0.1, 0.2, 0.5]))
    return Question(
        f"A frozen weight of {weight} still holds the gradient {slope} of an earlier batch, and an "
        f"optimizer that was made before (plain, rate {rate:g}) takes a step. Where is the weight "
        "then? And where would it be if freezing had dropped that gradient?",
        answer=[weight - rate * slope, float(weight)],
        explanation="requires_grad = False stops new gradients and leaves the old one. The optimizer "
        "follows whatever gradient it finds.",
    )


@review(exercise="parameter_groups")
def a_rate_for_each(rng):
    first, ratio, groups = (int(rng.integers(a, b)) for a, b in ((1, 10), (2, 6), (3, 5)))
    rates = [first * ratio**position / 100 for position in range(groups)]
    return Question(
        f"{groups} groups of layers, the head's rate is {rates[-1]:g}, and each group before it has "
        f"one that is {ratio} times lower than the next. Which rates have the groups, from the image "
        "to the head?",
        answer=rates,
        explanation="Begin at the head, which has the full rate, and divide by the ratio once for "
        "every group further down.",
        tolerance=1e-4,
    )


@review(exercise="fit_until_overfitting")
def one_cycle_too_many(rng):
    falls = int(rng.integers(1, 5))
    down = np.sort(rng.choice(np.arange(30, 90), size=falls, replace=False))[::-1]
    worse = down[-1] + int(rng.integers(1, 9))
    losses = np.array([*down, worse, down[-1] - int(rng.integers(10, 20))]) / 100
    return Question(
        f"Cycles of 1, 2, 4, ... epochs would end with the validation losses {listed(losses)}. How "
        "many epochs are trained until it stops, and after how many had the model the weights with "
        "which it ends?",
        answer=[float(2 ** (falls + 1) - 1), float(2**falls - 1)],
        explanation="It stops at the first end that is not lower, and that cycle has been trained "
        "too: 1 + 2 + 4 + ... The weights come from the end before; what would follow is never "
        "seen.",
    )


@review(exercise="tta_probabilities")
def the_picture_votes_too(rng):
    odds = rng.choice([1, 3, 4, 9, 19], size=3, replace=False)
    probabilities = odds / (odds + 1)
    return Question(
        f"A picture has the scores (ln {odds[0]}, 0); two views of it have (ln {odds[1]}, 0) and "
        f"(ln {odds[2]}, 0). What is the probability of the first class after test-time "
        "augmentation, in which all three count alike, to three digits?",
        answer=float(probabilities.mean()),
        explanation="ln k against 0 is the probability k / (k + 1). Mean of the K + 1 probabilities, "
        "the picture's own included; the mean of the scores would let the loudest view count most.",
        tolerance=0.002,
    )
