"""Right answers of `regularization` as short as they get."""

ANSWERS = {
    "elastic_net": """
def elastic_net(W, l1, l2):
    free = np.vstack([np.ones_like(W[:-1]), np.zeros_like(W[:1])])
    slopes = free * (l1 * np.sign(W) + 2 * l2 * W)
    return np.sum(free * (l1 * np.abs(W) + l2 * np.square(W))), slopes.astype(W.dtype)
""",
    "decayed_step": """
def decayed_step(W, velocity, gradient, rate, momentum, decay):
    velocity = gradient + velocity * momentum
    return W - rate * (decay * W + velocity), velocity
""",
    "dropout": """
def dropout(x, p, draws, training):
    scale = 1 / max(1 - p, 1e-12)
    return (x * (draws >= p) * scale).astype(x.dtype) if training else x.copy()
""",
    "early_stopping": """
def early_stopping(losses, patience, min_delta=0.0):
    best, last = None, -1
    while last + 1 < len(losses) and last - (-1 if best is None else best) < patience:
        last += 1
        if losses[last] < (np.inf if best is None else losses[best] - min_delta):
            best = last
    return best, last
""",
    "penalty_sweep": """
def penalty_sweep(strengths, trials):
    def both(reg, trial):
        W = fit(*trial[:2], reg)
        return accuracy(W, *trial[:2]), accuracy(W, *trial[2:])

    table = np.array([[both(reg, trial) for trial in trials] for reg in strengths])
    return table[..., 0], table[..., 1]
""",
    "hue_histogram": """
def hue_histogram(images, bins):
    hues = rgb_to_hsv(images)[..., 0].reshape(len(images), -1)
    return np.stack([np.histogram(h, bins=bins, range=(0, 1))[0] for h in hues]) / hues.shape[1]
""",
    "orientation_histograms": """
def orientation_histograms(right, down, bins, cell):
    def blocks(table):
        rows, columns = table.shape[0] // cell, table.shape[1] // cell
        return table.reshape(rows, cell, columns, cell).swapaxes(1, 2).reshape(rows, columns, -1)

    angles = blocks(np.degrees(np.arctan2(down, right)) % 180)
    lengths = blocks(np.hypot(down, right))
    places = np.floor(angles * bins / 180).astype(int) % bins
    return np.einsum("rcpb,rcp->rcb", np.eye(bins)[places], lengths) / cell**2
""",
    "bag_of_words": """
def bag_of_words(patches, words):
    shapes = patches - patches.mean(axis=1)[:, None]
    contrast = np.sqrt((shapes**2).mean(axis=1))[:, None]
    shapes = np.divide(shapes, contrast, out=shapes, where=contrast >= 0.01)
    near = np.sum(words**2, axis=1) - 2 * shapes @ words.T
    return np.eye(len(words))[near.argmin(axis=1)].mean(axis=0)
""",
    "standardise": """
def standardise(train, test):
    scale = np.where(np.ptp(train, axis=0) > 0, train.std(axis=0), 1)
    return tuple((part - train.mean(axis=0)) / scale for part in (train, test))
""",
    "feature_accuracies": """
def feature_accuracies(X, y, n_train, seeds):
    def once(order):
        train, test = np.array_split(order, [n_train])
        scaled = to_unit_range(X, X[train].min(axis=0), X[train].max(axis=0))
        return accuracy(fit(scaled[train], y[train], reg=0.001), scaled[test], y[test])

    found = [once(np.random.default_rng(seed).permutation(len(y))) for seed in seeds]
    return found, np.mean(found), np.sqrt(np.var(found, ddof=1))
""",
}
