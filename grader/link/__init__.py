"""The test side of the link: stand-ins for a learner's objects, and who answers for them."""
