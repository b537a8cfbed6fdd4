"""Look at a folder that somebody else may be changing, and copy it, following nothing.

Every folder is opened relative to its parent and every file relative to its folder, never by a
path and never through a link, so that a swap between the look and the copy gains nothing. What
was copied is what was looked at, or `TreeError` is raised. Nothing of the folder is changed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from grader.errors import ExchangeError

__all__ = ["Rules", "Tree", "TreeChanged", "TreeError", "copy_tree", "look_at", "sync_folder"]

_LONGEST_NAME = 200  # bytes
_MOST_NAMES = 10_000  # in one folder, those that are passed over too
_CHUNK = 2**20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a named pipe would never open
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW

# the names in a folder, given its path, that are passed over
Ignore = Callable[[str, Sequence[str]], Iterable[str]]


class TreeError(ExchangeError):
    """A folder breaks a rule; the message is a clause such as "`a` is a symbolic link"."""


class TreeChanged(TreeError):
    """A folder is being written to at this moment."""


@dataclass(frozen=True)
class Rules:
    """What a folder must be.

    Attributes:
        max_bytes: of all files together.
        owner: the account, by number, to which folder and files must belong; None: any.
        one_name: whether a file with several names (hard links) is refused.
        max_files: files and folders together.
        max_depth: folders in one another.
    """

    max_bytes: int
    owner: int | None = None
    one_name: bool = True
    max_files: int = 1000
    max_depth: int = 12


@dataclass(frozen=True)
class _Seen:
    """What of a file or folder changes when it does; times in nanoseconds."""

    mode: int
    device: int
    inode: int
    owner: int
    size: int
    written: int
    changed: int


@dataclass(frozen=True)
class Tree:
    """A folder as it was seen: its own entry is ".", all others are relative paths."""

    entries: Mapping[str, _Seen]

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the files, in order."""
        return tuple(sorted(p for p, seen in self.entries.items() if stat.S_ISREG(seen.mode)))

    @property
    def folders(self) -> tuple[str, ...]:
        """The paths of the folders below this one, parents first."""
        found = (path for path, seen in self.entries.items() if stat.S_ISDIR(seen.mode))
        return tuple(sorted(path for path in found if path != "."))

    @property
    def changed(self) -> int:
        """When the last change was made, by the kernel's clock: nobody can set it back."""
        return max(seen.changed for seen in self.entries.values())


def look_at(folder: Path, rules: Rules, ignore: Ignore | None = None) -> Tree:
    """See every file and folder, and refuse what breaks a rule.

    Raises:
        TreeError: names the first thing that breaks a rule, or that cannot be read.
    """
    try:
        handle = os.open(folder, _FOLDER)
    except OSError as error:
        raise TreeError(_why_no_folder(folder, error)) from error
    try:
        entries = {".": _checked(".", os.fstat(handle), rules)}
        total = 0
        # closed at once when something is refused, and with it the folders that it has open
        with closing(_walk(handle, "", str(folder), ignore, rules.max_depth)) as found:
            for path, status in found:
                entries[path] = _checked(path, status, rules)
                total += entries[path].size
                if total > rules.max_bytes:
                    most = rules.max_bytes / 2**20
                    raise TreeError(f"its files take more than {most:g} MiB together")
                if len(entries) > rules.max_files:
                    raise TreeError(f"it holds more than {rules.max_files} files and folders")
    except OSError as error:
        raise TreeError(f"it cannot be read: {error.strerror}") from error
    finally:
        os.close(handle)
    return Tree(entries)


