"""Change a reference answer in one small place, and see whether the tests notice."""
