"""What is said: flows and the step of a dialogue. Pure.

Comes in: what a person sent, and where they are in a dialogue; goes out: where they are next, and what to say, to
record, and to have done elsewhere (a `Task`). No clock, no store, no channel. `bot.words` tells what a typed text
means; `bot.consent` judges what is recorded.
"""
