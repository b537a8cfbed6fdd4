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
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import common
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from grader.configuration import Course
from grader.errors import ConfigurationError, GradebookError

__all__ = [
    "captured_log",
    "load_config",
    "make_converter",
    "nothing_twice",
    "one_transaction",
    "start",
    "why",
]

_jsonschema: Any = common.jsonschema
_KNOWN = {"nbconvert", "nbgrader", "grader"}  # none of them writes into a gradebook on its own


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


def start(converter: Any) -> None:
    """Let a converter record one learner: nothing twice, in one transaction, its log kept.

    Raises:
        GradebookError: with nbgrader's own words; other learners are not concerned.
    """
    with captured_log(converter) as log, nothing_twice():
        try:
            with one_transaction(converter):
                converter.start()
        except (NbGraderException, OSError) as error:
            raise GradebookError(why(log.getvalue(), error)) from error


@contextlib.contextmanager
def nothing_twice() -> Iterator[None]:
    """Let nbgrader keep what it makes anew, the same each time, for every step of every record.

    Its database engine, and with it the queries that it has compiled: it opens the gradebook
    seven times for each record. And its schema of a cell's metadata: for each cell it checks
    first whether the schema itself is one. Whether all tables are there it asks only once.
    """
    before = (api.create_engine, common.jsonschema, api.inspect, api.Base)
    api.create_engine = functools.partial(_kept_engine, before[0])
    common.jsonschema = SimpleNamespace(validate=_validate)
    tables = _Tables(*before[2:])
    api.inspect, api.Base = tables.inspect, SimpleNamespace(metadata=tables)
    try:
        yield
    finally:
        api.create_engine, common.jsonschema, api.inspect, api.Base = before


class _Tables:
    """Stands for SQLAlchemy's questions about a gradebook's tables, each of them asked once."""

    def __init__(self, inspect: Any, base: Any) -> None:
        self._inspect = inspect
        self._base = base
        self._names: dict[Any, list[str]] = {}  # of each database, once they are all there

    def inspect(self, engine: Any) -> Any:
        """See `sqlalchemy.inspect`."""
        names = self._names.get(engine)
        if names is None:
            return self._inspect(engine)
        return SimpleNamespace(get_table_names=lambda: names)

    def create_all(self, bind: Any) -> None:
        """See `sqlalchemy.MetaData.create_all`."""
        if bind not in self._names:
            self._base.metadata.create_all(bind=bind)
            self._names[bind] = self._inspect(bind).get_table_names()


@contextlib.contextmanager
def one_transaction(converter: Any) -> Iterator[None]:
    """Make the thirty commits of a record one: then it is whole or not there, and cheaper.

    nbgrader's sessions join one transaction, by SQLAlchemy's own means. Where code that is
    neither nbgrader's nor ours takes part (a hook, a plug-in), all is as it was: it may write
    into the database by a way of its own, which a transaction that is under way would forbid.
    """
    if not _is_known(converter):
        yield
        return
    usual = api.sessionmaker
    with contextlib.ExitStack() as stack:
        connections: dict[Any, Any] = {}

        def sessions(bind: Any, **options: Any) -> Any:
            if bind not in connections:
                connections[bind] = stack.enter_context(bind.connect())
                stack.enter_context(connections[bind].begin())
            joined = {"bind": connections[bind], "join_transaction_mode": "rollback_only"}
            return usual(**options, **joined)

        api.sessionmaker = sessions
        stack.callback(setattr, api, "sessionmaker", usual)
        yield


def _is_known(converter: Any) -> bool:
    """Whether all that takes part is nbgrader's or ours."""
    parts = [converter.pre_convert_hook, converter.post_convert_hook]
    parts += [*converter.sanitize_preprocessors, *converter.autograde_preprocessors]
    parts.append(converter.config.AssignLatePenalties.get("plugin_class"))
    modules = [
        part if isinstance(part, str) else str(part.__module__) for part in filter(None, parts)
    ]
    return {module.partition(".")[0] for module in modules} <= _KNOWN


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
