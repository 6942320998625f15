"""The quantities that a trial records, and the recorder that an engine writes to."""
