"""What is said: flows and the step of a dialogue. Pure.

Comes in: what a person sent, and where they stand in a dialogue; goes out: where they stand next, and what to say, to
record, and to have done elsewhere (a task of `session`). No clock, no store, no channel. `bot.words` tells what a typed text means;
what is recorded is judged by `bot.consent`.
"""
