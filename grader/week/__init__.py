"""The page of a week: agenda, readings, assignments and project, from their sources."""
