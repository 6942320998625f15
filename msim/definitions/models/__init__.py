"""Models: mechanisms, values, links and what changes them."""
