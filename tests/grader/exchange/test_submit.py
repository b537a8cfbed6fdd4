"""Handing in: whole or not at all, as nbgrader lays it out, and nothing that collect refuses."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from traitlets.config import Config

from grader.exchange import submit, tree
from grader.exchange.submit import SafeSubmit

from .conftest import Exchange


class Learner:
    """Ada's folder with the fetched assignment, her cache, and what she is told."""

    def __init__(self, exchange: Exchange, home: Path) -> None:
        self.exchange = exchange
        self.root = exchange.inbound.parents[1]
        self.root.chmod(0o1777)
        release = exchange.inbound.with_name("outbound") / "tiny"
        release.mkdir(parents=True)
        (release / "tiny.ipynb").write_text("{}")
        self.work = home / "tiny"
        self.work.mkdir(parents=True)
        (self.work / "tiny.ipynb").write_text("her answer")
        self.cache = home / "cache"

    def submit(self) -> None:
        config = Config()
        config.Exchange.root = str(self.root)
        config.Exchange.cache = str(self.cache)
        config.Exchange.assignment_dir = str(self.work.parent)
        config.CourseDirectory.course_id = "sample"
        config.CourseDirectory.assignment_id = "tiny"
        config.CourseDirectory.student_id = "ada"
        directory = CourseDirectory(config=config)
        SafeSubmit(
            coursedir=directory, authenticator=Authenticator(config=config), config=config
        ).start()

    def in_the_exchange(self) -> list[str]:
        return sorted(path.name for path in self.exchange.inbound.iterdir())

    def in_the_cache(self) -> list[str]:
        course = self.cache / "sample"
        return sorted(path.name for path in course.iterdir()) if course.exists() else []


