"""Right answers of `invariance` with other functions of torch, some returning tensors."""

ANSWERS = {
    "shift": """
def shift(images, dy, dx):
    height, width = images.shape[-2:]
    row, column = height - dy % height, width - dx % width
    images = torch.cat((images[..., row:, :], images[..., :row, :]), dim=-2)
    return torch.cat((images[..., column:], images[..., :column]), dim=-1)
""",
    "equivariance_error": """
def equivariance_error(layer, images, by, stride=1):
    (down, rest), (right, other_rest) = divmod(by[0], stride), divmod(by[1], stride)
    if rest or other_rest:
        raise ValueError
    with torch.no_grad():
        output = layer(images)
        difference = moved(output, down, right).sub(layer(moved(images, *by)))
    return torch.linalg.vector_norm(difference) / torch.linalg.vector_norm(output)
""",
    "accuracy_by_shift": """
@torch.no_grad()
def accuracy_by_shift(model, images, labels, shifts):
    training, result = model.training, torch.zeros(len(shifts), dtype=torch.float64)
    model.train(False)
    batches = torch.cat([moved(images, dy, dx) for dy, dx in shifts])
    right = model(batches).max(1).indices.eq(labels.repeat(len(shifts)))
    model.train(training)
    return result + right.double().reshape(len(shifts), -1).mean(1)
""",
    "shift_consistency": """
def shift_consistency(predictions):
    table = torch.as_tensor(predictions)
    shares = F.one_hot(table.long(), int(table.max()) + 1).double().mean(dim=0)
    return (shares**2).sum(dim=1).mean()
""",
    "max_blur_pool": """
def max_blur_pool(images):
    copies = [moved(images, -dy, -dx) for dy in (0, 1) for dx in (0, 1)]
    dense = torch.stack(copies).amax(dim=0)
    result = torch.zeros_like(dense)
    for dy, a in enumerate((1, 2, 1), start=-1):
        for dx, b in enumerate((1, 2, 1), start=-1):
            result = result + a * b / 16 * moved(dense, dy, dx)
    return result[..., ::2, ::2]
""",
    "conv_net_cost": """
def conv_net_cost(layers, height, width):
    x = torch.zeros(layers[0][1], height, width, device="meta")
    activations, products = 0, 0
    for layer in layers:
        if layer[0] == "pool":
            x = x[:, :: layer[1], :: layer[1]]
        else:
            x = x[:1].expand(layer[2], -1, -1)
            products += x.numel() * layer[1] * layer[3] ** 2
        activations += x.numel()
    return torch.tensor([activations, products])
""",
    "two_yardsticks": """
def two_yardsticks(features, features_moved):
    a, b = features.double().flatten(1), features_moved.double().flatten(1)
    changes = F.pairwise_distance(a, b, eps=0)
    return (changes / torch.linalg.vector_norm(a, dim=1)).mean(), changes.mean() / F.pdist(a).mean()
""",
    "sensitivity_map": """
def sensitivity_map(features, images, max_shift):
    plain = features(images).reshape(len(images), -1)
    n = len(plain)
    between = torch.cdist(plain, plain).sum() / n / (n - 1)
    steps = torch.arange(-max_shift, max_shift + 1).tolist()
    after = [features(moved(images, dy, dx)).reshape(n, -1) for dy in steps for dx in steps]
    changes = torch.linalg.vector_norm(torch.stack(after) - plain, dim=2).mean(dim=1)
    return (changes / between).reshape(len(steps), len(steps))
""",
    "scattering": """
def scattering(x, psi, phi):
    x, psi, phi = torch.tensor(x), torch.tensor(psi), torch.tensor(phi)
    moduli = torch.fft.ifft(torch.fft.fft(x)[None] * psi).abs()
    return torch.fft.ifft(torch.fft.fft(moduli) * phi[None]).real
""",
    "experiment": """
@torch.no_grad()
def experiment(train, images, labels, shifts, seeds):
    def accuracies(network):
        return torch.stack(
            [network(moved(images, *by)).argmax(1).eq(labels).double().mean() for by in shifts]
        )

    table = torch.stack([accuracies(train(seed)) for seed in seeds])
    return table.mean(dim=0), table.std(dim=0)
""",
}
