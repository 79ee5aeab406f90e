"""The other side of the sandbox: a bank with a book of its own, which bears witness against ours."""
