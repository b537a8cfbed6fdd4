"""Questions for spaced return about `regularization`: a minute and a pencil each."""

import numpy as np

from grader.reviews import Question, review


def listed(numbers):
    """Numbers as a phrase."""
    return ", ".join(f"{number:g}" for number in numbers)


def whole(rng, below, size):
    """Whole numbers from 1 to `below` - 1, some of them negative."""
    return rng.integers(1, below, size=size) * rng.choice([1, -1], size=size)


@review(exercise="elastic_net")
def what_weights_cost(rng):
    weights, bias = whole(rng, 5, 3), int(rng.integers(2, 10))
    l1, l2 = float(rng.choice([0.1, 0.5, 2.0])), float(rng.choice([0.2, 0.5, 1.0]))
    penalty = l1 * np.abs(weights).sum() + l2 * (weights**2).sum()
    slope = l1 * np.sign(weights[0]) + 2 * l2 * weights[0]
    return Question(
        f"W has one column: the weights {listed(weights)} and, in the last row, the bias {bias}. "
        f"The strengths are {l1:g} for the absolute values and {l2:g} for the squares, without a "
        "factor 1/2. What is the elastic-net penalty, and its subgradient by the first weight and "
        "by the bias?",
        answer=[float(penalty), float(slope), 0.0],
        explanation="l1 times the sum of the sizes plus l2 times the sum of the squares; the slope "
        "is l1 times the *sign* plus 2 * l2 times the weight. The bias is free.",
    )


@review(exercise="decayed_step")
def a_velocity_without_decay(rng):
    w, (v, g) = int(rng.integers(2, 10)), whole(rng, 5, 2) * [2, 1]
    decay = float(rng.choice([0.5, 1.0, 2.0]))
    velocity = v / 2 + g
    return Question(
        f"A weight of {w} has the velocity {v}, and the gradient of the loss is {g}. Rate 0.1, momentum 0.5, "
        f"decoupled decay {decay:g}. What are the velocity and the weight after one step?",
        answer=[float(velocity), float((1 - 0.1 * decay) * w - 0.1 * velocity)],
        explanation="First v = momentum * v + gradient, without any decay in it; then w = (1 - rate "
        "* decay) * w - rate * v. Decay in the velocity would go on working for many steps.",
    )


@review(exercise="decayed_step")
def two_names_for_one_thing(rng):
    strength, rate = float(rng.choice([0.25, 0.5, 1.0, 1.5])), float(rng.choice([0.1, 0.2]))
    w, g = int(rng.integers(2, 10)), whole(rng, 6, 1)[0]
    return Question(
        f"Plain SGD with rate {rate:g} and an L2 penalty of {strength:g} times w squared (no factor "
        f"1/2). Which decoupled decay does the same? And where does one step lead from w = {w}, if "
        f"the gradient of the loss alone is {g}?",
        answer=[2 * strength, float(w - rate * (g + 2 * strength * w))],
        explanation="The slope of the penalty is 2 * lambda * w, so the weight shrinks by the "
        "factor 1 - 2 * rate * lambda: a decay of 2 * lambda. It is the missing 1/2 that is "
        "forgotten.",
    )


@review(exercise="dropout")
def who_is_left_grows(rng):
    p = float(rng.choice([0.2, 0.5, 0.8]))
    low = rng.choice(np.arange(5, 100 * p, 10), size=2, replace=False)
    high = rng.choice(np.arange(100 * p + 5, 100, 10), size=2, replace=False)
    draws, x = rng.permutation([*low, *high]) / 100, 4 * rng.integers(1, 6, size=4)
    return Question(
        f"Inverted dropout with p = {p:g}, the probability to *drop*: x = ({listed(x)}), and the "
        f"draws are {listed(draws)}; who draws below p is dropped. What comes out in training?",
        answer=[float(n) for n in np.where(draws < p, 0, x / (1 - p))],
        explanation="What is kept is multiplied by 1 / (1 - p), so that the expectation is x; in "
        "evaluation there is nothing left to do.",
    )


