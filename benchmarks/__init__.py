"""Time and memory of msim, as ratios of runs done back to back."""
