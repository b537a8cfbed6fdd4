"""Drive nbgrader's own converters in this process, with the course's nbgrader_config.py.

The same classes and the same configuration as on nbgrader's command line, without the
seconds that starting its command takes, and with its log kept for when something fails.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path
from nbgrader.converters import BaseConverter
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from grader.configuration import Course
from grader.errors import ConfigurationError

__all__ = ["captured_log", "load_config", "make_converter", "why"]


def load_config(course: Course) -> Config:
    """What nbgrader_config.py of the course says, and, where it is silent, those of Jupyter.

    As on nbgrader's command line: a hub says in a folder of Jupyter's where the exchange is.

    Raises:
        ConfigurationError: there is no such file.
    """
    path = course.root / "nbgrader_config.py"
    if not path.exists():
        raise ConfigurationError(
            f"{path} is missing; nbgrader needs it to find the folders of the course. "
            "Restore it from the repository."
        )
    config = Config()
    for folder in (*reversed(jupyter_config_path()), str(course.root)):
        if Path(folder, path.name).exists():
            config.merge(PyFileConfigLoader(path.name, path=folder).load_config())
    return config


def make_converter(
    kind: type[BaseConverter], config: Config, assignment_id: str, learner: str = "*"
) -> Any:
    """An nbgrader converter for one assignment; `start()` runs it. Overwrites what is there."""
    directory = CourseDirectory(config=config)
    directory.assignment_id = assignment_id
    directory.student_id = learner
    converter: Any = kind(coursedir=directory, config=config)
    converter.force = True
    return converter


@contextlib.contextmanager
def captured_log(converter: Any) -> Iterator[io.StringIO]:
    """Keep a converter's log off the terminal; yields where it is kept."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    log: logging.Logger = converter.log
    before = (log.handlers[:], log.propagate, log.level)
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.ERROR)  # what nbgrader does, step by step, is nobody's news
    try:
        with warnings.catch_warnings():
            # nbgrader and its libraries warn of their own deprecations
            warnings.simplefilter("ignore")
            yield text
    finally:
        log.handlers, log.propagate, log.level = before


def why(log: str, error: Exception) -> str:
    """The most telling line of nbgrader's log: what was raised, rather than where to look."""
    raised = re.findall(r"^\s*((?:\w+\.)*\w+(?:Error|Exception|Entry): .+)$", log, re.MULTILINE)
    return raised[-1] if raised else str(error) or type(error).__name__
