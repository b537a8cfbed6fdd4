"""What is released reaches the exchange whole, with modes by which everyone may read it."""

from __future__ import annotations

from pathlib import Path

from grader.configuration import Course
from grader.exchange.handing_out import hand_out, outbound


def test_a_release_reaches_the_exchange_once(released: Course, tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"
    assert hand_out(released, "tiny", exchange)
    assert not hand_out(released, "tiny", exchange)
    place = outbound(exchange, "sample") / "tiny"
    release = released.release_notebook("tiny")
    assert (place / "tiny.ipynb").read_bytes() == release.read_bytes()
    assert [path.name for path in place.parent.iterdir()] == ["tiny"]


def test_a_new_release_takes_the_place_of_the_old_one(released: Course, tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"
    hand_out(released, "tiny", exchange)
    place = outbound(exchange, "sample") / "tiny"
    (place / "left over.txt").write_text("of an older release")
    assert hand_out(released, "tiny", exchange)
    assert [path.name for path in place.iterdir()] == ["tiny.ipynb"]


def test_the_folders_have_the_modes_that_the_exchange_needs(
    released: Course, tmp_path: Path
) -> None:
    exchange = tmp_path / "exchange"
    hand_out(released, "tiny", exchange)
    course = exchange / "sample"
    place = outbound(exchange, "sample") / "tiny"
    modes = {
        exchange: 0o1777,
        course: 0o755,
        course / "inbound": 0o2733,
        course / "outbound": 0o755,
        place: 0o755,
        place / "tiny.ipynb": 0o644,
    }
    assert {path: path.stat().st_mode & 0o7777 for path in modes} == modes
