"""Accounts, amounts, facts. Knows nothing of payments."""
