"""A gateway at work: every file is one thing it does, on the state they share in `core`."""
