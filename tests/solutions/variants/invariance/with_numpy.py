"""Right answers of `invariance` that go over to NumPy and SciPy, and return arrays."""

ANSWERS = {
    "shift": """
def shift(images, dy, dx):
    array = np.asarray(images)
    height, width = array.shape[-2:]
    rows = np.mod(np.arange(height) - dy, height)
    columns = np.mod(np.arange(width) - dx, width)
    return np.take(np.take(array, rows, axis=-2), columns, axis=-1)
""",
    "equivariance_error": """
def equivariance_error(layer, images, by, stride=1):
    by = np.array(by)
    if np.any(by % stride):
        raise ValueError(f"{by} is no multiple of {stride}")
    one = np.asarray(layer(torch.roll(images, tuple(by.tolist()), (2, 3))))
    plain = np.asarray(layer(images))
    two = np.roll(plain, by // stride, axis=(2, 3))
    return np.linalg.norm(one - two) / np.linalg.norm(plain)
""",
    "accuracy_by_shift": """
def accuracy_by_shift(model, images, labels, shifts):
    before = model.training
    model.eval()
    try:
        with torch.inference_mode():
            classes = [model(moved(images, *by)).numpy().argmax(axis=1) for by in shifts]
    finally:
        model.train(before)
    return (np.stack(classes) == np.asarray(labels)).mean(axis=1)
""",
    "shift_consistency": """
def shift_consistency(predictions):
    from collections import Counter
    table = np.asarray(predictions)
    shares = [[n / len(column) for n in Counter(column.tolist()).values()] for column in table.T]
    return np.mean([sum(share**2 for share in each) for each in shares])
""",
    "max_blur_pool": """
def max_blur_pool(images):
    x = np.asarray(images)
    down = np.maximum(x, np.roll(x, -1, axis=2))
    dense = np.maximum(down, np.roll(down, -1, axis=3))
    for axis in (2, 3):
        dense = (np.roll(dense, 1, axis) + 2 * dense + np.roll(dense, -1, axis)) / 4
    return dense[:, :, ::2, ::2]
""",
    "conv_net_cost": """
def conv_net_cost(layers, height, width):
    sizes, counts, products = np.array([height, width]), [], []
    for layer in layers:
        if layer[0] == "pool":
            sizes = sizes // layer[1]
        else:
            channels = layer[2]
            products.append(np.prod([*sizes, *layer[1:], layer[3]]))
        counts.append(sizes.prod() * channels)
    return np.array([sum(counts), sum(products)])
""",
    "two_yardsticks": """
def two_yardsticks(features, features_moved):
    from scipy.spatial.distance import pdist
    a = np.asarray(features, dtype=float).reshape(len(features), -1)
    b = np.asarray(features_moved, dtype=float).reshape(len(features), -1)
    changes = np.linalg.norm(b - a, axis=1)
    relative = np.mean(changes / np.linalg.norm(a, axis=1))
    return np.array([relative, changes.mean() / pdist(a).mean()])
""",
    "sensitivity_map": """
def sensitivity_map(features, images, max_shift):
    from scipy.spatial.distance import pdist

    def rows(x):
        return np.asarray(features(x), dtype=np.float64).reshape(len(x), -1)

    plain, side = rows(images), 2 * max_shift + 1
    table = np.empty((side, side))
    for i, j in np.ndindex(side, side):
        after = rows(moved(images, i - max_shift, j - max_shift))
        table[i, j] = np.sqrt(((after - plain) ** 2).sum(axis=1)).mean()
    return table / pdist(plain).mean()
""",
    "scattering": """
def scattering(x, psi, phi):
    n = np.arange(len(x))
    turned = (n[:, None] - n) % len(x)  # circulant matrices
    return np.stack(
        [
            (np.fft.ifft(phi)[turned] @ np.abs(np.fft.ifft(wave)[turned] @ x)).real
            for wave in psi
        ]
    )
""",
    "experiment": """
def experiment(train, images, labels, shifts, seeds):
    copies = [moved(images, dy, dx) for dy, dx in shifts]
    truth = labels.numpy()
    table = []
    for seed in seeds:
        network = train(seed)
        table.append([np.mean(np.argmax(network(x).detach().numpy(), 1) == truth) for x in copies])
    table = np.array(table)
    return np.stack([table.mean(0), np.sqrt(table.var(0) * len(seeds) / (len(seeds) - 1))])
""",
}
