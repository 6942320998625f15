"""Definition files: how they are found, read and checked against their schema."""
