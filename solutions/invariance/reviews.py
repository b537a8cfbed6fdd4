"""Questions for spaced return about `invariance`: a minute and a pencil each."""

import math

import numpy as np

from grader.reviews import Question, review

LEGS = ((3, 4), (6, 8), (5, 12), (9, 12), (8, 15))  # of right triangles with three whole sides


def listed(numbers):
    """Numbers as a phrase."""
    return ", ".join(f"{number:g}" for number in numbers)


def signed(rng, below):
    """A whole number from 1 to `below` - 1, or its negative."""
    return int(rng.integers(1, below) * rng.choice([1, -1]))


def pair_of_legs(rng):
    """The two legs of one of our triangles, in either order."""
    return tuple(int(leg) for leg in rng.permutation(LEGS[rng.integers(len(LEGS))]))


def steps(dy, dx):
    """A shift in words."""
    down, right = "down" if dy > 0 else "up", "right" if dx > 0 else "left"
    return f"{abs(dy)} {down} and {abs(dx)} to the {right}"


@review(exercise="shift")
def where_it_came_from(rng):
    height, width = (int(n) for n in rng.choice([5, 7, 9], size=2))  # odd: r - d is never r + d
    dy, dx = signed(rng, height), signed(rng, width)
    row, column = int(rng.integers(height)), int(rng.integers(width))
    return Question(
        f"An image has {height} rows and {width} columns, both counted from 0, on a circular "
        f"canvas. It is moved by {steps(dy, dx)}. In which row and which column was the pixel "
        f"that is now in row {row} and column {column}?",
        answer=[float((row - dy) % height), float((column - dx) % width)],
        explanation="A pixel that was moved down came from further up, so the shift is "
        "subtracted, and then taken modulo the size. Adding it moves the image the other way.",
    )


@review(exercise="equivariance_error")
def two_ways_to_a_moved_output(rng):
    a, b = (int(n) for n in rng.choice(np.arange(1, 8), size=2, replace=False))
    factor = int(rng.integers(2, 4))
    x, scale = np.array([a, 0, 0, b]), np.array([factor, 1, 1, 1])
    difference = scale * np.roll(x, 1) - np.roll(scale * x, 1)
    return Question(
        f"A layer multiplies the first of four pixels by {factor} and leaves the others. The image "
        f"is the row ({listed(x)}) on a circular canvas, the shift is by one to the right. What is "
        "the *square* of the layer's equivariance error, as a fraction or to two digits?",
        answer=float((difference**2).sum() / ((scale * x) ** 2).sum()),
        explanation="Move and then apply the layer; apply it and then move. The squared length "
        "of the difference is divided by that of the layer's *output* for the image as it was, "
        "not by that of the image.",
    )


@review(exercise="accuracy_by_shift")
def the_next_tooth(rng):
    strides = rng.choice([2, 3, 4, 5], size=2, replace=False)
    period, times = int(np.prod(strides)), int(rng.integers(2, 7))
    return Question(
        f"A network on a circular canvas, {period * times} pixels wide, consists of convolutions, "
        f"two poolings with the strides {strides[0]} and {strides[1]}, and a global average. "
        "Which is the smallest shift to the right, above 0, that is certain to leave its scores as "
        f"they were? And for how many of the shifts by 0 to {period * times - 1} pixels is it "
        "certain?",
        answer=[float(period), float(times)],
        explanation="Only a multiple of the *product* of the strides lets every pixel fall into "
        "its old place in every pooling. In between the maps are others: the sawtooth.",
    )


@review(exercise="shift_consistency")
def drawn_twice(rng):
    counts = rng.choice([[4, 1, 0], [3, 2, 0], [3, 1, 1], [2, 2, 1]])
    classes = rng.permutation(np.repeat(rng.choice(10, size=3, replace=False), counts))
    same = sum(a == b for a in classes for b in classes)
    return Question(
        f"At five places, a network gives one image the classes {listed(classes)}. What is its "
        "consistency over all pairs of places, as a fraction or to two digits?",
        answer=float(same / 25),
        explanation="Two places are drawn independently, so all 25 pairs count, those of a place "
        "with itself and both orders too: the sum of the squared counts, divided by 25.",
        tolerance=0.005,
    )


@review(exercise="max_blur_pool")
def one_dot_in_a_row(rng):
    height, column = 4 * int(rng.integers(1, 11)), int(rng.integers(8))
    row = np.eye(8)[column] * height
    dense = np.maximum(row, np.roll(row, -1))
    blurred = (np.roll(dense, 1) + 2 * dense + np.roll(dense, -1)) / 4
    return Question(
        f"A row of 8 pixels (columns 0 to 7, circular) is 0 but for a {height} in column {column}. "
        "Take at every pixel the maximum of itself and its right neighbour, blur with (1, 2, 1)/4, "
        "and keep the columns 0, 2, 4, 6. Which four numbers are left?",
        answer=list(blurred[::2]),
        explanation="The maximum widens the dot to two pixels, itself and its left neighbour. "
        "The blur makes 1/4, 3/4, 3/4, 1/4 of it. What is kept is one 1/4 and one 3/4, wherever "
        "the dot is, so the sum never changes.",
    )


