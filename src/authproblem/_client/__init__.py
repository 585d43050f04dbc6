"""The parts that the client integrations and the gateway share: responses, cool-downs, retries, hosts."""
