"""From a reply to the channel: `gate` judges, `send` makes what is queued and queues it, `deliver` sends it.

`retry` and `halting` say what follows a refusal, `undelivered` what follows when a message reaches nobody.
"""
