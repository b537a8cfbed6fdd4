"""The check service of a hub: hidden tests for learners at work, and a record of attempts."""
