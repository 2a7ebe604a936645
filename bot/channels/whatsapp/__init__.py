"""WhatsApp through Meta's Cloud API: what Meta's documentation says, as code, and nothing about consent.

Inbound, a POST passes `signature` (is it Meta's?) and `payloads` (bytes → events, with `content` for what a message
says and `fields` for single values). Outbound, an `Outbound` passes `messages` (→ request body, within `limits`) and
`client` (→ Graph API), whose refusals `errors` sorts by what to do about them.
"""
