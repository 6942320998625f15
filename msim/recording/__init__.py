"""What to record, and what an engine writes to."""
