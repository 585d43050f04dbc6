"""The choice of the gateway's HTTP client and server: what each candidate can do, and what it costs, in one run.

python -m benchmarks.gateway                # about ten minutes; writes benchmarks/gateway/clients.md and served.md
python -m benchmarks.gateway --rounds 1 --seconds 1
"""
