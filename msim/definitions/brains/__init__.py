"""Definition files of brains, and of the tasks that a brain does."""
