"""Parsing: an upstream response becomes an `UpstreamError`. Nothing here decides what it means."""
