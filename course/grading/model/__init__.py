"""What grading is about: cells, judgements, results. It reads and writes nothing."""
