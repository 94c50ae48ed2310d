"""What the facts measure: the five pillars, the gap between pilot and work, and a first look at a bare log."""
