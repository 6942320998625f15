"""Studies and the participants of them."""
