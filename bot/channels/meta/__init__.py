"""WhatsApp at Meta's Cloud API, a host of the dialect in `bot.channels.whatsapp`.

`provider` is the entry in the registry of channels; `doctor` asks Meta what an operator should know. `webhooks` checks
that a POST is Meta's and has the dialect read it. `client` posts messages over `http`, our own pool of connections,
which reads answers with `http_response`; `threads` takes chats and gives them back the same way. `media` uploads and
deletes documents with aiohttp's client, like all other connections.
"""
