"""The cache of what a frozen body gives, which notices when it is out of date."""

import torch
from torch import nn

from course.errors import ArgumentValueError
from course.finetuning import body_and_head, evaluating, precompute_activations
from course.learner.examples import Examples

__all__ = ["ActivationCache"]


class ActivationCache:
    """Activations of a model's body, computed when they are first asked for.

    They are computed anew if the body's parameters or buffers were changed in between; torch
    counts the changes of each tensor.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
        >>> cache = ActivationCache(model)
        >>> examples = Examples(torch.ones(4, 2), torch.zeros(4))
        >>> cache.of(examples).inputs.shape, cache.of(examples) is cache.of(examples)
        (torch.Size([4, 3]), True)
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.body, self.head = body_and_head(model)
        self._kept: dict[int, tuple[Examples, Examples]] = {}
        self._versions = self._current()

    def of(self, examples: Examples) -> Examples:
        """The examples with the body's activations as their inputs."""
        if self._current() != self._versions:
            self._kept.clear()
            self._versions = self._current()
        if id(examples) not in self._kept:
            features = precompute_activations(self.body, examples.inputs)
            self._require_composition(examples.inputs[:8], features[:8])
            cached = Examples(features, examples.targets)
            self._kept[id(examples)] = examples, cached  # with its key, which must stay alive
        return self._kept[id(examples)][1]

    def _current(self) -> list[tuple[int, int]]:
        tensors = [*self.body.parameters(), *self.body.buffers()]
        return [(id(tensor), tensor._version) for tensor in tensors]

    def _require_composition(self, inputs: torch.Tensor, features: torch.Tensor) -> None:
        """The head on the cache has to be the model on the images."""
        with evaluating(self.model):
            whole, parts = self.model(inputs.to(features.device)), self.head(features)
        if whole.shape != parts.shape or not torch.allclose(whole, parts, rtol=1e-3, atol=1e-4):
            expected = "model(x) = model.head(model.body(x))"
            hint = "Move what lies between the two into one of them, or use precompute=False."
            raise ArgumentValueError("model", f"a {type(self.model).__name__}", expected, hint)
