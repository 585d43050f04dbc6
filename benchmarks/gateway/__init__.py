"""The choice of the gateway's HTTP client and server: what each candidate can do, and what it costs, in one run.

python -m benchmarks.gateway                # about six minutes; writes benchmarks/gateway/clients.md and served.md
python -m benchmarks.gateway --earlier ../earlier/src    # measures the gateway of an earlier commit beside it
"""
