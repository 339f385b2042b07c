"""The grader's process: it keeps servers warm, and hands things on between them."""
