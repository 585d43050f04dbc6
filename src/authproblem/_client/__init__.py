"""What the client integrations and the gateway share: reading responses, cool-downs, retries, which host is whose."""
