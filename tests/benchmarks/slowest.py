"""`python -m tests.benchmarks.slowest`: the slowest texts of 4,096 characters, in µs of CPU for one step at best."""

from tests.words.hostile import Stopwatch, texts


def main() -> None:
    """Print the slowest text of each script and of each language's own words."""
    stopwatch = Stopwatch()
    slowest: dict[str, tuple[float, str]] = {}
    for name, text in texts():
        kind, _, pattern = name.partition(" ")
        slowest[kind] = max(slowest.get(kind, (0.0, "")), (stopwatch.seconds(text), pattern))
    print(f"{'xyzzy':12} {stopwatch.plain * 1e6:6.0f} µs")
    for kind, (seconds, pattern) in sorted(slowest.items(), key=lambda one: -one[1][0]):
        print(f"{kind:12} {seconds * 1e6:6.0f} µs {seconds / stopwatch.plain:5.1f} × xyzzy  {pattern}")


if __name__ == "__main__":
    main()
