"""Published outcomes as rows, compared with a model."""