def copy_tree(
    folder: Path, tree: Tree, target: Path, *, check: Callable[[], Tree] | None = None
) -> dict[str, str]:
    """Copy what was seen to `target`, a new folder, as our own files with plain modes.

    Args:
        folder: what was looked at.
        tree: what was seen.
        target: must not exist; on an error it may be left half made.
        check: looks again, after the copy; `tree` must be what it sees.

    Returns:
        The SHA-256 of each file, by its path.

    Raises:
        TreeChanged: a file or folder is not what was seen.
        OSError: `target` cannot be written: the disk may be full.
    """
    target.mkdir(mode=0o755)
    for path in tree.folders:
        (target / path).mkdir(mode=0o755)
    digests = {path: _copy_file(folder, path, tree.entries[path], target) for path in tree.files}
    for path in (*reversed(tree.folders), "."):
        sync_folder(target / path)
    if check is not None and check() != tree:
        raise TreeChanged("it changed while it was copied")
    return digests


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk, as fsync(2) wants it."""
    handle = os.open(folder, _FOLDER)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _walk(
    handle: int, inside: str, shown: str, ignore: Ignore | None, depth: int
) -> Generator[tuple[str, os.stat_result], None, None]:
    """Every entry below an open folder, itself first, then what is in it."""
    if depth < 0:
        raise TreeError("its folders lie too deep in one another")
    with os.scandir(handle) as found:
        names = []
        for entry in found:  # of a million names only the first are of interest
            names.append(entry.name)
            if len(names) > _MOST_NAMES:
                raise TreeError(f"it holds more than {_MOST_NAMES} files in one folder")
    passed_over = set(ignore(shown, names)) if ignore is not None else set()
    for name in sorted(set(names) - passed_over):
        _check_name(name)
        status = os.stat(name, dir_fd=handle, follow_symlinks=False)
        yield f"{inside}{name}", status
        if stat.S_ISDIR(status.st_mode):
            below = os.open(name, _FOLDER, dir_fd=handle)
            try:
                yield from _walk(below, f"{inside}{name}/", f"{shown}/{name}", ignore, depth - 1)
            finally:
                os.close(below)


def _check_name(name: str) -> None:
    if len(os.fsencode(name)) > _LONGEST_NAME:
        raise TreeError("a file in it has a name of more than 200 bytes")
    if not name.isprintable() or "\\" in name:
        shown = "".join(each if each.isprintable() else "?" for each in name[:80])
        raise TreeError(f"the name `{shown}` holds signs that no file should be called by")


def _checked(path: str, status: os.stat_result, rules: Rules) -> _Seen:
    name = "the folder" if path == "." else f"`{path}`"
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise TreeError(f"{name} is {_kind(status.st_mode)}, not a file")
    if rules.one_name and stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        raise TreeError(f"{name} is a hard link: it has another name somewhere else")
    if rules.owner is not None and status.st_uid != rules.owner:
        raise TreeError(f"{name} belongs to another account")
    return _Seen(
        status.st_mode,
        status.st_dev,
        status.st_ino,
        status.st_uid,
        status.st_size if stat.S_ISREG(status.st_mode) else 0,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _kind(mode: int) -> str:
    kinds = {
        stat.S_ISLNK: "a symbolic link",
        stat.S_ISFIFO: "a named pipe",
        stat.S_ISSOCK: "a socket",
    }
    return next((name for is_kind, name in kinds.items() if is_kind(mode)), "a device")


def _why_no_folder(folder: Path, error: OSError) -> str:
    with suppress(OSError):
        mode = folder.lstat().st_mode
        if not stat.S_ISDIR(mode):
            return f"it is {'a file' if stat.S_ISREG(mode) else _kind(mode)}, not a folder"
    return f"it cannot be read: {error.strerror}"


def _copy_file(folder: Path, path: str, expected: _Seen, target: Path) -> str:
    digest, left = hashlib.sha256(), expected.size
    with _opened(folder, path) as handle:
        status = os.fstat(handle)
        if (status.st_dev, status.st_ino, status.st_ctime_ns) != (
            expected.device,
            expected.inode,
            expected.changed,
        ):
            raise TreeChanged(f"`{path}` changed while it was copied")
        written = os.open(target / path, _NEW, 0o644)
        try:
            # one byte more than was seen: a file that grows is not read to an end it may not have
            while chunk := _read(handle, path, min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                digest.update(chunk)
                _write_all(written, chunk)
            os.fsync(written)
        finally:
            os.close(written)
    if left != 0:
        raise TreeChanged(f"`{path}` changed while it was copied")
    return digest.hexdigest()


def _read(handle: int, path: str, most: int) -> bytes:
    try:
        return os.read(handle, most)
    except OSError as error:
        raise TreeError(f"`{path}` cannot be read: {error.strerror}") from error


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


@contextmanager
def _opened(folder: Path, path: str) -> Iterator[int]:
    """The file, opened step by step from the folder, through no link."""
    *parents, name = path.split("/")
    with ExitStack() as stack:
        try:
            handle = os.open(folder, _FOLDER)
            stack.callback(os.close, handle)
            for parent in parents:
                handle = os.open(parent, _FOLDER, dir_fd=handle)
                stack.callback(os.close, handle)
            handle = os.open(name, _FILE, dir_fd=handle)
            stack.callback(os.close, handle)
        except FileNotFoundError as error:
            raise TreeChanged(f"`{path}` changed while it was copied") from error
        except OSError as error:
            raise TreeError(f"`{path}` cannot be read: {error.strerror}") from error
        yield handle
