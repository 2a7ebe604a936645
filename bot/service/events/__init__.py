"""What the company's own systems are told: events go from table `events` to each endpoint, signed, in order per person.

The stores write an event together with what it tells. `deliver` sends it; `webhook` says how it looks on the way.
"""
