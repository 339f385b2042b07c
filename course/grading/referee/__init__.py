"""The referee process: it has the tests, and never runs a line of a student's."""
