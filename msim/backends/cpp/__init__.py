"""The default backend: a network as C++ code, compiled once and kept in a cache."""
