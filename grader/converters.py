"""Drive nbgrader's own converters in this process, with the course's nbgrader_config.py.

The same classes and the same configuration as on nbgrader's command line, without the
seconds that starting its command takes, and with its log kept for when something fails.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jupyter_core.paths import jupyter_config_path
from nbgrader import api
from nbgrader.converters import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import common
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from grader.configuration import Course
from grader.errors import ConfigurationError

__all__ = ["captured_log", "load_config", "make_converter", "nothing_twice", "why"]

_jsonschema: Any = common.jsonschema


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
def nothing_twice() -> Iterator[None]:
    """Let nbgrader keep what it makes anew, the same each time, for every step of every record.

    Its database engine, and with it the queries that it has compiled: it opens the gradebook
    seven times for each record. And its schema of a cell's metadata: for each cell it checks
    first whether the schema itself is one.
    """
    before = (api.create_engine, common.jsonschema)
    api.create_engine = functools.partial(_kept_engine, before[0])
    common.jsonschema = SimpleNamespace(validate=_validate)
    try:
        yield
    finally:
        api.create_engine, common.jsonschema = before


@functools.lru_cache(maxsize=1)
def _kept_engine(create: Any, url: str, **options: Any) -> Any:
    """The engine of the gradebook that was opened last; nbgrader closes its connections."""
    return create(url, **options)


def _validate(instance: object, schema: dict[str, Any]) -> None:
    """Like jsonschema's function of this name, for schemas that come with nbgrader."""
    error = _jsonschema.exceptions.best_match(_validator(json.dumps(schema)).iter_errors(instance))
    if error is not None:
        raise error


@functools.cache
def _validator(schema: str) -> Any:
    parsed = json.loads(schema)
    kind = _jsonschema.validators.validator_for(parsed)
    kind.check_schema(parsed)
    return kind(parsed)


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
    kinds = r"\w+(?:Error|Exception|Entry)|NoSuchKernel"
    raised = re.findall(rf"^\s*((?:\w+\.)*(?:{kinds}): .+)$", log, re.MULTILINE)
    return raised[-1] if raised else str(error) or type(error).__name__
