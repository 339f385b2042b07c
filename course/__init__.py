"""What instructors, authors and CI run: build, check, execute and grade the lessons."""
