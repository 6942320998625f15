"""MEG of a column before and after a drug, and the neural mass that is fitted to it."""
