"""The instructor's command, `grader`: it sits on top, and nothing imports it."""
