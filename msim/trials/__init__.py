"""One trial of an experiment, and the runs that trials make up."""
