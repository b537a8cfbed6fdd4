"""From a notebook that was made elsewhere to the source of an assignment.

reading --> from_nbgrader or from_otter --> convert --> percent_text --> solutions/ID/notebook.py
"""
