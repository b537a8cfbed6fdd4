"""Questions for spaced return about `lr_finding`: a minute and a pencil each."""

from itertools import combinations, pairwise

import numpy as np

from grader.reviews import Question, review

EXACT = 1e-6  # rates are small: the default tolerance would take any of them for right


def listed(numbers):
    """Numbers as a phrase."""
    return ", ".join(f"{number:g}" for number in numbers)


def curve(rates, losses):
    """A curve as two columns that read well in a terminal and in a notebook."""
    pairs = zip(rates, losses, strict=True)
    return "\n".join(["    rate    loss", *(f"    {rate:<6g}  {loss:.1f}" for rate, loss in pairs)])


def decades(rng, count):
    """Rates of which each is ten times the one before."""
    return int(rng.choice([1, 2, 3, 5, 8])) * 10.0 ** np.arange(-4, count - 4)


def longest_valley(losses):
    """Length and last index of the longest falling series, the first to end: all are tried."""
    for size in range(len(losses), 0, -1):
        falling = [
            series[-1]
            for series in combinations(range(len(losses)), size)
            if all(losses[a] > losses[b] for a, b in pairwise(series))
        ]
        if falling:
            return size, min(falling)
    return 0, 0


@review(exercise="growing_rates")
def equal_factors(rng):
    start, factor, n = int(rng.integers(1, 6)), int(rng.integers(2, 6)), int(rng.integers(3, 6))
    end = start * factor ** (n - 1)
    return Question(
        f"{n} rates grow from {start} to {end}, both included, each the same factor above the one "
        "before. What is the factor, and what is the rate before the last?",
        answer=[float(factor), end / factor],
        explanation="n rates have n - 1 steps between them, so the factor is the (n - 1)-th root of "
        "end / start. Equal differences would put nearly all rates near the end.",
    )


@review(exercise="record_losses")
def who_made_it_fall(rng):
    rates, hit = decades(rng, 6), int(rng.integers(1, 5))
    falls = rng.choice([0.1, 0.2], size=5)
    falls[hit] = rng.choice([0.8, 0.9, 1.0])
    losses = 2.6 - np.cumsum([0, *falls])
    return Question(
        f"A range test has written down\n\n{curve(rates, losses)}\n\nThe largest fall of the loss: "
        "with which rate was the step that brought it about taken?",
        answer=float(rates[hit]),
        explanation="A loss is written down *before* the step of its own rate. So what a rate does "
        "shows in the entry after it: the curve speaks a little late.",
        tolerance=EXACT,
    )


@review(exercise="record_losses")
def a_loss_and_the_step_after_it(rng):
    classes, rate = int(rng.choice([2, 5, 10])), float(rng.choice([0.1, 0.2, 0.5, 1.0]))
    image = rng.integers(1, 6, size=2)
    slope = np.full(classes, 1 / classes) - np.eye(classes)[0]
    scores = -rate * np.outer(slope, image) @ image
    return Question(
        f"A linear model of {classes} classes without biases has weights that are all 0. A range "
        f"test shows it the image ({listed(image)}), which is of class 0, with the rate {rate:g}. "
        "Which loss is written down, to two digits? And by how much does the score of class 0 lead "
        "over the others after the step? (ln 2 = 0.69, ln 5 = 1.61, ln 10 = 2.30)",
        answer=[float(np.log(classes)), float(scores[0] - scores[1])],
        explanation="Equal probabilities cost ln C, and this is written down before the step. By the "
        "weights the gradient is (p - 1) x for the right class and p x for the others, so the lead "
        "is the rate times the squared length of x.",
    )


@review(exercise="rehearse")
def a_velocity_that_was_left(rng):
    weight, velocity = int(rng.integers(1, 10)), int(rng.integers(2, 10)) * 10
    slope = int(rng.integers(1, 10))
    return Question(
        f"Before a range test, a weight was {weight} and its velocity 0. Afterwards the weight and "
        f"the rate, 0.1, are put back, but not the optimizer's state: the velocity is {velocity}. "
        f"With momentum 0.9, the first real gradient is {slope}. Where does this step lead, and "
        "where should it have led?",
        answer=[weight - 0.1 * (0.9 * velocity + slope), weight - 0.1 * slope],
        explanation="The velocity becomes 0.9 times the old one plus the gradient, and the step is "
        "the rate times that. Momentum from the test drags the first real steps along.",
    )


@review(exercise="rehearse")
def a_state_that_looks_in(rng):
    before, slope = int(rng.integers(1, 10)), int(rng.integers(1, 10)) * int(rng.choice([1, -1]))
    rate = float(rng.choice([0.5, 1.0, 2.0]))
    return Question(
        f"A model's only weight is {before}. state = model.state_dict() and kept = copy.deepcopy("
        f"state) are taken; then one plain step with rate {rate:g} along the gradient {slope}. Which "
        "weight is in state now, and which in kept?",
        answer=[before - rate * slope, float(before)],
        explanation="A state dict looks into the model, and an optimizer changes the weights in "
        "place. Only a copy still has what was.",
    )


@review(exercise="smooth")
def three_values_and_a_half(rng):
    values = rng.choice(np.arange(1, 15), size=3, replace=False)
    weights = np.array([1, 2, 4])  # with beta = 1/2 each value weighs twice as much as the last
    return Question(
        f"Smooth the losses {listed(values)} with beta = 1/2, starting from m = 0 and dividing by "
        "1 - beta^i. What are the three averages, to two digits?",
        answer=[float(np.average(values[:i], weights=weights[:i])) for i in (1, 2, 3)],
        explanation="m = m/2 + x/2, and then m is divided by 1/2, 3/4, 7/8. The first average is the "
        "first value itself; without the division the made-up 0 would drag it down.",
    )


