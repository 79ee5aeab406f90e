"""Orders, money in, money back."""