@pytest.fixture
def ada(exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Learner:
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    return Learner(exchange, tmp_path / "home of ada")


def test_what_is_handed_in_is_laid_out_as_nbgrader_does(ada: Learner) -> None:
    (ada.work / "data").mkdir()
    (ada.work / "data" / "more.csv").write_text("1")
    ada.submit()
    (name,) = ada.in_the_exchange()
    folder = ada.exchange.inbound / name
    learner, assignment, time, random = name.split("+")
    assert (learner, assignment, len(random)) == ("ada", "tiny", 12)
    assert {str(each.relative_to(folder)) for each in folder.rglob("*")} == {
        *("tiny.ipynb", "timestamp.txt", "submission_secret.txt", "data", "data/more.csv")
    }
    assert (folder / "timestamp.txt").read_text() == time
    secret = (folder / "submission_secret.txt").read_text()
    assert len(secret) == 128
    (kept,) = ada.in_the_cache()
    assert kept == f"ada+tiny+{time}"
    assert (ada.cache / "sample" / kept / "submission_secret.txt").read_text() == secret
    assert (ada.cache / "sample" / kept / "tiny.ipynb").read_text() == "her answer"
    assert folder.stat().st_mode & 0o777 == 0o775  # others may not write into it
    assert (folder / "tiny.ipynb").stat().st_mode & 0o777 == 0o644


def test_what_is_handed_in_is_collected_with_that_time(ada: Learner) -> None:
    ada.submit()
    assert ada.exchange.collect().refused == ()
    assert ada.exchange.counting() == "her answer"


def test_each_submission_is_another(ada: Learner) -> None:
    for text in ("one", "two"):
        (ada.work / "tiny.ipynb").write_text(text)
        ada.submit()
    ada.exchange.collect()
    assert len(ada.exchange.attempts()) == len(ada.in_the_cache()) == 2


def test_somebody_who_collects_meanwhile_sees_all_or_nothing(
    ada: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[object, ...]] = []
    copy_tree, rename = submit.copy_tree, Path.rename

    def collect(*_: object) -> None:
        collected = ada.exchange.collect()
        seen.append((len(collected.learners), collected.refused, collected.unfinished))

    def copy(*args: Any, **options: Any) -> object:
        collect()
        sums = copy_tree(*args, **options)
        collect()
        return sums

    def watched(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            collect()
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(submit, "copy_tree", copy)
        patch.setattr(Path, "rename", watched)
        ada.submit()
    assert seen == [(0, (), ())] * 6
    ada.exchange.collect()
    assert ada.exchange.counting() == "her answer"


def nothing_is_left(ada: Learner) -> bool:
    return ada.in_the_exchange() == ada.in_the_cache() == []


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link": (lambda f: (f / "a").symlink_to("tiny.ipynb"), "`a` is a symbolic link"),
    "a pipe": (lambda f: os.mkfifo(f / "a"), "`a` is a named pipe"),
    "too much": (lambda f: (f / "a").write_bytes(bytes(21 * 2**20)), "more than 20 MiB"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_collect_would_refuse_is_refused_at_once_and_says_what_to_do(
    what: str, ada: Learner
) -> None:
    spoil, reason = BAD[what]
    spoil(ada.work)
    with pytest.raises(ExchangeError) as caught:
        ada.submit()
    assert reason in str(caught.value)
    assert "hand in again. Nothing was handed in; your work is where it was." in str(caught.value)
    assert nothing_is_left(ada)


def test_what_nbgrader_passes_over_does_not_count(ada: Learner) -> None:
    checkpoints = ada.work / ".ipynb_checkpoints"
    checkpoints.mkdir()
    (checkpoints / "big").write_bytes(bytes(21 * 2**20))
    (checkpoints / "link").symlink_to("nowhere")
    ada.submit()
    ada.exchange.collect()
    assert "big" not in str(list(ada.exchange.attempts()[0].sha256))


def test_a_learners_own_hard_link_is_handed_in_as_a_file(ada: Learner) -> None:
    (ada.work / "b.txt").hardlink_to(ada.work / "tiny.ipynb")
    ada.submit()
    assert ada.exchange.collect().refused == ()
    assert "b.txt" in ada.exchange.attempts()[0].sha256


def test_the_size_is_that_of_course_toml(ada: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ada.exchange.course.root / "course.toml"
    path.write_text(path.read_text() + "[submissions]\nfolder_mib = 1\n")
    monkeypatch.setenv("COURSE_ROOT", str(path.parent))
    (ada.work / "a").write_bytes(bytes(2 * 2**20))
    with pytest.raises(ExchangeError, match="more than 1 MiB"):
        ada.submit()


@pytest.mark.parametrize("whole_copies", [0, 1])
def test_a_full_disk_leaves_nothing_half_written_and_says_so(
    whole_copies: int, ada: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = tree._write_all, [whole_copies]

    def full(handle: int, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.write(handle, data[:3])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(handle, data)

    monkeypatch.setattr(tree, "_write_all", full)
    with pytest.raises(ExchangeError, match=r"the disk is full\. Make room in your home, or tell"):
        ada.submit()
    assert nothing_is_left(ada)


def test_an_exchange_that_breaks_at_the_last_step_leaves_no_record_of_handing_in(
    ada: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def broken(path: Path, target: Path) -> Path:
        if target.parent == ada.exchange.inbound:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(ExchangeError, match="Tell your instructor"):
        ada.submit()
    assert nothing_is_left(ada)


@pytest.mark.parametrize("times", [1, 99])
def test_a_notebook_that_is_saved_meanwhile_is_copied_again(
    times: int, ada: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_file, left = tree._copy_file, [times]

    def saving(*args: Any) -> str:
        if left[0]:
            left[0] -= 1
            with (ada.work / "tiny.ipynb").open("a") as file:
                file.write(", and more")
        return copy_file(*args)

    monkeypatch.setattr(tree, "_copy_file", saving)
    if times == 1:
        ada.submit()
        ada.exchange.collect()
        assert ada.exchange.counting() == "her answer, and more"
    else:
        with pytest.raises(ExchangeError, match="changed while it was copied"):
            ada.submit()
        assert nothing_is_left(ada)
