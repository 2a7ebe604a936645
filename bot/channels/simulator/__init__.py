"""WhatsApp without Meta: a Graph API that refuses what Meta would refuse, and persons who type, tap and wait.

`graph` takes what the bot sends (`shapes` checks it, `refusal` words the errors); `webhooks` builds what Meta posts
and `hook` signs and posts it; `person` puts the two together for the terminal chat and for tests. Nothing here runs
in production.
"""
