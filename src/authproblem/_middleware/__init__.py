"""What the adapters share: when to buffer a response, what to send instead, which event to emit, and the options."""
