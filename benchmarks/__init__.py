"""Measure what the project promises about speed and memory; see README.md in this folder."""
