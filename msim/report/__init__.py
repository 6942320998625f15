"""Reports: a run, a sweep or a study as one page that a browser opens from disk."""
