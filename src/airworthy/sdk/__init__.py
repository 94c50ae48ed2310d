"""What a developer writes: connect, decide, the decorators, a fixture for tests."""
