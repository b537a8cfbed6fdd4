"""Finished runs on disk, one JSON file each, so that nothing is executed twice.

A run is found again only under the key of everything that could change it: the rebuilt
notebook, the reference, the mistakes and the limits. Files are replaced in one step.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grader.execution.kit import Kit
from grader.records import CellRun, Outcome, Run, Script, TestResult

__all__ = ["find_run", "keep_run", "load_run", "mark_recorded", "run_key"]

_FORMAT = 2  # raise it when a change of the grader itself should execute everything again


def run_key(kit: Kit, script: Script) -> str:
    """What a run depends on, as one digest."""
    text = json.dumps([_FORMAT, kit.digest(), repr(script)])
    return hashlib.sha256(text.encode()).hexdigest()


def keep_run(path: Path, key: str, run: Run) -> None:
    """Write `run` under `key`, as one whose marks are not in the gradebook yet."""
    _write(path, {"key": key, "recorded": False, "run": asdict(run)})


def mark_recorded(path: Path) -> None:
    """Note that the marks of the run at `path` are in the gradebook."""
    _write(path, {**_read(path), "recorded": True})


def _write(path: Path, kept: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".run-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=1)
    Path(name).replace(path)


def find_run(path: Path, key: str, *, recorded: bool = False) -> Run | None:
    """The run at `path` if it was kept under `key`; with `recorded`, if its marks were, too."""
    kept = _read(path)
    if kept.get("key") != key or (recorded and kept.get("recorded") is not True):
        return None
    return _run(kept)


def load_run(path: Path) -> Run | None:
    """The run at `path`, whatever its key: for reports."""
    return _run(_read(path))


def _read(path: Path) -> dict[str, Any]:
    """What the file holds; nothing when it is missing or damaged: then all is done again."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _run(kept: dict[str, Any]) -> Run | None:
    try:
        data = kept["run"]
        tests = tuple(TestResult(**{**t, "outcome": Outcome(t["outcome"])}) for t in data["tests"])
        cells = tuple(CellRun(c["name"], tuple(c["outputs"]), c["error"]) for c in data["cells"])
        more = {"notes": tuple(data["notes"]), "objects": ()}  # which only the author's runs have
        return Run(**{**data, "tests": tests, "cells": cells, **more})
    except (KeyError, TypeError, ValueError):
        return None  # of another version of the grader
