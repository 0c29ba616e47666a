"""The list and the people behind it: contacts made on demand, fates by class and hour."""

import random
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.domain.contact import Contact, Phone
from engine.ports import Clock
from engine.sim.fates import Fate, Population
from engine.twin.world import People, World

WIDTH = 7  # digits after a class's prefix


class Crowd:
    """Draws fates as the virtual switch does, from (seed, number, call), with the shares of the hour."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._clock, self._zone = clock, ZoneInfo(world.zone)
        self._population = Population(world.population())
        self._classes = sorted(world.classes, key=lambda people: -len(people.prefix))
        self._days = {people.prefix: sorted(people.by_hour) for people in world.classes}

    def fate(self, number: str) -> Fate:
        people = self.class_of(number)
        hours = self._days[people.prefix]
        if not hours:
            return self._population.fate(number)
        hour = datetime.fromtimestamp(self._clock.wall_s(), self._zone).hour
        begun = [one for one in hours if one <= hour]
        return self._population.fate(number, people.by_hour[begun[-1]] if begun else people.shares)

    def fate_of_caller(self) -> Fate:
        """Somebody who calls us, by the default habits."""
        return self._population.fate("")

    def class_of(self, number: str) -> People:
        return next((one for one in self._classes if number.startswith(one.prefix)), self._classes[-1])


def contacts(world: World) -> Iterator[Contact]:
    """The list, endless where the world gives no length: each contact once, classes mixed by weight."""
    dice = random.Random(f"{world.seed}|list")
    weights = [people.weight for people in world.classes]
    number = 0
    while not world.contacts or number < world.contacts:
        people = dice.choices(world.classes, weights)[0]
        phone = Phone(f"{people.prefix}{number:0{WIDTH}d}", people.kind, (world.zone,))
        yield Contact(f"k{number}", world.name, f"p{number}", (phone,), zones=(world.zone,))
        number += 1
