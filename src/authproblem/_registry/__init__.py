"""The error registry: its data files, loading, checks, and look-ups by code, text, path and family."""
