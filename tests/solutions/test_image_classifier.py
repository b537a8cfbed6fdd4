"""`image_classifier` keeps what every assignment keeps."""

from contract import AssignmentContract


class TestImageClassifier(AssignmentContract):
    assignment = "image_classifier"
    figures = 12
