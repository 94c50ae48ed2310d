"""Pure numerics: what follows from counts and bounded values, valid however often anyone looks."""
