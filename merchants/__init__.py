"""Whom we serve, on what terms, and how we tell them."""
