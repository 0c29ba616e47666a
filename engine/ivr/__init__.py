"""Scenarios: the words a robot says, what it asks, and what it makes of the answers. Pure.

A YAML text becomes a checked `Script` (reading, lint); a `Runner` leads one call through it: events of the
call in, actions out. Amounts and dates are spoken by `spoken`. `rehearse` plays the caller, without a switch.
"""
