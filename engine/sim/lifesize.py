"""Events as big as real ones, for benchmarks: the variables of SIP and SDP that nobody here reads.

A real switch sends 4 to 9 KB per event of a call; without these it is about 2 KB.
"""

import uuid as uuids

_SDP = (
    "v=0\r\no={who} 1795271857 1795271858 IN IP4 127.0.0.1\r\ns={who}\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 21350 RTP/AVP 0 8 101 13\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:13 CN/8000\r\na=ptime:20\r\n"
)
_COUNTERS = (
    *("raw_bytes", "media_bytes", "packet_count", "media_packet_count", "skip_packet_count"),
    *("jitter_packet_count", "dtmf_packet_count", "cng_packet_count", "flush_packet_count"),
    *("largest_jb_size", "jitter_min_variance", "jitter_max_variance", "jitter_loss_rate"),
    *("jitter_burst_rate", "mean_interval", "flaw_total", "quality_percentage", "mos"),
)


def of_signalling(number: str, caller: str) -> dict[str, str]:
    """What a SIP call brings with it from its first answer on."""
    tag, branch = uuids.uuid4().hex[:13], uuids.uuid4().hex[:13]
    via = f"SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bK{branch}"
    place = "127.0.0.1:5102"
    return {
        "video_media_flow": "disabled",
        "text_media_flow": "disabled",
        "audio_media_flow": "sendrecv",
        "remote_audio_media_flow": "sendrecv",
        "sip_destination_url": f"sip:{number}@{place}",
        "rtp_use_codec_string": "PCMU,PCMA",
        "rtp_local_sdp_str": _SDP.format(who="FreeSWITCH"),
        "switch_r_sdp": _SDP.format(who="uas"),
        "local_media_ip": "127.0.0.1",
        "local_media_port": "21350",
        "advertised_media_ip": "127.0.0.1",
        "remote_media_ip": "127.0.0.1",
        "remote_media_port": "31020",
        "sip_outgoing_contact_uri": "<sip:mod_sofia@127.0.0.1:5080>",
        "sofia_profile_url": "sip:mod_sofia@127.0.0.1:5080",
        "recovery_profile_name": "external",
        "sip_local_network_addr": "127.0.0.1",
        "sip_reply_host": "127.0.0.1",
        "sip_reply_port": "5102",
        "sip_network_ip": "127.0.0.1",
        "sip_network_port": "5102",
        "sip_recover_contact": f"<sip:{place};transport=UDP>",
        "sip_full_via": via,
        "sip_recover_via": via,
        "sip_full_from": f'"{caller}" <sip:{caller}@127.0.0.1>;tag={tag}',
        "sip_full_to": f"<sip:{number}@{place}>;tag=12278L1",
        "sip_from_uri": f"{caller}@127.0.0.1",
        "sip_from_host": "127.0.0.1",
        "sip_to_uri": f"{number}@{place}",
        "sip_to_host": "127.0.0.1",
        "sip_contact_uri": f"nobody@{place}",
        "sip_contact_host": "127.0.0.1",
        "sip_to_tag": "12278L1",
        "sip_from_tag": tag,
        "sip_cseq": "123092811",
        "rtp_use_timer_name": "soft",
        "rtp_use_pt": "0",
        "rtp_use_ssrc": "3071046255",
        "rtp_2833_send_payload": "101",
        "rtp_2833_recv_payload": "101",
    }


def of_the_end() -> dict[str, str]:
    """The counters that a call leaves behind."""
    return {f"rtp_audio_{way}_{name}": "0" for way in ("in", "out") for name in _COUNTERS}
