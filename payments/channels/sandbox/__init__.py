"""The sandbox: a channel that behaves as badly as real ones do, on demand."""
