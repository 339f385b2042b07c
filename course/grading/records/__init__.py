"""What is written down: results, pages, tables, notebooks and nbgrader's gradebook."""
