"""Virtual participants, and the published studies that they take part in."""
