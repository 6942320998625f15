"""Definition files of studies and of their participants."""
