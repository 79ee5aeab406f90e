"""The default servers and the process tree of `make demo`, `make up` and `make test`.

Nothing in here runs in production: there the servers are somebody's, and so is the process tree.
"""
