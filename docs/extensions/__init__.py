"""What the rendered pages need beside Sphinx's own extensions."""
