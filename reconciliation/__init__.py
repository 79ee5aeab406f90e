"""What channels and banks say against what we say."""
