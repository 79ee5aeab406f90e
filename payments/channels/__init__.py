"""The roads to the money: one folder per channel, and what they share."""
