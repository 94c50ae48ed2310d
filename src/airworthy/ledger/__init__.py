"""Tamper-evident bytes: leaves, tiles, trees, signed heads, sealed content. Knows no record."""