@review(exercise="conv_net_cost")
def what_pooling_saves(rng):
    before, after = int(rng.integers(1, 5)), int(rng.choice([2, 5, 10]))
    taps, stride = int(rng.choice([1, 3, 5])), int(rng.choice([2, 5]))
    cost = 10 * 10 * after * taps**2 * before
    return Question(
        f"A convolution with {taps} x {taps} taps turns {before} channel{'s' * (before > 1)} of "
        f"10 x 10 pixels into {after} of the same size. How many multiply-adds is that? And how "
        f"many if a pooling by {stride} in both directions comes before it?",
        answer=[float(cost), cost / stride**2],
        explanation="Height x width x channels out x taps squared x channels in. Pooling by S "
        "leaves every S-th row *and* every S-th column, so it saves a factor of S squared.",
    )


@review(exercise="two_yardsticks")
def small_beside_what(rng):
    a, b = pair_of_legs(rng)
    features, change = np.diag([a, b]), rng.integers(1, 5, size=2)
    moved = features + change[:, np.newaxis] * np.array([[0, 1], [0, 1]])
    size = np.linalg.norm(features, axis=1)
    return Question(
        f"Two images have the features ({a}, 0) and (0, {b}); when they are moved these become "
        f"({listed(moved[0])}) and ({listed(moved[1])}). What is the relative change, and what is "
        "the change over distance, both to two digits?",
        answer=[float((change / size).mean()), float(change.mean() / math.hypot(a, b))],
        explanation="First yardstick: each change by the size of its own features, then the mean. "
        "Second: the mean change by the distance between two *different* images; the distances of "
        "0 to themselves do not count.",
    )


@review(exercise="sensitivity_map")
def every_second_pixel(rng):
    a, b = pair_of_legs(rng)
    odd, even = int(rng.choice([-3, -1, 1, 3, 5])), int(rng.choice([-4, -2, 2, 4, 6, 8]))
    images = np.array([[a, 0, 0, 0], [0, 0, b, 0]])

    def change(dx):
        after = np.roll(images, dx, axis=1)[:, ::2] - images[:, ::2]
        return np.linalg.norm(after, axis=1).mean() / math.hypot(a, b)

    return Question(
        f"Two images of one row are {a} 0 0 0 and 0 0 {b} 0, on a circular canvas. The features "
        "are the pixels in columns 0 and 2. What does the sensitivity map hold for a shift to the "
        f"right by {odd}, and what for one by {even}? (Negative is left. The root of 2 is 1.414; two "
        "digits.)",
        answer=[change(odd), change(even)],
        explanation="An odd shift moves each dot to a place that is not looked at, so the features "
        "become 0 and change by their whole size. A shift by 2 exchanges the two features; one by 4 "
        "goes round the row. Divide the mean change by the distance between the two images.",
    )


@review(exercise="sensitivity_map")
def where_in_the_map(rng):
    m = int(rng.integers(3, 9))
    dy, dx = signed(rng, m + 1), signed(rng, m + 1)
    return Question(
        f"A sensitivity map is made for shifts of up to {m} pixels in all directions. How many "
        "rows has it? In which row and which column, counted from 0 at the top left, stands the "
        f"shift by {steps(dy, dx)}?",
        answer=[float(2 * m + 1), float(m + dy), float(m + dx)],
        explanation="From -m to m there are 2m + 1 shifts, 0 included, and the middle has the "
        "number m: row m + dy, column m + dx, where down and right are positive.",
    )


@review(exercise="scattering")
def before_the_average(rng):
    (a, b), (c, d) = pair_of_legs(rng), pair_of_legs(rng)
    waves = rng.permutation([a + b * 1j, -a - b * 1j, c - d * 1j, -c + d * 1j])
    written = [f"{z.real:g} {'+' if z.imag > 0 else '-'} {abs(z.imag):g}i" for z in waves]
    return Question(
        "Convolved with a wavelet, a signal has become the four complex numbers\n\n    "
        f"{',  '.join(written)}\n\n"
        "and the low-pass takes the mean of all. What is the scattering coefficient? And what would "
        "the mean be without the modulus?",
        answer=[float(np.abs(waves).mean()), float(abs(waves.mean()))],
        explanation="The modulus is the root of re squared + im squared, and it is taken before the "
        "average. Without it nothing would be left, as a wavelet has mean 0.",
    )


@review(exercise="experiment")
def mean_and_spread_of_three(rng):
    middle, gap = int(rng.integers(60, 90)), int(rng.integers(2, 10))
    accuracies = rng.permutation([middle - gap, middle, middle + gap])
    return Question(
        f"From three seeds a network gets {listed(accuracies)} % at one shift. What are the mean "
        "and the spread (the sample standard deviation), in percent?",
        answer=[float(accuracies.mean()), float(accuracies.std(ddof=1))],
        explanation="Add up the squared distances from the mean, divide by K - 1 = 2 and take the "
        "root. Dividing by K = 3, as NumPy does unless told otherwise, makes it too small.",
    )
