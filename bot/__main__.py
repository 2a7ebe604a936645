"""`python -m bot …`, the same as `consentbot …`."""

from bot.cli import main

main()
