"""A fit that is interrupted, anywhere, goes on to the very same bits."""

import signal

import pytest
import torch
from torch import nn

from course.augmentation import compose, random_affine, random_flip
from course.errors import ArgumentError
from course.finetuning import Snapshots
from course.learner import Learner
from course.learner.checkpoint import read_checkpoint, write_checkpoint
from course.learner.interruption import uninterrupted
from course.models import BodyAndHead

STEPS = 3 * 3  # three epochs of three batches


def images(count, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 1, 6, 6, generator=generator), torch.arange(count) % 3


def network():
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        stage = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.3))
        return BodyAndHead([stage, nn.Flatten()], nn.Linear(48, 3))


def momentum(groups):
    return torch.optim.SGD(groups, momentum=0.9, nesterov=True, weight_decay=0.01)


class InterruptedLoss(nn.Module):
    """Cross-entropy that is interrupted at its n-th call."""

    def __init__(self, at=None, error=KeyboardInterrupt):
        super().__init__()
        self.calls, self.at, self.error = 0, at, error

    def forward(self, scores, targets):
        self.calls += 1
        if self.calls - 1 == self.at:
            raise self.error
        return nn.functional.cross_entropy(scores, targets)


def learner(optimizer=momentum, loss=None, **options):
    views = compose(random_flip(), random_affine())
    options = {"augment": views, "batch_size": 5, "seed": 7, "progress": False} | options
    data = images(13, 0), images(8, 1)
    return Learner(network(), *data, loss or InterruptedLoss(), optimizer, **options)


def whole(path, **options):
    ours = learner(**options)
    ours.fit([0.01, 0.05], 2, cycle_len=1, cycle_mult=2, checkpoint=path)
    return ours


def assert_same_bits(ours, expected):
    assert ours.recorder == expected.recorder
    state = expected.model.state_dict()
    for name, tensor in ours.model.state_dict().items():
        assert torch.equal(tensor, state[name]), name


@pytest.mark.parametrize("optimizer", [momentum, torch.optim.Adam, torch.optim.SGD])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_wherever_it_is_interrupted_it_ends_with_the_same_bits(tmp_path, optimizer, error):
    expected = whole(tmp_path / "whole", optimizer=optimizer)
    further = whole(tmp_path / "whole", optimizer=optimizer)
    last = further.fit(0.01, 1)
    for at in range(STEPS + 3):  # each step, and the validation after each epoch
        path = tmp_path / f"{at}.safetensors"
        broken = learner(optimizer, InterruptedLoss(at, error))
        with pytest.raises(error):
            broken.fit([0.01, 0.05], 2, cycle_len=1, cycle_mult=2, checkpoint=path)
        resumed = learner(optimizer)
        resumed.resume(path)
        assert_same_bits(resumed, expected)
        assert resumed.fit(0.01, 1) == last


def test_it_may_be_interrupted_again_and_again(tmp_path):
    expected, path = whole(tmp_path / "whole"), tmp_path / "file"
    with pytest.raises(KeyboardInterrupt):
        learner(loss=InterruptedLoss(1)).fit(
            [0.01, 0.05], 2, cycle_len=1, cycle_mult=2, checkpoint=path
        )
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            learner(loss=InterruptedLoss(2)).resume(path)
    resumed = learner()
    resumed.resume(path)
    assert_same_bits(resumed, expected)


def test_ctrl_c_while_the_weights_move_waits_for_the_step(tmp_path):
    class Interrupted(torch.optim.SGD):
        """Gets Ctrl-C when half of its fourth step is done."""

        steps = 0

        def step(self, closure=None):
            self.steps += 1
            if self.steps == 4:
                signal.raise_signal(signal.SIGINT)
            return super().step(closure)

    expected, path = whole(tmp_path / "whole", optimizer=torch.optim.SGD), tmp_path / "file"
    broken = learner(Interrupted)
    with pytest.raises(KeyboardInterrupt):
        broken.fit([0.01, 0.05], 2, cycle_len=1, cycle_mult=2, checkpoint=path)
    assert len(broken.recorder.batch_losses) == 4
    resumed = learner(torch.optim.SGD)
    resumed.resume(path)
    assert_same_bits(resumed, expected)


def test_an_optimizer_that_fails_half_way_leaves_the_checkpoint_of_the_epoch(tmp_path):
    class Failing(torch.optim.SGD):
        """Moves one parameter of five, and fails."""

        steps = 0

        def step(self, closure=None):
            self.steps += 1
            if self.steps == 5:
                with torch.no_grad():
                    self.param_groups[0]["params"][0].add_(1)
                raise RuntimeError("out of memory")
            return super().step(closure)

    expected, path = whole(tmp_path / "whole", optimizer=torch.optim.SGD), tmp_path / "file"
    with pytest.raises(RuntimeError, match="out of memory"):
        learner(Failing).fit([0.01, 0.05], 2, cycle_len=1, cycle_mult=2, checkpoint=path)
    resumed = learner(torch.optim.SGD)
    resumed.resume(path)
    assert_same_bits(resumed, expected)


