"""The wall around students' processes, seen from outside."""
