"""`python -m bot …` in a checkout, `consentbot …` where the package is installed."""

import gc

from .packages import missing_packages_told


def main() -> None:
    """Run the command that was typed."""
    gc.disable()  # imports leave no garbage, and looking for it takes a tenth of the start
    with missing_packages_told():
        from .commands.cli import main as command
    gc.enable()
    command()


if __name__ == "__main__":
    main()
