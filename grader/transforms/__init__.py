"""nbgrader preprocessors, one verb each; nbgrader_config.py puts them into its lists.

autograde, first pass     Rebuild              submitted/  -> autograded/
autograde, second pass    Execute, SaveScores  autograded/ -> autograded/, gradebook
generate_feedback         HideTests, ...       autograded/ -> feedback/
"""
