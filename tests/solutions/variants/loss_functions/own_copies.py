"""Right answers of `loss_functions` that change things in place, but only copies of their own."""

ANSWERS = {
    "linear_scores": """
def linear_scores(W, X):
    X = np.append(X, np.ones((len(X), 1), X.dtype), axis=1)
    return X @ W
""",
    "svm_loss_naive": """
def svm_loss_naive(scores, y, delta=1.0):
    scores = np.array(scores, dtype=float)
    for i in range(len(y)):
        scores[i] -= scores[i, y[i]]
    scores += delta
    scores[scores < 0] = 0
    scores[np.arange(len(y)), y] = 0
    return np.mean(np.sum(scores, axis=1))
""",
    "svm_loss": """
def svm_loss(W, X, y, reg):
    loss = 0.0
    s = X @ W
    s -= s[np.arange(len(s)), y].copy()[:, None]
    s += 1
    s *= s > 0
    s[np.arange(len(s)), y] *= 0
    loss += s.sum()
    loss /= len(s)
    loss += reg * np.sum(np.power(W, 2))
    return loss
""",
    "numerical_gradient": """
def numerical_gradient(f, x, h=1e-5):
    x = x.copy()
    flat = x.reshape(-1)
    gradient = np.zeros(flat.shape)
    for k in range(flat.size):
        flat[k] += h
        above = f(x)
        flat[k] -= 2 * h
        below = f(x)
        flat[k] += h
        gradient[k] = (above - below) / (2 * h)
    return gradient.reshape(x.shape)
""",
    "relative_error": """
def relative_error(a, b):
    a, b = np.atleast_1d(a).astype(float), np.atleast_1d(b).astype(float)
    error = np.abs(a - b)
    scale = np.maximum(np.abs(a), np.abs(b))
    error[scale > 0] /= scale[scale > 0]
    return error if error.size > 1 else error[0]
""",
    "svm_gradient": """
def svm_gradient(W, X, y, reg):
    gradient = W.copy()
    gradient *= 2 * reg
    s = X @ W
    s -= s[np.arange(len(s)), y].copy()[:, None] - 1
    s[np.arange(len(s)), y] = 0
    s[s > 0] = 1
    s[s < 0] = 0
    s[np.arange(len(s)), y] = -s.sum(axis=1)
    s /= len(s)
    gradient += X.T @ s
    return gradient
""",
    "softmax_loss": """
def softmax_loss(scores, y):
    scores = scores.astype(float)
    scores -= scores.max(axis=1, keepdims=True)
    correct = scores[np.arange(len(y)), y].copy()
    np.exp(scores, out=scores)
    return (np.log(scores.sum(axis=1)) - correct).mean()
""",
    "softmax_gradient": """
def softmax_gradient(scores, y):
    p = scores.copy()
    p -= p.max(axis=1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=1, keepdims=True)
    p[range(len(y)), y] -= 1
    p /= len(y)
    return p
""",
    "train": """
def train(W, X, y, batches, learning_rate, reg):
    W = W.copy()
    for batch in batches:
        W -= learning_rate * loss_gradient(W, X[batch], y[batch], reg)
    return W
""",
}
