"""Write the vectors of a version of the encoding that has none yet."""

from tests.golden.vectors import write

if __name__ == "__main__":
    written = write()
    print("\n".join(map(str, written)) or "Every file is there already; a new encoding needs a new version.")  # noqa: T201
