"""Right answers of `loss_functions` in plain loops, one number at a time."""

ANSWERS = {
    "linear_scores": """
def linear_scores(W, X):
    n, d = X.shape
    c = W.shape[1]
    out = np.zeros((n, c), dtype=np.result_type(W, X))
    for i in range(n):
        for k in range(c):
            out[i, k] = W[d, k]
            for j in range(d):
                out[i, k] += X[i, j] * W[j, k]
    return out
""",
    "svm_loss_naive": """
def svm_loss_naive(scores, y, delta=1.0):
    losses = []
    for row, label in zip(scores, y):
        loss = 0
        for j, score in enumerate(row):
            if j == label:
                continue
            margin = score - row[label] + delta
            if margin > 0:
                loss += margin
        losses.append(loss)
    return sum(losses) / len(losses)
""",
    "svm_loss": """
def svm_loss(W, X, y, reg):
    total = 0
    for x, label in zip(X, y):
        s = x.dot(W)
        for j in range(W.shape[1]):
            if j != label:
                total += max(0, s[j] - s[label] + 1)
    penalty = 0
    for row in W:
        for w in row:
            penalty += w**2
    return total / X.shape[0] + reg * penalty
""",
    "numerical_gradient": """
def numerical_gradient(f, x, h=1e-5):
    grad = np.zeros(x.shape)
    it = np.nditer(x, flags=["multi_index"])
    while not it.finished:
        ix = it.multi_index
        old = float(x[ix])
        x[ix] = old + h
        plus = f(x)
        x[ix] = old - h
        minus = f(x)
        x[ix] = old
        grad[ix] = (plus - minus) / (2 * h)
        it.iternext()
    return grad
""",
    "relative_error": """
def relative_error(a, b):
    if np.ndim(a) > 0:
        return np.array([relative_error(p, q) for p, q in zip(a, b)])
    if a == b:
        return 0.0
    return abs(a - b) / max(abs(a), abs(b))
""",
    "svm_gradient": """
def svm_gradient(W, X, y, reg):
    dW = np.zeros_like(W)
    for i in range(len(X)):
        s = X[i] @ W
        for j in range(len(s)):
            if j != y[i] and s[j] - s[y[i]] + 1 > 0:
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    dW /= len(X)
    dW += 2 * reg * W
    return dW
""",
    "softmax_loss": """
import math


def softmax_loss(scores, y):
    total = 0.0
    for row, label in zip(scores.tolist(), y):
        top = max(row)
        total += top + math.log(sum(math.exp(s - top) for s in row)) - row[label]
    return total / len(scores)
""",
    "softmax_gradient": """
def softmax_gradient(scores, y):
    out = np.empty_like(scores)
    for i, row in enumerate(scores):
        e = np.exp(row - np.max(row))
        p = e / np.sum(e)
        for j in range(len(row)):
            out[i, j] = (p[j] - (j == y[i])) / len(scores)
    return out
""",
    "train": """
def train(W, X, y, batches, learning_rate, reg):
    weights = np.array(W)
    step = 0
    while step < len(batches):
        rows = list(batches[step])
        xs = np.array([X[i] for i in rows])
        ys = np.array([y[i] for i in rows])
        slope = loss_gradient(weights, xs, ys, reg)
        for i in range(weights.shape[0]):
            for j in range(weights.shape[1]):
                weights[i, j] -= learning_rate * slope[i, j]
        step += 1
    return weights
""",
}