def test_the_cache_the_frozen_layers_and_an_earlier_fit_come_back_too(tmp_path):
    def interrupted(loss):
        ours = learner(loss=loss, precompute=True, augment=None)
        ours.fit(0.1, 1)
        ours.fit(0.05, 2, checkpoint=tmp_path / "file")
        return ours

    expected = interrupted(InterruptedLoss())
    with pytest.raises(KeyboardInterrupt):
        interrupted(InterruptedLoss(6))
    resumed = learner(augment=None)
    resumed.resume(tmp_path / "file")
    assert resumed.precompute
    assert not resumed.model.body[0][0].weight.requires_grad
    assert_same_bits(resumed, expected)


def test_a_finished_fit_has_nothing_left_to_do(tmp_path):
    expected = whole(tmp_path / "file")
    resumed = learner()
    assert resumed.resume(tmp_path / "file") == expected.recorder.epochs[-1]
    assert_same_bits(resumed, expected)


def test_a_fit_that_was_stopped_stays_stopped(tmp_path):
    ours = learner()
    ours.fit(0.01, 5, checkpoint=tmp_path / "file", stop=lambda epoch, _: epoch.epoch == 1)
    resumed = learner()
    assert resumed.resume(tmp_path / "file").epoch == 1
    assert_same_bits(resumed, ours)


def test_snapshots_go_on_being_taken(tmp_path):
    path, snapshots = tmp_path / "file", Snapshots()
    with pytest.raises(KeyboardInterrupt):
        learner(loss=InterruptedLoss(5)).fit(
            0.01, 2, cycle_len=1, cycle_mult=2, checkpoint=path, snapshots=snapshots
        )
    resumed = learner()
    resumed.resume(path, snapshots=snapshots)
    assert len(snapshots) == 2
    assert torch.equal(snapshots[1].head.weight, resumed.model.head.weight)


def test_a_fit_that_diverged_does_not_overwrite_its_checkpoint(tmp_path):
    calls = []

    def loss(scores, targets):
        calls.append(0)
        return nn.functional.cross_entropy(scores, targets) * (torch.nan if len(calls) == 6 else 1)

    with pytest.raises(ArithmeticError):
        learner(loss=loss).fit(0.01, 3, checkpoint=tmp_path / "file")
    tensors, facts = read_checkpoint(tmp_path / "file")
    assert facts["steps_taken"] == 3
    assert all(tensor.isfinite().all() for tensor in tensors.values())


# ---------------------------------------------------------------------------------- the file


def test_a_crash_while_writing_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_checkpoint(path, {}, {"n": 1})

    def full(descriptor):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        write_checkpoint(path, {}, {"n": 2})
    assert read_checkpoint(path)[1] == {"n": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("share", [0, 5, 0.5, 0.999])
def test_a_damaged_file_is_refused(tmp_path, share):
    path = tmp_path / "file"
    whole(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share if share >= 1 else share * len(content))])
    with pytest.raises(ArgumentError, match=r"path: .*damaged file"):
        learner().resume(path)


def test_the_checkpoint_of_another_learner_is_refused_before_anything_changes(tmp_path):
    whole(tmp_path / "file")
    others = {"seed = 7": {"seed": 8}, "batch_size = 5": {"batch_size": 4}}
    for message, options in others.items():
        with pytest.raises(ArgumentError, match=f"path: .*{message}"):
            learner(**options).resume(tmp_path / "file")
    other = learner()
    other.model.head = nn.Linear(48, 4)
    with pytest.raises(ArgumentError, match=r"path: .*head\.bias, head\.weight differ"):
        other.resume(tmp_path / "file")
    write_checkpoint(tmp_path / "other", {}, {})
    assert not other.recorder.epochs


def test_an_optimizer_with_an_odd_memory_cannot_be_saved_and_says_so(tmp_path):
    class Odd(torch.optim.SGD):
        """Remembers a text."""

        def step(self, closure=None):
            for parameter in self.param_groups[0]["params"]:
                self.state[parameter]["note"] = "odd"

    with pytest.raises(ArgumentError, match=r"optimizer: .*Odd, whose note is a str"):
        learner(Odd).fit(0.1, checkpoint=tmp_path / "file")


def test_ctrl_c_waits_and_is_then_felt_and_the_handler_is_as_before():
    before, done = signal.getsignal(signal.SIGINT), []

    def interrupted():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(ValueError, match="mine"), uninterrupted():
        raise ValueError("mine")
    assert signal.getsignal(signal.SIGINT) is before
