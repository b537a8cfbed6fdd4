"""The learner: a model, its data, and the verbs of the lecture.

What it guarantees: everything that is drawn follows from `seed` and the number of the step;
neither the global random state nor anything else outside of the model is touched; a fit with a
checkpoint that is interrupted goes on to the same bits (on the CPU).
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import nn

from course.arrays import Number, require_count
from course.augmentation import Augmentation
from course.errors import ArgumentValueError, DivergenceError
from course.finetuning import Snapshots, freeze_to, parameter_groups, train_mode
from course.finetuning.modes import require_module, restoring_modes
from course.learner.activations import ActivationCache
from course.learner.defaults import accuracy, default_groups, require_function, sgd
from course.learner.examples import Batches, as_examples
from course.learner.plan import Plan, make_plan
from course.learner.progress import Frame, restore, save
from course.learner.randomness import TTA, WITHIN, generator_on, seeded
from course.learner.recorder import EpochRecord, Recorder
from course.learner.training import Loss, Measures, Metric, Training, measure, scores_of
from course.lr_finder import LRRangeTest, lr_range_test
from course.schedules import ScheduledOptimizer
from course.tta import Weighting, predict_with_tta

__all__ = ["Learner"]

OptimizerFactory = Callable[[list[dict[str, Any]]], torch.optim.Optimizer]
Stop = Callable[[EpochRecord, nn.Module], bool]
FilePath = str | Path


class Learner:
    """Trains a classifier in the eight steps of the lecture.

    Args:
        model: gives (N, C) scores. It is trained in place and stays yours. `precompute` needs
            a body and a head (see `course.finetuning.body_and_head`).
        train: the examples to learn from: a pair of tensors, a `LabelledImages`, or a map-style
            `Dataset`; read into memory once.
        valid: the examples to measure on, likewise.
        loss: takes scores and targets, and returns the mean over the batch.
        optimizer: makes one from parameter groups, such as `torch.optim.Adam`; a new one for
            each fit, as in fast.ai. SGD with momentum 0.9 if left out.
        augment: draws other views of the training images, see `course.augmentation`.
        precompute: see the property.
        groups: the groups of layers, the head last; those of `layer_groups` if left out.
        metrics: by name, functions of all validation scores and targets.
        batch_size: the examples of a step; the last batch of an epoch may be smaller.
        seed: all random numbers follow from it.
        device: where to move the model to; None leaves it where it is.
        progress: show a progress bar, on a terminal or in a notebook.

    Attributes:
        model, groups: as above.
        recorder: what happened; see `Recorder`.

    Raises:
        ArgumentTypeError, ArgumentValueError: an argument that cannot be right.

    Example:
        >>> x = torch.linspace(-1, 1, 40)[:, None]
        >>> data = (x, (x[:, 0] > 0).long())
        >>> learner = Learner(nn.Linear(1, 2), data, data, batch_size=8)
        >>> learner.fit(0.5, n_cycles=2, cycle_len=1, cycle_mult=2).metrics["accuracy"] > 0.9
        True
        >>> len(learner.recorder.epochs), learner.recorder.rates.shape
        (3, (15, 1))

    Source: fast.ai, lesson 2, "Review: easy steps to train a world-class image classifier".
    """

    def __init__(
        self,
        model: nn.Module,
        train: Any,
        valid: Any,
        loss: Loss = nn.functional.cross_entropy,
        optimizer: OptimizerFactory = sgd,
        *,
        augment: Augmentation | None = None,
        precompute: bool = False,
        groups: Sequence[nn.Module] | None = None,
        metrics: Mapping[str, Metric] | None = None,
        batch_size: int = 32,
        seed: int = 0,
        device: torch.device | str | None = None,
        progress: bool = True,
    ) -> None:
        self.model = require_module("model", model)
        if device is not None:
            model.to(torch.device(device))
        self.groups = default_groups(model) if groups is None else list(groups)
        self.recorder = Recorder()
        self._train, self._valid = as_examples("train", train), as_examples("valid", valid)
        self._loss = require_function("loss", loss)
        self._optimizer = require_function("optimizer", optimizer)
        self._metrics = {"accuracy": accuracy} if metrics is None else dict(metrics)
        self._augment = augment
        self._batch_size = require_count("batch_size", batch_size)
        self._seed = require_count("seed", seed, at_least=0)
        self._progress = progress
        self._fits = 0
        self._warned = False
        self._cache: ActivationCache | None = None
        self.precompute = precompute

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next((p.device for p in self.model.parameters()), torch.device("cpu"))

    @property
    def precompute(self) -> bool:
        """Whether the head is trained on the body's activations, computed once.

        To set it freezes the body. While it is on, augmentation has no effect: the body sees
        each image once, as it is. To unset it leaves the body frozen.
        """
        return self._cache is not None

    @precompute.setter
    def precompute(self, on: bool) -> None:
        self._cache = ActivationCache(self.model) if on else None
        if self._cache is not None:
            head = {id(parameter) for parameter in self._cache.head.parameters()}
            for parameter in self.model.parameters():
                parameter.requires_grad_(id(parameter) in head)

    def freeze(self) -> None:
        """Train only the last group of layers."""
        freeze_to(self.groups, -1)

    def freeze_to(self, n: int) -> None:
        """Train group n and all after it, and turn `precompute` off: the body may change.

        Args:
            n: as for `course.finetuning.freeze_to`.

        Raises:
            ArgumentTypeError, ArgumentValueError: if there is no such group.
        """
        freeze_to(self.groups, n)
        self._cache = None

    def unfreeze(self) -> None:
        """Train all groups, and turn `precompute` off."""
        self.freeze_to(0)

    def lr_find(
        self,
        *,
        start: Number = 1e-7,
        end: Number = 10.0,
        steps: int = 100,
        factors: Sequence[Number] | None = None,
    ) -> LRRangeTest:
        """Try growing rates on the coming batches, and put everything back.

        Args:
            start: the first rate.
            end: the last rate.
            steps: how many rates.
            factors: what to multiply the rate by in each group of layers, for step 7:
                ``discriminative_learning_rates(learner.groups, 1, ratio=3)``.

        Returns:
            A record with `.steepest()`, `.valley()`, `.minimum_over_ten()` and `.plot()`.

        Raises:
            ArgumentTypeError, ArgumentValueError: a number that cannot be right.
            DivergenceError: if the first loss is not finite.

        Source: fast.ai, lesson 2, `learn.lr_find()`.
        """
        plan = make_plan(1.0 if factors is None else factors, 1, None, 1, len(self.groups))
        optimizer, batches = self._new_optimizer(plan), self._batches()
        shares = [group["lr"] for group in optimizer.param_groups]
        place = WITHIN, self._fits
        with restoring_modes(self.model), seeded(self.device, self._seed, *place):
            train_mode(self._trained)
            return lr_range_test(
                self._trained, batches, self._loss, optimizer,
                start=start, end=end, steps=steps, factors=shares,
            )  # fmt: skip

    def fit(
        self,
        lr: Number | Sequence[Number],
        n_cycles: int = 1,
        *,
        cycle_len: int | None = None,
        cycle_mult: int = 1,
        checkpoint: FilePath | None = None,
        stop: Stop | None = None,
        snapshots: Snapshots | None = None,
    ) -> EpochRecord:
        """Train for so many cycles; the rate follows a cosine and restarts with each of them.

        `n_cycles` counts cycles, not epochs: 3 cycles with `cycle_len` 1 and `cycle_mult` 2
        take 1 + 2 + 4 = 7 epochs. Without `cycle_len` the rate is constant and a cycle is an
        epoch.

        Args:
            lr: the largest rate; or one per group of layers, the head last.
            n_cycles: how many cycles.
            cycle_len: the epochs of the first cycle.
            cycle_mult: how many times each cycle is as long as the one before.
            checkpoint: a file to go on from with `resume`. It is written after each epoch, and
                if the fit is interrupted, by Ctrl-C or by an error; not if training diverged.
            stop: called after each epoch with its record and the model; True ends the fit.
                With `course.regularization.EarlyStopping`:
                ``lambda epoch, model: stopper.update(epoch.valid_loss, model)``.
            snapshots: takes the model at the end of each cycle.

        Returns:
            The record of the last epoch.

        Raises:
            ArgumentTypeError, ArgumentValueError: an argument that cannot be right.
            DivergenceError: if a loss is NaN or infinite.

        Source: fast.ai, lesson 2, `learn.fit`; `course.schedules.warm_restarts`.
        """
        plan = make_plan(lr, n_cycles, cycle_len, cycle_mult, len(self.groups))
        return self._run(self._training(plan, stop, snapshots, checkpoint), checkpoint)

    def resume(
        self, path: FilePath, *, stop: Stop | None = None, snapshots: Snapshots | None = None
    ) -> EpochRecord:
        """Go on with a fit that was interrupted, and end as if it had not been.

        Make the learner anew with the same arguments; the checkpoint holds numbers, no code.

        Args:
            path: what `fit` was given as `checkpoint`; it goes on being written.
            stop: as for `fit`.
            snapshots: as for `fit`; what was taken before the interruption is not in the file.

        Returns:
            The record of the last epoch.

        Raises:
            ArgumentValueError: if there is no checkpoint, or it is that of a learner with
                another model, seed, batch size or number of examples.
            DivergenceError: as `fit`.
        """
        frame = Frame(path)
        frame.require(self.model, self._settings)
        self._fits, self.recorder = frame.fit, frame.recorder
        self.precompute = frame.precompute
        frame.restore_model(self.model)
        training = self._training(frame.plan, stop, snapshots, path)
        restore(frame, training)
        return self._run(training, path)

    def validate(self) -> EpochRecord:
        """Measure on the validation set, without any training.

        Returns:
            A record whose train loss is NaN.
        """
        loss, metrics = measure(self._trained, self._measures(), self._batches())
        steps, epochs = len(self.recorder.batch_losses), len(self.recorder.epochs)
        return EpochRecord(epochs, steps, float("nan"), loss, metrics)

    def predict(self, images: torch.Tensor | None = None) -> Float[torch.Tensor, "N classes"]:
        """The probability of each class.

        Args:
            images: as the model takes them; those of the validation set if left out.
        """
        inputs = self._valid.inputs if images is None else images
        scores = scores_of(self.model, inputs, self._batch_size, self.device)
        return torch.softmax(scores, dim=1)

    def tta(
        self,
        images: torch.Tensor | None = None,
        *,
        copies: int = 4,
        weighting: Weighting = "mean",
    ) -> Float[torch.Tensor, "N classes"]:
        """The probability of each class, averaged over augmented views.

        Args:
            images: as the model takes them; those of the validation set if left out.
            copies: as for `course.tta.predict_with_tta`.
            weighting: likewise.

        Raises:
            ArgumentValueError: if the learner has no augmentation.
        """
        if self._augment is None:
            hint = "Make the learner with augment=random_flip(), for instance."
            raise ArgumentValueError("augment", "None", "an augmentation to draw views", hint)
        generator = generator_on(self.device, self._seed, TTA)
        parts = torch.split(self._valid.inputs if images is None else images, self._batch_size)
        return torch.cat(
            [
                predict_with_tta(
                    self.model, part.to(self.device), self._augment, copies,
                    weighting=weighting, generator=generator,
                )
                for part in parts
            ]
        )  # fmt: skip

    @property
    def _trained(self) -> nn.Module:
        return self.model if self._cache is None else self._cache.head

    @property
    def _settings(self) -> dict[str, int]:
        """What a checkpoint must agree with."""
        sizes = {"examples in train": len(self._train), "groups": len(self.groups)}
        return {"seed": self._seed, "batch_size": self._batch_size, **sizes}

    def _batches(self) -> Batches:
        examples, augment = self._train, self._augment
        if self._cache is not None:
            examples, augment = self._cache.of(examples), None
            self._say_that_views_are_not_drawn()
        place = self._seed, self._fits, self.device
        return Batches(examples, self._batch_size, *place, augment)

    def _say_that_views_are_not_drawn(self) -> None:
        if self._augment is not None and not self._warned:
            self._warned = True
            text = (
                "augmentation has no effect while precompute is on: the body has seen each image "
                "once, as it is. Set learner.precompute = False for augmented views."
            )
            warnings.warn(text, UserWarning, stacklevel=5)

    def _measures(self) -> Measures:
        valid = self._valid if self._cache is None else self._cache.of(self._valid)
        return Measures(valid, self._loss, self._metrics)

    def _new_optimizer(self, plan: Plan) -> torch.optim.Optimizer:
        return self._optimizer(parameter_groups(self.groups, plan.rates))

    def _training(
        self, plan: Plan, stop: Stop | None, snapshots: Snapshots | None, path: FilePath | None
    ) -> Training:
        batches, optimizer = self._batches(), self._new_optimizer(plan)
        rates = [group["lr"] for group in optimizer.param_groups]
        learning = [any(p.requires_grad for p in group.parameters()) for group in self.groups]
        training = Training(
            module=self._trained,
            batches=batches,
            measures=self._measures(),
            plan=plan,
            optimizer=ScheduledOptimizer(
                optimizer, plan.schedule(batches.per_epoch), factors=rates
            ),
            learning=tuple(learning),
            recorder=self.recorder,
            on_epoch=lambda epoch: self._after_epoch(training, epoch, stop, path),
            on_cycle=lambda: None if snapshots is None else snapshots.take(self.model),
        )
        return training

    def _after_epoch(
        self, training: Training, epoch: EpochRecord, stop: Stop | None, path: FilePath | None
    ) -> bool:
        training.stopped = stop is not None and stop(epoch, self.model)
        self._save(training, path)
        return training.stopped

    def _run(self, training: Training, path: FilePath | None) -> EpochRecord:
        try:
            training.run(self._progress)
        except DivergenceError:
            raise  # nobody wants to go on from there
        except BaseException:
            if not training.torn:
                self._save(training, path)
            raise
        finally:
            self._fits = training.batches.fit + 1
        return self.recorder.epochs[-1]

    def _save(self, training: Training, path: FilePath | None) -> None:
        if path is not None:
            save(path, training, self.model, self._settings, self.precompute)
