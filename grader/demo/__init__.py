"""The demo: a cohort that hands in real notebooks, so that grading can be watched."""
