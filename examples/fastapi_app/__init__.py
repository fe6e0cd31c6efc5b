"""A small web application that keeps orders of its own beside the points."""
