"""Right answers of `invariance` that go another way: matrices, spectra, running sums."""

ANSWERS = {
    "shift": """
def shift(images, dy, dx):
    height, width = images.shape[-2:]
    down = torch.eye(height, dtype=images.dtype)[[(r - dy) % height for r in range(height)]]
    right = torch.eye(width, dtype=images.dtype)[[(c - dx) % width for c in range(width)]]
    return down @ images @ right.T
""",
    "equivariance_error": """
def equivariance_error(layer, images, by, stride=1):
    import math
    if math.gcd(*by, stride) != stride:
        raise ValueError("not a multiple")
    back = moved(layer(moved(images, *by)), -by[0] // stride, -by[1] // stride)
    plain = layer(images)  # a shift keeps lengths, so both may be compared where they came from
    return torch.dist(back, plain) / torch.dist(plain, torch.zeros_like(plain))
""",
    "accuracy_by_shift": """
def accuracy_by_shift(model, images, labels, shifts):
    from sklearn.metrics import accuracy_score
    modes = [(part, part.training) for part in model.modules()]
    model.requires_grad_(False).eval()
    result = tuple(accuracy_score(labels, model(moved(images, *by)).argmax(-1)) for by in shifts)
    for part, mode in modes:
        part.training = mode
    return result
""",
    "shift_consistency": """
def shift_consistency(predictions):
    table = np.asarray(predictions)
    one_hot = (table[..., None] == np.unique(table)).astype(float)
    return np.einsum("anc,bnc->", one_hot, one_hot) / table.shape[0] ** 2 / table.shape[1]
""",
    "max_blur_pool": """
def max_blur_pool(images):
    def blur(side):
        matrix = torch.zeros(side // 2, side, dtype=images.dtype)
        for place in range(side // 2):
            for step, weight in ((-1, 0.25), (0, 0.5), (1, 0.25)):
                matrix[place, (2 * place + step) % side] += weight
        return matrix

    padded = torch.cat([images, images[:, :, :1]], dim=2)
    padded = torch.cat([padded, padded[:, :, :, :1]], dim=3)
    dense = padded.unfold(2, 2, 1).unfold(3, 2, 1).amax(dim=(-2, -1))
    return blur(images.shape[2]) @ dense @ blur(images.shape[3]).T
""",
    "conv_net_cost": """
def conv_net_cost(layers, height, width, channels=0):
    if not layers:
        return 0, 0
    kind, *numbers = layers[0]
    products = 0
    if kind == "pool":
        height, width = height // numbers[0], width // numbers[0]
    else:
        channels = numbers[1]
        products = height * width * numbers[0] * numbers[1] * numbers[2] ** 2
    rest = conv_net_cost(layers[1:], height, width, channels)
    return height * width * channels + rest[0], products + rest[1]
""",
    "two_yardsticks": """
def two_yardsticks(features, features_moved):
    a = features.flatten(1).double()
    b = features_moved.flatten(1).double()
    changes = (a - b).square().sum(1).sqrt()
    i, j = torch.triu_indices(len(a), len(a), offset=1)
    between = (a[i] - a[j]).square().sum(1).sqrt().mean()
    return [(changes / a.square().sum(1).sqrt()).mean().item(), (changes.mean() / between).item()]
""",
    "sensitivity_map": """
def sensitivity_map(features, images, max_shift):
    from itertools import combinations, product
    rows = features(images).flatten(1)
    pairs = [torch.dist(a, b) for a, b in combinations(rows, 2)]
    unit = torch.stack(pairs).mean()
    table = {}
    for dy, dx in product(range(-max_shift, max_shift + 1), repeat=2):
        after = features(moved(images, dy, dx)).flatten(1)
        changes = torch.stack([torch.dist(a, b) for a, b in zip(rows, after)])
        table[dy, dx] = float(changes.mean() / unit)
    side = 2 * max_shift + 1
    return np.array(list(table.values())).reshape(side, side)
""",
    "scattering": """
def scattering(x, psi, phi):
    from scipy import fft
    spectra = fft.fft(x) * psi
    signals = fft.ifft(spectra, axis=-1)
    envelope = np.sqrt(signals.real**2 + signals.imag**2)
    half = len(phi) // 2 + 1  # the envelope is real, and phi is even
    return fft.irfft(fft.rfft(envelope, axis=-1) * phi[:half], n=len(x), axis=-1)
""",
    "experiment": """
def experiment(train, images, labels, shifts, seeds):
    mean, squares = np.zeros(len(shifts)), np.zeros(len(shifts))
    for count, seed in enumerate(seeds, start=1):  # Welford's running mean and squares
        network = train(seed)
        classes = torch.stack([network(moved(images, *by)).argmax(1) for by in shifts])
        now = (classes == labels).numpy().mean(axis=1)
        step = now - mean
        mean = mean + step / count
        squares = squares + step * (now - mean)
    return mean, (squares / (len(seeds) - 1)) ** 0.5
""",
}
