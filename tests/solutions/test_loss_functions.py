"""`loss_functions` keeps what every assignment keeps."""

from contract import AssignmentContract


class TestLossFunctions(AssignmentContract):
    assignment = "loss_functions"
