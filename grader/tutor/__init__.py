"""The test process of one learner at work: checks, hints and solutions while they write."""
