"""Train the letters network that comes with the library, and write down how well it sees.

    python tools/pretrain_letters.py

Writes course/models/weights/letters.safetensors and letters.md beside it, and prints the SHA-256
sum to put into course/models/pretrained.py. The recipe is plain: fresh images for every epoch,
cross-entropy, AdamW under a one-cycle schedule, all seeded, on one thread. On one machine with
one version of torch it gives the same bytes again; elsewhere rounding differs, and so does the
sum. The test images, in faces that training never saw, are looked at once, at the end.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from course.data import LabelledImages, letters
from course.linear import batches
from course.models import BodyAndHead, small_convnet
from course.schedules import ScheduledOptimizer, one_cycle

SEED = 0
EPOCHS = 12
IMAGES = 4_000  # per epoch
BATCH = 64
RATE = 4e-3
WEIGHT_DECAY = 1e-2
TEST_IMAGES = 5_200  # 200 of each letter

WEIGHTS = Path(__file__).parents[1] / "course" / "models" / "weights" / "letters.safetensors"


def main() -> None:
    """Train, measure, write."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    model = train()
    tests = letters("test", count=TEST_IMAGES, seed=SEED)
    predictions = predict(model, tests)
    content = save(model.state_dict())
    WEIGHTS.write_bytes(content)
    report = describe(tests, predictions, content)
    WEIGHTS.with_suffix(".md").write_text(report, encoding="utf-8")
    print(report)  # noqa: T201


def train() -> BodyAndHead:
    """The network after EPOCHS x IMAGES images, each seen once."""
    model = small_convnet(26, seed=SEED)
    steps = EPOCHS * -(-IMAGES // BATCH)
    adam = torch.optim.AdamW(model.parameters(), weight_decay=WEIGHT_DECAY)
    optimizer = ScheduledOptimizer(adam, one_cycle(RATE, steps - 1))
    generator = np.random.default_rng(SEED)
    for epoch in tqdm(range(EPOCHS), unit="epoch"):
        # the first seeds are left to those who draw images to learn from or to look at
        images, labels = letters("train", count=IMAGES, seed=1000 + epoch).to_tensors()
        for batch in batches(IMAGES, BATCH, generator):
            optimizer.zero_grad()
            cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
    return model.eval()


@torch.no_grad()
def predict(model: BodyAndHead, data: LabelledImages) -> np.ndarray:
    """The class of the highest score for each image."""
    images, _ = data.to_tensors()
    return torch.cat([model(part).argmax(dim=1) for part in images.split(512)]).numpy()


def describe(tests: LabelledImages, predictions: np.ndarray, content: bytes) -> str:
    """The page beside the weights: recipe, accuracy, what is mistaken for what."""
    right = predictions == tests.labels
    names = tests.class_names or ()
    wrong = np.stack([tests.labels[~right], predictions[~right]], axis=1)
    pairs, counts = np.unique(wrong, axis=0, return_counts=True)
    worst = [
        f"{names[pairs[i][0]]} as {names[pairs[i][1]]} ({counts[i]})"
        for i in counts.argsort(kind="stable")[::-1][:5]
    ]
    return f"""# letters.safetensors

The weights of `course.models.small_convnet(26)`, trained on A to Z; read them with
`course.models.pretrained_letters()`. Written by tools/pretrain_letters.py, not by hand.

| | |
|---|---|
| accuracy on {len(tests):,} test images, in faces never seen | {right.mean():.4f} |
| most frequent mistakes, of {(~right).sum()} | {", ".join(worst)} |
| training images | {EPOCHS} epochs of {IMAGES:,} fresh ones from `letters("train")` |
| loss and optimizer | cross-entropy; AdamW, weight decay {WEIGHT_DECAY}, batches of {BATCH} |
| learning rate | one cycle up to {RATE} |
| seed | {SEED}, one thread; torch {torch.__version__} |
| size | {len(content):,} bytes |
| SHA-256 | `{hashlib.sha256(content).hexdigest()}` |
"""


if __name__ == "__main__":
    main()
