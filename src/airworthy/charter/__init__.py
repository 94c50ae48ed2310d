"""The charter: what must be true for this to work in the real world, read, checked and compared."""
