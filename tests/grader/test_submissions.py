"""Whatever file is handed in: a notebook, or one refusal that says what and what next."""

import json
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.records import Submission
from grader.submissions import read_submission

from . import bad_files
from .bad_files import GOOD, SPARSE, notebook

LIMIT_MIB = 1


def read(path: Path, inside: Path) -> Submission:
    return read_submission(path, assignment="tiny", learner="ann", max_mib=LIMIT_MIB, inside=inside)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "submitted" / "ann" / "tiny").mkdir(parents=True)
    return tmp_path / "submitted"


@pytest.fixture
def path(inbox: Path) -> Path:
    return inbox / "ann" / "tiny" / "tiny.ipynb"


BYTES = {
    "empty": (b"", "empty"),
    "white space": (b" \n\t\r\n ", "empty"),
    "truncated": (notebook()[:-20], "cut off"),
    "truncated inside a string": (notebook()[:10], "not a notebook"),
    "latin-1": (notebook().replace(b"metadata", b"metadat\xe9"), "0xe9"),
    "UTF-16": (b"\xff\xfe" + notebook().decode().encode("utf-16-le"), "not UTF-8"),
    "UTF-16 without a mark": (notebook().decode().encode("utf-16-be"), "not a notebook"),
    "an encoded surrogate": (b'{"nbformat": "\xed\xa0\x80"}', "not UTF-8"),
    "a list": (b"[]", "not a notebook"),
    "a number": (b"4", "not a notebook"),
    "a string": (b'"nbformat"', "not a notebook"),
    "null": (b"null", "not a notebook"),
    "Python": (b"import numpy as np\n", "not a notebook"),
    "HTML": (b"<!doctype html><title>Login</title>", "not a notebook"),
    "JSON of something else": (b'{"marks": 100}', "not a notebook"),
    "format 3": (notebook(nbformat=3, worksheets=[]), "format 3"),
    "format 5": (notebook(nbformat=5), "format 5"),
    "format NaN": (notebook(nbformat=float("nan")), "format nan"),
    "format as a text": (notebook(nbformat="4"), "format '4'"),
    "format nested deeply": (
        b'{"cells": [], "nbformat": ' + b"[" * 700 + b"]" * 700 + b"}",
        "format of no number",
    ),
    "format of a million": (b'{"cells": [], "nbformat": "' + b"4" * 10**6 + b'"}', "format"),
    "no cells": (json.dumps({"nbformat": 4}).encode(), "no list of cells"),
    "cells that are no list": (notebook(cells={"0": {}}), "no list of cells"),
    "more cells than anybody writes": (notebook(cells=[{}] * 20_000), "20000 cells"),
    "nested deeply": (b"[" * 100_000, "nested too deeply"),
    "nested deeply, and closed": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "a number of 5000 digits": (b'{"nbformat": ' + b"4" * 5000 + b"}", "digits"),
    "NUL bytes": (b"\0" * 1000, "not a notebook"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not UTF-8"),
}


@pytest.mark.parametrize(("data", "says"), BYTES.values(), ids=BYTES)
def test_bytes_that_are_no_notebook_are_refused(
    data: bytes, says: str, path: Path, inbox: Path
) -> None:
    path.write_bytes(data)
    assert_refused(read(path, inbox), says)
    assert path.read_bytes() == data


def assert_refused(submission: Submission, says: str) -> None:
    """One refusal in a paragraph: what was found, and what to do now."""
    assert submission.notebook is None
    assert submission.refusal is not None
    assert says in submission.refusal
    assert "\n" not in submission.refusal
    assert len(submission.refusal) < 400
    assert "hand it in again" in submission.refusal or "Hand in" in submission.refusal
    submission.refusal.encode()  # it will be written to files


FILES: list[tuple[Callable[[Path], None], str]] = [
    (bad_files.a_folder, "is a folder"),
    (bad_files.a_named_pipe, "not a regular file"),
    (bad_files.a_socket, "not a regular file"),
    (bad_files.a_device, "not a regular file"),
    (bad_files.a_huge_file, "50.0 MiB"),
    (bad_files.a_link_out, "symbolic link"),
    (bad_files.a_link_inside, "symbolic link"),
    (bad_files.a_link_to_nowhere, "symbolic link"),
    (bad_files.a_link_to_itself, "symbolic link"),
    (bad_files.a_linked_folder, "`tiny` is a symbolic link"),
    (bad_files.a_linked_learner, "`ann` is a symbolic link"),
    (bad_files.nothing, "holds no `tiny.ipynb`"),
    (bad_files.another_name, "There is `tiny (1).ipynb`: was it renamed?"),
    (bad_files.a_name_of_odd_bytes, "There is `a??<b>.ipynb`"),
    (bad_files.no_folder, "holds no `tiny.ipynb`"),
    (bad_files.a_file_for_the_folder, "`tiny` is a file, not a folder"),
    (bad_files.an_unreadable_file, "cannot be opened: Permission denied"),
]


@pytest.mark.parametrize(("make", "says"), FILES, ids=[make.__name__ for make, _ in FILES])
def test_what_is_no_readable_file_is_refused(
    make: Callable[[Path], None], says: str, path: Path, inbox: Path
) -> None:
    make(path)
    assert_refused(read(path, inbox), says)


def test_a_huge_file_is_refused_unread(path: Path, inbox: Path) -> None:
    bad_files.a_huge_file(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read(path, inbox)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < SPARSE / 2


def test_a_file_of_exactly_the_limit_is_read(path: Path, inbox: Path) -> None:
    data = notebook()
    path.write_bytes(data + b" " * (LIMIT_MIB * 2**20 - len(data)))
    assert read(path, inbox).refusal is None
    path.write_bytes(path.read_bytes() + b" ")
    assert_refused(read(path, inbox), "a submission may have 1.")


ACCEPTED = {
    "as Jupyter writes it": notebook(),
    "CRLF": json.dumps(GOOD, indent=1).replace("\n", "\r\n").encode(),
    "a byte order mark": b"\xef\xbb\xbf" + notebook(),
    "an older minor version": notebook(nbformat_minor=0),
    "a future minor version": notebook(nbformat_minor=99),
    "NaN and huge numbers in the metadata": notebook(
        metadata={"x": [float("nan"), float("inf"), -(10**400)]}
    ),
    "lone surrogates": notebook(cells=[{"cell_type": "code", "source": "x = '\ud800'"}]),
    "cells of junk": notebook(cells=[None, 1, "x", [], {}, {"source": {}}, {"source": [1]}]),
    "keys given twice": b'{"nbformat": 3, "cells": 0, "nbformat": 4, "cells": []}',
}


@pytest.mark.parametrize("data", ACCEPTED.values(), ids=ACCEPTED)
def test_what_can_be_read_is_read(data: bytes, path: Path, inbox: Path) -> None:
    path.write_bytes(data)
    submission = read(path, inbox)
    assert submission.refusal is None
    assert submission.notebook is not None


def test_a_submitted_folder_that_is_a_link_of_the_instructors_own_is_fine(tmp_path: Path) -> None:
    (tmp_path / "disk" / "ann" / "tiny").mkdir(parents=True)
    inbox = tmp_path / "submitted"
    inbox.symlink_to(tmp_path / "disk")
    path = inbox / "ann" / "tiny" / "tiny.ipynb"
    path.write_bytes(notebook())
    assert read(path, inbox).refusal is None


def test_submissions_that_differ_have_digests_that_differ(path: Path, inbox: Path) -> None:
    missing = read(path, inbox)
    path.write_bytes(b"")
    empty = read(path, inbox)
    path.write_bytes(notebook())
    good = read(path, inbox)
    path.write_bytes(notebook() + b"\n")
    assert len({each.sha256 for each in (missing, empty, good, read(path, inbox))}) == 4


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_bytes_raise(data: bytes, path: Path, inbox: Path) -> None:
    path.write_bytes(data)
    assert_refused(read(path, inbox), "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    document=st.fixed_dictionaries(
        {}, optional={"nbformat": st.just(4) | JSON, "cells": st.lists(JSON) | JSON}
    )
)
def test_every_json_document_is_a_notebook_or_refused(
    document: dict[str, object], path: Path, inbox: Path
) -> None:
    path.write_text(json.dumps(document), encoding="utf-8")
    submission = read(path, inbox)
    if submission.refusal is None:
        assert document["nbformat"] == 4
        assert isinstance(document["cells"], list)
    else:
        assert_refused(submission, "")
