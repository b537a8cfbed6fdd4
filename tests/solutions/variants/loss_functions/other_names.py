"""Right answers of `loss_functions` with other names for every argument and variable."""

ANSWERS = {
    "linear_scores": """
def linear_scores(weights, pictures):
    last = weights.shape[0] - 1
    return pictures @ weights[0:last] + weights[last : last + 1]
""",
    "svm_loss_naive": """
def svm_loss_naive(s, correct, margin=1.0):
    how_many, classes = s.shape
    bill = 0.0
    for number in range(how_many):
        right = s[number][correct[number]]
        for other in set(range(classes)) - {int(correct[number])}:
            bill = bill + max(s[number][other] + margin - right, 0.0)
    return bill / how_many
""",
    "svm_loss": """
def svm_loss(weights, pictures, correct, strength):
    table = pictures.dot(weights)
    right = np.choose(correct, table.T)
    bill = np.maximum(table.T - right + 1, 0).sum(axis=0) - 1
    return np.average(bill) + strength * np.linalg.norm(weights) ** 2
""",
    "numerical_gradient": """
def numerical_gradient(function, point, step=1e-5):
    slopes = np.empty(point.shape)
    for place, value in np.ndenumerate(point.copy()):
        there, back = point.copy(), point.copy()
        there[place] = value + step
        back[place] = value - step
        slopes[place] = (function(there) - function(back)) / (2.0 * step)
    return slopes
""",
    "relative_error": """
def relative_error(one, other):
    largest = np.maximum(np.absolute(one), np.absolute(other))
    distance = np.absolute(np.asarray(one) - np.asarray(other))
    return np.divide(distance, largest, out=np.zeros_like(largest), where=largest != 0)
""",
    "svm_gradient": """
def svm_gradient(weights, pictures, correct, strength):
    table = pictures.dot(weights)
    who = range(len(correct))
    close = table > table[who, correct].reshape(-1, 1) - 1
    close[who, correct] = False
    push = 1.0 * close
    push[who, correct] = -np.count_nonzero(close, axis=1)
    push = push.astype(weights.dtype)
    return np.dot(pictures.T, push) / len(pictures) + strength * (weights + weights)
""",
    "softmax_loss": """
def softmax_loss(table, correct):
    top = np.max(table, axis=1)
    rest = np.log(np.sum(np.exp(table - top.reshape(-1, 1)), axis=1)) + top
    return float(np.mean(rest - np.choose(correct, table.T)))
""",
    "softmax_gradient": """
def softmax_gradient(table, correct):
    top = table.max(axis=1).reshape(-1, 1)
    share = np.exp(table - top)
    share = share / share.sum(axis=1).reshape(-1, 1)
    for number, label in enumerate(correct):
        share[number, label] = share[number, label] - 1
    return share / table.shape[0]
""",
    "train": """
def train(start, pictures, correct, groups, rate, strength):
    here = start
    for group in groups:
        uphill = loss_gradient(here, pictures[group], correct[group], strength)
        here = here - rate * uphill
    return here
""",
}