@review(exercise="stop_step")
def more_than_so_many_times_the_best(rng):
    factor, best = int(rng.integers(2, 5)), float(rng.choice([0.2, 0.4, 0.6]))
    before = best + np.sort(rng.choice(np.arange(1, 9), size=rng.integers(1, 4), replace=False)) / 5
    allowed = best * (factor - np.array([0.75, 0.5, 0.25])[-rng.integers(1, 4) :])
    beyond = best * (factor + np.array([0.5, 2.5]))
    losses = np.array([*before[::-1], best, *allowed, *beyond])
    bests = np.minimum.accumulate([np.inf, *losses[:-1]])
    return Question(
        f"A range test stops at the first loss that is more than {factor} times the best one before "
        f"it. The smoothed losses would be {listed(losses.round(3))}. What is the index of the step "
        "at which it stops, counted from 0?",
        answer=float((losses > factor * bests).argmax()),
        explanation="The yardstick is the *best* loss so far, neither the first one nor the last. "
        "Exactly so many times is not yet more.",
    )


@review(exercise="trim")
def what_is_left_of_it(rng):
    points, end = int(rng.integers(30, 80)), int(rng.integers(2, 8))
    broken = int(rng.integers(20, points))
    return Question(
        f"A curve has {points} points, with the index 0 to {points - 1}. The first loss that is not "
        f"finite has the index {broken}; some later ones are finite again. A tenth is cut off at the "
        f"start (rounded down), and skip_end is {end}. Which are the first and the last index that "
        "are left?",
        answer=[float(points // 10), float(broken - end - 1)],
        explanation="From the first broken loss on everything goes, and then skip_end more of what "
        "was before. The tenth is one of all points, broken ones included.",
    )


@review(exercise="steepest_and_minimum")
def two_rules_for_one_curve(rng):
    place, rates = int(rng.integers(3)), decades(rng, 7)
    falls = rng.choice([0.1, 0.2], size=6)
    falls[place : place + 2] = rng.choice([[0.7, 0.8], [0.8, 0.7], [0.6, 0.8], [0.8, 0.6]])
    falls[5] = -1.5
    losses = 2.6 - np.cumsum([0, *falls])
    slopes = (losses[2:] - losses[:-2]) / np.log(rates[2:] / rates[:-2])
    return Question(
        f"A range test, smoothed and trimmed:\n\n{curve(rates, losses)}\n\nWhich rate does the rule "
        "of the steepest place suggest (slopes from the left neighbour to the right one), and which "
        "the rule of a tenth of the minimum?",
        answer=[float(rates[slopes.argmin() + 1]), float(rates[losses.argmin()] / 10)],
        explanation="Steepest: where right neighbour less left one is lowest, by equal steps of the "
        "*logarithm* of the rate. The other: the rate of the lowest loss, divided by 10.",
        tolerance=EXACT,
    )


@review(exercise="valley")
def half_way_down(rng):
    down = np.sort(rng.choice(np.arange(1, 20), size=rng.integers(3, 6), replace=False))[::-1]
    peaks = int(rng.integers(1, 4))
    places, heights = rng.integers(len(down), size=peaks), rng.integers(20, 30, size=peaks)
    losses = np.insert(down, places, heights)
    losses = np.append(losses, losses[-1] + [rng.integers(5), rng.integers(5, 9)])
    n, end = longest_valley(losses)
    return Question(
        f"The losses with the index 0 to {len(losses) - 1} are {listed(losses)}. Skip some, so that "
        "each of those that are left is lower than the one before: how many can be left at most (n), "
        "and which index has the last of them (e; the smallest, if there is a choice)? And which "
        "index is suggested, e - n + n//3 + n//6?",
        answer=[float(n), float(end), float(end - n + n // 3 + n // 6)],
        explanation="The longest valley skips what sticks out, so noise cannot cut it in two, and an "
        "equal loss does not make it longer. n counts losses, e is an index.",
    )


@review(exercise="across_seeds")
def the_middle_of_factors(rng):
    inner = [(1, 4), (1, 9), (2, 8), (4, 9), (3, 12), (2, 18)][int(rng.integers(6))]
    rates = [float(rng.choice([0.001, 0.002, 0.005])), *(n / 100 for n in inner)]
    rates = rng.permutation([*rates, float(rng.choice([0.5, 1.0, 2.0]))])
    return Question(
        f"From four seeds a rule suggests the rates {listed(rates)}. What is the typical rate, the "
        "median on a logarithmic scale, and what is the spread, the largest rate divided by the "
        "smallest?",
        answer=[float(np.sqrt(np.prod(np.sort(rates)[1:3]))), float(rates.max() / rates.min())],
        explanation="Of four, the median lies between the two in the middle. Half way between "
        "logarithms is the root of the product, not half of the sum.",
        tolerance=1e-4,
    )


@review(exercise="experiment")
def no_seed_is_left_out(rng):
    good, bad = rng.integers(91, 98, size=4), int(rng.integers(8, 16))
    accuracies = rng.permutation([*good, bad])
    return Question(
        f"At a rate that was chosen beforehand, five seeds reach {listed(accuracies)} %. What mean "
        "and what spread (highest minus lowest) do you report, in percent?",
        answer=[float(accuracies.mean()), float(np.ptp(accuracies))],
        explanation="All five, the failed one included: it says that the rate stands at the edge of "
        "the cliff. Leaving it out would report a luck that others may not have.",
        tolerance=0.004,
    )
