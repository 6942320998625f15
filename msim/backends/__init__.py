"""Backends that simulate the spiking cells: the compiled engine, Brian2, and the ranks that share the cells."""
