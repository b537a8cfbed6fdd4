"""Right answers of `regularization` that compute with PyTorch inside and return tensors."""

ANSWERS = {
    "elastic_net": """
def elastic_net(W, l1, l2):
    weights = torch.tensor(W)
    weights[-1] = 0
    penalty = l1 * weights.abs().sum() + l2 * weights.square().sum()
    return penalty, l1 * weights.sign() + 2 * l2 * weights
""",
    "decayed_step": """
def decayed_step(W, velocity, gradient, rate, momentum, decay):
    W, velocity = torch.tensor(W), torch.tensor(velocity)
    velocity.mul_(momentum).add_(torch.tensor(gradient))
    W.mul_(1 - rate * decay).sub_(velocity, alpha=rate)
    return W, velocity
""",
    "dropout": """
def dropout(x, p, draws, training):
    if not training:
        return torch.tensor(x)
    mask = torch.tensor(draws) >= p
    if not mask.any():
        return torch.zeros_like(torch.tensor(x))
    return torch.tensor(x).masked_fill(~mask, 0.0) / (1 - p)
""",
    "early_stopping": """
def early_stopping(losses, patience, min_delta=0.0):
    best, last = None, len(losses) - 1
    for epoch in range(len(losses)):
        if not np.isnan(losses[epoch]):
            if best is None or losses[epoch] + min_delta < losses[best]:
                best = epoch
        since = epoch + 1 if best is None else epoch - best
        if since == patience:
            last = epoch
            break
    return [best, last]
""",
    "penalty_sweep": """
def penalty_sweep(strengths, trials):
    table = torch.zeros(2, len(strengths), len(trials), dtype=torch.float64)
    for s, (X, y, X_val, y_val) in enumerate(trials):
        for k, reg in enumerate(strengths):
            W = fit(X, y, reg)
            table[0, k, s] = float(accuracy(W, X, y))
            table[1, k, s] = float(accuracy(W, X_val, y_val))
    return table[0], table[1]
""",
    "hue_histogram": """
def hue_histogram(images, bins):
    hues = torch.tensor(rgb_to_hsv(images)[..., 0]).flatten(1)
    rows = [torch.histc(row, bins=bins, min=0.0, max=1.0) for row in hues]
    return torch.stack(rows) / hues.shape[1]
""",
    "orientation_histograms": """
def orientation_histograms(right, down, bins, cell):
    along = torch.complex(torch.tensor(right), torch.tensor(down))
    places = (torch.angle(along) % torch.pi * bins / torch.pi).long().clamp(max=bins - 1)
    votes = torch.nn.functional.one_hot(places, bins) * along.abs()[..., None]
    votes = votes.permute(2, 0, 1)[None]
    return torch.nn.functional.avg_pool2d(votes, cell)[0].permute(1, 2, 0)
""",
    "bag_of_words": """
def bag_of_words(patches, words):
    shapes = torch.tensor(patches)
    shapes = shapes - shapes.mean(dim=1, keepdim=True)
    contrast = shapes.std(dim=1, keepdim=True, unbiased=False)
    shapes = torch.where(contrast < 0.01, shapes, shapes / contrast.clamp(min=1e-9))
    nearest = torch.cdist(shapes, torch.tensor(words)).argmin(dim=1)
    return torch.nn.functional.one_hot(nearest, len(words)).double().mean(dim=0)
""",
    "standardise": """
def standardise(train, test):
    train, test = torch.tensor(train), torch.tensor(test)
    deviation, mean = torch.std_mean(train, dim=0, correction=0)
    deviation = torch.where(deviation < 1e-9, torch.ones_like(deviation), deviation)
    return (train - mean) / deviation, (test - mean) / deviation
""",
    "feature_accuracies": """
def feature_accuracies(X, y, n_train, seeds):
    def once(seed):
        order = np.random.default_rng(seed).permutation(X.shape[0])
        train, test = np.split(order, [n_train])
        limits = np.amin(X[train], 0), np.amax(X[train], 0)
        W = fit(to_unit_range(X[train], *limits), y[train], 0.001)
        return accuracy(W, to_unit_range(X[test], *limits), y[test])

    found = torch.tensor([float(once(seed)) for seed in seeds], dtype=torch.float64)
    return found, found.mean(), found.std()
""",
}