@review(exercise="early_stopping")
def patience_ends(rng):
    patience = int(rng.integers(2, 4))
    losses = rng.permutation(np.arange(1, 10))[:8] / 10
    bests = [int(losses[: epoch + 1].argmin()) for epoch in range(8)]
    ends = [epoch for epoch in range(8) if epoch - bests[epoch] == patience]
    last = ends[0] if ends else 7
    return Question(
        f"The validation losses of the epochs 0 to 7 would be {listed(losses)}. With patience "
        f"{patience}, which epoch is the best one, and which is the last one that is run?",
        answer=[float(bests[last]), float(last)],
        explanation="Count the epochs in a row that are not below the *best* loss so far, not those "
        "above their predecessor. Training stops at the epoch that makes them `patience`; what "
        "would come later is never seen.",
    )


@review(exercise="penalty_sweep")
def nothing_but_biases(rng):
    most = int(rng.integers(3))
    largest, another = int(rng.choice([20, 25, 30])), int(rng.integers(11, 20))
    train = np.roll([largest, another, 50 - largest - another], most)
    validation = rng.permutation([5, 10, 25])
    return Question(
        f"Of the training examples, {listed(train)} are of the classes 0, 1, 2; of those for "
        f"validation, {listed(validation)}. The penalty is so strong that no weights are left, "
        "only biases. What are the training and the validation accuracy, as fractions or to two "
        "digits?",
        answer=[float(train[most] / 50), float(validation[most] / 40)],
        explanation="Biases alone give every example the class that is most common in *training*; "
        "its share among the validation examples may be anything.",
    )


@review(exercise="hue_histogram")
def colours_in_a_bag(rng):
    names = ["red", "yellow", "green", "blue", "magenta", "grey"]
    hues = np.array([0, 1, 2, 4, 5, 0]) / 6
    counts, bins = rng.multinomial(14, np.ones(6) / 6) + 1, int(rng.integers(4, 6))
    pixels = ", ".join(f"{count} {name}" for count, name in zip(counts, names, strict=True))
    shares = np.histogram(hues, bins=bins, range=(0, 1), weights=counts / 20)[0]
    return Question(
        f"Of 20 pixels there are {pixels}. Hues: red 0, yellow 1/6, green 1/3, blue 2/3, magenta "
        f"5/6, and grey, which has none, is given 0. What is the hue histogram with {bins} bins?",
        answer=list(shares),
        explanation="Bin b takes the hues from b/B up to, not including, (b + 1)/B. Shares, not "
        "counts; they add up to 1, and grey counts as red.",
    )


@review(exercise="orientation_histograms")
def arrows_vote_with_their_length(rng):
    legs = np.array([[4, 3], [3, 4], [-3, 4], [-4, 3]])
    kinds = rng.integers(4, size=3)
    lengths, turned = rng.integers(1, 4, size=3), rng.choice([1, -1], size=3)
    arrows = legs[kinds] * (lengths * turned)[:, np.newaxis]
    degrees = np.degrees(np.arctan2(arrows[:, 1], arrows[:, 0])) % 180
    votes = np.histogram(degrees, bins=4, range=(0, 180), weights=np.hypot(*arrows.T))[0]
    return Question(
        "A cell of 2 x 2 pixels has the arrows (right, down) "
        f"{', '.join(f'({listed(arrow)})' for arrow in arrows)} and (0, 0). Into the four bins of "
        "45 degrees, from 0 to 180, each votes with its length, its angle taken modulo 180; then "
        "comes the division by the number of pixels. What is the histogram of the cell?",
        answer=list(votes / 4),
        explanation="Arrows that point opposite ways are the same edge. Below 45 degrees `right` is "
        "larger than `down`; signs that differ mean more than 90. Flat pixels do not vote, but they "
        "count in the division.",
    )


