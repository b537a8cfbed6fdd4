"""Questions for spaced return about `loss_functions`: a minute and a pencil each."""

import numpy as np

from grader.reviews import Question, review


def table(rows):
    """Rows of numbers as a block that reads well in a terminal and in a notebook."""
    lines = ["    " + "  ".join(f"{value:g}".rjust(4) for value in row) for row in rows]
    return "\n".join(lines)


@review(exercise="linear_scores")
def one_image_and_its_biases(rng):
    x, w, b = rng.integers(1, 6, size=2), rng.integers(-4, 5, size=(2, 2)), rng.integers(-9, 10, 2)
    matrix = np.vstack([w, b])
    return Question(
        f"An image has the pixels {x[0]} and {x[1]}. The last row of W holds the biases:\n\n"
        f"{table(matrix)}\n\nWhat are its scores for class 0 and class 1?",
        answer=[float(n) for n in np.append(x, 1) @ matrix],
        explanation="The image gets one more pixel that is always 1; it switches the biases on.",
    )


@review(exercise="svm_loss_naive")
def who_is_too_close(rng):
    scores = rng.permutation(np.arange(-8, 10, 2))[:4]  # never exactly a margin apart
    correct = int(rng.integers(4))
    margins = np.maximum(0, scores - scores[correct] + 1)
    return Question(
        f"One image, four classes with the scores {', '.join(map(str, scores))} (classes 0 to 3). "
        f"Class {correct} is correct, the margin is 1. What is the SVM loss?",
        answer=float(np.delete(margins, correct).sum()),
        explanation="Each *wrong* class pays max(0, its score - the correct score + 1); the "
        "correct class itself is not in the sum.",
    )


@review(exercise="svm_loss")
def the_penalty_and_the_mean(rng):
    losses, weights = rng.integers(0, 9, size=4), rng.integers(-3, 4, size=4)
    reg = float(rng.choice([0.1, 0.2, 0.5]))
    return Question(
        f"Four images pay {', '.join(map(str, losses))}. W holds the four weights "
        f"{', '.join(map(str, weights))}, and reg = {reg:g}, without a factor 1/2. What is the "
        "regularized SVM loss?",
        answer=float(losses.mean() + reg * (weights**2).sum()),
        explanation="The data part is the mean over the images; the penalty reg * sum(W^2) is "
        "added once, and not divided by N.",
    )


@review(exercise="numerical_gradient")
def from_both_sides(rng):
    x, h = int(rng.integers(1, 9)), float(rng.choice([0.1, 0.5, 1.0]))
    return Question(
        f"f(x) = x^2. What are the central and then the forward difference quotient at x = {x} "
        f"with h = {h:g}?",
        answer=[2.0 * x, ((x + h) ** 2 - x**2) / h],
        explanation="(f(x+h) - f(x-h)) / 2h is exact for a parabola, 2x; the forward quotient is "
        "off by h.",
    )


@review(exercise="relative_error")
def close_to_each_other(rng):
    a = int(rng.integers(2, 20))
    b = a + int(rng.integers(1, 9))
    sign = int(rng.choice([1, -1]))
    return Question(
        f"What is the relative error of {a} and {sign * b}, to three digits?",
        answer=abs(a - sign * b) / b,
        explanation="The distance, divided by the larger of the two absolute values; never more "
        "than 2.",
    )


@review(exercise="svm_gradient")
def a_row_of_small_numbers(rng):
    scores = rng.permutation(np.arange(-8, 10, 2))[:4]  # never exactly a margin apart
    correct = int(rng.integers(4))
    row = (scores - scores[correct] + 1 > 0).astype(float)
    row[correct] = 0
    row[correct] = -row.sum()
    return Question(
        f"One image with the scores {', '.join(map(str, scores))}; class {correct} is correct, "
        "the margin is 1. What is the gradient of the SVM loss by the four scores?",
        answer=list(row),
        explanation="1 for each wrong class that is too close, minus their number for the correct "
        "class, 0 for the others; the row adds up to 0.",
    )


@review(exercise="softmax_loss")
def equal_scores(rng):
    classes, lead = int(rng.integers(2, 9)), int(rng.integers(1, 4))
    return Question(
        f"{classes} classes all score 0, and then the correct one rises to {lead}. What is the "
        "cross-entropy before, and what is it after, to two digits? (e is about 2.718.)",
        answer=[float(np.log(classes)), float(np.log(np.exp(lead) + classes - 1) - lead)],
        explanation="ln(sum of e^s) - the correct score: ln C before; afterwards "
        "ln(e^s + C - 1) - s.",
        tolerance=0.02,
    )


@review(exercise="softmax_gradient")
def what_we_said_minus_what_was_true(rng):
    tenths = rng.multinomial(7, np.ones(3) / 3) + 1
    correct, images = int(rng.integers(3)), int(rng.integers(1, 5))
    row = tenths / 10
    row[correct] -= 1
    plural = "" if images == 1 else "s"
    return Question(
        f"In a batch of {images} image{plural}, one has the probabilities "
        f"{', '.join(f'{t / 10:g}' for t in tenths)}, and class {correct} is correct. What is its "
        "row of the gradient of the mean cross-entropy by the scores?",
        answer=list(row / images),
        explanation="(p - 1 at the correct class) / N. The row adds up to 0.",
        tolerance=0.004,
    )


@review(exercise="train")
def two_steps_downhill(rng):
    w, rate = int(rng.integers(2, 10)), float(rng.choice([0.1, 0.25, 0.4]))
    return Question(
        f"One weight, loss w^2, so the gradient is 2w. Start at w = {w} and take two steps of "
        f"gradient descent with the learning rate {rate:g}. Where are you after each?",
        answer=[w * (1 - 2 * rate), w * (1 - 2 * rate) ** 2],
        explanation="w - rate * gradient, and the second gradient is taken where you are then, "
        "not where you started.",
    )
