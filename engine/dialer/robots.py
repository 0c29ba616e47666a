"""Robots on live calls: a scenario's actions become orders to the switch, the call's facts become its events.

The robot drives a parked leg over the engine's own connection, so the call outlives the engine; where it
stands is kept in a channel variable (`prozvon_step`) and the next engine goes on from there.
"""

from collections.abc import Callable, Iterable, Mapping

from engine.dialer.life import CallLife
from engine.dialer.robot_session import Prompts, Session, listens, runner_of
from engine.dialer.shop import Shop, log
from engine.domain import facts as f
from engine.domain.errors import ConfigError, SwitchError
from engine.ivr.script import Script
from engine.ivr.talk import (
    Action,
    AgentResult,
    ArmTimer,
    ConnectAgent,
    Digit,
    DisarmTimer,
    Finish,
    HangUp,
    HungUp,
    Play,
    PromptDone,
    StopPlaying,
    TimerFired,
)

STEP_VARIABLE = "prozvon_step"
LAST_STOP_S, RENEW_S = 120.0, 60.0
"""With every engine dead a robot falls silent; the switch then ends its call within LAST_STOP_S."""


AGAIN_S = 1.0  # after an order that could not be given
BEGINS_S = 0.6  # a first sound not heard of by then was lost with its transfer, as one in a thousand is
MISSING, OVERDUE = "NO FILE", "OVERDUE"
OUR_RESPONSES = frozenset({MISSING, OVERDUE})
"""Of StepDone, where it is not the switch that says so."""
LATE = 10  # a prompt's end is overdue after so many proofs of a bridge: machines are never that late


