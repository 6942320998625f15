"""Model and experiment files: read, checked and refused with the file and key."""
