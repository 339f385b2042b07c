"""The course's own code inside the sandbox: it forks, limits and supervises students' processes."""
