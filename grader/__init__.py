"""The instructor's side: build, release, audit, grade, and feedback."""