class RobotDesk:
    """All robots of this engine. `scripts`: by name, replaced on reload; calls keep what they began with."""

    def __init__(
        self,
        shop: Shop,
        on_fact: Callable[[f.Fact], None],
        scripts: Mapping[str, Script],
        prompts: Prompts,
    ) -> None:
        self._shop, self._on_fact, self._scripts, self._prompts = shop, on_fact, scripts, prompts
        self._sessions: dict[str, Session] = {}

    # --- beginning and end -------------------------------------------------------------------------

    def begin(self, life: CallLife) -> None:
        """The scenario talks, or goes on where another engine left it; with its first sound the leg leaves
        its safety net."""
        script = self._scripts.get(life.campaign.script)
        try:
            if script is None:
                raise ConfigError("no such scenario", life.campaign.script)
            runner = runner_of(script, life, self._prompts)
        except ConfigError as error:
            log.error("scenario cannot talk", extra={"attempt": life.leg_id, "why": str(error)})
            self._on_fact(f.ScriptEnded(life.leg_id, self._shop.clock.now_s(), "no_scenario"))
            return
        session = Session(runner, saved=life.adopted_step, unsettled=script.hung_up)
        self._sessions[life.leg_id] = session
        self._keep_alive(life, session)
        self._carry_out(life, runner.start(self._shop.clock.now_s()))

    def _later_again(self, life: CallLife, session: Session, error: SwitchError) -> None:
        """The switch could not be told: take the scenario up again, where it stands, when it can."""
        log.warning("robot's order refused", extra={"attempt": life.leg_id, "why": str(error)})
        session.still()

        def again() -> None:
            if self._sessions.get(life.leg_id) is session:
                life.adopted_step = session.saved
                self.begin(life)

        session.timer = self._shop.timers.after(AGAIN_S, "robot again", again)

    def _keep_alive(self, life: CallLife, session: Session) -> None:
        """Put off the last stop for as long as we drive the leg."""
        after_s = RENEW_S
        try:
            self._shop.switches[life.switch].hang_up_later(life.leg_id, LAST_STOP_S)
        except SwitchError:
            after_s = AGAIN_S
        session.let_live = self._shop.timers.after(
            after_s, "robot lives", lambda: self._keep_alive(life, session)
        )

    def forget(self, life: CallLife) -> None:
        if session := self._sessions.pop(life.leg_id, None):
            session.still()

    def end(self, life: CallLife) -> None:
        """The leg is gone: let the scenario note how far it came."""
        session = self._sessions.pop(life.leg_id, None)
        if session is None:
            return
        session.still()
        if not session.runner.finished:
            session.runner.on(HungUp(self._shop.clock.now_s()))
        report = session.runner.report()
        life.script_path = report.path
        life.digits = report.keys or life.digits
        life.script_outcome = report.disposition or life.script_outcome
        # Whoever settled something and hung up during the goodbye was served: what they said counts.
        life.script_completed = life.script_completed or report.disposition != session.unsettled
        self._shop.note(
            "robot",
            life.contact.person_id,
            attempt=life.leg_id,
            contact_id=life.contact.contact_id,
            script=life.campaign.script,
            path=list(report.path),
            outcomes=list(report.outcomes),
            keys=report.keys,
            heard=report.heard,
            disposition=report.disposition,
            values=report.values,
        )

    def link_back(self, switch: str, lives: Iterable[CallLife]) -> None:
        """The link was lost, and with it perhaps the order to play: whoever was not told to hear a prompt is
        spoken to again, from where the scenario stands, rather than left in silence for its length."""
        for life in lives:
            session = self._sessions.get(life.leg_id)
            if session and life.switch == switch and not session.is_heard and not session.connecting:
                self._shop.count("prompts_again")
                session.still()
                life.adopted_step = session.saved
                self.begin(life)

    # --- agents ------------------------------------------------------------------------------------

    def joined(self, life: CallLife) -> None:
        """The agent whom the scenario asked for talks with the person."""
        session = self._sessions.get(life.leg_id)
        if session and session.let_live:
            session.let_live()
            session.let_live = None
            self._shop.switches[life.switch].hang_up_later(life.leg_id, 0.0)
        self._answered(life, True)

    def resume(self, life: CallLife) -> None:
        """Nobody came."""
        self._answered(life, False)

    def _answered(self, life: CallLife, joined: bool) -> None:
        session = self._sessions.get(life.leg_id)
        if session and session.connecting:
            session.connecting, life.script_waits_s = False, 0.0
            session.opens = True  # it hears the music it waited to
            self._carry_out(life, session.runner.on(AgentResult(self._shop.clock.now_s(), joined)))

    # --- facts → events ----------------------------------------------------------------------------

    def on_fact(self, life: CallLife, fact: f.Fact) -> None:
        session = self._sessions.get(life.leg_id)
        if session is None:
            return
        match fact:
            case f.LegParked() if session.opens and (session.is_heard or not session.playing):
                session.opens = False  # what opened is over; what comes now is ordered on a parked leg
                if session.playing:
                    self._heard(life, session, session.playing)
            case f.DigitPressed(digit=digit):
                self._carry_out(life, session.runner.on(Digit(fact.at_s, digit)))
            case f.StepStarted(application="playback"):
                session.is_heard = True
            case f.StepDone(step_id=step_id, response=response) if step_id:
                if session.opens and response not in OUR_RESPONSES:
                    return  # what another engine played; our own first sound has no id, its end is the park
                self._heard(life, session, step_id)
            case _:
                pass

    def _heard(self, life: CallLife, session: Session, step_id: str) -> None:
        """A prompt is over, or nobody will hear it."""
        if step_id == session.playing and session.silent:
            session.silent()
            session.silent, session.is_heard = None, True
        self._carry_out(life, session.runner.on(PromptDone(self._shop.clock.now_s(), step_id)))

    def _fired(self, life: CallLife, session: Session, timer_id: str) -> None:
        session.timer = None
        if self._sessions.get(life.leg_id) is session:
            at_s = self._shop.clock.now_s()
            self._carry_out(life, session.runner.on(TimerFired(at_s, timer_id)))

    # --- actions → orders --------------------------------------------------------------------------

    def _carry_out(self, life: CallLife, actions: list[Action]) -> None:
        session = self._sessions[life.leg_id]
        try:
            for action in actions:
                self._do(life, session, action)
            if session.opens and listens(actions, is_silent=not session.playing):
                self._shop.switches[life.switch].park(life.leg_id)
            self._keep(life, session)
        except SwitchError as error:
            self._later_again(life, session, error)

    def _do(self, life: CallLife, session: Session, action: Action) -> None:
        switch, now = self._shop.switches[life.switch], self._shop.clock.now_s()
        match action:
            case Play(step_id=step_id, files=refs):
                files = [path for path in map(self._prompts.file_of, refs) if path]
                if files:
                    session.is_heard = False
                    if session.opens:
                        switch.begin_with(life.leg_id, files)
                        self._watch_beginning(life, session, files)
                    else:
                        switch.play(life.leg_id, step_id, files)
                    self._watch_over(life, session, step_id, self._prompts.length_s(refs))
                else:
                    self._shop.count("prompts_missing")
                    log.error("prompt missing", extra={"attempt": life.leg_id, "node": session.runner.node})
                    self._on_fact(f.StepDone(life.leg_id, now, step_id, "playback", MISSING))
            case StopPlaying():
                if not session.opens:  # else what comes next takes its place
                    switch.stop_playing(life.leg_id)
            case ArmTimer(timer_id=timer_id, seconds=seconds):
                session.disarm()
                session.timer_id = timer_id
                session.timer = self._shop.timers.after(
                    seconds, "scenario", lambda: self._fired(life, session, timer_id)
                )
            case DisarmTimer(timer_id=timer_id):
                if timer_id == session.timer_id:
                    session.disarm()
            case ConnectAgent(context=context, timeout_s=timeout_s, hold=hold):
                session.connecting, session.context = True, context
                life.script_waits_s = max(1.0, timeout_s)
                life.hold_music = next((path for path in map(self._prompts.file_of, hold) if path), "")
                life.script_context = dict(context)
                self._on_fact(f.ScriptWantsAgent(life.leg_id, now))
            case HangUp():
                session.hangs_up = True  # Finish follows, with what came of it
            case Finish(disposition=disposition, completed=completed):
                life.script_outcome, life.script_completed = disposition, completed
                if completed and (session.hangs_up or not life.talked_to):
                    self._on_fact(f.ScriptEnded(life.leg_id, now, disposition))
            case _:
                raise TypeError(f"an action nobody carries out: {type(action).__name__}")

    def _watch_over(self, life: CallLife, session: Session, step_id: str, length_s: float) -> None:
        """The news of a prompt's end may be lost: nobody is left in silence for it."""
        if session.silent:
            session.silent()

        def overdue() -> None:
            session.silent = None
            self._shop.count("prompts_overdue")
            self._on_fact(f.StepDone(life.leg_id, self._shop.clock.now_s(), step_id, "playback", OVERDUE))

        late_s = length_s + LATE * self._shop.bridge_proof_s
        session.playing, session.silent = step_id, self._shop.timers.after(late_s, "prompt", overdue)

    def _watch_beginning(self, life: CallLife, session: Session, files: list[str]) -> None:
        """A transfer at the very instant of the answer is sometimes lost, although the switch took it."""
        if session.unheard:
            session.unheard()

        def unheard() -> None:
            session.unheard = None
            if session.is_heard or self._sessions.get(life.leg_id) is not session:
                return
            self._shop.count("prompts_again")
            try:
                self._shop.switches[life.switch].begin_with(life.leg_id, files)
            except SwitchError as error:
                self._later_again(life, session, error)

        session.unheard = self._shop.timers.after(BEGINS_S, "prompt begins", unheard)

    def _keep(self, life: CallLife, session: Session) -> None:
        """Where the scenario stands, on the channel, for the engine that may adopt the call."""
        if session.runner.finished:
            return
        saved = session.position()
        if saved != session.saved:
            session.saved = saved
            self._shop.switches[life.switch].set_variables(life.leg_id, {STEP_VARIABLE: saved})
