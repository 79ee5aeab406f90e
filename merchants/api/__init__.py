"""The merchant's door, and the frame that every door under /v1/ stands in."""
