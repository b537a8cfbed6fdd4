"""Right answers of `loss_functions`, each in a single expression."""

ANSWERS = {
    "linear_scores": """
def linear_scores(W, X):
    return np.pad(X, ((0, 0), (0, 1)), constant_values=1) @ W
""",
    "svm_loss_naive": """
def svm_loss_naive(scores, y, delta=1.0):
    return sum(
        max(0, s - row[k] + delta) for row, k in zip(scores, y) for j, s in enumerate(row) if j != k
    ) / len(y)
""",
    "svm_loss": """
svm_loss_of_scores = lambda s, y: np.maximum(0, s - s[range(len(y)), y][:, None] + 1).sum()


def svm_loss(W, X, y, reg):
    return svm_loss_of_scores(X @ W, y) / len(y) - 1 + reg * np.vdot(W, W)
""",
    "numerical_gradient": """
def numerical_gradient(f, x, h=1e-5):
    return np.array(
        [
            (f(x + h * e.reshape(x.shape)) - f(x - h * e.reshape(x.shape))) / (2 * h)
            for e in np.eye(x.size)
        ]
    ).reshape(x.shape)
""",
    "relative_error": """
def relative_error(a, b):
    return np.abs(np.subtract(a, b)) / np.maximum(
        np.maximum(np.abs(a), np.abs(b)), np.finfo(float).tiny
    )
""",
    "softmax_loss": """
def softmax_loss(scores, y):
    return np.mean(np.logaddexp.reduce(scores * 1.0, axis=1) - scores[range(len(y)), y])
""",
    "softmax_gradient": """
def softmax_gradient(scores, y):
    return (
        np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
        - (np.arange(scores.shape[1]) == y[:, None])
    ) / len(y)
""",
}
