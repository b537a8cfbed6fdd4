"""The record that every data set of the course comes as: images, labels, names.

The option chosen: images keep the layout of pictures, channels last, as matplotlib and
scikit-image want them, and `to_tensors` alone turns them into the channels-first layout of
torch. (The alternative, one layout for both, would make either every figure or every network
transpose.) Nothing here imports torch before it is asked for tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from jaxtyping import Float, Int

from course.arrays import require_count
from course.errors import ArgumentValueError

if TYPE_CHECKING:
    import torch

__all__ = ["LabelledImages"]


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images and the class of each.

    Attributes:
        images: (N, height, width), grey values from 0 (paper) to 1 (ink); or colours,
            (N, height, width, 3), red, green and blue from 0 to 1.
        labels: (N,), int64, the index of each image's class.
        class_names: what to call the classes, in the order of their indices; None where the
            index says it all.

    Raises:
        ArgumentValueError: if a label has no name although there are names.

    Example:
        >>> data = LabelledImages(np.zeros((5, 8, 8)), np.arange(5))
        >>> len(data), data.pixels.shape
        (5, (5, 64))
        >>> LabelledImages(np.zeros((2, 8, 8, 3)), np.array([1, 0]), ("cat", "dog")).names
        ['dog', 'cat']
    """

    images: Float[np.ndarray, "N height width"] | Float[np.ndarray, "N height width 3"]
    labels: Int[np.ndarray, " N"]
    class_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.class_names is None or len(self.labels) == 0:
            return
        least, most = int(self.labels.min()), int(self.labels.max())
        if least < 0 or most >= len(self.class_names):
            got = f"{len(self.class_names)} names for labels {least}..{most}"
            hint = "Name the classes in the order of their indices, from 0."
            raise ArgumentValueError("class_names", got, "a name for every label", hint)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pixels(self) -> Float[np.ndarray, "N D"]:
        """The images as rows, the X of a linear classifier: (N, height * width [* 3])."""
        return self.images.reshape(len(self), int(np.prod(self.images.shape[1:])))

    @property
    def names(self) -> list[str]:
        """The name of each image's class; its index as text where there are no names."""
        if self.class_names is None:
            return [str(label) for label in self.labels]
        return [self.class_names[label] for label in self.labels]

    def subset(self, indices: Sequence[int] | npt.NDArray[Any] | slice) -> LabelledImages:
        """Some of the images, in the order asked for, as arrays of their own.

        Args:
            indices: positions, a slice, or an array of N truth values.

        Raises:
            ArgumentValueError: if a position lies outside, or the truth values are not N.

        Example:
            >>> data = LabelledImages(np.zeros((5, 8, 8)), np.arange(5))
            >>> data.subset([4, 0]).labels, data.subset(data.labels > 2).labels
            (array([4, 0]), array([3, 4]))
        """
        # a list of no positions would be an array of floats
        positions = np.arange(len(self))
        wanted = indices if isinstance(indices, slice) else np.asarray(indices)
        if not isinstance(wanted, slice) and wanted.size == 0:
            wanted = slice(0)
        try:
            chosen = positions[wanted]
        except IndexError as error:
            expected = f"positions in {-len(self)}..{len(self) - 1}, or {len(self)} truth values"
            raise ArgumentValueError("indices", str(error), expected, "Count from 0.") from None
        return LabelledImages(self.images[chosen], self.labels[chosen], self.class_names)

    def few_per_class(self, count: int, *, seed: int = 0) -> LabelledImages:
        """Draw the same small number of images of each class: learning with few labels.

        Args:
            count: how many of each class, at least 1.
            seed: draws them; the order is by class.

        Raises:
            ArgumentValueError: if a class has fewer images than that.

        Example:
            >>> data = LabelledImages(np.zeros((6, 8, 8)), np.array([0, 1, 0, 1, 0, 1]))
            >>> data.few_per_class(2).labels
            array([0, 0, 1, 1])
        """
        require_count("count", count)
        generator = np.random.default_rng(seed)
        chosen = []
        for label in np.unique(self.labels):
            members = np.flatnonzero(self.labels == label)
            if len(members) < count:
                expected = f"at most {len(members)}, the images of class {label}"
                raise ArgumentValueError("count", str(count), expected, "Ask for fewer.")
            chosen.append(generator.choice(members, count, replace=False))
        return self.subset(np.concatenate(chosen) if chosen else [])

    def to_tensors(self, dtype: torch.dtype | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """The images and labels as tensors on the CPU that share nothing with the arrays.

        Colour images become (N, 3, height, width), grey ones (N, 1, height, width), as torch's
        convolutions want them; labels stay int64.

        Args:
            dtype: of the images; None for torch.float32, the dtype of a network's weights.

        Example:
            >>> data = LabelledImages(np.zeros((5, 8, 9, 3)), np.arange(5))
            >>> images, labels = data.to_tensors()
            >>> images.shape, images.dtype, labels.dtype
            (torch.Size([5, 3, 8, 9]), torch.float32, torch.int64)
        """
        import torch  # slow to import; only those who need it wait

        colour = self.images.ndim == 4
        channels_first = np.moveaxis(self.images, 3, 1) if colour else self.images[:, None]
        images = torch.tensor(np.ascontiguousarray(channels_first), dtype=dtype or torch.float32)
        return images, torch.tensor(self.labels, dtype=torch.int64)
