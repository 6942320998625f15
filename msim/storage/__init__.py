"""One run, one Zarr store, with everything needed to run it again."""
