"""`sgdr` keeps what every assignment keeps."""

from contract import AssignmentContract


class TestSgdr(AssignmentContract):
    assignment = "sgdr"
    figures = 8
