"""Write files that do not exist yet: all of them, or none.

Guarantees: nothing that is there is ever overwritten, and when one file cannot be written,
those before it are taken away again, with the folders that were made for them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grader.errors import ConfigurationError

__all__ = ["new_files", "render_template"]

_TEMPLATES = Path(__file__).parents[1] / "templates" / "new"


def render_template(name: str, **values: object) -> str:
    """The text of `grader/templates/new/NAME.j2`, filled in; every value must be given."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template(f"{name}.j2").render(values)


@contextmanager
def new_files(root: Path, texts: Mapping[str, str]) -> Iterator[None]:
    """Write files below `root`; take them away again when the block raises.

    Args:
        root: a folder; made when it is not there.
        texts: the text of each file, by its path below `root`.

    Raises:
        ConfigurationError: one of them is there already, or cannot be written.
    """
    made: list[Path] = []
    try:
        for name, text in texts.items():
            try:
                _write(root / name, text, made)
            except FileExistsError as error:
                raise ConfigurationError(
                    f"{error.filename} is there already, and nothing is overwritten. Take another "
                    "name, or move it away first."
                ) from error
            except OSError as error:
                raise ConfigurationError(
                    f"{root / name} cannot be written: {error.strerror}. Nothing was made."
                ) from error
        yield
    except BaseException:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise


def _write(path: Path, text: str, made: list[Path]) -> None:
    for folder in reversed((path, *path.parents)[1:]):
        if not os.path.lexists(folder):
            folder.mkdir()
            made.append(folder)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        made.append(path)
        file.write(text)
