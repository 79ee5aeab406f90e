"""How messages are signed: requests and answers (RFC 9421), deliveries (Standard Webhooks)."""
