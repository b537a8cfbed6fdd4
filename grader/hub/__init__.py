"""JupyterHub for a study group: what it runs, who may do what, how it is set up."""
