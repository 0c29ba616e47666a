"""A FreeSWITCH (or the virtual switch) behind the `Switch` port: orders in the trade's words become texts."""

from collections.abc import Mapping, Sequence

from engine.ports import Dial, LegRecord, LiveLeg
from engine.switch import orders, questions, sound_orders
from engine.switch.link import SwitchLink
from engine.switch.records import CallRecords

NET_EXTENSION = "abandon:XML:default"  # dialplans/default: the net after a bridge, one-shot


class FreeSwitch:
    """Orders for one switch. `records`: of what its calls came to. `endpoint`: pattern of a trunk leg with
    {gateway} and {number}; `agent_endpoint`: pattern of an agent's phone with {extension};
    `media_endpoint`: of an audio fork towards a media process with {host} and {port}."""

    def __init__(
        self,
        name: str,
        link: SwitchLink,
        endpoint: str = "sofia/gateway/{gateway}/{number}",
        agent_endpoint: str = "user/{extension}",
        media_endpoint: str = "sofia/media/amd@{host}:{port}",
        records: CallRecords | None = None,
    ) -> None:
        self.name = name
        self._link = link
        self._media_endpoint, self._records = media_endpoint, records
        self._endpoint, self._agent_endpoint = endpoint, agent_endpoint

    @property
    def up(self) -> bool:
        return self._link.connected

    def lag_s(self) -> float:
        """Originate → channel created: p95 of late; a channel that is still owed counts with its age."""
        return self._link.lag_s()

    # --- legs --------------------------------------------------------------------------------------

    def dial(self, order: Dial) -> None:
        net = order.net
        values = orders.customer_leg(after_bridge=NET_EXTENSION if net else "", codec=order.codec)
        if net:
            values |= {"abandon_message": net.notice}
        then = (
            orders.safety_net(net.notice, after_ms=net.after_ms, extendable=net.extendable)
            if net
            else orders.PARK
        )
        text = orders.originate(
            order.leg_id,
            self._to(order.gateway, order.number),
            then,
            ring_s=order.ring_time_s,
            caller_id=order.caller_id,
            values=values | dict(order.variables),
        )
        self._link.originate(order.leg_id, text)

    def _to(self, gateway: str, number: str) -> str:
        """Dial string of a number behind a gateway, or of an extension."""
        if not gateway:
            return self._agent_endpoint.format(extension=number)
        return self._endpoint.format(gateway=gateway, number=number)

    def call_agent(
        self, leg_id: str, extension: str, ring_time_s: float, variables: Mapping[str, str]
    ) -> None:
        endpoint = self._agent_endpoint.format(extension=extension)
        values = orders.AGENT_LEG | dict(variables)
        text = orders.originate(
            leg_id, endpoint, ring_s=ring_time_s, caller_id="", caller_name="Prozvon", values=values
        )
        self._link.originate(leg_id, text)

    def bridge(self, agent_leg: str, person_leg: str) -> None:
        self._tell(orders.bridge(agent_leg, person_leg))

    def bridge_again(self, agent_leg: str, person_leg: str) -> None:
        # One bridge in a hundred that is ordered at the answer is undone by the originate's own transfer:
        # the agent's leg waits for the person's in vain. Person first wakes it, agent first kills the person.
        self._tell(orders.bridge(person_leg, agent_leg))

    def hang_up(self, leg_id: str, cause: str = "NORMAL_CLEARING") -> None:
        self._tell(orders.hang_up(leg_id, cause))

    def park(self, leg_id: str) -> None:
        # Not uuid_park: ordered again for a leg that is parked already, it leaves it deaf to everything.
        self._tell(orders.transfer(leg_id, [orders.Step("park")]))

    def begin_with(self, leg_id: str, prompts: Sequence[str]) -> None:
        self._tell(orders.begin_with(leg_id, prompts))

    def take_over(self, leg_id: str, marks: Mapping[str, str], music: str, notice: str) -> None:
        """Answer a call that came in and take it out of the socket application that handed it to us: from
        here on it is like a call of our own. `music` until somebody serves it."""
        values = orders.customer_leg(after_bridge=NET_EXTENSION if notice else "")
        values |= {"abandon_message": notice} | dict(marks)
        self._tell(orders.take_over(leg_id, values, music, notice))

    def hang_up_later(self, leg_id: str, after_s: float) -> None:
        self._tell(orders.cancel_hang_up(leg_id))
        if after_s:
            self._tell(orders.hang_up_later(leg_id, after_s))

    def extend_net(self, leg_id: str, by_ms: int) -> None:
        self._tell(orders.extend_net(leg_id, by_ms))

    def rearm_net(self, leg_id: str, first: str, after_s: float, prompt: str) -> None:
        self._tell(orders.rearm_net(leg_id, first, after_s, prompt))

    def notice(self, leg_id: str, prompt: str) -> None:
        steps = [orders.Step("playback", prompt), orders.Step("hangup", "NORMAL_CLEARING")]
        self._tell(orders.transfer(leg_id, steps))

    def after_bridge(self, leg_id: str, notice: str) -> None:
        self._tell(orders.setvar(leg_id, "transfer_after_bridge", NET_EXTENSION))

    def play(self, leg_id: str, step_id: str, prompts: Sequence[str]) -> None:
        # Queued one after another; only the last carries the step's id, so its end is the end of all.
        for number, prompt in enumerate(prompts):
            last = number == len(prompts) - 1
            one = step_id if last else f"{step_id}.{number}"
            self._link.sendmsg(orders.play(leg_id, prompt, step_id=one))

    def stop_playing(self, leg_id: str) -> None:
        self._tell(sound_orders.stop_sound(leg_id))

    def hold(self, leg_id: str, music: str, notice: str) -> None:
        self._tell(orders.hold(leg_id, music, notice))

    def transfer(self, leg_id: str, number: str, gateway: str, caller_id: str, sorry: str) -> None:
        to = self._to(gateway, number)
        self._tell(orders.blind_transfer(leg_id, to, caller_id=caller_id, sorry=sorry))

    # --- sound -------------------------------------------------------------------------------------

    def record(self, leg_id: str, path: str) -> None:
        self._tell(sound_orders.record(leg_id, path))

    def mask_recording(self, leg_id: str, path: str, on: bool) -> None:
        self._tell(sound_orders.mask_recording(leg_id, path, on=on))

    def tell_agent(self, agent_leg: str, prompt: str) -> None:
        self._tell(sound_orders.whisper(agent_leg, prompt))

    def warn(self, leg_id: str, prompt: str) -> None:
        self._tell(sound_orders.speak_over(leg_id, prompt))

    def fork(self, leg_id: str, fork_id: str, codec: str, host: str, port: int, listen: str = "") -> None:
        endpoint = self._media_endpoint.format(host=host, port=port)
        text = orders.fork_audio(leg_id, fork_id, endpoint, codec=codec, listen=listen)
        self._link.originate(fork_id, text)

    def tap(self, leg_id: str, path: str, most_s: float) -> None:
        self._tell(sound_orders.tap(leg_id, path, most_s))

    def untap(self, leg_id: str, path: str) -> None:
        self._tell(sound_orders.stop_recording(leg_id, path))

    def mute(self, agent_leg: str, on: bool) -> None:
        self._tell(sound_orders.mute(agent_leg, on=on))

    def set_variables(self, leg_id: str, variables: Mapping[str, str]) -> None:
        self._tell(orders.setvar_multi(leg_id, variables))

    def call_supervisor(
        self, leg_id: str, extension: str, agent_leg: str, variables: Mapping[str, str]
    ) -> None:
        then = orders.inline([orders.Step("eavesdrop", agent_leg), orders.Step("park")])
        endpoint = self._agent_endpoint.format(extension=extension)
        values = orders.AGENT_LEG | dict(variables)
        text = orders.originate(leg_id, endpoint, then, ring_s=20.0, values=values)
        self._link.originate(leg_id, text)

    def listen_to(self, supervisor_leg: str, agent_leg: str) -> None:
        self._tell(orders.supervise(supervisor_leg, agent_leg))

    def speak(self, supervisor_leg: str, how: str) -> None:
        speaks = {"listen": "nobody", "whisper": "agent", "barge": "both"}
        self._tell(orders.supervisor_speaks(supervisor_leg, speaks.get(how, how)))

    # --- questions ---------------------------------------------------------------------------------

    def is_alive(self, leg_id: str) -> bool:
        return self._link.api(questions.exists(leg_id)).strip() == "true"

    def record_of(self, leg_id: str, at_s: float) -> LegRecord | None:
        return self._records.of(leg_id, at_s) if self._records else None

    def live_ids(self) -> frozenset[str]:
        return self._link.live_ids()

    def live_legs(self) -> list[LiveLeg]:
        legs, found = [], self._link.live_legs()
        for leg_id, values in found.items():
            own = {name.removeprefix("variable_"): value for name, value in values.items() if _OWN in name}
            if own:
                bond = values.get("variable_signal_bond", "")  # a leg names whom it lost for ever
                leg = LiveLeg(
                    leg_id=leg_id,
                    answered=values.get("Answer-State") == "answered",
                    bridged_to=bond if bond in found else "",
                    created_at_s=_epoch_s(values.get("Caller-Channel-Created-Time", "")),
                    answered_at_s=_epoch_s(values.get("Caller-Channel-Answered-Time", "")),
                    variables=own,
                )
                legs.append(leg)
        return legs

    def file_exists(self, path: str) -> bool:
        return self._link.api(questions.file_exists(path)).strip() == "true"

    def gateway_status(self, gateway: str) -> str:
        return questions.status_in(self._link.api(questions.gateway_status(gateway)))

    def _tell(self, text: str) -> None:
        """An order without waiting. A refusal is news of a leg that is gone: facts tell the same, later."""
        self._link.send_api(text)


_OWN = "variable_prozvon_"


def _epoch_s(microseconds: str) -> float:
    return int(microseconds) / 1e6 if microseconds.isdigit() else 0.0
