"""Right answers of `invariance` as a beginner writes them: one number at a time."""

ANSWERS = {
    "shift": """
def shift(images, dy, dx):
    result = images.clone()
    height, width = images.shape[-2], images.shape[-1]
    for r in range(height):
        for c in range(width):
            result[..., (r + dy) % height, (c + dx) % width] = images[..., r, c]
    return result
""",
    "equivariance_error": """
def equivariance_error(layer, images, by, stride=1):
    if by[0] % stride != 0 or by[1] % stride != 0:
        raise ValueError("no such shift of the output")
    first = layer(moved(images, by[0], by[1]))
    plain = layer(images)
    second = moved(plain, by[0] // stride, by[1] // stride)
    above, below = 0.0, 0.0
    for a, b, c in zip(first.flatten().tolist(), second.flatten().tolist(),
                       plain.flatten().tolist()):
        above += (a - b) ** 2
        below += c**2
    return (above / below) ** 0.5
""",
    "accuracy_by_shift": """
def accuracy_by_shift(model, images, labels, shifts):
    before = model.training
    model.eval()
    result = []
    for pair in shifts:
        right = 0
        scores = model(moved(images, pair[0], pair[1]))
        for i in range(len(labels)):
            if int(scores[i].argmax()) == int(labels[i]):
                right += 1
        result.append(right / len(labels))
    if before:
        model.train()
    return result
""",
    "shift_consistency": """
def shift_consistency(predictions):
    places, images = predictions.shape
    agree = 0
    for n in range(images):
        for a in range(places):
            for b in range(places):
                if predictions[a, n] == predictions[b, n]:
                    agree += 1
    return agree / (places * places * images)
""",
    "max_blur_pool": """
def max_blur_pool(images):
    N, C, H, W = images.shape
    dense = torch.zeros_like(images)
    for r in range(H):
        for c in range(W):
            down, right = (r + 1) % H, (c + 1) % W
            four = [images[:, :, i, j] for i in (r, down) for j in (c, right)]
            dense[:, :, r, c] = torch.stack(four).max(dim=0).values
    result = torch.zeros((N, C, H // 2, W // 2), dtype=images.dtype)
    for r in range(0, H, 2):
        for c in range(0, W, 2):
            for i, a in ((-1, 1), (0, 2), (1, 1)):
                for j, b in ((-1, 1), (0, 2), (1, 1)):
                    pixel = dense[:, :, (r + i) % H, (c + j) % W]
                    result[:, :, r // 2, c // 2] += a * b * pixel / 16
    return result
""",
    "conv_net_cost": """
def conv_net_cost(layers, height, width):
    activations = 0
    products = 0
    channels = None
    for layer in layers:
        if layer[0] == "conv":
            channels = layer[2]
            for _ in range(height):
                products = products + width * layer[2] * layer[1] * layer[3] * layer[3]
        if layer[0] == "pool":
            height = int(height / layer[1])
            width = int(width / layer[1])
        activations = activations + channels * height * width
    return [activations, products]
""",
    "two_yardsticks": """
def two_yardsticks(features, features_moved):
    n = len(features)
    quotients, changes, distances = [], [], []
    for i in range(n):
        change = ((features_moved[i] - features[i]) ** 2).sum() ** 0.5
        changes.append(float(change))
        quotients.append(float(change / (features[i] ** 2).sum() ** 0.5))
        for j in range(i):
            distances.append(float(((features[i] - features[j]) ** 2).sum() ** 0.5))
    between = sum(distances) / len(distances)
    return sum(quotients) / n, sum(changes) / n / between
""",
    "sensitivity_map": """
def sensitivity_map(features, images, max_shift):
    plain = features(images)
    n = len(plain)
    total, pairs = 0.0, 0
    for i in range(n):
        for j in range(i + 1, n):
            total += float((plain[i] - plain[j]).norm())
            pairs += 1
    table = []
    for dy in range(-max_shift, max_shift + 1):
        row = []
        for dx in range(-max_shift, max_shift + 1):
            after = features(moved(images, dy, dx))
            change = sum(float((after[i] - plain[i]).norm()) for i in range(n)) / n
            row.append(change / (total / pairs))
        table.append(row)
    return table
""",
    "scattering": """
def scattering(x, psi, phi):
    T = len(x)
    low = np.fft.ifft(phi)
    result = np.zeros((len(psi), T))
    for j in range(len(psi)):
        wave = np.fft.ifft(psi[j])
        modulus = np.zeros(T)
        for n in range(T):
            modulus[n] = abs(sum(x[m] * wave[(n - m) % T] for m in range(T)))
        for n in range(T):
            result[j, n] = sum(modulus[m] * low[(n - m) % T] for m in range(T)).real
    return result
""",
    "experiment": """
def experiment(train, images, labels, shifts, seeds):
    networks = []
    for seed in seeds:
        networks.append(train(seed))
    means, spreads = [], []
    for dy, dx in shifts:
        accuracies = []
        for network in networks:
            scores = network(moved(images, dy, dx))
            right = sum(int(s.argmax()) == int(y) for s, y in zip(scores, labels))
            accuracies.append(right / len(labels))
        mean = sum(accuracies) / len(accuracies)
        squares = sum((a - mean) ** 2 for a in accuracies)
        means.append(mean)
        spreads.append((squares / (len(accuracies) - 1)) ** 0.5)
    return means, spreads
""",
}
