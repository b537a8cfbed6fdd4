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

__all__ = ["find_run", "keep_run", "load_run", "run_key"]

_FORMAT = 1  # raise it when a change of the grader itself should execute everything again


def run_key(kit: Kit, script: Script) -> str:
    """What a run depends on, as one digest."""
    text = json.dumps([_FORMAT, kit.digest(), repr(script)])
    return hashlib.sha256(text.encode()).hexdigest()


def keep_run(path: Path, key: str, run: Run) -> None:
    """Write `run` under `key`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".run-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"key": key, "run": asdict(run)}, file, indent=1)
    Path(name).replace(path)


def find_run(path: Path, key: str) -> Run | None:
    """The run at `path` if it was kept under `key`."""
    kept = _read(path)
    return _run(kept["run"]) if kept is not None and kept["key"] == key else None


def load_run(path: Path) -> Run | None:
    """The run at `path`, whatever its key: for reports."""
    kept = _read(path)
    return None if kept is None else _run(kept["run"])


def _read(path: Path) -> dict[str, Any] | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return None  # missing or half-written by another tool: execute again
    return kept if isinstance(kept, dict) and {"key", "run"} <= kept.keys() else None


def _run(data: dict[str, Any]) -> Run:
    tests = tuple(TestResult(**{**t, "outcome": Outcome(t["outcome"])}) for t in data["tests"])
    cells = tuple(CellRun(c["name"], tuple(c["outputs"]), c["error"]) for c in data["cells"])
    return Run(**{**data, "tests": tests, "cells": cells, "notes": tuple(data["notes"])})
