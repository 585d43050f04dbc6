"""The logic that the adapters share: when to buffer a response, what to send instead, which event to emit."""
