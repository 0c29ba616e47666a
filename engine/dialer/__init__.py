"""The loop: facts go through the tables, commands go out, pacing decides what to launch.

Nothing here knows sockets, Redis or greenlets: it is all ports, so the scheduler runs on a virtual clock too.
"""
