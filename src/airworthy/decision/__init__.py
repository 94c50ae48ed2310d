"""How a route is found: pure functions of a request and the policy in force. No clock, no store, no randomness."""
