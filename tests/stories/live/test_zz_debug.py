import time
from tests.stories.live.test_agents import _agents_leg
def test_dbg(stage):
    stage.works("a1")
    talk = stage.talk("a1")
    leg = _agents_leg(stage, talk.attempt)
    stage.esl.subscribe("ALL")
    stage.esl.events.clear()
    print(stage.esl.api(f"uuid_kill {leg} MEDIA_TIMEOUT"))
    t=time.time()
    while time.time()-t<6:
        a=stage.engine.agent("a1")
        print(round(time.time()-t,2), stage.state(talk.attempt), a["state"], a["phone_up"], a["why"], stage.esl.api("show channels count").strip())
        time.sleep(0.4)
    for e in stage.esl.events:
        if e["Event-Name"].startswith(("CHANNEL","PLAYB")) and not e["Event-Name"].endswith("STATE") : print(e["Event-Name"], e.get("Unique-ID","")[:8], e.get("Application"), e.get("Application-Data"), e.get("Hangup-Cause"), e.get("variable_transfer_after_bridge"))
    for e in stage.engine.journal("agent")[-8:]: print(e)
