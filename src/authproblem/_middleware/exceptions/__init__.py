"""Exceptions of HTTP clients and SDKs that leave the app: which are a provider's, and the response made of one."""
