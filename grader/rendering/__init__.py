"""Rendered notebooks: each assignment executed and set as a page, for its instructors."""
