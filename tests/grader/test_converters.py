"""What nbgrader keeps for a batch changes nothing that it does."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader import api
from nbgrader.nbgraderformat import MetadataValidator, ValidationError, common

from grader.converters import nothing_twice, why

RIGHT = {
    "grade": True,
    "solution": False,
    "locked": True,
    "task": False,
    "points": 1,
    "grade_id": "a",
    "schema_version": 3,
    "cell_type": "code",
}


def validate(**changed: object) -> None:
    cell = new_code_cell("", metadata={"nbgrader": RIGHT | changed})
    MetadataValidator().validate_nb(new_notebook(cells=[cell]))


@pytest.mark.parametrize("changed", [{"points": "many"}, {"grade_id": 3}, {"grade": None}])
def test_metadata_are_validated_with_the_same_words(changed: dict[str, object]):
    with pytest.raises(ValidationError) as usual:
        validate(**changed)
    with nothing_twice():
        validate()
        with pytest.raises(ValidationError) as kept:
            validate(**changed)
    assert str(kept.value) == str(usual.value)


def test_one_engine_for_a_gradebook_and_nbgraders_own_afterwards():
    before = (api.create_engine, common.jsonschema)
    with nothing_twice():
        one = api.create_engine("sqlite:///one.db", echo=False)
        assert api.create_engine("sqlite:///one.db", echo=False) is one
        assert api.create_engine("sqlite:///other.db", echo=False) is not one
        with pytest.raises(ZeroDivisionError), nothing_twice():
            raise ZeroDivisionError
    assert (api.create_engine, common.jsonschema) == before


def test_a_missing_kernel_is_told_and_not_where_it_was_looked_for():
    raised = "jupyter_client.kernelspec.NoSuchKernel: No such kernel named k"
    assert why(f"Traceback\n    {raised}\n[A] failed\n", ValueError("")) == raised
    assert why("Error: a line of something else", ValueError("said")) == "said"
