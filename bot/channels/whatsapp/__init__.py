"""WhatsApp's dialect: Meta's documentation as code, with nothing about consent or about who hosts a number.

Inbound, `payloads` reads a webhook's bytes into events, with `webhook_json` for its JSON, `content` for what a message
says, `system` for changed addresses, `fields` for single values. Outbound, an `Outbound` passes `messages` (→ request
body, within `limits`). `errors` sorts WhatsApp's error codes by what to do about them.
"""
