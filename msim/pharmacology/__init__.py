"""How a dose becomes a concentration, and a concentration blocked receptors."""
