"""Executors that come with msim, one module each; its name is what --executor takes (docs/howto/add_an_executor.md)."""

import pkgutil

NAMES = tuple(sorted(one.name for one in pkgutil.iter_modules(__path__)))
