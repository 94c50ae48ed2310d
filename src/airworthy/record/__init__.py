"""The facts, frozen: the narrow waist every other floor meets in. One file per family; kinds are only ever added."""
