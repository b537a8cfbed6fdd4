"""nbgrader's exchange made safe: handing in, collecting, and every attempt kept."""
