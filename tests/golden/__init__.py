"""Golden vectors: what is written today must be readable, and hash the same, for ever."""
