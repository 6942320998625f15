"""Model definitions: mechanisms, values, links, and changes to them."""
