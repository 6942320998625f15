"""Version of msim: of the package, and of what its results and files were made by."""

VERSION = "0.1.0"
