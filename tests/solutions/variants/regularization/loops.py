"""Right answers of `regularization` in plain loops, one number at a time."""

ANSWERS = {
    "elastic_net": """
def elastic_net(W, l1, l2):
    rows, columns = W.shape
    penalty = 0.0
    slopes = np.zeros((rows, columns), dtype=W.dtype)
    for i in range(rows - 1):
        for j in range(columns):
            w = float(W[i, j])
            penalty += l1 * abs(w) + l2 * w**2
            sign = 1 if w > 0 else -1 if w < 0 else 0
            slopes[i, j] = l1 * sign + 2 * l2 * w
    return penalty, slopes
""",
    "decayed_step": """
def decayed_step(W, velocity, gradient, rate, momentum, decay):
    new_W, new_velocity = np.empty_like(W), np.empty_like(W)
    for k in np.ndindex(W.shape):
        new_velocity[k] = momentum * velocity[k] + gradient[k]
        new_W[k] = W[k] - rate * decay * W[k] - rate * new_velocity[k]
    return new_W, new_velocity
""",
    "dropout": """
def dropout(x, p, draws, training):
    result = x.copy()
    if training:
        for k in np.ndindex(x.shape):
            result[k] = 0 if draws[k] < p else x[k] / (1 - p)
    return result
""",
    "early_stopping": """
def early_stopping(losses, patience, min_delta=0.0):
    best_epoch, best_loss, misses = None, None, 0
    for i in range(len(losses)):
        if losses[i] == losses[i] and (best_loss is None or losses[i] < best_loss - min_delta):
            best_epoch, best_loss, misses = i, losses[i], 0
            continue
        misses = misses + 1
        if misses >= patience:
            return best_epoch, i
    return best_epoch, len(losses) - 1
""",
    "penalty_sweep": """
def penalty_sweep(strengths, trials):
    train, validation = [], []
    for reg in strengths:
        train_row, validation_row = [], []
        for trial in trials:
            W = fit(trial[0], trial[1], reg)
            train_row.append(float(accuracy(W, trial[0], trial[1])))
            validation_row.append(float(accuracy(W, trial[2], trial[3])))
        train.append(train_row)
        validation.append(validation_row)
    return train, validation
""",
    "hue_histogram": """
def hue_histogram(images, bins):
    n, height, width, _ = images.shape
    result = np.zeros((n, bins))
    for i in range(n):
        for r in range(height):
            for c in range(width):
                red, green, blue = images[i, r, c]
                top, bottom = max(red, green, blue), min(red, green, blue)
                if top == bottom:
                    hue = 0.0
                elif top == red:
                    hue = ((green - blue) / (top - bottom) / 6) % 1
                elif top == green:
                    hue = ((blue - red) / (top - bottom) + 2) / 6
                else:
                    hue = ((red - green) / (top - bottom) + 4) / 6
                result[i, min(int(hue * bins), bins - 1)] += 1
    return result / (height * width)
""",
    "orientation_histograms": """
def orientation_histograms(right, down, bins, cell):
    height, width = right.shape
    result = np.zeros((height // cell, width // cell, bins))
    for r in range(height):
        for c in range(width):
            length = (right[r, c] ** 2 + down[r, c] ** 2) ** 0.5
            angle = np.degrees(np.arctan2(down[r, c], right[r, c]))
            if angle < 0:
                angle += 180
            b = int(angle / 180 * bins) % bins
            result[r // cell, c // cell, b] += length / cell / cell
    return result
""",
    "bag_of_words": """
def bag_of_words(patches, words):
    counts = [0] * len(words)
    for patch in patches:
        mean = sum(patch) / len(patch)
        shape = [pixel - mean for pixel in patch]
        deviation = (sum(value**2 for value in shape) / len(shape)) ** 0.5
        if deviation >= 0.01:
            shape = [value / deviation for value in shape]
        distances = [sum((a - b) ** 2 for a, b in zip(shape, word)) for word in words]
        counts[distances.index(min(distances))] += 1
    return [count / len(patches) for count in counts]
""",
    "standardise": """
def standardise(train, test):
    new_train, new_test = np.zeros(train.shape), np.zeros(test.shape)
    for j in range(train.shape[1]):
        column = train[:, j]
        mean = sum(column) / len(column)
        deviation = (sum((value - mean) ** 2 for value in column) / len(column)) ** 0.5
        if min(column) == max(column):
            mean, deviation = column[0], 1.0
        new_train[:, j] = (column - mean) / deviation
        new_test[:, j] = (test[:, j] - mean) / deviation
    return new_train, new_test
""",
    "feature_accuracies": """
def feature_accuracies(X, y, n_train, seeds):
    found = []
    for seed in seeds:
        rows = list(np.random.default_rng(seed).permutation(len(X)))
        known, new = rows[:n_train], rows[n_train:]
        low = [min(X[i, j] for i in known) for j in range(X.shape[1])]
        high = [max(X[i, j] for i in known) for j in range(X.shape[1])]
        low, high = np.array(low), np.array(high)
        W = fit(to_unit_range(X[known], low, high), y[known], 1e-3)
        found.append(float(accuracy(W, to_unit_range(X[new], low, high), y[new])))
    mean = sum(found) / len(found)
    spread = (sum((each - mean) ** 2 for each in found) / (len(found) - 1)) ** 0.5
    return found, mean, spread
""",
}
