"""What grading is about: cells, judgements, results. No logic, and no torch."""
