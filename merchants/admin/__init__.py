"""Pages of merchants: who they are, on what terms, how they sign, what they were told."""

from merchants.admin import events, keys, merchants, requests, webhooks

__all__ = ["events", "keys", "merchants", "requests", "webhooks"]
