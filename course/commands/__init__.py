"""The learner's command `course`: one file for each command, and one for how they speak."""

__all__: list[str] = []
