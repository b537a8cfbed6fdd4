"""Everything that may lie where a notebook is expected; each function puts it there."""

import json
import os
import socket
from pathlib import Path

import pytest

GOOD = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
SPARSE = 50 * 2**20


def notebook(**changes: object) -> bytes:
    """The bytes of a notebook."""
    return json.dumps(GOOD | changes).encode()


def a_folder(path: Path) -> None:
    path.mkdir()


def a_named_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may have 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as endpoint:
            endpoint.bind(path.name)
    finally:
        os.chdir(here)


def a_huge_file(path: Path) -> None:
    path.touch()
    os.truncate(path, SPARSE)


def a_link_out(path: Path) -> None:
    outside = path.parents[3] / "secret.ipynb"
    outside.write_bytes(notebook())
    path.symlink_to(outside)


def a_link_inside(path: Path) -> None:
    (path.parent / "other.ipynb").write_bytes(notebook())
    path.symlink_to("other.ipynb")


def a_link_to_nowhere(path: Path) -> None:
    path.symlink_to("nowhere.ipynb")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def a_linked_folder(path: Path) -> None:
    elsewhere = path.parents[3] / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / path.name).write_bytes(notebook())
    path.parent.rmdir()
    path.parent.symlink_to(elsewhere)


def a_linked_learner(path: Path) -> None:
    other = path.parents[2] / "ben"
    (other / "tiny").mkdir(parents=True)
    (other / "tiny" / path.name).write_bytes(notebook())
    path.parent.rmdir()
    path.parents[1].rmdir()
    path.parents[1].symlink_to(other)


def nothing(path: Path) -> None:
    pass


def another_name(path: Path) -> None:
    (path.parent / "tiny (1).ipynb").write_bytes(notebook())


def a_name_of_odd_bytes(path: Path) -> None:
    Path(os.fsdecode(os.fsencode(path.parent) + b"/a\xff\n<b>.ipynb")).write_bytes(notebook())


def no_folder(path: Path) -> None:
    path.parent.rmdir()


def a_file_for_the_folder(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_bytes(notebook())


def a_device(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero, which never ends
    except PermissionError:
        pytest.skip("only root may make devices, and not in every container")


def an_unreadable_file(path: Path) -> None:
    path.write_bytes(notebook())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user (root?) reads files whatever their mode")
