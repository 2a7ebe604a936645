"""WhatsApp through Meta's Cloud API: what Meta's documentation says, as code, and nothing about consent.

Inbound, `webhooks` asks `signature` (is a POST Meta's?) and `payloads` (bytes → events, with `document` for its JSON,
`content` for what a message says, `system` for changed addresses, `fields` for single values). Outbound, an `Outbound`
passes `messages` (→ request body, within `limits`) and `client` (→ Graph API, over `http`, which reads each `answer`),
whose refusals `errors` sorts by what to do about them.
"""
