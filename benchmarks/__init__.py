"""What `make bench` measures; nothing in the course depends on it."""
