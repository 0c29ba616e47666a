"""What every test may ask for."""

from hypothesis import settings

settings.register_profile("prozvon", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("prozvon")

pytest_plugins = ["tests.freeswitch.fixtures"]
