"""`prozvon sim`: the virtual switch as a program of its own. Its command line is engine/sim/program.py's."""

from engine.cli.frame import Commands, Parser


def add(commands: "Commands[Parser]") -> None:
    commands.add_parser(
        "sim", help="run the virtual switch: FreeSWITCH's Event Socket, with people behind it"
    )


def program(argv: list[str]) -> int:
    from engine.sim.program import run  # here: no other command should wait for numpy and the population

    return run(argv)
