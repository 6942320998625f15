"""Virtual participants, and the studies that they take part in."""
