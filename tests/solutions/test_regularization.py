"""`regularization` keeps what every assignment keeps."""

from contract import AssignmentContract


class TestRegularization(AssignmentContract):
    assignment = "regularization"
    figures = 10
