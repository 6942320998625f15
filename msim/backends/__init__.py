"""What code runs the spiking cells: the compiled engine, Brian2, and the ranks that share them out."""
