"""Target cpp: Brian2 equations compiled into one library that is loaded into each rank's own process."""
