"""Published outcomes as rows of a file."""
