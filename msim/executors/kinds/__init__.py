"""Executors that come with msim, one module each; its name is what --executor takes (docs/howto/add_an_executor.md)."""
