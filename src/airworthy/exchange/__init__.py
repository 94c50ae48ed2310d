"""What crosses the boundary: what is asked of a gateway, what it tells, the permits it gives. The same over HTTP."""
