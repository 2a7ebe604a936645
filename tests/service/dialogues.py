"""The dialogues, read once: nothing changes them, and reading them is most of what starting a process costs."""

from functools import cache

from bot.conversation.load import load_world

read_once = cache(load_world)
