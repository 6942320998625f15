"""Published outcomes as rows, run against a model."""
