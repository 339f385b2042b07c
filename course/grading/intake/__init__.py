"""What was handed in: found, read without trust, and put right from the master."""
