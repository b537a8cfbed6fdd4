"""`invariance` keeps what every assignment keeps."""

from contract import AssignmentContract


class TestInvariance(AssignmentContract):
    assignment = "invariance"
    figures = 12