@review(exercise="bag_of_words")
def which_word_is_it(rng):
    kinds = rng.permutation([0, 1, 2, *rng.integers(3, size=2)])
    dark = rng.integers(1, 5, size=5) / 10
    step = np.array([0.0, 0.002, 0.1, 0.2, 0.3, 0.5])
    steps = step[np.where(kinds == 2, rng.integers(2, size=5), rng.integers(2, 6, size=5))]
    patches = dark[:, np.newaxis] + steps[:, np.newaxis] * np.eye(2)[kinds % 2]
    order = rng.permutation(3)
    words = np.array([[1, -1], [-1, 1], [0, 0]])[order]
    shapes = [(p - p.mean()) / (p.std() if p.std() >= 0.01 else 1) for p in patches]
    nearest = [np.linalg.norm(words - shape, axis=1).argmin() for shape in shapes]
    return Question(
        f"Patches of two pixels: {', '.join(f'({listed(patch)})' for patch in patches)}. Words 0, 1 "
        f"and 2: {', '.join(f'({listed(word)})' for word in words)}. Patches are scaled to mean 0 "
        "and deviation 1, but one with a deviation below 0.01 is not divided. What is the bag, the "
        "share of each word?",
        answer=list(np.bincount(nearest, minlength=3) / 5),
        explanation="Of two different pixels, whatever they are, the scaling makes -1 and 1: only "
        "the shape counts. A flat patch stays near (0, 0), or its noise would be blown up into a "
        "shape.",
    )


@review(exercise="standardise")
def by_the_training_set(rng):
    middle, gap = int(rng.integers(8, 20)), int(rng.integers(2, 7))
    constant, times = int(rng.integers(1, 10)), int(rng.choice([-3, -2, 2, 3]))
    train = rng.permutation([middle - gap, middle - gap, middle + gap, middle + gap])
    test = [middle + times * gap, constant + int(rng.integers(2, 8))]
    return Question(
        f"In training, one column holds {listed(train)}, another {constant} four times. A test "
        f"example has {test[0]} and {test[1]} there. What are these two after standardising?",
        answer=[float((test[0] - train.mean()) / train.std()), float(test[1] - constant)],
        explanation="Mean and deviation (divided by N) are those of the training examples; the test "
        "example is moved and divided by the same. A column that is constant in training has only "
        "its mean taken off.",
    )


@review(exercise="feature_accuracies")
def a_ruler_from_the_training_rows(rng):
    low, width = int(rng.integers(-4, 6)), int(rng.choice([4, 5, 8, 10]))
    inside = rng.integers(low + 1, low + width, size=2)
    train = rng.permutation([low, low + width, *inside])
    test = [low + int(rng.integers(1, width)), low + width + int(rng.integers(1, width))]
    return Question(
        f"Features are brought to the range from 0 to 1. In the rows trained on, a column holds "
        f"{listed(train)}; in two test rows, {listed(test)}. What becomes of the two, to two digits?",
        answer=[(value - low) / width for value in test],
        explanation="Smallest and largest value come from the training rows alone, so a test value "
        "may well end above 1. A ruler made from all rows would have seen the test set.",
    )


@review(exercise="feature_accuracies")
def spread_over_four_splits(rng):
    middle, gap = int(rng.integers(60, 90)), int(rng.integers(1, 5)) * int(rng.choice([1, -1]))
    accuracies = rng.permutation([middle - 3 * gap, middle + gap, middle + gap, middle + gap])
    return Question(
        f"Over four splits, the accuracy is {listed(accuracies)} %. What are the mean and the sample "
        "standard deviation, in percent?",
        answer=[float(accuracies.mean()), float(accuracies.std(ddof=1))],
        explanation="The squared distances from the mean are added up, divided by S - 1 = 3, and "
        "the root is taken. Dividing by S = 4 makes the spread too small.",
    )
