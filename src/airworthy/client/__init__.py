"""The way to a gateway over HTTP, and the spool that keeps what could not be handed over. No server code."""
