"""A class of nobody: submissions made from the answers in `exercises/`, to try grading on."""
