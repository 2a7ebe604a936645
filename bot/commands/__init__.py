"""What an operator types: one module for each group of commands, put together in `bot.commands.cli`.

A command reads its arguments, calls use cases and prints; it decides nothing. Exit status 0 only when all is well.
"""
