"""From one source file to the notebook that learners are handed.

solutions/ID/notebook.py --build--> var/source/ID/ID.ipynb --release--> assignments/ID/ID.ipynb
"""
