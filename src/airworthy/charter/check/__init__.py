"""What a charter says that cannot be true together: one file a pillar, each a list of checks."""
