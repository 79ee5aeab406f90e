"""Who did what, when, why, under which id: what every other app stands on."""
