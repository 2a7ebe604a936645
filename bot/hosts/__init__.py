"""Bots that a company already has: each module lets consentbot stand in front of one kind of them."""
