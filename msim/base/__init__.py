"""Names that every layer shares: errors, quantities, mechanisms, sources, streams."""
