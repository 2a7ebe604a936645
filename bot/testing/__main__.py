"""`python -m bot.testing PATH` plays transcripts: see `player`."""

from ..packages import missing_packages_told


def main() -> None:
    """Run the command that was typed."""
    with missing_packages_told():
        from .player import app
    app()


if __name__ == "__main__":
    main()
