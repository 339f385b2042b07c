"""What the lessons say of their figures, each claim a value with its evidence: see CONTRIBUTING.md."""
