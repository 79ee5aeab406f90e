"""What the documentation takes from the code. `python -m docs.hooks` writes it into the pages again."""
