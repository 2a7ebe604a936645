"""From a reply to the channel: `gate` judges, `send` makes and queues messages, `deliver` sends them.

`retry` and `halting` say what happens after a refusal, `undelivered` what happens when a message reaches nobody.
"""
