"""`lr_finding` keeps what every assignment keeps."""

from contract import AssignmentContract


class TestLrFinding(AssignmentContract):
    assignment = "lr_finding"
    figures = 10
